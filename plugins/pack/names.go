package pack

import (
	"io/fs"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/carillonhq/carillon/core"
)

// names are the paths of a package. No two may be the same file on any file system: there are some that do not tell
// letters' case, or the ways to compose a letter with an accent, apart.
type names struct {
	files, folders map[string]string // the path as written, by the path as the laziest file system sees it
}

func (n *names) add(name string, isFolder bool) error {
	if isFolder {
		name = strings.TrimSuffix(name, "/")
	}
	if err := checkName(name); err != nil {
		return err
	}
	if n.files == nil {
		n.files, n.folders = map[string]string{}, map[string]string{}
	}
	for folder := name; ; {
		if folder != name || isFolder {
			if other, taken := n.files[alike(folder)]; taken {
				return core.Broken(field, "has %q, where %q is a file", name, other)
			}
			if other, taken := n.folders[alike(folder)]; taken && other != folder {
				return core.Broken(field, "has both %q and %q, which some file systems take for the same", other, folder)
			}
			n.folders[alike(folder)] = folder
		}
		if folder = path.Dir(folder); folder == "." {
			break
		}
	}
	if isFolder {
		return nil
	}
	key := alike(name)
	if other, taken := n.files[key]; taken {
		if other == name {
			return core.Broken(field, "has %q twice", name)
		}
		return core.Broken(field, "has both %q and %q, which some file systems take for the same", other, name)
	}
	if other, taken := n.folders[key]; taken {
		return core.Broken(field, "has the file %q, which is also the directory %q", name, other)
	}
	n.files[key] = name
	return nil
}

func alike(name string) string { return strings.ToLower(strings.ToUpper(norm.NFKC.String(name))) }

// checkName refuses paths that could lead out of the directory that a package is extracted into, on any operating system,
// and those that cannot be written on some.
func checkName(name string) error {
	switch {
	case !utf8.ValidString(name):
		return core.Broken(field, "has the path %q, which is not UTF-8", name)
	case len(name) > maxPath:
		return core.Broken(field, "has a path of %d bytes; at most %d are allowed", len(name), maxPath)
	case strings.ContainsAny(name, "\\:*?\"<>|") || strings.ContainsFunc(name, unicode.IsControl):
		return core.Broken(field, `has the path %q with a character that is not allowed: \ : * ? " < > | or a control character`, name)
	case !fs.ValidPath(name) || name == ".":
		return core.Broken(field, "has the path %q, which leads out of the package or is not in its simplest form", name)
	}
	for part := range strings.SplitSeq(name, "/") {
		if len(part) > 255 || strings.TrimRight(part, ". ") != part || reserved(part) {
			return core.Broken(field, "has the path %q, which some systems cannot store", name)
		}
	}
	return nil
}

// reserved holds for the names of Windows's devices, which they are with any extension, too.
func reserved(part string) bool {
	base, _, _ := strings.Cut(strings.ToUpper(part), ".")
	switch strings.TrimRight(base, " ") {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	return len(base) == 4 && (strings.HasPrefix(base, "COM") || strings.HasPrefix(base, "LPT")) && base[3] >= '0' && base[3] <= '9'
}
