package scaffold

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"text/template"

	"github.com/carillonhq/carillon/plugins"
	"github.com/carillonhq/carillon/plugins/examples"
)

//go:embed all:templates
var templates embed.FS

//go:embed tasks.yaml
var tasks string

// The module of the SDK's source, and that of a plugin that has it beside it: `go test ./plugins/scaffold -update` writes
// them.
var (
	//go:embed modules/sdk.mod
	sdkMod []byte
	//go:embed modules/plugin.mod
	pluginMod string
	//go:embed modules/plugin.sum
	pluginSum []byte
)

// sdkFolder is where the SDK's source is, beside a plugin. Its dot keeps it out of packages, and out of ./...
const sdkFolder = ".carillon-sdk"

// sourceNote is for the README of a plugin with the SDK's source beside it.
const sourceNote = "\nThe SDK's source is in `" + sdkFolder + "`, for it comes from a build of Carillon that was not released under a version. With\n" +
	"one that was, `go mod edit -dropreplace github.com/carillonhq/carillon -require github.com/carillonhq/carillon@VERSION` and\n" +
	"`go mod tidy` do without it.\n"

// words are what the templates are filled with.
type words struct {
	Name, Tasks, Source string
}

// render makes a plugin's files.
func render(options Options) (files []file, next []string, err error) {
	w := words{Name: options.Name, Tasks: strings.TrimSpace(tasks)}
	var more []file
	switch options.Language {
	case "python":
		more, err = copies(examples.Python, "python")
		next = []string{"carillon plugin run . --task greet --param name=Ada"}
	case "node":
		more, err = copies(examples.Node, "node")
		for i := range more {
			more[i].content = bytes.ReplaceAll(more[i].content, []byte(`"name": "hello-node"`), []byte(`"name": "`+options.Name+`"`))
		}
		next = []string{"npm ci --omit=dev --ignore-scripts", "carillon plugin run . --task greet --param name=Ada"}
	default:
		if released.MatchString(options.Version) {
			more = []file{{path: "go.mod", content: fmt.Appendf(nil, releasedMod, options.Name, options.Version)}}
			next = []string{"go mod tidy"}
		} else {
			w.Source = sourceNote
			more, err = source(options.Name)
		}
		next = append(next, "make test", "make", "carillon plugin run . --task greet --param name=Ada")
	}
	if err != nil {
		return nil, nil, err
	}
	files, err = fill(path.Join("templates", options.Language), w)
	return append(files, more...), next, err
}

// fill makes a file of each template in a folder.
func fill(folder string, w words) ([]file, error) {
	entries, err := templates.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var files []file
	for _, entry := range entries {
		name, isTemplate := strings.CutSuffix(entry.Name(), ".tmpl")
		if !isTemplate {
			continue
		}
		text, err := templates.ReadFile(path.Join(folder, entry.Name()))
		if err != nil {
			return nil, err
		}
		parsed, err := template.New(name).Option("missingkey=error").Parse(string(text))
		if err != nil {
			return nil, err
		}
		var filled bytes.Buffer
		if err := parsed.Execute(&filled, w); err != nil {
			return nil, err
		}
		files = append(files, file{path: name, content: filled.Bytes()})
	}
	return files, nil
}

// copies gives the files of a folder as they are.
func copies(from fs.FS, folder string) ([]file, error) {
	var files []file
	err := fs.WalkDir(from, folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(from, name)
		files = append(files, file{path: strings.TrimPrefix(name, folder+"/"), content: content})
		return err
	})
	return files, err
}

// releasedMod is the module of a plugin whose SDK was released under a version.
const releasedMod = "module %s\n\ngo 1.26\n\nrequire github.com/carillonhq/carillon %s\n"

// source is the SDK as a module beside the plugin, without its tests, and the module of the plugin.
func source(name string) ([]file, error) {
	all, err := copies(plugins.SDK, "sdk")
	if err != nil {
		return nil, err
	}
	_, rest, _ := strings.Cut(pluginMod, "\n")
	files := []file{
		{path: "go.mod", content: []byte("module " + name + "\n" + rest)},
		{path: "go.sum", content: pluginSum},
		{path: path.Join(sdkFolder, "go.mod"), content: sdkMod},
	}
	for _, f := range all {
		if strings.HasSuffix(f.path, ".go") && !strings.HasSuffix(f.path, "_test.go") {
			files = append(files, file{path: path.Join(sdkFolder, "plugins/sdk", f.path), content: f.content})
		}
	}
	return files, nil
}
