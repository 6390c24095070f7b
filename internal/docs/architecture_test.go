package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestStatesOfARunAreCores(t *testing.T) {
	t.Parallel()
	var drawn, may []string
	for _, row := range table(t, section(t, "docs/architecture.md", "## States of a run"), "from", "to", "when") {
		drawn = append(drawn, strings.Trim(row[0], "`")+" → "+strings.Trim(row[1], "`"))
	}
	for _, from := range core.RunStates() {
		for _, to := range core.RunStates() {
			if from.CanBecome(to) {
				may = append(may, string(from)+" → "+string(to))
			}
		}
	}
	require.ElementsMatch(t, may, drawn)
}

// The moves that an administrator makes are those that core allows, and the table knows all states and no other.
func TestStatesOfANodeAreCores(t *testing.T) {
	t.Parallel()
	var drawn, may []string
	named := map[string]bool{}
	for _, row := range table(t, section(t, "docs/architecture.md", "### States of a node"), "from", "to", "by") {
		for from := range strings.SplitSeq(row[0], ", ") {
			for to := range strings.SplitSeq(row[1], ", ") {
				named[to] = true
				if slices.Contains([]string{"enable", "drain", "disable"}, row[2]) {
					drawn = append(drawn, from+" → "+to)
				}
			}
		}
	}
	for _, from := range core.NodeStates() {
		require.Contains(t, named, string(from))
		for _, to := range core.NodeStates() {
			if from.CanBecome(to) {
				may = append(may, string(from)+" → "+string(to))
			}
		}
	}
	require.Len(t, named, len(core.NodeStates()))
	require.ElementsMatch(t, may, drawn)
}

// section is a document from a heading to the next one.
func section(t *testing.T, doc, heading string) string {
	t.Helper()
	_, rest, found := strings.Cut(read(t, doc), "\n"+heading+"\n")
	require.True(t, found, "%s has no %s", doc, heading)
	text, _, _ := strings.Cut(rest, "\n#")
	return text
}

func TestImportTableIsTheOneThatIsChecked(t *testing.T) {
	t.Parallel()
	checked := map[string][]string{}
	for _, l := range literals(t, "layers") {
		others := "any"
		if l["stdlib"] != nil {
			others = "none"
		}
		checked[l["folder"][0]] = slices.Concat(l["own"], []string{others})
	}
	drawn := map[string][]string{}
	for _, row := range table(t, read(t, "docs/architecture.md"), "folder", "imports of ours", "other modules") {
		own := quoted(row[1])
		if row[1] == "all" {
			own = []string{"everything"}
		}
		drawn[strings.Trim(row[0], "`")] = append(own, row[2])
	}
	require.Equal(t, checked, drawn)
}

func TestFencesAreThoseThatAreChecked(t *testing.T) {
	t.Parallel()
	checked, drawn := map[string][]string{}, map[string][]string{}
	for _, f := range literals(t, "fences") {
		checked[f["module"][0]] = f["folders"]
	}
	for _, row := range table(t, read(t, "docs/architecture.md"), "module", "only in") {
		drawn[strings.Trim(row[0], "`")] = quoted(row[1])
	}
	require.Equal(t, checked, drawn)
}

// literals reads the list of structs that a function of internal/arch's tests returns: of each struct its fields by name,
// strings and identifiers as they stand, a single one as a list of one.
func literals(t *testing.T, function string) []map[string][]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), at("internal/arch/arch_test.go"), nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	var found []map[string][]string
	for _, decl := range file.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Name.Name != function {
			continue
		}
		list := fn.Body.List[0].(*ast.ReturnStmt).Results[0].(*ast.CompositeLit)
		for _, element := range list.Elts {
			fields := map[string][]string{}
			for _, field := range element.(*ast.CompositeLit).Elts {
				pair := field.(*ast.KeyValueExpr)
				fields[pair.Key.(*ast.Ident).Name] = texts(t, pair.Value)
			}
			found = append(found, fields)
		}
	}
	require.NotEmpty(t, found, "internal/arch has no %s", function)
	return found
}

func texts(t *testing.T, value ast.Expr) []string {
	t.Helper()
	switch v := value.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(v.Value)
		require.NoError(t, err)
		return []string{text}
	case *ast.Ident:
		return []string{v.Name}
	case *ast.CompositeLit:
		var all []string
		for _, element := range v.Elts {
			all = append(all, texts(t, element)...)
		}
		return all
	}
	require.Failf(t, "internal/arch is written in another way", "%T", value)
	return nil
}

// A reader who knows the words of the packages must not meet a word for a state that core does not have.
func TestStatesOfTasksAreCores(t *testing.T) {
	t.Parallel()
	for heading, states := range map[string][]string{
		"### States of a task": {string(core.TaskStopped), string(core.TaskRunning), string(core.TaskPaused), string(core.TaskDeleted)},
		"### States of a delayed task": {string(core.DelayedCreated), string(core.DelayedReady), string(core.DelayedSucceeded),
			string(core.DelayedFailed), string(core.DelayedVoided)},
	} {
		named := map[string]bool{}
		for _, row := range table(t, section(t, "docs/architecture.md", heading), "from", "to", "by") {
			for state := range strings.SplitSeq(row[0]+", "+row[1], ", ") {
				if state != "" {
					named[state] = true
				}
			}
		}
		require.ElementsMatch(t, states, slices.Collect(maps.Keys(named)), heading)
	}
}
