package ui

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	v1 "github.com/carillonhq/carillon/master/api/v1"
	"github.com/carillonhq/carillon/plugins/host"
	"github.com/carillonhq/carillon/plugins/pack"
	"github.com/carillonhq/carillon/plugins/sdk"
	"github.com/carillonhq/carillon/worker"
)

// asPlugin is the argument with which the test's own executable is a plugin.
const asPlugin = "be-a-plugin"

// bePlugin serves a task that says what it is told by an address, line by line, until it is told that this was all.
func bePlugin() {
	sdk.Serve(sdk.Task{Name: "say", Run: func(ctx context.Context, run *sdk.Run) (any, error) {
		from, err := run.Param("from").String()
		for said := 0; err == nil; said++ {
			var line string
			if line, err = next(ctx, from); line == "" && err == nil {
				return map[string]int{"said": said}, nil
			}
			if err == nil {
				run.Log.Info("told", "line", line)
				run.Progress(min(said+1, 99))
			}
		}
		return nil, err
	}})
}

func next(ctx context.Context, from string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, from, http.NoBody)
	if err != nil {
		return "", err
	}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer w.Body.Close()
	line, err := io.ReadAll(w.Body)
	return string(line), err
}

// prompter gives a plugin one line after the other: an empty one is the end.
func prompter(t *testing.T) (address string, lines chan<- string) {
	t.Helper()
	given := make(chan string)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &http.Server{ReadHeaderTimeout: patience, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case line := <-given:
			_, _ = io.WriteString(w, line)
		case <-r.Context().Done():
		}
	})}
	go func() { _ = s.Serve(listener) }()
	t.Cleanup(func() { _ = s.Close() })
	return "http://" + listener.Addr().String(), given
}

// packSay packs a plugin that is this executable.
func packSay(t *testing.T) []byte {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	dir, out := t.TempDir(), filepath.Join(t.TempDir(), "say.zip")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "plugin.yaml"), []byte("name: say\nversion: 1.0.0\nexecutables: {any: run}\n"+
		"tasks: {say: {parameters: {type: object, required: [from], properties: {from: {type: string}}}}}\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "run"), fmt.Appendf(nil, "#!/bin/sh\nexec '%s' %s\n", self, asPlugin), 0o600))
	_, err = pack.Build(dir, out, pack.BuildOptions{})
	require.NoError(t, err)
	file, err := os.ReadFile(out)
	require.NoError(t, err)
	return file
}

// employPlugins adds a worker that runs plugins.
func (d *desk) employPlugins(name string) {
	d.t.Helper()
	var w *worker.Worker
	h, err := host.New(host.Options{Dir: d.t.TempDir(), StartTimeout: patience, Fetch: func(ctx context.Context, digest string, number int) (host.Chunk, error) {
		return w.Fetch(ctx, digest, number) // nothing runs before there is a worker
	}})
	require.NoError(d.t, err)
	d.t.Cleanup(h.Close)
	performer := worker.ByKind{Callbacks: performer{}, Plugins: worker.NewPluginPerformer(h, 0)}
	w, err = d.Employ(d.t.Context(), worker.Options{Name: name, Slots: 10, Plugins: true, Performer: performer})
	require.NoError(d.t, err)
}

// What a plugin says is on the page of its run as it says it, and the page stays at its end until the reader goes back in it.
func TestRunLogFollows(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("plugins are supervised on Linux")
	}
	d := newDesk(t)
	d.employPlugins("w-plugins")
	admin, err := d.Store.UserByName(t.Context(), "admin")
	require.NoError(t, err)
	_, _, err = d.Manage.Plugins.Upload(t.Context(), admin, bytes.NewReader(packSay(t)))
	require.NoError(t, err)
	address, lines := prompter(t)
	task := d.make(v1.Task{Kind: "plugin", Title: "Say it", Plugin: &v1.PluginCall{Package: "say", Task: "say"}, Params: []v1.Param{{Key: "from", Value: "http://nobody.example"}}})

	// It is run with another parameter than its own, which leads to the page of the run.
	steps(t, d.visit("/tasks/"+task.ID), d.click("[data-bs-target='#task-given']"))
	d.set("#task-given [name=value]", address)
	steps(t, d.click("#task-given [type=submit]"), d.await("location.pathname.startsWith('/runs/') && document.readyState === 'complete'"))
	run := filepath.Base(d.path())
	say := func(text string) {
		t.Helper()
		select {
		case lines <- text:
		case <-t.Context().Done():
		}
	}
	_, err = Eval[bool](d.Tab, "(window.same = true)")
	require.NoError(t, err)
	say("the first word")
	d.sees("#run-now .log", "the first word")
	d.sees("#run-now .card-actions", "running")
	require.NoError(t, d.Await("document.querySelector('#run-progress').value >= 1"))
	require.Equal(t, "running", d.run(run).State)
	for i := range 40 {
		say(fmt.Sprint("word ", i))
	}
	d.sees("#run-now .log", "word 39")
	require.NoError(t, d.Await("(({scrollTop, clientHeight, scrollHeight}) => scrollHeight > clientHeight && scrollTop + clientHeight >= scrollHeight - 8)(document.querySelector('#run-now .log'))"))
	_, err = Eval[bool](d.Tab, "new Promise((done) => { const log = document.querySelector('#run-now .log'); log.addEventListener('scroll', () => done(true), {once: true}); log.scrollTop = 0; })")
	require.NoError(t, err)
	say("the last word")
	d.sees("#run-now .log", "the last word")
	top, err := Eval[float64](d.Tab, "document.querySelector('#run-now .log').scrollTop")
	require.NoError(t, err)
	require.Zero(t, top, "who has gone back in it reads on there")

	say("")
	d.sees("#run-now .card-actions", "succeeded")
	d.sees("#run-now", `"said": 42`)
	same, err := Eval[bool](d.Tab, "window.same === true")
	require.NoError(t, err)
	require.True(t, same, "it was never loaded anew")
	ended := d.run(run)
	require.Len(t, ended.Log, 42)
	require.Contains(t, ended.Log[41].Text, "the last word")
}
