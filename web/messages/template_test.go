package messages

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"text/template/parse"

	"github.com/stretchr/testify/require"
)

// readTemplates reads what templates say: the first argument of the function t, which must be a literal.
func (src *source) readTemplates(t *testing.T, root string) {
	t.Helper()
	read := 0
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		name := filepath.Base(path)
		tree := parse.New(name)
		tree.Mode = parse.SkipFuncCheck
		trees := map[string]*parse.Tree{}
		_, err = tree.Parse(string(content), "", "", trees)
		require.NoError(t, err)
		for _, one := range trees {
			visit(one.Root, func(call *parse.CommandNode) { src.readCall(name, call) })
		}
		read++
		return nil
	}))
	require.Positive(t, read, "no template was read")
}

// readCall notes what a call of the function t says.
func (src *source) readCall(file string, call *parse.CommandNode) {
	if fn, ok := call.Args[0].(*parse.IdentifierNode); !ok || fn.Ident != "t" {
		return
	}
	if len(call.Args) > 1 {
		if text, ok := call.Args[1].(*parse.StringNode); ok {
			src.said[text.Text], src.literals[text.Text] = file, true
			return
		}
	}
	src.unclear = append(src.unclear, file+": "+call.String())
}

// visit calls fn for every call in a template.
func visit(n parse.Node, fn func(*parse.CommandNode)) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, child := range n.Nodes {
			visit(child, fn)
		}
	case *parse.ActionNode:
		visit(n.Pipe, fn)
	case *parse.IfNode:
		visitBranch(&n.BranchNode, fn)
	case *parse.RangeNode:
		visitBranch(&n.BranchNode, fn)
	case *parse.WithNode:
		visitBranch(&n.BranchNode, fn)
	case *parse.TemplateNode:
		visit(n.Pipe, fn)
	case *parse.PipeNode:
		if n == nil {
			return
		}
		for _, command := range n.Cmds {
			fn(command)
			for _, arg := range command.Args {
				visit(arg, fn)
			}
		}
	}
}

func visitBranch(n *parse.BranchNode, fn func(*parse.CommandNode)) {
	visit(n.Pipe, fn)
	visit(n.List, fn)
	visit(n.ElseList, fn)
}

func TestTemplatesAreRead(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, "a.html"), []byte(`{{define "a"}}{{t "plain"}}
{{if .X}}{{t "with %d" .N}}{{else}}{{range .Y}}{{template "b" (field "name" (t "inside"))}}{{end}}{{end}}
{{with t "piped" | html}}{{end}}{{t .Not}}{{end}}`), 0o600))
	src := source{said: map[string]string{}, literals: map[string]bool{}}
	src.readTemplates(t, root)
	require.Equal(t, map[string]string{"plain": "a.html", "with %d": "a.html", "inside": "a.html", "piped": "a.html"}, src.said)
	require.Len(t, src.unclear, 1)
}
