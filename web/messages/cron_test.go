package messages

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/cron"
)

// refused are expressions that are each refused for another reason.
var refused = []string{
	"", "* * *", "* * * * *", "1 2 3 4 5 6 7 8", strings.Repeat("0,", 600) + "0 0 0 * * ?",
	"60 * * * * ?", "* 60 * * * ?", "* * 24 * * ?", "* * * 32 * ?", "* * * ? 13 *", "* * * ? * 8", "* * * ? * * 1969",
	"0/60 * * * * ?", "0 0 0 ? * * 2030-2020", "0 0 0 L-31 * ?", "0 0 0 LX * ?", "0 0 0 1-5W * ?", "0 0 0 0W * ?",
	"0 0 0 ? * 1#6", "0 0 0 ? * XL", "0 0 0 ? * ?", "0 0 0 15 * *", "0 0 0 * * MON", "0 0 0 15 * MON", "1,2,61 * * * * ?",
	"0 0 0 1,LX * ?",
}

// latin finds words that were left in English; the letters and names of Quartz's syntax stay.
var latin = regexp.MustCompile(`[a-z]{3,}`)

func TestCronIsSaidInChinese(t *testing.T) {
	t.Parallel()
	for _, expr := range refused {
		_, err := cron.Parse(expr)
		e, ok := errors.AsType[*cron.Error](err)
		require.True(t, ok, expr)
		said := core.Malformed("CronExpression", cronFormat, e.Field, e.Value, e.Want)
		chinese := strings.TrimPrefix(Error(Chinese, said), "CronExpression：")
		require.NotContains(t, chinese, "%!", expr)
		require.False(t, latin.MatchString(chinese), "%s: add what is left in English of %q to web/messages/cron.go", expr, chinese)
		require.Contains(t, Error(English, said), err.Error(), "package cron says it in other words")
	}
	require.Equal(t, `CronExpression：“秒”字段是 "0/60"，正确写法：/ 后面的步长为 1 到 59`,
		Error(Chinese, core.Malformed("CronExpression", cronFormat, "second", "0/60", "a step of 1 to 59 after the /")))
	require.Equal(t, `CronExpression：“秒”字段是 "1,61"，正确写法：0 到 59、*，或由它们组成的列表、范围、步长，而不是 "61"`,
		Error(Chinese, core.Malformed("CronExpression", cronFormat, "second", "1,61",
			`0 to 59, *, or a list, range or step of them instead of "61"`)))
	require.Equal(t, "second 是 year", Text(Chinese, "%s 是 %s", "second", "year"), "only where an expression is refused")
}

// Each phrase is met by an expression above, so that none can be forgotten when package cron changes its words.
func TestEveryCronPhraseIsMet(t *testing.T) {
	t.Parallel()
	met := map[string]bool{}
	var meet func(text string)
	meet = func(text string) {
		for i, p := range cronPatterns() {
			if found := p.english.FindStringSubmatch(text); found != nil {
				met[cronPhrases[i].english] = true
				for _, part := range found[1:] {
					meet(part)
				}
				return
			}
		}
	}
	for _, expr := range refused {
		_, err := cron.Parse(expr)
		e, _ := errors.AsType[*cron.Error](err)
		meet(e.Want)
	}
	for _, p := range cronPhrases {
		require.True(t, met[p.english], "nothing says %q: change it in web/messages/cron.go, or add an expression to this test", p.english)
		require.Equal(t, strings.Count(p.english, "%"), strings.Count(p.chinese, "%s"), p.english)
	}
}

// What package cron wants stands in its source as values named want, in Error literals and in errors; each literal among
// them must be part of a phrase.
func TestCronPhrasesAreComplete(t *testing.T) {
	t.Parallel()
	var known strings.Builder
	for _, p := range cronPhrases {
		known.WriteString(p.english + "\n")
	}
	for _, name := range []string{"parse.go", "field.go", "day.go"} {
		content, err := os.ReadFile("../../cron/" + name)
		require.NoError(t, err)
		f, err := parser.ParseFile(token.NewFileSet(), name, content, parser.SkipObjectResolution)
		require.NoError(t, err)
		for text := range wants(f) {
			require.Contains(t, known.String(), strings.Trim(text, " "), "package cron says it; web/messages/cron.go does not")
		}
	}
}

func wants(f *ast.File) map[string]bool {
	found := map[string]bool{}
	collect := func(e ast.Expr) {
		p := reader{source: &source{}, constants: map[string]ast.Expr{}}
		ast.Inspect(e, func(n ast.Node) bool {
			// A verb for another text or number says nothing by itself.
			if lit, ok := n.(*ast.BasicLit); ok {
				if text, ok := p.text(lit, 0); ok && latin.MatchString(text) {
					for part := range strings.SplitSeq(text, "%s") {
						found[part] = true
					}
				}
			}
			return true
		})
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && strings.EqualFold(key.Name, "want") {
				collect(n.Value)
			}
		case *ast.CallExpr:
			if sel, ok := n.Fun.(*ast.SelectorExpr); ok && (sel.Sel.Name == "New" || sel.Sel.Name == "Errorf") {
				collect(n)
			}
		}
		return true
	})
	return found
}
