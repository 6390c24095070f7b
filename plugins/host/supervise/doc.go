// Package supervise is the process between a worker and a plugin on Linux. It starts the plugin, becomes the parent of all its
// descendants that lose theirs, and ends when the last of them has ended: by the plugin's exit, at which it kills
// what is left, because a limit was exceeded, because the worker said so, or because the worker is gone.
//
// # How it is told, and what it tells
//
// The worker starts it with three pipes beside the standard descriptors, which it hands on to the plugin:
//
//	ControlFD  a Spec as one line of JSON; then nothing, and its end means that all is to be killed. It ends with
//	           the worker, too, which alone holds the other end
//	ReportFD   a Report as a line of JSON for the start and for the exit of the plugin
//
// SIGTERM, which the kernel sends when the worker's thread ends, means the same as the end of ControlFD.
//
// # What it keeps
//
//   - The plugin is in a session of its own, has no descriptors but 0, 1 and 2, no new privileges and no core dumps.
//     Without new privileges none of its children can become somebody whom the supervisor may not kill.
//   - Open files, processor time and address space are limited by the kernel for each process, before the plugin's first
//     instruction. Processor time and address space the supervisor could not bear itself; so it starts this program once
//     more, as a stage, which limits itself and then becomes the plugin.
//   - Memory and the number of processes and threads belong to the whole tree. The kernel's cgroup limits them where the
//     worker has one to give; the supervisor looks after them everywhere.
//
// It holds nothing of the worker's: its environment is the plugin's.
package supervise

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// The descriptors that the worker gives beside the standard ones.
const (
	ControlFD = 3
	ReportFD  = 4
)

// Spec says what to start.
type Spec struct {
	Path string   // absolute
	Args []string // beginning with the program's name
	Env  []string
	Dir  string
	// As is whom the plugin runs as. Nil is who the supervisor runs as.
	As     *User
	Limits Limits
	// Cgroup is a directory to be made for the plugin in cgroup v2, beneath one that has its controllers. Empty for none.
	Cgroup string
}

// User is a user by number, without further groups.
type User struct{ UID, GID uint32 }

// Limits are what the plugin may use. Zero is no limit.
type Limits struct {
	Memory       int64 // bytes, resident, of the tree
	AddressSpace int64 // bytes of one process
	CPUSeconds   int   // of one process
	OpenFiles    int   // of one process
	Processes    int   // processes and threads of the tree
}

// Report has one of its fields set.
type Report struct {
	// Failed says why the plugin did not start.
	Failed string `json:",omitempty"`
	// Started is the plugin's process id.
	Started int `json:",omitempty"`
	// Exited is how the plugin ended; what is left of its tree is killed then.
	Exited *Exit `json:",omitempty"`
}

// Exit is how a plugin ended.
type Exit struct {
	Code int
	// Signal is the name of the one that ended it; empty when it exited by itself.
	Signal string `json:",omitempty"`
	// Limit says which limit was exceeded, as a sentence about "the process"; empty for none.
	Limit string `json:",omitempty"`
}

// readSpec reads the line that the worker sends first.
func readSpec(line []byte) (*Spec, error) {
	var s Spec
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		return nil, fmt.Errorf("what is to be started cannot be read: %w", err)
	}
	if s.Path == "" || len(s.Args) == 0 || s.Dir == "" {
		return nil, errors.New("what is to be started needs a path, arguments and a directory")
	}
	return &s, nil
}
