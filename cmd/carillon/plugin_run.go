package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/logging"
	"github.com/carillonhq/carillon/internal/wallclock"
	"github.com/carillonhq/carillon/plugins/host"
	"github.com/carillonhq/carillon/plugins/manifest"
	"github.com/carillonhq/carillon/plugins/pack"
)

// pluginRun is a run of a plugin on this machine, without any server.
type pluginRun struct {
	place, task, parent string
	params              []string
	timeout             time.Duration
	builds              bool
}

func pluginRunCommand() *cobra.Command {
	var r pluginRun
	cmd := &cobra.Command{
		Use:   "run [--task NAME] [--param KEY=VALUE]… PLACE",
		Short: "Run a task of a plugin here, without any server",
		Long: "Run a task of a plugin as a worker would, and show its log and its progress. PLACE is a package, or a directory with a\n" +
			"plugin.yaml, where the executable for this machine is built first if there are Go files. The result is printed as JSON. The\n" +
			"exit status is 1 when the run did not succeed. Ctrl-C cancels the run, and once more kills it.",
		Example: "  carillon plugin run . --task greet --param name=Ada\n" +
			"  carillon plugin run hello-1.0.0.zip --task count",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("plugin run takes one directory or package: got %d arguments", len(args))}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			r.place = args[0]
			if err := r.build(cmd); err != nil {
				return err
			}
			return r.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&r.task, "task", "", "`name` of the task; may be left out when the plugin has but one")
	f.StringArrayVar(&r.params, "param", nil, "a `KEY=VALUE` of the task's parameters; may be given several times")
	f.StringVar(&r.parent, "parent-result", "", "`JSON` that a parent's run left to this one")
	f.DurationVar(&r.timeout, "timeout", 0, "`time` after which the run is cancelled (default: never)")
	f.BoolVar(&r.builds, "build", true, "build the executable where the directory has Go files; with --build=false it is taken as it lies there")
	return cmd
}

// build builds a Go program as `plugin pack` does, for this machine only.
func (r *pluginRun) build(cmd *cobra.Command) error {
	isGo, err := hasGo(r.place)
	if err != nil || !isGo || !r.builds {
		return err
	}
	m, err := pack.Manifest(r.place)
	if err != nil {
		return fmt.Errorf("%s: %w", r.place, err)
	}
	platform := runtime.GOOS + "/" + runtime.GOARCH
	file, ok := m.Executables[platform]
	if !ok {
		return nil // which is found out soon, with what there is
	}
	return buildExecutables(cmd, r.place, &manifest.Manifest{Executables: map[string]string{platform: file}})
}

func (r *pluginRun) run(ctx context.Context, out, screen io.Writer) error {
	call, err := r.call()
	if err != nil {
		return usageError{err}
	}
	dir, err := os.MkdirTemp("", "carillon-run-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a directory for temporary files
	hurried, forget := hurry()
	defer forget()
	h, err := host.New(host.Options{
		Dir: dir, Fetch: r.fetch, Logger: logging.New(screen, slog.LevelWarn, "text"), Unsupervised: true, // it is the developer's own
	})
	if err != nil {
		return err
	}
	defer h.Close()
	m, err := r.find(h, call)
	if err != nil {
		return err
	}
	if err := choose(m, call); err != nil {
		return usageError{err}
	}
	defer context.AfterFunc(hurried, h.Close)()
	running, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() { cancel(errInterrupted) })()
	return show(h.Perform(running, *call, &terminal{screen: screen}), out, screen)
}

var errInterrupted = errors.New("it was interrupted")

// call makes a call of what the command line says.
func (r *pluginRun) call() (*host.Call, error) {
	call := &host.Call{
		RunID: "local", OccurrenceID: "local", TaskID: "local", Trigger: string(core.TriggerManual), Attempt: 1, Due: wallclock.Now(),
		Task: r.task, Timeout: r.timeout, Isolated: true, HasParent: r.parent != "", ParentResult: []byte(r.parent),
	}
	if r.timeout < 0 {
		return nil, errors.New("--timeout must not be negative")
	}
	for _, p := range r.params {
		key, value, ok := strings.Cut(p, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("--param %q must be KEY=VALUE", p)
		}
		call.Params = append(call.Params, core.Param{Key: key, Value: value})
	}
	return call, nil
}

// find has the host know what is to be run.
func (r *pluginRun) find(h *host.Host, call *host.Call) (m *manifest.Manifest, err error) {
	info, err := os.Stat(r.place)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		call.Digest, m, err = h.Adopt(r.place)
	} else if p, wrong := checkFile(r.place); wrong == nil {
		call.Digest, m = p.Digest, p.Manifest
	} else {
		err = wrong
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.place, err)
	}
	call.Package, call.Version = m.Name, m.Version
	return m, nil
}

func checkFile(name string) (*pack.Package, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return pack.Check(f, info.Size(), pack.Options{})
}

// pieceSize is how much of a package the host gets at once, in bytes.
const pieceSize = 1 << 20

// fetch gives the host the package that is to be run, as a master gives it to a worker.
func (r *pluginRun) fetch(_ context.Context, _ string, number int) (host.Chunk, error) {
	f, err := os.Open(r.place)
	if err != nil {
		return host.Chunk{}, fmt.Errorf("%w: %w", host.ErrRefused, err)
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil {
		return host.Chunk{}, fmt.Errorf("%w: %w", host.ErrRefused, err)
	}
	data, err := io.ReadAll(io.NewSectionReader(f, int64(number)*pieceSize, pieceSize))
	if err != nil {
		return host.Chunk{}, fmt.Errorf("%w: %w", host.ErrRefused, err)
	}
	return host.Chunk{Data: data, Chunks: int((info.Size() + pieceSize - 1) / pieceSize), Size: info.Size()}, nil
}

// choose finds the task when the command line names none.
func choose(m *manifest.Manifest, call *host.Call) error {
	if call.Task == "" && len(m.Tasks) > 1 {
		return fmt.Errorf("--task: %s has %d tasks; say which", m.Name, len(m.Tasks))
	}
	for name := range m.Tasks {
		if call.Task == "" {
			call.Task = name
		}
	}
	if err := m.CheckTask(call.Task); err != nil {
		return err
	}
	_, err := m.Arguments(call.Task, call.Params)
	return err
}

// show prints how a run ended, and is the error of one that did not succeed.
func show(o core.Outcome, out, screen io.Writer) error {
	if len(o.Result.Response) > 0 {
		if _, err := fmt.Fprintf(out, "%s\n", o.Result.Response); err != nil {
			return err
		}
	}
	if !o.NextAt.IsZero() {
		_, _ = fmt.Fprintln(screen, "next instant of the task:", o.NextAt.Format(time.RFC3339Nano))
	}
	if o.State != core.RunSucceeded {
		return fmt.Errorf("the run ended as %s after %s: %s", o.State, o.AnsweredAt.Sub(o.SentAt).Round(time.Millisecond), o.Result.Reason)
	}
	return nil
}

// terminal shows what a run says while it goes on.
type terminal struct {
	mu     sync.Mutex
	screen io.Writer
}

var _ host.Sink = (*terminal)(nil)

func (t *terminal) Log(level, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = fmt.Fprintf(t.screen, "%s %-5s %s\n", wallclock.Now().Format(time.TimeOnly+".000"), level, text)
}

func (t *terminal) Progress(percent int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = fmt.Fprintf(t.screen, "%s %3d %%\n", wallclock.Now().Format(time.TimeOnly+".000"), percent)
}
