package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// AssetBase is where assets are served.
const AssetBase = "/static/"

// Sprite is the name of the asset that holds all icons, each a symbol under its name.
const Sprite = "icons.svg"

// hashSize is how many hexadecimal digits of a file's SHA-256 stand in its address.
const hashSize = 12

// Assets are the files that pages name: style sheets, scripts, icons. The address of each holds a hash of what it
// contains, so that browsers keep it for good and a new version is another address.
type Assets struct {
	files map[string]*asset
	icons map[string]bool
}

type asset struct {
	content []byte
	kind    string
	hash    string
	packed  func() []byte // gzip, made when it is first asked for; nil where that is not smaller
}

// NewAssets reads the embedded files.
func NewAssets() (*Assets, error) {
	a := &Assets{files: map[string]*asset{}, icons: map[string]bool{}}
	err := fs.WalkDir(static, "static", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || kindOf(name) == "" {
			return err
		}
		content, err := static.ReadFile(name)
		a.add(strings.TrimPrefix(name, "static/"), content)
		return err
	})
	if err != nil {
		return nil, err
	}
	sprite, err := a.sprite()
	if err != nil {
		return nil, err
	}
	a.add(Sprite, sprite)
	return a, nil
}

// kindOf is the media type of what browsers are given; empty for what is for readers of the source, such as licences. The
// machine's own table is not asked: an image from scratch has none.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".webmanifest":
		return "application/manifest+json"
	}
	return ""
}

func (a *Assets) add(name string, content []byte) {
	sum := sha256.Sum256(content)
	a.files[name] = &asset{
		content: content, kind: kindOf(name), hash: hex.EncodeToString(sum[:])[:hashSize],
		packed: sync.OnceValue(func() []byte { return pack(content) }),
	}
}

// sprite joins the icons into one file.
func (a *Assets) sprite() ([]byte, error) {
	entries, err := icons.ReadDir("icons")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.WriteString(`<svg xmlns="http://www.w3.org/2000/svg">`)
	for _, entry := range entries {
		name, ok := strings.CutSuffix(entry.Name(), ".svg")
		if !ok {
			continue
		}
		content, err := icons.ReadFile("icons/" + entry.Name())
		if err != nil {
			return nil, err
		}
		_, inside, opened := strings.Cut(string(content), ">")
		inside, _, closed := strings.Cut(inside, "</svg>")
		if !opened || !closed {
			return nil, fmt.Errorf("icons/%s is no icon of Tabler's: write it anew by `make assets`", entry.Name())
		}
		fmt.Fprintf(&out, `<symbol id="%s" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" `+
			`stroke-linejoin="round">%s</symbol>`, name, strings.TrimSpace(inside))
		a.icons[name] = true
	}
	out.WriteString("</svg>")
	return out.Bytes(), nil
}

// URL is the address of an asset by its name, such as app.css.
func (a *Assets) URL(name string) (string, error) {
	f, ok := a.files[name]
	if !ok {
		return "", fmt.Errorf("there is no asset %q in web/static", name)
	}
	return AssetBase + f.hash + "/" + name, nil
}

// Icon is the address of an icon by its name.
func (a *Assets) Icon(name string) (string, error) {
	if !a.icons[name] {
		return "", fmt.Errorf("there is no icon %q: make an empty web/icons/%s.svg and run `make assets`", name, name)
	}
	url, err := a.URL(Sprite)
	return url + "#" + name, err
}

// ServeHTTP answers with an asset. One that is asked for by an older or newer hash is served as it is now, to be asked for
// again: while masters are replaced, a page of one may name the assets of another.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	hash, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, AssetBase), "/")
	f, ok := a.files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if hash == f.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body := f.content
	if packed := f.packed(); packed != nil && AcceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		body = packed
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // whoever left does not read it
}

// AcceptsGzip says whether who asks reads gzip.
func AcceptsGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, params, _ := strings.Cut(coding, ";")
		if strings.TrimSpace(name) == "gzip" {
			q := strings.ReplaceAll(params, " ", "")
			return q != "q=0" && q != "q=0.0"
		}
	}
	return false
}

// pack gives content in gzip; nil when that is not smaller by a tenth.
func pack(content []byte) []byte {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		panic("web: " + err.Error()) // the level is one of gzip's
	}
	_, _ = z.Write(content) // a bytes.Buffer takes all
	_ = z.Close()
	if out.Len() > len(content)*9/10 {
		return nil
	}
	return out.Bytes()
}
