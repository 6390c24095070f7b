package manage

import (
	"context"
	"sync"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/manifest"
	"github.com/carillonhq/carillon/store"
)

// resolveEvery is how old what Resolve goes by may be.
const resolveEvery = time.Second

// pluginCache is which versions of packages there are, read from the database at most once in resolveEvery, and only when
// somebody asks.
type pluginCache struct {
	mu       sync.Mutex
	at       time.Time // when it was read; zero for never
	packages map[string]*knownPlugin
}

type knownPlugin struct {
	latest  string
	digests map[string]string // by version
}

// Resolve gives the version of a package that a call has now, the one it pins or the latest, and the digest of its file. A
// *core.Error of CodeNotFound says that there is none; any other error that the database could not be asked. An upload or a
// deletion by another master is heeded within a second.
func (s *Plugins) Resolve(ctx context.Context, call core.PluginCall) (version, digest string, err error) {
	s.known.mu.Lock()
	defer s.known.mu.Unlock()
	if s.known.at.IsZero() || time.Since(s.known.at) >= resolveEvery {
		began := time.Now()
		packages, err := readPlugins(ctx, s.store)
		if err != nil {
			return "", "", err
		}
		s.known.packages, s.known.at = packages, began
	}
	known := s.known.packages[call.Package]
	if known == nil {
		return "", "", core.NotFound("plugin package %q has not been uploaded", call.Package)
	}
	version = call.Version
	if version == "" {
		version = known.latest
	}
	digest, ok := known.digests[version]
	if !ok {
		return "", "", core.NotFound("version %s of plugin package %q has not been uploaded", version, call.Package)
	}
	return version, digest, nil
}

func readPlugins(ctx context.Context, s *store.Store) (map[string]*knownPlugin, error) {
	versions, err := s.Plugins(ctx, core.DefaultNamespace)
	packages := map[string]*knownPlugin{}
	for _, v := range versions {
		known := packages[v.Package]
		if known == nil {
			known = &knownPlugin{digests: map[string]string{}}
			packages[v.Package] = known
		}
		known.digests[v.Version] = v.Digest
		known.latest = manifest.Latest([]string{v.Version, known.latest})
	}
	return packages, err
}

// forget has the next Resolve ask the database.
func (c *pluginCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = time.Time{}
}
