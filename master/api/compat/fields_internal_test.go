package compat

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// beyondTheForm are the fields that the form cannot say. An edit keeps them as they are, so nothing is refused for them.
var beyondTheForm = []string{
	"callback.connectTimeout", "callback.redirects", "callback.secret", "callback.success.contains", "callback.success.jsonEquals",
	"callback.success.jsonPath", "callback.success.regex", "callback.success.statuses", "callback.timeout", "idempotencyKey", "misfire",
	"misfireAfter", "misfireCatchUp", "overlap", "overlapWaiting", "plugin.timeout", "plugin.version", "retry.backoff", "retry.count", "retry.delay", "retry.jitter", "retry.maxDelay", "routing.label",
	"routing.strategy", "routing.strict", "schedule.interval", "schedule.zone",
}

// Every field that core may refuse has a name in the form, or is known not to need one.
func TestEveryFieldHasAName(t *testing.T) {
	t.Parallel()
	fields := map[string]bool{}
	for _, name := range []string{"task.go", "schedule.go", "callback.go", "retry.go", "overlap.go", "misfire.go", "routing.go", "plugin.go", "delayed.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), "../../../core/"+name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		collectFields(f, fields)
	}
	require.Greater(t, len(fields), 40, "the source was not read")
	require.Contains(t, fields, "sourceApp")
	require.Contains(t, fields, "callback.contentType")
	require.Contains(t, fields, "children")
	for field := range fields {
		_, ofTask := taskFields[field]
		_, ofDelayed := delayedFields[field]
		require.True(t, ofTask || ofDelayed || slices.Contains(beyondTheForm, field),
			"core refuses %q: give it its name in fields.go, or list it as beyond the form here", field)
	}
	for _, field := range slices.Concat(slices.Collect(maps.Keys(taskFields)), slices.Collect(maps.Keys(delayedFields)), beyondTheForm) {
		switch field {
		case "id", "schedule.zone": // refused beyond core, if anywhere
		default:
			require.Contains(t, fields, field, "core does not refuse it any more")
		}
	}
}

var fieldName = regexp.MustCompile(`^[a-z][A-Za-z]*(\.[a-z][A-Za-z]*)*$`)

// collectFields collects the names of fields in a file of core: those given to the functions that refuse, and those in
// the tables that such functions walk through.
func collectFields(f *ast.File, fields map[string]bool) {
	add := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil && fieldName.MatchString(text) {
				fields[text] = true
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if fun, ok := n.Fun.(*ast.Ident); ok && (fun.Name == "Broken" || fun.Name == "Malformed" || fun.Name == "checkText") {
				add(n.Args[0])
			}
		case *ast.CompositeLit:
			for _, e := range n.Elts {
				if row, ok := e.(*ast.CompositeLit); ok && len(row.Elts) > 1 {
					add(row.Elts[0])
				}
				if pair, ok := e.(*ast.KeyValueExpr); ok {
					add(pair.Key)
				}
			}
		}
		return true
	})
}

func TestInForm(t *testing.T) {
	t.Parallel()
	original := core.Broken("children[3]", "is required")
	require.EqualError(t, inForm(original, taskFields), "Nexts[3]: is required")
	require.Equal(t, "children[3]", original.Field, "the error may be shared")
	require.EqualError(t, inForm(core.Broken("due", "x"), delayedFields, [2]string{"due", "DelayAbsoluteTime"}), "DelayAbsoluteTime: x")
	require.EqualError(t, inForm(core.Broken("schedule.zone", "x"), taskFields), "schedule.zone: x")
	other := errors.New("other")
	require.Equal(t, other, inForm(other, taskFields))
}
