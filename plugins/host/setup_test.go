package host

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/logging"
	"github.com/carillonhq/carillon/plugins/pack"
)

// patience bounds how long tests wait for what must come.
const patience = 3 * time.Minute

// pkgSpec says which package a test wants; its zero value is version 1.0.0 of the well-behaved one.
type pkgSpec struct {
	name, version, manner string
	tasks                 []string
	extra                 string // more of plugin.yaml
	ballast               int    // bytes of a file that is of no use
	key                   ed25519.PrivateKey
	interpreter           string // the test binary, wherever it lies
}

// built is a package file.
type built struct {
	pkgSpec
	digest string
	file   []byte
}

func build(t testing.TB, s pkgSpec) *built {
	t.Helper()
	if s.name == "" {
		s.name = "test"
	}
	if s.version == "" {
		s.version = "1.0.0"
	}
	if s.manner == "" {
		s.manner = wellBehaved
	}
	if s.tasks == nil {
		s.tasks = taskNames()
	}
	if s.interpreter == "" {
		s.interpreter = testBinary()
	}
	dir := t.TempDir()
	manifest := fmt.Sprintf("name: %s\nversion: %s\nexecutables:\n  any: bin/plugin\n%s\ntasks:\n", s.name, s.version, s.extra)
	for _, task := range s.tasks {
		manifest += fmt.Sprintf("  %q:\n    parameters:\n      type: object\n      additionalProperties: {type: [number, string]}\n", task)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "plugin.yaml"), []byte(manifest), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "bin"), 0o700))
	script := fmt.Sprintf("#!%s %s\n%s\n", s.interpreter, rolePlugin, s.manner)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bin", "plugin"), []byte(script), 0o700)) //nolint:gosec // it is to be run
	// The same bytes at each build, and not to be compressed.
	ballast := make([]byte, 0, s.ballast+sha256.Size)
	for i := 0; len(ballast) < s.ballast; i++ {
		sum := sha256.Sum256([]byte(s.version + strconv.Itoa(i)))
		ballast = append(ballast, sum[:]...)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ballast"), ballast, 0o600))
	out := filepath.Join(t.TempDir(), "package.zip")
	p, err := pack.Build(dir, out, pack.BuildOptions{Key: s.key})
	require.NoError(t, err)
	file, err := os.ReadFile(out)
	require.NoError(t, err)
	return &built{s, p.Digest, file}
}

// shelf has packages to be fetched, in pieces.
type shelf struct {
	mu      sync.Mutex
	piece   int
	files   map[string][]byte
	fetched []string // "digest number" of every piece that was given
	// fault may stand in for the answer.
	fault func(digest string, number int) error
}

func newShelf(all ...*built) *shelf {
	s := &shelf{files: map[string][]byte{}, piece: 4096}
	for _, b := range all {
		s.files[b.digest] = b.file
	}
	return s
}

func (s *shelf) fetch(_ context.Context, digest string, number int) (Chunk, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault != nil {
		if err := s.fault(digest, number); err != nil {
			return Chunk{}, err
		}
	}
	file, ok := s.files[digest]
	if !ok {
		return Chunk{}, fmt.Errorf("%w: there is no package %s", ErrRefused, digest)
	}
	s.fetched = append(s.fetched, digest+" "+strconv.Itoa(number))
	chunks := (len(file) + s.piece - 1) / s.piece
	return Chunk{Data: file[number*s.piece : min(len(file), (number+1)*s.piece)], Chunks: chunks, Size: int64(len(file))}, nil
}

func (s *shelf) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.fetched)
}

// open makes a host that ends with the test.
func open(t testing.TB, o Options) *Host {
	t.Helper()
	h, err := tryOpen(t, o)
	require.NoError(t, err)
	t.Cleanup(h.Close)
	return h
}

func tryOpen(t testing.TB, o Options) (*Host, error) {
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	if o.Logger == nil && testing.Verbose() {
		o.Logger = logging.New(t.Output(), slog.LevelDebug, "text")
	}
	if o.StartTimeout == 0 {
		o.StartTimeout = patience
	}
	o.Unsupervised = true
	return New(o)
}

// with makes a host that has some packages to fetch.
func with(t testing.TB, o Options, all ...*built) *Host {
	o.Fetch = newShelf(all...).fetch
	return open(t, o)
}

// call is one of a task of a package.
func (b *built) call(task string, params ...string) Call {
	c := Call{
		RunID: "run", OccurrenceID: "occurrence", TaskID: "task", Trigger: "manual", Attempt: 1, Due: time.UnixMicro(1_700_000_000_000_000),
		Package: b.name, Task: task, Version: b.version, Digest: b.digest, PullPolicy: core.PullAlways,
	}
	for i := 0; i < len(params); i += 2 {
		c.Params = append(c.Params, core.Param{Key: params[i], Value: params[i+1]})
	}
	return c
}

// notes is a Sink that remembers.
type notes struct {
	mu       sync.Mutex
	lines    []string // "level text"
	progress []int
	said     chan struct{} // closed at the next line
}

func newNotes() *notes { return &notes{said: make(chan struct{})} }

func (n *notes) Log(level, text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, level+" "+text)
	close(n.said)
	n.said = make(chan struct{})
}

func (n *notes) Progress(percent int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.progress = append(n.progress, percent)
}

func (n *notes) all() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.lines, "\n")
}

// await waits for a line with a text.
func (n *notes) await(t testing.TB, text string) {
	t.Helper()
	late := time.After(patience)
	for {
		n.mu.Lock()
		said := n.said
		found := strings.Contains(strings.Join(n.lines, "\n"), text)
		n.mu.Unlock()
		if found {
			return
		}
		select {
		case <-said:
		case <-late:
			t.Fatalf("no line with %q came; there were:\n%s", text, n.all())
		}
	}
}

// pending is a run under way.
type pending struct {
	*notes
	cancel context.CancelCauseFunc
	done   chan core.Outcome
}

// begin performs a run in the background.
func begin(t testing.TB, h *Host, c Call) *pending {
	ctx, cancel := context.WithCancelCause(context.Background())
	p := &pending{notes: newNotes(), cancel: cancel, done: make(chan core.Outcome, 1)}
	go func() { p.done <- h.Perform(ctx, c, p) }()
	t.Cleanup(func() { cancel(nil) })
	return p
}

func (p *pending) outcome(t testing.TB) core.Outcome {
	t.Helper()
	select {
	case o := <-p.done:
		return o
	case <-time.After(patience):
		t.Fatalf("the run does not end; its log:\n%s", p.all())
		return core.Outcome{}
	}
}

// perform performs a run to its end.
func perform(t testing.TB, h *Host, c Call) (core.Outcome, *notes) {
	t.Helper()
	p := begin(t, h, c)
	return p.outcome(t), p.notes
}

// succeed performs a run that must succeed, and reads its result.
func succeed[T any](t testing.TB, h *Host, c Call) T {
	t.Helper()
	o, n := perform(t, h, c)
	require.Equal(t, core.RunSucceeded, o.State, "%s\n%s", o.Result.Reason, n.all())
	var value T
	if len(o.Result.Response) > 0 {
		require.NoError(t, json.Unmarshal(o.Result.Response, &value))
	}
	return value
}

// requireNoProcess requires that no process and no directory of a process is left, while the host goes on.
func (h *Host) requireNoProcess(t testing.TB) {
	t.Helper()
	require.Eventually(t, func() bool {
		h.pool.mu.Lock()
		defer h.pool.mu.Unlock()
		return len(h.pool.processes) == 0
	}, patience, 5*time.Millisecond, "a process is left")
	left, err := os.ReadDir(h.places.run)
	require.NoError(t, err)
	require.Empty(t, left, "a directory of a process is left")
}

// running counts the processes that have been started as far as their supervisor.
func (l *pool) running() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, p := range l.processes {
		p.mu.Lock()
		if p.tree != nil {
			n++
		}
		p.mu.Unlock()
	}
	return n
}

// fetchFunc makes one of Options out of one that has a shelf at hand.
func fetchFunc(s *shelf, f func(s *shelf, digest string, number int) (Chunk, error)) func(context.Context, string, int) (Chunk, error) {
	return func(_ context.Context, digest string, number int) (Chunk, error) { return f(s, digest, number) }
}
