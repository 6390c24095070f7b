// Package scaffold writes new plugins: a directory with all that a plugin is, which compiles, passes its tests, packs and
// runs as it stands.
package scaffold

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/carillonhq/carillon/core"
)

// Options say what to write.
type Options struct {
	// Name is the package's, and that of the Go module.
	Name string
	// Language is one of Languages. Defaults to go.
	Language string
	// Version is the SDK's, such as v1.2.3. A version under which none was released, such as devel, has the SDK's source
	// written beside a plugin in Go.
	Version string
}

// Languages are those that a plugin can be begun in.
func Languages() []string { return []string{"go", "python", "node"} }

// name is a package's that is also a Go module's path and a file's name anywhere.
var name = regexp.MustCompile(`^[a-z][a-z0-9]*([-_.][a-z0-9]+)*$`)

// released tells a version that the module has from a name that a build was given, such as v1.2.3-4-g0a1b2c3.
var released = regexp.MustCompile(`^v\d+\.\d+\.\d+(-(alpha|beta|rc)[.\d]*)?$`)

// Write writes a plugin into a directory, which must not exist, or be empty. It returns the commands that a reader may give
// next, in that directory. Its errors about the options are *core.Error.
func Write(dir string, options Options) ([]string, error) {
	if options.Language == "" {
		options.Language = "go"
	}
	if !name.MatchString(options.Name) || len(options.Name) > core.MaxPluginName {
		return nil, core.Malformed("name", "must be lower-case letters and digits with hyphens, dots or underscores between them, and begin with a letter")
	}
	if !slices.Contains(Languages(), options.Language) {
		return nil, core.Malformed("lang", "must be one of %s", strings.Join(Languages(), ", "))
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return nil, core.Conflict("%s is there already, and not empty", dir)
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, core.Conflict("%s cannot be a directory: %s", dir, err.Error())
	}
	files, next, err := render(options)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if err := file.write(dir); err != nil {
			return nil, fmt.Errorf("write the plugin: %w", err)
		}
	}
	return next, nil
}

// file is one to write, by its path with slashes.
type file struct {
	path    string
	content []byte
}

func (f file) write(dir string) error {
	place := filepath.Join(dir, filepath.FromSlash(f.path))
	if err := os.MkdirAll(filepath.Dir(place), 0o750); err != nil {
		return err
	}
	mode := os.FileMode(0o644)
	if bytes.HasPrefix(f.content, []byte("#!")) {
		mode = 0o755
	}
	return os.WriteFile(place, f.content, mode)
}
