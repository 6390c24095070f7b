package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/carillonhq/carillon/plugins/manifest"
	"github.com/carillonhq/carillon/plugins/sdk/handshake"
	pluginpb "github.com/carillonhq/carillon/plugins/sdk/proto"
)

// maxMessage is how long a message of a plugin may be, in bytes.
const maxMessage = 16 << 20

// process is one process of a plugin. The pool has what changes of it while runs come and go.
type process struct {
	host     *Host
	pkg      *installed
	number   int
	dir      string
	limits   manifest.Limits
	isolated bool
	output   *output
	greeting *greeting

	// The pool's, under its mutex.
	state  state
	runs   int
	served int
	idle   time.Time // since when it has no runs
	tended int       // served, when it was looked after last

	ready  chan struct{} // closed when it is warm, or when it cannot become so
	err    error         // why it cannot
	plugin *goplugin.Client
	told   []string // of its environment, beside what go-plugin says
	conn   *grpc.ClientConn
	// socketDir is the directory that go-plugin made for the socket.
	socketDir string
	client    pluginpb.PluginClient
	gone      chan struct{} // closed when nothing of it is left

	mu    sync.Mutex
	death *death
	tree  *tree
	works int // counted for names of directories
}

// death is why a process ended, or is being ended: the first reason that there was.
type death struct {
	why error // a sentence
	// by is the run for whose sake it was killed; nil otherwise.
	by *attempt
	// own says that it was the plugin's doing: it crashed, exceeded a limit, or broke its connection.
	own bool
}

// doom gives a reason to die. It counts if there was none before.
func (p *process) doom(d death) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.death == nil {
		p.death = &d
	}
}

func (p *process) cause() death {
	p.mu.Lock()
	defer p.mu.Unlock()
	return *p.death
}

// kill ends the process and all that descends from it, and returns at once.
func (p *process) kill(d death) {
	p.doom(d)
	p.mu.Lock()
	t := p.tree
	p.mu.Unlock()
	if t != nil {
		t.end()
	}
}

// run has the process live: it starts it, and cleans up when it is gone.
func (p *process) run() {
	late := time.AfterFunc(p.host.o.StartTimeout, func() {
		p.kill(death{own: true, why: fmt.Errorf("the plugin did not shake hands within %s", p.host.o.StartTimeout)})
	})
	err := p.start()
	late.Stop()
	if err != nil {
		p.kill(death{own: true, why: fmt.Errorf("the plugin could not be started: %w", err)})
		p.end()
		p.err = p.whyNotStarted(err)
		p.host.pool.buried(p)
		close(p.ready)
		close(p.gone)
		return
	}
	p.host.pool.warm(p)
	close(p.ready)
	p.end()
	p.host.pool.buried(p)
	close(p.gone)
}

// start brings the process up to where it can perform runs.
func (p *process) start() error {
	if err := p.pkg.verify(); err != nil {
		return err
	}
	if err := p.makeDirs(); err != nil {
		return err
	}
	own, certificate, err := handshake.AutoMTLS()
	if err != nil {
		return err
	}
	p.told = []string{certificate, handshake.GraceKey + "=" + strconv.FormatInt(p.host.o.Grace.Milliseconds(), 10)}
	p.plugin = goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: handshake.Config(), Plugins: handshake.Plugins(nil),
		RunnerFunc:       p.newRunner,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		TLSConfig:        own, SkipHostEnv: true,
		StartTimeout:     2 * p.host.o.StartTimeout, // run has its own, with a better reason
		UnixSocketConfig: &goplugin.UnixSocketConfig{TempDir: p.socketPlace()},
		SyncStdout:       p.output.writer(levelStdout), SyncStderr: p.output.writer(levelStderr),
		Logger:          hclog.NewNullLogger(),
		GRPCDialOptions: []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage))},
	})
	protocol, err := p.plugin.Client()
	if err != nil {
		return err
	}
	raw, err := protocol.Dispense(handshake.Name)
	if err != nil {
		return err
	}
	p.client = raw.(pluginpb.PluginClient)        //nolint:forcetypeassert // handshake.Plugins makes nothing else
	p.conn = protocol.(*goplugin.GRPCClient).Conn //nolint:forcetypeassert // no other protocol is allowed
	return p.describe()
}

// describe has the plugin name its tasks, which must be at least those of the manifest.
func (p *process) describe() error {
	ctx, cancel := context.WithTimeout(context.Background(), p.host.o.StartTimeout)
	defer cancel()
	reply, err := p.client.Describe(ctx, &pluginpb.DescribeRequest{})
	if err != nil {
		return fmt.Errorf("it does not describe itself: %w", err)
	}
	var missing []string
	for name := range p.pkg.manifest.Tasks {
		if !slices.Contains(reply.GetTasks(), name) {
			missing = append(missing, strconv.Quote(name))
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return &lie{fmt.Sprintf("%s names tasks that the plugin does not have: %s", manifest.Name, strings.Join(missing, ", "))}
	}
	p.host.o.Logger.Info("a plugin was started", "package", p.pkg.name(), "process", p.number, "pid", p.tree.pid, "sdk", reply.GetSdk())
	return nil
}

// lie is a package that is not what it says.
type lie struct{ text string }

func (l *lie) Error() string { return l.text }

// whyNotStarted finds the sentence for a process that was not brought up. It is called when nothing of it is left.
func (p *process) whyNotStarted(err error) error {
	why := p.cause().why
	if told, ok := errors.AsType[*lie](err); ok {
		return told
	}
	if errors.Is(err, errSpoiled) || errors.Is(why, errClosed) || p.tree == nil {
		return why
	}
	text := why.Error()
	if p.tree.exit.Limit != "" {
		text = p.tree.exit.Limit + " before it shook hands"
	} else if wrote := p.greeting.wrote(); wrote != "" {
		text = fmt.Sprintf("the executable is not a plugin: it wrote %q where a plugin shakes hands", wrote)
	} else if p.tree.endedItself() {
		text = "the plugin " + exitText(p.tree.exit) + " before it shook hands"
	}
	return errors.New(text + p.output.lastWords())
}

// end waits until nothing is left of the process, and cleans up.
func (p *process) end() {
	p.mu.Lock()
	t := p.tree
	p.mu.Unlock()
	if t != nil {
		<-t.dying
		p.host.pool.condemned(p)
		<-t.gone
		p.drain(t)
		p.doom(p.crash(t))
	}
	if p.plugin != nil {
		p.plugin.Kill() // of what is dead already: the connection and go-plugin's goroutines
	}
	if err := errors.Join(wipe(p.dir), wipe(p.socketDir)); err != nil {
		p.host.o.Logger.Warn("the directory of a plugin's process cannot be removed", "error", err)
	}
}

// drain takes the rest of the output. Somebody outside the tree may hold the pipes open, so it does not wait for ever.
func (p *process) drain(t *tree) {
	select {
	case <-t.read:
	case <-time.After(time.Second):
		closeAll(t.stdout, t.stderr)
		<-t.read
	}
}

// crash is the death of a process that nobody ended.
func (p *process) crash(t *tree) death {
	text := t.exit.Limit
	if text == "" {
		text = "the plugin's process " + exitText(t.exit)
	}
	return death{own: true, why: errors.New(text + p.output.lastWords())}
}

// makeDirs makes the directory of the process, which it cannot change, with a home that is its own. Who cannot rename
// what root makes in there cannot lead root astray.
func (p *process) makeDirs() error {
	if err := os.Mkdir(p.dir, 0o711); err != nil { //nolint:gosec // a plugin that runs as somebody else must get through
		return fmt.Errorf("make a directory for the plugin: %w", err)
	}
	if err := os.Chmod(p.dir, 0o711); err != nil { //nolint:gosec // whatever the umask
		return fmt.Errorf("make a directory for the plugin: %w", err)
	}
	return p.host.makeTheirs(p.home())
}

func (p *process) home() string { return filepath.Join(p.dir, "home") }

// makeWork makes a directory for one run.
func (p *process) makeWork() (string, error) {
	p.mu.Lock()
	p.works++
	dir := filepath.Join(p.dir, "run-"+strconv.Itoa(p.works))
	p.mu.Unlock()
	return dir, p.host.makeTheirs(dir)
}

// socketPlace is where go-plugin makes a directory for the socket.
func (p *process) socketPlace() string {
	if p.host.places.sockets != "" {
		return p.host.places.sockets
	}
	return p.dir
}

func (i *installed) name() string { return i.manifest.Name + "@" + i.manifest.Version }
