package messages

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// constructors make a core.Error; the value is the index of the format among their arguments.
var constructors = map[string]int{"Malformed": 1, "Broken": 1, "NotFound": 0, "Conflict": 0, "Unavailable": 0}

// source is what the walk through the code finds.
type source struct {
	said     map[string]string // a format that is said, and where
	literals map[string]bool   // every string literal
	unclear  []string          // where a format is no literal
}

// Every text that callers and the readers of pages may be told is in the tables, and nothing else is.
func TestCatalogueMatchesTheSource(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	src := walk(t, root, "core", "store", "master", "plugins/manifest", "plugins/pack")
	require.Greater(t, len(src.said), 50, "the source was not read")
	src.readTemplates(t, filepath.Join(root, "web", "templates"))
	src.readDocument(t, filepath.Join(root, "master", "api", "v1", "openapi.yaml"))

	for _, at := range src.unclear {
		t.Errorf("%s: write the format as a string literal (or a constant of the package), so that this test can see it", at)
	}
	for _, format := range slices.Sorted(maps.Keys(src.said)) {
		if _, ok := catalogue[format]; !ok {
			t.Errorf("%s says %q, which has no Chinese: add a line to web/messages/pages/*.json when a page says it, else to "+
				"the table of its theme in web/messages/catalogue_*.go", src.said[format], format)
		}
	}
	for _, format := range slices.Sorted(maps.Keys(catalogue)) {
		if !src.literals[format] {
			t.Errorf("nothing that is read says %q any more: take its line out of web/messages", format)
		}
	}
}

// The walk must be able to see every way in which a text is said, and to see one that it cannot read.
func TestWalkSeesAllWays(t *testing.T) {
	t.Parallel()
	src := source{said: map[string]string{}, literals: map[string]bool{}}
	src.read(t, "a", map[string]any{"a/a.go": `package a
import (
	"github.com/carillonhq/carillon/core"
	m "github.com/carillonhq/carillon/web/messages"
)
const half, whole = "first ", half + "second"
func say(format string, args ...any) {
	_ = core.Malformed("f", "malformed %d", 1)
	_ = core.NotFound("not " + "found")
	_ = core.Conflict(whole)
	_ = &core.Error{Code: core.CodeTooLarge, Format: "too large"}
	_ = []core.Error{{Format: "in a list"}}
	_ = m.Text(m.Chinese, "text")
	_ = m.Text(m.Chinese, format)
	_ = m.Key("said later")
	_ = core.Broken("f", format)
	_ = other.Broken("f", "another package's")
}`})
	require.Equal(t, []string{"first second", "in a list", "malformed %d", "not found", "said later", "text", "too large"},
		slices.Sorted(maps.Keys(src.said)))
	require.Len(t, src.unclear, 1)
	require.True(t, src.literals["another package's"])
}

// The tables share no entry: one would silently win. The pages may share some, if they agree.
func TestTablesAreDisjoint(t *testing.T) {
	t.Parallel()
	sum := 0
	for _, table := range []map[string]string{fieldTexts, taskTexts, callbackTexts, scheduleTexts, delayedTexts, runTexts,
		userTexts, nodeTexts, settingTexts, formTexts, jsonTexts, pluginTexts, pageTexts()} {
		sum += len(table)
	}
	require.Len(t, catalogue, sum)

	entries, err := pageFiles.ReadDir("pages")
	require.NoError(t, err)
	for _, entry := range entries {
		texts, err := readPage(entry.Name())
		require.NoError(t, err, entry.Name())
		content, err := pageFiles.ReadFile("pages/" + entry.Name())
		require.NoError(t, err)
		require.Len(t, texts, strings.Count(string(content), "\n")-2, "%s has an entry twice, or not each on a line of its own", entry.Name())
		for english, chinese := range texts {
			require.Equal(t, catalogue[english], chinese, "%s and another page differ on %q", entry.Name(), english)
		}
	}
}

// Both languages take the same arguments in the same order.
func TestVerbsMatch(t *testing.T) {
	t.Parallel()
	for english, chinese := range catalogue {
		require.Equal(t, verbs(english), verbs(chinese), english)
		require.NotEqual(t, english, chinese)
		require.True(t, strings.ContainsFunc(chinese, func(r rune) bool { return r > 0x2e80 }), "%q is no Chinese", chinese)
	}
}

func verbs(format string) (found []string) {
	for i := 0; i < len(format); i++ {
		if format[i] == '%' {
			i++
			found = append(found, format[i:i+1])
		}
	}
	return found
}

// walk reads the Go files below folders, without tests.
func walk(t *testing.T, root string, folders ...string) source {
	t.Helper()
	src := source{said: map[string]string{}, literals: map[string]bool{}}
	packages := map[string]map[string]any{}
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			dir := filepath.Dir(path)
			if packages[dir] == nil {
				packages[dir] = map[string]any{}
			}
			packages[dir][path] = nil
			return nil
		})
		require.NoError(t, err)
	}
	for dir, files := range packages {
		src.read(t, filepath.Base(dir), files)
	}
	return src
}

// read reads one package: file names with their content, or with nil for what is on the disk.
func (src *source) read(t *testing.T, name string, files map[string]any) {
	t.Helper()
	fset := token.NewFileSet()
	var parsed []*ast.File
	for path, content := range files {
		f, err := parser.ParseFile(fset, path, content, parser.SkipObjectResolution)
		if err != nil {
			t.Logf("%s is not read: %v", path, err) // it does not compile either
			continue
		}
		parsed = append(parsed, f)
	}
	p := reader{source: src, fset: fset, inCore: name == "core", inUI: name == "ui", constants: map[string]ast.Expr{}}
	for _, f := range parsed {
		p.collectConstants(f)
	}
	for _, f := range parsed {
		p.core, p.messages = imported(f, "core"), imported(f, "web/messages")
		ast.Inspect(f, p.visit)
	}
}

// imported gives the name under which a file imports a package of ours.
func imported(f *ast.File, path string) string {
	for _, i := range f.Imports {
		if strings.Trim(i.Path.Value, `"`) != "github.com/carillonhq/carillon/"+path {
			continue
		}
		if i.Name != nil {
			return i.Name.Name
		}
		return filepath.Base(path)
	}
	return ""
}

// reader looks through one package.
type reader struct {
	*source
	fset           *token.FileSet
	inCore, inUI   bool
	constants      map[string]ast.Expr
	core, messages string // what the file calls them
}

func (p *reader) collectConstants(f *ast.File) {
	ast.Inspect(f, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			for i, name := range spec.Names {
				if i < len(spec.Values) {
					p.constants[name.Name] = spec.Values[i]
				}
			}
		}
		return true
	})
}

func (p *reader) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CallExpr:
		p.call(n)
	case *ast.KeyValueExpr:
		// The field Format of a core.Error; no other struct here has one of this name.
		if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Format" && (p.core != "" || p.inCore) {
			if text, ok := p.text(n.Value, 0); ok {
				p.say(n.Value, text)
			}
		}
	case ast.Expr:
		if text, ok := p.text(n, 0); ok {
			p.literals[text] = true
		}
	}
	return true
}

func (p *reader) call(call *ast.CallExpr) {
	name, of := "", ""
	switch fun := call.Fun.(type) {
	case *ast.Ident:
		name = fun.Name
		if !p.inCore {
			return
		}
	case *ast.SelectorExpr:
		name = fun.Sel.Name
		if pkg, ok := fun.X.(*ast.Ident); ok {
			of = pkg.Name
		} else if !p.inUI {
			return
		}
	}
	index, isConstructor := constructors[name]
	isConstructor = isConstructor && (of == "" || of == cmp.Or(p.core, "\x00"))
	isText := of != "" && of == p.messages && name == "Text"
	isKey := of != "" && of == p.messages && name == "Key"
	// The pages say what they say themselves by the method text of a request.
	isKey = isKey || p.inUI && name == "text"
	if isText {
		index = 1
	}
	if !isConstructor && !isText && !isKey || len(call.Args) <= index {
		return
	}
	text, ok := p.text(call.Args[index], 0)
	switch {
	case ok:
		p.say(call, text)
	case isConstructor:
		p.unclear = append(p.unclear, p.at(call))
	}
	// A format that is handed on to Text stands somewhere as a literal, and what uses it is tested in both languages.
}

func (p *reader) say(n ast.Node, text string) { p.said[text] = p.at(n) }

func (p *reader) at(n ast.Node) string {
	pos := p.fset.Position(n.Pos())
	return fmt.Sprintf("%s:%d", pos.Filename, pos.Line)
}

// text gives the value of a literal, of literals joined by +, or of a constant.
func (p *reader) text(e ast.Expr, depth int) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		x, okX := p.text(e.X, depth)
		y, okY := p.text(e.Y, depth)
		return x + y, okX && okY && e.Op == token.ADD
	case *ast.ParenExpr:
		return p.text(e.X, depth)
	case *ast.Ident:
		if value, ok := p.constants[e.Name]; ok && depth < 5 {
			return p.text(value, depth+1)
		}
	}
	return "", false
}
