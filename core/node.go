package core

import (
	"regexp"
	"time"
)

// NodeKind is what a node does.
type NodeKind string

// The kinds of node.
const (
	NodeMaster NodeKind = "master"
	NodeWorker NodeKind = "worker"
)

// Node is a running process, master or worker.
type Node struct {
	Kind        NodeKind
	Name        string
	Incarnation string // a new id at each start of the process
	// State, Weight and Labels are those in force; Own is what the node says of itself, Admin what an administrator said.
	State  NodeState
	Weight int
	Labels []string
	Own    Traits
	Admin  Traits
	Slots  int
	// Plugins says that it runs plugins, Platform for which executables are built that it can run, such as "linux/amd64".
	Plugins    bool
	Platform   string
	Version    string
	Protocol   int // of the messages between master and worker that it speaks
	StartedAt  time.Time
	LeaseUntil time.Time // by the database's clock
	SeenAt     time.Time // when it was heard of last, by the database's clock; zero for one never heard of
	// Running is how many runs it held when its lease was last renewed.
	Running int
}

// StartedAfter says whether n is the younger of two processes of one name, by what they say of themselves.
func (n *Node) StartedAfter(other *Node) bool {
	if c := n.StartedAt.Compare(other.StartedAt); c != 0 {
		return c > 0
	}
	return n.Incarnation > other.Incarnation
}

// Alive says whether the node's lease holds at now, by the database's clock.
func (n *Node) Alive(now time.Time) bool { return now.Before(n.LeaseUntil) }

// The limits and defaults of a node.
const (
	MaxNodeName   = 100
	MaxPlatform   = 50
	MaxWeight     = 1000
	MaxSlots      = 100_000
	DefaultWeight = 1
	DefaultSlots  = 1000
)

// Heartbeat and lease of a process. A lease is three heartbeats and a little: one may be lost and one late.
const (
	HeartbeatEvery = 3 * time.Second
	Lease          = 10 * time.Second
	// LeaseMargin is how much of its lease a worker must have left to go on with what it runs.
	LeaseMargin = 2 * time.Second
	// RejoinEvery is how often a worker that has no master tries all of them, at least.
	RejoinEvery = 5 * time.Second
)

// The instants of planning and dispatching.
const (
	// PlanHorizon is how far ahead of its due instant a run is written.
	PlanHorizon = 15 * time.Second
	// LookAhead is how far ahead of its instant a run is reserved into a master's memory.
	LookAhead = 2 * time.Second
)

var nodeName = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._@:-]*$`)

// Validate checks what a node says of itself.
func (n *Node) Validate() error {
	if err := checkText("name", n.Name, 1, MaxNodeName); err != nil {
		return err
	}
	if !nodeName.MatchString(n.Name) {
		return Malformed("name", "must begin with a letter or digit and hold only letters, digits and . _ @ : -")
	}
	if n.Weight < 1 || n.Weight > MaxWeight {
		return Broken("priority", "must be from 1 to %d", MaxWeight)
	}
	if n.Slots < 1 || n.Slots > MaxSlots {
		return Broken("maxc", "must be from 1 to %d", MaxSlots)
	}
	if err := checkText("platform", n.Platform, 0, MaxPlatform); err != nil {
		return err
	}
	return checkLabels(n.Labels)
}

func checkLabels(labels []string) error {
	for _, l := range labels {
		if !validLabel(l) {
			return Malformed("labels", "%q is not a label: letters, digits and . _ @ : - are allowed", l)
		}
	}
	return nil
}

func validLabel(l string) bool { return nodeName.MatchString(l) && len(l) <= MaxNodeName }
