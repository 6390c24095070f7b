package evidence

import "time"

// Arrival is one request that came to the sink.
type Arrival struct {
	At      time.Time `json:"at"`
	Ended   time.Time `json:"ended"` // answered, or given up by its caller; zero when it never ended
	GivenUp bool      `json:"givenUp,omitempty"`

	Path    string    `json:"path"`
	Key     string    `json:"key"` // Idempotency-Key
	Run     string    `json:"run"`
	Attempt int       `json:"attempt"`
	Due     time.Time `json:"due"`
	Task    string    `json:"task,omitempty"`
	Delayed string    `json:"delayed,omitempty"`
	// Shard is the number of the run among the Shards of its firing; Shards is 0 when it is the only one.
	Shard  int `json:"shard,omitempty"`
	Shards int `json:"shards,omitempty"`
}

// Run is one run as the cluster recorded it. States and triggers are those of package core.
type Run struct {
	ID           string    `json:"id"`
	Task         string    `json:"task,omitempty"`
	Delayed      string    `json:"delayed,omitempty"`
	Occurrence   string    `json:"occurrence"`
	Parent       string    `json:"parent,omitempty"`
	Trigger      string    `json:"trigger"`
	Attempt      int       `json:"attempt"`
	Retry        int       `json:"retry"`
	State        string    `json:"state"`
	Reason       string    `json:"reason,omitempty"`
	Queue        string    `json:"queue,omitempty"`
	Worker       string    `json:"worker,omitempty"`
	Shard        int       `json:"shard,omitempty"`
	Shards       int       `json:"shards,omitempty"`
	Due          time.Time `json:"due"`
	FireAt       time.Time `json:"fireAt,omitzero"` // behind Due when it was put off, or made up for
	PlannedAt    time.Time `json:"plannedAt,omitzero"`
	DispatchedAt time.Time `json:"dispatchedAt,omitzero"`
	RecordedAt   time.Time `json:"recordedAt,omitzero"`
	// Count is more than 1 for a stretch of missed firings, from Due to LastDue.
	Count   int       `json:"count"`
	LastDue time.Time `json:"lastDue,omitzero"`
}

// KnownTask is a task that the cluster lists.
type KnownTask struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// KnownDelay is a delayed task that the cluster lists.
type KnownDelay struct {
	ID    string    `json:"id"`
	Key   string    `json:"key"`
	State string    `json:"state"`
	Due   time.Time `json:"due"`
}
