package manage

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/pack"
)

// uploadBatch is how many chunks one transaction of an upload stores: 1 MiB of them.
const uploadBatch = 4

// Upload takes a package from r: it is written to a file, checked there, and stored chunk by chunk, so it is never held in
// memory whole. fresh is false when the same package was there already. A version that is there with another content is a
// conflict. Errors of reading r are given as they are, wrapped.
func (s *Plugins) Upload(ctx context.Context, actor *core.User, r io.Reader) (v *core.PluginVersion, fresh bool, err error) {
	f, err := s.temporary()
	if err != nil {
		return nil, false, err
	}
	defer f.discard()
	size, err := f.fill(r, s.opts.MaxSize)
	if err != nil {
		return nil, false, err
	}
	p, err := pack.Check(f, size, pack.Options{Limits: s.opts.Limits(), Keys: s.opts.Keys})
	if err != nil {
		return nil, false, err
	}
	kept, err := json.Marshal(p.Manifest)
	if err != nil {
		return nil, false, fmt.Errorf("write the manifest: %w", err)
	}
	v = &core.PluginVersion{
		ID: s.newID(), Namespace: core.DefaultNamespace, Package: p.Manifest.Name, Version: p.Manifest.Version, Digest: p.Digest, Size: size,
		Chunks: int((size + core.PluginChunk - 1) / core.PluginChunk), Signed: p.Signed, Manifest: kept,
		UploadedBy: actor.ID, UploadedByName: actor.Name,
	}
	if known, err := s.same(ctx, v); known != nil || core.CodeOf(err) != core.CodeNotFound {
		return known, false, err
	}
	if err := s.keep(ctx, v, f); err != nil {
		return nil, false, err
	}
	done, err := s.store.FinishPlugin(ctx, v)
	if err != nil {
		return nil, false, err
	}
	s.known.forget()
	if !done { // somebody else was faster; what was stored here is swept
		known, err := s.same(ctx, v)
		return known, false, err
	}
	s.log.InfoContext(ctx, "plugin uploaded", "package", v.Package, "version", v.Version, "digest", v.Digest, "size", v.Size, "signed", v.Signed, "by", actor.Name)
	return v, true, nil
}

// same gives the version that is there under the name of v, which must have the same content.
func (s *Plugins) same(ctx context.Context, v *core.PluginVersion) (*core.PluginVersion, error) {
	known, err := s.store.PluginVersion(ctx, v.Namespace, v.Package, v.Version)
	if err != nil {
		return nil, err
	}
	if known.Digest != v.Digest {
		return nil, core.Conflict("there is a version %s of plugin package %q already, with another content: give the new content a new version", v.Version, v.Package)
	}
	return known, nil
}

// keep stores the chunks of a package.
func (s *Plugins) keep(ctx context.Context, v *core.PluginVersion, f io.ReaderAt) error {
	if err := s.store.BeginPlugin(ctx, v); err != nil {
		return err
	}
	content := io.NewSectionReader(f, 0, v.Size)
	buffer := make([]byte, uploadBatch*core.PluginChunk)
	for first := 0; first < v.Chunks; first += uploadBatch {
		n, err := io.ReadFull(content, buffer)
		if err != nil && err != io.ErrUnexpectedEOF {
			return fmt.Errorf("read the uploaded file: %w", err)
		}
		var chunks [][]byte
		for from := 0; from < n; from += core.PluginChunk {
			chunks = append(chunks, buffer[from:min(n, from+core.PluginChunk)])
		}
		if err := s.store.AddPluginChunks(ctx, v.ID, first, chunks); err != nil {
			return err
		}
	}
	return nil
}

// upload is a file that an uploaded package lies in.
type upload struct {
	*os.File
	isNamed bool
}

// temporary makes a file for an upload. Where the system lets it, the file has no name any more, so that it is gone with
// this process however that ends.
func (s *Plugins) temporary() (*upload, error) {
	if s.opts.Dir != "" {
		if err := os.MkdirAll(s.opts.Dir, 0o750); err != nil {
			return nil, fmt.Errorf("make the directory for uploads: %w", err)
		}
	}
	f, err := os.CreateTemp(s.opts.Dir, "upload-*")
	if err != nil {
		return nil, fmt.Errorf("make a file for the upload: %w", err)
	}
	return &upload{File: f, isNamed: os.Remove(f.Name()) != nil}, nil
}

// fill writes what r has into the file, and refuses more than most bytes.
func (f *upload) fill(r io.Reader, most int64) (int64, error) {
	size, err := io.Copy(f, io.LimitReader(r, most+1))
	if err != nil {
		return 0, fmt.Errorf("receive the package: %w", err)
	}
	if size > most {
		return 0, &core.Error{Code: core.CodeTooLarge, Field: "package", Format: "has more than %d bytes, which is the limit here", Args: []any{most}}
	}
	return size, nil
}

func (f *upload) discard() {
	_ = f.Close() // nothing in it counts any more
	if f.isNamed {
		_ = os.Remove(f.Name())
	}
}
