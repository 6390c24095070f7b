#!/bin/sh
# Fetches what the pages use from npm, at the versions of package.json and package-lock.json, puts it where it is embedded
# from, and writes down what it is. `make assets` runs it.
set -eu
cd "$(dirname "$0")"

# Installed elsewhere: node_modules in the tree would be read by whatever walks it.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp package.json package-lock.json "$work"
(cd "$work" && npm ci --ignore-scripts --no-audit --no-fund)
modules=$work/node_modules

vendor=static/vendor
rm -rf "$vendor"

# take PACKAGE FILE [NAME]: copies a file into the package's folder, without the name of a source map that is not served.
take() {
	folder=$vendor/$(basename "$1" .org)
	case $1 in @tabler/core) folder=$vendor/tabler ;; esac
	mkdir -p "$folder"
	sed -e 's|/\*# sourceMappingURL=.*\*/||' -e 's|^//# sourceMappingURL=.*||' "$modules/$1/$2" >"$folder/${3:-$(basename "$2")}"
}

take @tabler/core dist/css/tabler.min.css
take @tabler/core dist/js/tabler.min.js
take htmx.org dist/htmx.min.js
take htmx.org dist/ext/hx-sse.min.js
take htmx.org LICENSE
take uplot dist/uPlot.iife.min.js uplot.min.js
take uplot dist/uPlot.min.css uplot.min.css
take uplot LICENSE

# The icons are those that lie in icons/ by their names: a new one is asked for by an empty file.
for icon in icons/*.svg; do
	cp "$modules/@tabler/icons/icons/outline/$(basename "$icon")" "$icon"
done
cp "$modules/@tabler/icons/LICENSE" icons/LICENSE

# The checker of accessibility is used by the browser tests only.
mkdir -p ../e2e/ui/testdata
cp "$modules/axe-core/axe.min.js" "$modules/axe-core/LICENSE" ../e2e/ui/testdata/

{
	echo '# What is vendored here'
	echo
	echo '`make assets` wrote this, from `web/package.json` and `web/package-lock.json`.'
	echo
	echo '| package | version | licence | files |'
	echo '| --- | --- | --- | --- |'
	row() {
		field() { sed -n "s/^ *\"$2\": *\"\([^\"]*\)\".*/\1/p" "$modules/$1/package.json" | head -n 1; }
		echo "| $1 | $(field "$1" version) | $(field "$1" license) | $2 |"
	}
	row @tabler/core '`tabler/`'
	row htmx.org '`htmx/`'
	row uplot '`uplot/`'
	row @tabler/icons '`web/icons/`'
	row axe-core '`e2e/ui/testdata/`, in tests only'
} >"$vendor/README.md"
