// Package manage holds the services that every way in calls, the form API, the JSON API and the pages alike: tasks,
// delayed tasks, runs, nodes and settings. All rules that need the database live here, so that no way in can go round one.
//
// A task moves between its states as follows; any other move is refused with a core.Error of CodeConflict that says
// which state the task is in and which is needed:
//
//	Create         → stopped, version 1
//	Edit           stopped → stopped, a new version
//	Start          stopped → running, a new version; refused when the end has passed
//	Pause          running → paused
//	Resume         paused → running, a new version; what passed meanwhile is not made up
//	Stop           running, paused → stopped
//	Delete         stopped, running, paused → deleted
//
// Start and Resume plan the runs due within the horizon, and Pause, Stop and Delete withdraw the planned ones, in the
// transaction that moves the task. A crash between two calls therefore leaves a task that is wholly in one state.
//
// Errors for the caller are core.Errors; a *store.Failure says that the database failed. Every change is logged with who
// made it. The actor of a change must not be nil.
package manage
