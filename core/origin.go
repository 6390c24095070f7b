package core

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// SystemScheduleMaster is the Origin.System of tasks that were brought from a ScheduleMaster database.
const SystemScheduleMaster = "schedulemaster"

// Origin says of a task that it was brought from another system, and how it stood then. It stays with the task through every
// edit, so that bringing the task again can tell what changed there from what changed here.
type Origin struct {
	System string `json:"system"`
	// Mark is the Mark that the task had when it was last brought.
	Mark string `json:"mark"`
	// Version is the version that the task had when it was last brought. A higher one has been edited, started or resumed
	// here since.
	Version int64 `json:"version"`
}

// Mark sums up what a task says: two tasks with the same mark have the same kind, title, remark and definition, whatever their
// ids, labels, states and origins are.
func (t *Task) Mark() string {
	said := struct {
		Kind          TaskKind
		Title, Remark string
		Definition
	}{t.Kind, t.Title, t.Remark, t.Definition}
	said.Origin = nil
	b, err := json.Marshal(said)
	if err != nil {
		// A definition is stored as JSON, so one that JSON cannot say exists nowhere.
		panic(fmt.Sprintf("core: mark of task %s: %s", t.ID, err))
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
