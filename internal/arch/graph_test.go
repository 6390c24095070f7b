package arch

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// graph holds what each package of the module imports, by its folder relative to the module root ("master/api").
// Imports of the module's own packages are folders too, under ownPrefix.
type graph map[string][]string

// ownPrefix marks an import as the module's own in a graph.
const ownPrefix = "./"

// readGraph reads the imports of every Go file under root that is not a test, whatever its build tags. Folders that Go
// itself does not look into, bin, and modules of their own are left out.
func readGraph(root string) (graph, error) {
	content, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return nil, err
	}
	line, _, _ := strings.Cut(string(content), "\n")
	module := strings.TrimSpace(strings.TrimPrefix(line, "module"))

	g := graph{}
	files := token.NewFileSet()
	err = filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		relative = filepath.ToSlash(relative)
		if entry.IsDir() {
			if relative != "." && isForeign(name, relative) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(files, name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		imports, err := importsOf(file.Imports, module)
		pkg := path.Dir(relative)
		g[pkg] = append(g[pkg], imports...)
		return err
	})
	for pkg, imports := range g {
		slices.Sort(imports)
		g[pkg] = slices.Compact(imports)
	}
	return g, err
}

// isForeign reports whether a folder holds no packages of this module.
func isForeign(name, relative string) bool {
	base := path.Base(relative)
	if relative == "bin" || base == "testdata" || base == "vendor" || base == "node_modules" || strings.ContainsAny(base[:1], "._") {
		return true
	}
	_, err := os.Stat(filepath.Join(name, "go.mod"))
	return err == nil
}

func importsOf(specs []*ast.ImportSpec, module string) ([]string, error) {
	imports := make([]string, 0, len(specs))
	for _, spec := range specs {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		if own, found := strings.CutPrefix(imported+"/", module+"/"); found {
			imported = ownPrefix + strings.TrimSuffix(own, "/")
		}
		imports = append(imports, imported)
	}
	return imports, nil
}

// moduleRoot walks up from the working directory, which in a test is the package's, to the folder of go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = up
	}
}
