package core

// Trigger says why a run exists.
type Trigger string

// The triggers.
const (
	TriggerSchedule Trigger = "schedule" // the task's schedule named the instant
	TriggerDelayed  Trigger = "delayed"  // a delayed task came due
	TriggerManual   Trigger = "manual"   // somebody asked for it
	TriggerParent   Trigger = "parent"   // a parent's run succeeded
	TriggerRetry    Trigger = "retry"    // an earlier run of the occurrence failed, or was lost with its worker
	TriggerReplay   Trigger = "replay"   // somebody asked for a finished run again
)

// Triggers are all triggers.
func Triggers() []Trigger {
	return []Trigger{TriggerSchedule, TriggerDelayed, TriggerManual, TriggerParent, TriggerRetry, TriggerReplay}
}
