// Package evidence is what a chaos run leaves behind: what was done to the cluster, what was asked of it and answered, what
// arrived at the sink, and what the cluster recorded. It is all that the verdict is made from, so a run that was saved can
// be judged again.
//
// All instants are by the clock of the machine that everything runs on. Only the recorded ones that a worker noted
// (Run.SentAt and the like) may be wrong, on a node whose clock the harness moved; they are left out here.
package evidence

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// Evidence is one run of the harness on one database.
type Evidence struct {
	Database string `json:"database"` // postgres, mariadb or sqlite
	Seed     uint64 `json:"seed"`
	Masters  int    `json:"masters"`
	Workers  int    `json:"workers"`
	// Namespaces says that each process had a network namespace of its own; else proxies stood between them.
	Namespaces bool      `json:"namespaces,omitempty"`
	Began      time.Time `json:"began"`  // the load began
	Calmed     time.Time `json:"calmed"` // the last fault was undone
	Ended      time.Time `json:"ended"`  // the records were read
	// Settled says that every run had an outcome when the records were read, and not only the time for that was over.
	Settled bool `json:"settled"`

	Faults   []Fault   `json:"faults"`
	Troubles []Trouble `json:"troubles"`
	Tasks    []Task    `json:"tasks"`
	Delayed  []Delayed `json:"delayed"`
	Calls    Calls     `json:"calls"`
	Arrivals []Arrival `json:"arrivals"`

	Runs         []Run         `json:"runs"`
	KnownTasks   []KnownTask   `json:"knownTasks"`
	KnownDelayed []KnownDelay  `json:"knownDelayed"`
	Notes        []string      `json:"notes,omitempty"` // what of the plan could not be done, and why
	Lease        time.Duration `json:"lease"`
}

// Kind is a kind of fault.
type Kind string

// The kinds of faults.
const (
	Kill    Kind = "kill"    // SIGKILL, and a start some time later
	Stop    Kind = "stop"    // SIGTERM, and a start once it has ended
	Freeze  Kind = "freeze"  // SIGSTOP, and SIGCONT some time later
	Cut     Kind = "cut"     // nothing is forwarded from or to it, and all that was held back is once it is over
	Drop    Kind = "drop"    // its connections are reset
	Restart Kind = "restart" // of the database server, down for some time
	Skew    Kind = "skew"    // SIGKILL, and a start with a clock that is wrong
	Disk    Kind = "disk"    // the disk of the database is full
)

// Fault is one thing that was done to the cluster.
type Fault struct {
	ID   int    `json:"id"`
	Kind Kind   `json:"kind"`
	Node string `json:"node"` // the process that it was done to; "database" for the server
	Text string `json:"text"` // all of it, for people
	// Began is just before it was done, Ended when it was undone and its process served again.
	Began time.Time `json:"began"`
	Ended time.Time `json:"ended"`
	// Whole says that nothing else could stand in for what was struck: firings may wait for its end.
	Whole bool `json:"whole,omitempty"`
}

// Database is the node of faults that are done to the database server.
const Database = "database"

// Trouble is what a process did that nobody had asked for.
type Trouble struct {
	Node string    `json:"node"`
	At   time.Time `json:"at"`
	What string    `json:"what"`
	// Excused says that it may do so: one that ends before it serves, as without a database it must, is started again as a
	// supervisor would.
	Excused bool   `json:"excused,omitempty"`
	Words   string `json:"words"` // the last lines of its log
}

// Calls counts calls of the API.
type Calls struct {
	Made   int `json:"made"`
	Failed int `json:"failed"` // without an answer, or with one other than success
}

// Save writes the evidence to a file.
func (e *Evidence) Save(path string) error {
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// Load reads the evidence from a file.
func Load(path string) (*Evidence, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	e := new(Evidence)
	if err := json.Unmarshal(text, e); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return e, nil
}
