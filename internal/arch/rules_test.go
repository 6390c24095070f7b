package arch

import (
	"fmt"
	"slices"
	"strings"
)

// everything in a layer's own allows all packages of the module.
const everything = "*"

// layer says what the packages in a folder, and in those below it that have no layer of their own, may import. They may
// always import each other.
type layer struct {
	folder string
	// own are the folders of ours they may import, with those below.
	own []string
	// stdlib keeps them to the standard library for the rest.
	stdlib bool
}

// fence keeps a module, or all modules of an owner, in some folders.
type fence struct {
	module  string
	folders []string
}

// breaches returns a line for each import in g that the tables do not allow, sorted.
func breaches(g graph, layers []layer, fences []fence) []string {
	var found []string
	for pkg, imports := range g {
		l, ok := layerOf(pkg, layers)
		if !ok {
			found = append(found, pkg+" has no rule: give it one in internal/arch and in docs/architecture.md")
			continue
		}
		for _, imported := range imports {
			if reason := l.refuses(imported); reason != "" {
				found = append(found, fmt.Sprintf("%s imports %s: %s", pkg, imported, reason))
			}
			for _, f := range fences {
				if isWithin(imported, f.module) && !isWithinAny(pkg, f.folders) {
					found = append(found, fmt.Sprintf("%s imports %s: only %s may import %s",
						pkg, imported, strings.Join(f.folders, ", "), f.module))
				}
			}
		}
	}
	slices.Sort(found)
	return found
}

// layerOf returns the layer with the longest folder that holds pkg.
func layerOf(pkg string, layers []layer) (layer, bool) {
	var best layer
	for _, l := range layers {
		if isWithin(pkg, l.folder) && len(l.folder) > len(best.folder) {
			best = l
		}
	}
	return best, best.folder != ""
}

// refuses says why the layer's packages may not import a package; "" when they may.
func (l layer) refuses(imported string) string {
	own, ours := strings.CutPrefix(imported, ownPrefix)
	switch {
	case ours && (isWithin(own, l.folder) || slices.Contains(l.own, everything) || isWithinAny(own, l.own)):
		return ""
	case ours && len(l.own) == 0:
		return l.folder + " may import nothing of ours"
	case ours:
		return l.folder + " may import of ours only " + strings.Join(l.own, ", ")
	case l.stdlib && isOutside(imported):
		return l.folder + " may import only the standard library from outside"
	}
	return ""
}

// isOutside tells modules from the standard library, whose paths have no dot in the first element.
func isOutside(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return strings.Contains(first, ".")
}

func isWithin(name, folder string) bool {
	return name == folder || strings.HasPrefix(name, folder+"/")
}

func isWithinAny(name string, folders []string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool { return isWithin(name, folder) })
}
