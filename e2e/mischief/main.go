// Command mischief is a plugin that does what plugins must not, and some that they may: the whole-process tests have
// workers run it.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/carillonhq/carillon/plugins/sdk"
)

func main() {
	sdk.Serve(
		sdk.Task{Name: "work", Run: work},
		sdk.Task{Name: "tell", Run: tell},
		sdk.Task{Name: "follow", Run: follow},
		sdk.Task{Name: "again", Run: again},
		sdk.Task{Name: "panic", Run: func(context.Context, *sdk.Run) (any, error) { panic("the mill is on fire") }},
		sdk.Task{Name: "hang", Run: hang},
		sdk.Task{Name: "leak", Run: leak},
		sdk.Task{Name: "fork", Run: fork},
		sdk.Task{Name: "flood", Run: flood},
		sdk.Task{Name: "exit", Run: exit},
		sdk.Task{Name: "tidy", Run: tidy, Setup: setUp, Teardown: tearDown},
	)
}

// work takes as many milliseconds as it is asked to, unless it is told to end.
func work(ctx context.Context, run *sdk.Run) (any, error) {
	ms, err := run.Param("ms").Int()
	if err != nil {
		return nil, err
	}
	run.Log.Info("working", "pid", os.Getpid())
	for done := range ms/10 + 1 {
		select {
		case <-time.After(10 * time.Millisecond):
			run.Progress(int(done * 1000 / (ms + 1)))
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return version(run)
}

// version is that of the package, as its own file tells.
func version(run *sdk.Run) (map[string]any, error) {
	text, err := os.ReadFile(run.FilesDir() + "/version.txt")
	return map[string]any{"version": string(text), "pid": os.Getpid()}, err
}

// tell leaves as many bytes as it is asked to.
func tell(_ context.Context, run *sdk.Run) (any, error) {
	bytes, err := run.Param("bytes").Int()
	if err != nil {
		return nil, err
	}
	text := make([]byte, bytes)
	for i := range text {
		text[i] = 'a' + byte(i%26)
	}
	return map[string]string{"text": string(text)}, nil
}

// follow leaves what its parent left.
func follow(_ context.Context, run *sdk.Run) (any, error) {
	var previous json.RawMessage
	err := run.Previous(&previous)
	return map[string]any{"previous": previous}, err
}

// again is due again in a while, as often as it is asked to.
func again(_ context.Context, run *sdk.Run) (any, error) {
	ms, err := run.Param("ms").Int()
	if err != nil {
		return nil, err
	}
	run.NextIn(time.Duration(ms) * time.Millisecond)
	return nil, nil
}

// hang does not listen when it is told to end.
func hang(_ context.Context, run *sdk.Run) (any, error) {
	run.Log.Info("hanging", "pid", os.Getpid())
	select {}
}

// leak takes more and more memory.
func leak(context.Context, *sdk.Run) (any, error) {
	var kept [][]byte
	for {
		block := make([]byte, 4<<20)
		for i := 0; i < len(block); i += 4096 {
			block[i] = 1
		}
		kept = append(kept, block)
		time.Sleep(5 * time.Millisecond)
		runtime.KeepAlive(kept)
	}
}

// fork starts a process that starts another, which leaves its session and is to outlive everybody.
func fork(ctx context.Context, run *sdk.Run) (any, error) {
	cmd := exec.Command("sh", "-c", "setsid sleep 100000 & setsid sh -c 'sleep 100000 & sleep 100000' & wait")
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	time.Sleep(300 * time.Millisecond)
	run.Log.Info("forked", "pid", cmd.Process.Pid)
	if how, _ := run.Param("then").String(); how == "stay" {
		<-ctx.Done()
		select {}
	}
	return version(run)
}

// flood says more than anybody wants to read, to its log and to its standard output and error.
func flood(_ context.Context, run *sdk.Run) (any, error) {
	for i := range 200_000 {
		run.Log.Info("flooding", "n", i)
		fmt.Println("flooding standard output", i)
		fmt.Fprintln(os.Stderr, "flooding standard error", i)
	}
	return version(run)
}

// tidy is set up before, and torn down after.
func tidy(_ context.Context, run *sdk.Run) (any, error) {
	run.Log.Info("tidy", "setUp", ready.Load())
	return version(run)
}

var ready atomic.Bool

func setUp(context.Context) error {
	ready.Store(true)
	return nil
}

// tearDown takes longer than go-plugin waits for a process to exit.
func tearDown(ctx context.Context) error {
	select {
	case <-time.After(2500 * time.Millisecond):
		fmt.Fprintln(os.Stderr, "torn down")
	case <-ctx.Done():
		fmt.Fprintln(os.Stderr, "no time to tear down")
	}
	return nil
}

// exit ends the process amid its runs.
func exit(context.Context, *sdk.Run) (any, error) {
	fmt.Fprintln(os.Stderr, "the last straw")
	time.Sleep(100 * time.Millisecond)
	os.Exit(3)
	return nil, nil
}
