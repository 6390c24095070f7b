package host

import (
	"fmt"
	"os"
	"sync"

	"github.com/carillonhq/carillon/plugins/host/supervise"
)

// tree is a plugin's process with all that descends from it.
type tree struct {
	pid            int
	stdout, stderr *os.File
	// end asks for the end of all of it and returns at once.
	end func()
	// read is closed when all that it wrote was read.
	read chan struct{}
	// dying is closed when the plugin itself has ended, and what is left of the tree is being killed.
	dying chan struct{}
	// gone is closed when nothing of it is left; exit is known then.
	gone  chan struct{}
	exit  supervise.Exit
	asked chan struct{} // closed when end was called
}

// newTree makes a tree that do ends.
func newTree(p *pipes, do func()) *tree {
	t := &tree{
		stdout: p.outR, stderr: p.errR, read: make(chan struct{}), dying: make(chan struct{}), gone: make(chan struct{}), asked: make(chan struct{}),
	}
	var once sync.Once
	t.end = func() { once.Do(func() { close(t.asked); do() }) }
	return t
}

// endedItself reports whether a tree that is gone ended by the plugin's own doing, also when end was called meanwhile.
func (t *tree) endedItself() bool {
	select {
	case <-t.asked:
		return t.exit.Signal == "" && t.exit.Code >= 0
	default:
		return true
	}
}

// exitText says how a plugin ended, after "the plugin".
func exitText(e supervise.Exit) string {
	switch {
	case e.Signal != "":
		return "was ended by " + e.Signal
	case e.Code < 0:
		return "ended with its supervisor"
	}
	return fmt.Sprintf("exited with status %d", e.Code)
}

// pipes are those of a process's standard output and error.
type pipes struct{ outR, outW, errR, errW *os.File }

func makePipes() (*pipes, error) {
	var p pipes
	var err error
	if p.outR, p.outW, err = os.Pipe(); err != nil {
		return nil, err
	}
	if p.errR, p.errW, err = os.Pipe(); err != nil {
		closeAll(p.outR, p.outW)
		return nil, err
	}
	return &p, nil
}

func closeAll(files ...*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}
