package manage

import (
	"context"
	"io"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// Download gives the file of a version of a package, of which the reader holds one chunk at a time.
func (s *Plugins) Download(ctx context.Context, name, version string) (*core.PluginVersion, io.Reader, error) {
	v, err := s.store.PluginVersion(ctx, core.DefaultNamespace, name, version)
	if err != nil {
		return nil, nil, err
	}
	return v, &pluginFile{ctx: ctx, store: s.store, version: v}, nil
}

// pluginFile reads a package chunk by chunk.
type pluginFile struct {
	ctx     context.Context // it lives within one download
	store   *store.Store
	version *core.PluginVersion
	next    int
	rest    []byte
}

// Read is part of io.Reader.
func (f *pluginFile) Read(p []byte) (int, error) {
	if len(f.rest) == 0 {
		if f.next >= f.version.Chunks {
			return 0, io.EOF
		}
		data, _, _, err := f.store.PluginChunk(f.ctx, f.version.Digest, f.next)
		if err != nil {
			return 0, err
		}
		f.rest, f.next = data, f.next+1
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}
