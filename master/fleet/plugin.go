package fleet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
)

// pluginCalls makes what a worker is told of the plugins of runs that are given to it together: those that call alike have
// the same version.
type pluginCalls struct {
	plugins  Plugins
	log      *slog.Logger
	policy   string
	resolved map[core.PluginCall]resolved
}

type resolved struct{ version, digest, missing string }

func (f *Fleet) pluginCalls(policy string) *pluginCalls {
	return &pluginCalls{plugins: f.opts.Plugins, log: f.opts.Logger, policy: policy, resolved: map[core.PluginCall]resolved{}}
}

// of gives the call of a task's run; nil when it is none of a plugin. A package that there is not fails no run here: its
// worker does, which is told why.
func (p *pluginCalls) of(ctx context.Context, task *store.TaskDefinition) *rpc.PluginCall {
	if task == nil || task.Plugin == nil {
		return nil
	}
	c := *task.Plugin
	r, known := p.resolved[c]
	if !known {
		var err error
		if r.version, r.digest, err = p.plugins.Resolve(ctx, c); err != nil {
			r = resolved{version: c.Version, missing: p.why(c, err)}
		}
		p.resolved[c] = r
	}
	return &rpc.PluginCall{
		Package: c.Package, Task: c.Task, Version: r.version, Digest: r.digest, Missing: r.missing, Pinned: c.Version != "",
		PullPolicy: p.policy, TimeoutMs: c.Timeout.Milliseconds(), Isolated: c.Isolated, Params: task.ParamsJSON,
	}
}

// why says why a package cannot be resolved. What a database says is for the log.
func (p *pluginCalls) why(c core.PluginCall, err error) string {
	if _, told := errors.AsType[*core.Error](err); told {
		return err.Error()
	}
	p.log.Error("the versions of a plugin package cannot be read", "package", c.Package, "error", err)
	return fmt.Sprintf("the versions of plugin package %q could not be read when the run was sent", c.Package)
}

// fetch has a piece of a package read and sent, off the stream's reader. A worker asks for no more of them than there is room
// for.
func (s *Session) fetch(f *rpc.Fetch) error {
	select {
	case s.fetches <- f:
		return nil
	default:
		return core.Broken("fetch", "asks for more than %d pieces of plugin packages at once", rpc.MaxFetches)
	}
}

// serveChunks answers what the worker asks for, one piece after the other: the next one is read when the one before is being
// sent. However slowly a worker reads its stream, no more than two are in memory for it.
func (s *Session) serveChunks(ctx context.Context) {
	for {
		select {
		case f := <-s.fetches:
			select {
			case s.chunks <- s.chunk(ctx, f):
			case <-ctx.Done():
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

func (s *Session) chunk(ctx context.Context, f *rpc.Fetch) *rpc.MasterMessage {
	c := &rpc.Chunk{Digest: f.Digest, Number: f.Number}
	data, chunks, size, err := s.fleet.opts.Store.PluginChunk(ctx, f.Digest, int(f.Number))
	switch {
	case err == nil:
		c.Data, c.Chunks, c.Size = data, int32(chunks), size // #nosec G115 -- bounded by the size of a package
	case core.CodeOf(err) == core.CodeNotFound:
		c.Error, c.Refused = err.Error(), true
	default:
		s.fleet.opts.Logger.Error("a piece of a plugin package cannot be read", "worker", s.node.Name, "digest", f.Digest, "piece", f.Number, "error", err)
		c.Error = "the database does not give it"
	}
	return &rpc.MasterMessage{Kind: &rpc.MasterMessage_Chunk{Chunk: c}}
}
