package curl

import (
	"errors"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"

	"github.com/carillonhq/carillon/core"
)

// MaxCommand is how long a command may be, in bytes: a body at its longest, each byte of it escaped.
const MaxCommand = 4 * core.MaxBody

// field is what errors about the command as a whole name.
const field = "command"

// words cuts a command into its words, as a shell would. more says that something follows the command which is not read.
func words(command string) (list []string, more bool, err error) {
	command = strings.TrimSpace(command)
	command = strings.TrimPrefix(command, "$ ") // the prompt is often copied too
	if command == "" {
		return nil, false, core.Broken(field, "is required")
	}
	if len(command) > MaxCommand {
		return nil, false, core.Broken(field, "has %d bytes; at most %d are allowed", len(command), MaxCommand)
	}
	if strings.Contains(command, "^\n") || strings.Contains(command, "^\r\n") || strings.Contains(command, `^"`) {
		return nil, false, core.Malformed(field, "is written for cmd of Windows: copy it for bash")
	}
	command = strings.ReplaceAll(command, "\r\n", "\n")
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(command), "")
	if e, ok := errors.AsType[syntax.ParseError](err); ok {
		return nil, false, core.Malformed(field, "cannot be read as a shell reads it: line %d, column %d: %s", e.Pos.Line(), e.Pos.Col(), e.Text)
	}
	if err != nil || len(file.Stmts) == 0 {
		return nil, false, core.Malformed(field, "is no command")
	}
	stmt := file.Stmts[0]
	more = len(file.Stmts) > 1 || len(stmt.Redirs) > 0 || stmt.Background
	for {
		both, ok := stmt.Cmd.(*syntax.BinaryCmd)
		if !ok {
			break
		}
		stmt, more = both.X, true
	}
	call, ok := stmt.Cmd.(*syntax.CallExpr)
	if !ok || len(call.Args) == 0 {
		return nil, false, core.Malformed(field, "is no command")
	}
	for _, word := range call.Args {
		text, err := plain(word)
		if err != nil {
			return nil, false, err
		}
		list = append(list, text)
	}
	return list, more, nil
}

// plain gives what a word stands for. One that stands for something else at each run is refused.
func plain(word *syntax.Word) (string, error) {
	var refused error
	syntax.Walk(word, func(n syntax.Node) bool {
		switch n.(type) {
		case *syntax.ParamExp:
			refused = core.Broken(field, "has a variable of the shell in line %d, column %d: write what it stands for", n.Pos().Line(), n.Pos().Col())
		case *syntax.CmdSubst, *syntax.ProcSubst, *syntax.ArithmExp:
			refused = core.Broken(field, "has a command within the command in line %d, column %d: write what it gives", n.Pos().Line(), n.Pos().Col())
		}
		return refused == nil
	})
	if refused != nil {
		return "", refused
	}
	var out strings.Builder
	for _, part := range word.Parts {
		if lit, ok := part.(*syntax.Lit); ok {
			unescape(&out, lit.Value)
			continue
		}
		// Only quotes: what is outside of them is not looked up, so that braces in a URL stay what they are.
		text, err := expand.Literal(&expand.Config{Env: expand.ListEnviron()}, &syntax.Word{Parts: []syntax.WordPart{part}})
		if err != nil {
			return "", core.Malformed(field, "cannot be read as a shell reads it: line %d, column %d: %s", part.Pos().Line(), part.Pos().Col(), err.Error())
		}
		out.WriteString(text)
	}
	return out.String(), nil
}

// unescape writes a text that is not in quotes without its backslashes. One at the end of a line goes on with the next.
func unescape(out *strings.Builder, text string) {
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			if i++; text[i] == '\n' {
				continue
			}
		}
		out.WriteByte(text[i])
	}
}
