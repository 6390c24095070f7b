package pack

import (
	"archive/zip"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/manifest"
)

// BuildOptions say how a package is built.
type BuildOptions struct {
	Limits Limits
	// Key signs the package. None leaves it unsigned.
	Key ed25519.PrivateKey
	// Leave reports whether a file of the directory, by its path with slashes, stays out of the package. Those whose path
	// has a part that begins with a dot, and those that Build itself writes, always stay out.
	Leave func(path string) bool
}

// Build writes a package of a directory with a plugin.yaml to the file out, and checks it as those will who get it. The
// same files make the same package. Its errors about the files are *core.Error; nothing is left at out after one.
func Build(dir, out string, options BuildOptions) (*Package, error) {
	m, err := Manifest(dir)
	if err != nil {
		return nil, err
	}
	files, err := collect(dir, m, options)
	if err != nil {
		return nil, err
	}
	// Built beside its place and renamed, so that out is whole or as it was.
	f, err := os.CreateTemp(filepath.Dir(out), ".pack-*")
	if err != nil {
		return nil, fmt.Errorf("make the package: %w", err)
	}
	defer os.Remove(f.Name()) //nolint:errcheck // it is gone when all went well
	defer f.Close()           //nolint:errcheck // closed below when it counts
	if err := write(f, dir, files, options.Key); err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("make the package: %w", err)
	}
	p, err := Check(f, info.Size(), Options{Limits: options.Limits})
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(0o644); err != nil { //nolint:gosec // a package is for handing on
		return nil, fmt.Errorf("make the package: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("make the package: %w", err)
	}
	if err := os.Rename(f.Name(), out); err != nil {
		return nil, fmt.Errorf("make the package: %w", err)
	}
	return p, nil
}

// source is a file to be packed.
type source struct {
	name string // with slashes
	mode fs.FileMode
}

func collect(dir string, m *manifest.Manifest, options BuildOptions) ([]source, error) {
	limits := options.Limits.withDefaults()
	runs := map[string]bool{}
	for _, file := range m.Executables {
		runs[file] = true
	}
	var files []source
	err := filepath.WalkDir(dir, func(place string, entry fs.DirEntry, err error) error {
		if err != nil || place == dir {
			return err
		}
		relative, err := filepath.Rel(dir, place)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(relative)
		leave := strings.HasPrefix(entry.Name(), ".") || isOwn(name) || options.Leave != nil && options.Leave(name)
		if entry.IsDir() {
			if leave {
				return filepath.SkipDir
			}
			return nil
		}
		if leave && !runs[name] {
			return nil
		}
		if !entry.Type().IsRegular() {
			return core.Broken(field, "cannot hold %q, which is neither a file nor a directory: put what it leads to there", name)
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if runs[name] || info.Mode()&0o111 != 0 {
			mode = 0o755
		}
		if files = append(files, source{name: name, mode: mode}); len(files) > limits.Files {
			return tooManyFiles(limits)
		}
		return nil
	})
	return files, err
}

func write(out io.Writer, dir string, files []source, key ed25519.PrivateKey) error {
	z := zip.NewWriter(out)
	sums := map[string]string{}
	for _, file := range files {
		sum := sha256.New()
		if err := writeFile(z, dir, file, sum); err != nil {
			return fmt.Errorf("pack %s: %w", file.name, err)
		}
		sums[file.name] = hex.EncodeToString(sum.Sum(nil))
	}
	list := formatSums(sums)
	if err := writeBytes(z, SumsName, list); err != nil {
		return err
	}
	if key != nil {
		signature := base64.StdEncoding.EncodeToString(ed25519.Sign(key, list)) + "\n"
		if err := writeBytes(z, SignatureName, []byte(signature)); err != nil {
			return err
		}
	}
	return z.Close()
}

func writeFile(z *zip.Writer, dir string, file source, sum io.Writer) error {
	in, err := os.Open(filepath.Join(dir, filepath.FromSlash(file.name)))
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // only read
	w, err := create(z, file.name, file.mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.MultiWriter(w, sum), in)
	return err
}

func writeBytes(z *zip.Writer, name string, data []byte) error {
	w, err := create(z, name, 0o644)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// create begins a file without its time, which would make each package another.
func create(z *zip.Writer, name string, mode fs.FileMode) (io.Writer, error) {
	header := &zip.FileHeader{Name: name, Method: zip.Deflate}
	header.SetMode(mode)
	return z.CreateHeader(header)
}
