package pack_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/pack"
)

// entry is a file of a zip that is made to do harm. What is zero is as it should be.
type entry struct {
	name, content string
	mode          fs.FileMode
	method        uint16
	flags         uint16
	claimed       uint64 // size that the directory tells
}

func (e entry) write(z *zip.Writer) error {
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestSpeed)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, e.content); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	h := &zip.FileHeader{
		Name: e.name, Method: zip.Deflate, Flags: e.flags | 0x800, CRC32: crc32.ChecksumIEEE([]byte(e.content)),
		CompressedSize64: uint64(packed.Len()), UncompressedSize64: uint64(len(e.content)),
	}
	if e.method != 0 {
		h.Method = e.method
	}
	if e.claimed != 0 {
		h.UncompressedSize64 = e.claimed
	}
	h.SetMode(0o644 | e.mode)
	if strings.HasSuffix(e.name, "/") {
		h.CompressedSize64 = 0
	}
	raw, err := z.CreateRaw(h)
	if err != nil || h.CompressedSize64 == 0 {
		return err
	}
	_, err = raw.Write(packed.Bytes())
	return err
}

// parcel is a package with right manifest, script and sums, and entries of the caller's; those of the same name take the
// place of the right ones. The sums are of all of them.
func parcel(t testing.TB, entries ...entry) []byte {
	t.Helper()
	all := map[string]entry{
		"plugin.yaml": {name: "plugin.yaml", content: "name: a\nversion: 1.0.0\nexecutables: {any: run.sh}\ntasks: {t: {}}\n"},
		"run.sh":      {name: "run.sh", content: script},
	}
	var order []entry
	for _, e := range entries {
		if _, own := all[e.name]; own {
			all[e.name] = e
		} else {
			order = append(order, e)
		}
	}
	order = append(order, all["plugin.yaml"], all["run.sh"])
	var sums strings.Builder
	listed, given := map[string]bool{}, false
	for _, e := range order {
		given = given || e.name == pack.SumsName
		if sum := sha256.Sum256([]byte(e.content)); !listed[e.name] && e.mode&fs.ModeDir == 0 {
			fmt.Fprintf(&sums, "%s  %s\n", hex.EncodeToString(sum[:]), e.name)
			listed[e.name] = true
		}
	}
	if !given {
		order = append(order, entry{name: pack.SumsName, content: sums.String()})
	}
	return zipOf(t, order...)
}

func zipOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, e := range entries {
		if e.name != "-" { // stands for one that is left out
			require.NoError(t, e.write(z))
		}
	}
	require.NoError(t, z.Close())
	return out.Bytes()
}

func yaml(executables string) entry {
	return entry{name: "plugin.yaml", content: "name: a\nversion: 1.0.0\nexecutables: " + executables + "\ntasks: {t: {}}\n"}
}

// small are limits that a test reaches at once.
var small = pack.Limits{Packed: 64 << 10, Unpacked: 1 << 20, Files: 20}

func TestHostilePackagesAreRefused(t *testing.T) {
	t.Parallel()
	machine := func(of string) string { return strings.Replace(elfHead, "\x3e\x00", of, 1) }
	many := make([]entry, 30)
	for i := range many {
		many[i] = entry{name: fmt.Sprint("f", i)}
	}
	zeros := strings.Repeat("\x00", 2<<20)
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"nothing":                {nil, "is not a zip file"},
		"no zip":                 {[]byte(strings.Repeat("x", 1000)), "is not a zip file"},
		"cut off":                {parcel(t)[:300], "is not a zip file"},
		"no manifest":            {zipOf(t, entry{name: "a"}), "has no file plugin.yaml"},
		"manifest in a folder":   {zipOf(t, entry{name: "a/plugin.yaml"}), "has no file plugin.yaml"},
		"manifest not YAML":      {parcel(t, entry{name: "plugin.yaml", content: "\x00"}), "plugin.yaml: is not right"},
		"manifest wrong":         {parcel(t, entry{name: "plugin.yaml", content: "name: a/b"}), "plugin.yaml name: must be"},
		"manifest huge":          {parcel(t, entry{name: "plugin.yaml", content: strings.Repeat("#", 300<<10)}), "at most 262144"},
		"no sums":                {zipOf(t, yaml("{any: run.sh}"), entry{name: "run.sh", content: script}), "has no file plugin.sums"},
		"sums of nothing":        {parcel(t, entry{name: "plugin.sums", content: "x\n"}), "plugin.sums: must have lines"},
		"sums twice":             {parcel(t, entry{name: "plugin.sums", content: strings.Repeat(strings.Repeat("a", 64)+"  x\n", 2)}), "twice"},
		"sums lack a file":       {parcel(t, entry{name: "plugin.sums", content: strings.Repeat("a", 64) + "  run.sh\n"}), "which plugin.sums does not list"},
		"sums have more":         {withSums(t, "absent"), "which plugin.sums lists"},
		"sums lie":               {withLie(t), `has another "run.sh" than plugin.sums lists`},
		"up":                     {parcel(t, entry{name: "../evil"}), "leads out of the package"},
		"up within":              {parcel(t, entry{name: "a/../../evil"}), "leads out of the package"},
		"absolute":               {parcel(t, entry{name: "/etc/evil"}), "leads out of the package"},
		"drive":                  {parcel(t, entry{name: "C:evil"}), "is not allowed"},
		"backslash":              {parcel(t, entry{name: `..\evil`}), "is not allowed"},
		"stream":                 {parcel(t, entry{name: "run.sh:evil"}), "is not allowed"},
		"control character":      {parcel(t, entry{name: "a\x00b"}), "is not allowed"},
		"no UTF-8":               {parcel(t, entry{name: "a\xffb"}), "is not UTF-8"},
		"dot":                    {parcel(t, entry{name: "./a"}), "simplest form"},
		"double slash":           {parcel(t, entry{name: "a//b"}), "simplest form"},
		"device":                 {parcel(t, entry{name: "lib/con.txt"}), "some systems cannot store"},
		"trailing dot":           {parcel(t, entry{name: "run.sh."}), "some systems cannot store"},
		"long part":              {parcel(t, entry{name: strings.Repeat("p", 256)}), "some systems cannot store"},
		"long path":              {parcel(t, entry{name: strings.Repeat("p/", 251) + "p"}), "at most 500 are allowed"},
		"folder up":              {parcel(t, entry{name: "../", mode: fs.ModeDir}), "leads out of the package"},
		"folder with content":    {parcel(t, entry{name: "f", content: "x", mode: fs.ModeDir}), "with content"},
		"link":                   {parcel(t, entry{name: "l", content: "/etc/passwd", mode: fs.ModeSymlink}), "links are not allowed"},
		"link to a folder":       {parcel(t, entry{name: "l", content: "..", mode: fs.ModeSymlink}, entry{name: "l/x"}), "links are not allowed"},
		"pipe":                   {parcel(t, entry{name: "p", mode: fs.ModeNamedPipe}), "neither a file nor a directory"},
		"device file":            {parcel(t, entry{name: "p", mode: fs.ModeDevice}), "neither a file nor a directory"},
		"twice":                  {parcel(t, entry{name: "a"}, entry{name: "a"}), "twice"},
		"twice in another case":  {parcel(t, entry{name: "a/B"}, entry{name: "a/b"}), "for the same"},
		"folders in other cases": {parcel(t, entry{name: "A/x"}, entry{name: "a/y"}), "for the same"},
		"composed otherwise":     {parcel(t, entry{name: "\u00e9"}, entry{name: "e\u0301"}), "for the same"},
		"file and folder":        {parcel(t, entry{name: "a"}, entry{name: "a/b"}), "is a file"},
		"folder and file":        {parcel(t, entry{name: "a/b"}, entry{name: "a"}), "is also the directory"},
		"encrypted":              {parcel(t, entry{name: "a", flags: 1}), "encrypted"},
		"unknown compression":    {parcel(t, entry{name: "a", content: "x", method: 12}), "other than deflate"},
		"bomb that tells":        {parcel(t, entry{name: "a", content: zeros}), "unpacks to more than"},
		"bomb that lies":         {parcel(t, entry{name: "a", content: zeros, claimed: 1}), "damaged"},
		"bombs together":         {parcel(t, entry{name: "a", content: zeros[:600<<10]}, entry{name: "b", content: zeros[:600<<10]}), "unpacks to more than"},
		"endless size":           {parcel(t, entry{name: "a", claimed: 1 << 63}, entry{name: "b", claimed: 1 << 63}), "unpacks to more than"},
		"shorter than it says":   {parcel(t, entry{name: "a", content: "x", claimed: 100}), "damaged"},
		"many files":             {parcel(t, many...), "more than 20 files"},
		"damaged":                {damagedParcel(t), "damaged"},
		"too long":               {append(bytes.Repeat([]byte("x"), 64<<10), parcel(t)...), "at most 65536"},
		"executable missing":     {parcel(t, yaml("{any: no.sh}")), `names "no.sh", which is not in the package`},
		"executable is own":      {parcel(t, yaml("{any: plugin.yaml}")), "which is not in the package"},
		"executable is text":     {parcel(t, entry{name: "run.sh", content: "exit 0"}), "must be a script"},
		"script of Windows":      {parcel(t, entry{name: "run.sh", content: "#!/bin/sh\r\nexit\r\n"}), "ends as on Windows"},
		"any is a binary":        {parcel(t, entry{name: "run.sh", content: elfHead}), "must be a script"},
		"wrong machine":          {parcel(t, yaml("{linux/arm64: x}"), entry{name: "x", content: elfHead}), `built for linux/amd64`},
		"odd machine":            {parcel(t, yaml("{linux/amd64: x}"), entry{name: "x", content: machine("\x02\x00")}), "built for linux/another machine"},
		"wrong system":           {parcel(t, yaml("{darwin/amd64: x}"), entry{name: "x", content: elfHead}), `built for linux/amd64`},
		"a library":              {parcel(t, yaml("{linux/amd64: x}"), entry{name: "x", content: strings.Replace(elfHead, "\x02\x00\x3e", "\x01\x00\x3e", 1)}), "no executable"},
		"a short header":         {parcel(t, yaml("{linux/amd64: x}"), entry{name: "x", content: "\x7fELF"}), "no executable"},
		"a PE without its end":   {parcel(t, yaml("{windows/amd64: x.exe}"), entry{name: "x.exe", content: "MZ" + strings.Repeat("\xff", 100)}), "no executable"},
		"script on Windows":      {parcel(t, yaml("{windows/amd64: x.exe}"), entry{name: "x.exe", content: script}), "no executable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused(t, c.data, c.says)
		})
	}
	_, err := pack.Check(bytes.NewReader(parcel(t)), int64(len(parcel(t))), pack.Options{Limits: small})
	require.NoError(t, err, "the one that they differ from is right")
}

// A zip's directory is held in memory, so it is not read to its end when it is longer than the files that are allowed need.
func TestADirectoryIsNotReadWithoutBound(t *testing.T) {
	t.Parallel()
	crowd := make([]entry, 1_500)
	for i := range crowd {
		crowd[i] = entry{name: fmt.Sprint(strings.Repeat("d/", 100), i)}
	}
	data := parcel(t, crowd...)
	r := &counting{Reader: bytes.NewReader(data)}
	_, err := pack.Check(r, int64(len(data)), pack.Options{Limits: pack.Limits{Packed: 1 << 30, Files: 20}})
	require.ErrorContains(t, err, "more than 20 files")
	require.Less(t, r.n, 400<<10)
	require.Greater(t, len(data), 2*r.n)
}

type counting struct {
	*bytes.Reader
	n int
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	c.n += len(p)
	return c.Reader.ReadAt(p, off)
}

// refused demands that a package is refused with a reason, and that extracting it leaves nothing behind, neither where it
// should have come to nor beside it.
func refused(t *testing.T, data []byte, says string) {
	t.Helper()
	_, err := pack.Check(bytes.NewReader(data), int64(len(data)), pack.Options{Limits: small})
	require.ErrorContains(t, err, says)
	require.NotEmpty(t, core.CodeOf(err), "%v", err)

	top := t.TempDir()
	parent := filepath.Join(top, "a", "b")
	require.NoError(t, os.MkdirAll(parent, 0o750))
	_, err = pack.Extract(bytes.NewReader(data), int64(len(data)), filepath.Join(parent, "here"), pack.Options{Limits: small})
	require.ErrorContains(t, err, says)
	require.NotEmpty(t, core.CodeOf(err), "%v", err)
	require.Empty(t, tree(t, top))
	left, err := os.ReadDir(parent)
	require.NoError(t, err)
	require.Empty(t, left)
}

func withSums(t *testing.T, more string) []byte {
	t.Helper()
	sums := ""
	for _, e := range []entry{yaml("{any: run.sh}"), {name: "run.sh", content: script}, {name: more}} {
		sum := sha256.Sum256([]byte(e.content))
		sums += hex.EncodeToString(sum[:]) + "  " + e.name + "\n"
	}
	return zipOf(t, yaml("{any: run.sh}"), entry{name: "run.sh", content: script}, entry{name: pack.SumsName, content: sums})
}

func withLie(t *testing.T) []byte {
	t.Helper()
	sum := sha256.Sum256([]byte(yaml("{any: run.sh}").content))
	return zipOf(t, yaml("{any: run.sh}"), entry{name: "run.sh", content: script}, entry{
		name:    pack.SumsName,
		content: hex.EncodeToString(sum[:]) + "  plugin.yaml\n" + strings.Repeat("a", 64) + "  run.sh\n",
	})
}

// damagedParcel has a file whose content was changed after it was packed.
func damagedParcel(t *testing.T) []byte {
	t.Helper()
	data := parcel(t, entry{name: "a", content: strings.Repeat("some text", 50)})
	data[40] ^= 0xff // within the first file's content
	return data
}
