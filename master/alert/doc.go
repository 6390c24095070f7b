// Package alert tells people of failures that are final: the keepers of a task, and the creator of a delayed task.
//
// What is owed is a row of the table notices, born in the transaction that records the failure and deleted when everybody
// who can be told has been, so a crash in between tells somebody twice and forgets nobody:
//
//	due                 → deleted     told, or there is nobody to tell, or no channel is set up
//	due                 → due later   told only partly or not at all: a try is counted, the next waits twice as long
//	due                 → due later   the same subject was told of a moment ago: no try is counted
//	due, the tenth try  → deleted     given up, with an error in the log
//
// The due notices of one subject (a task, or all delayed tasks of one creator) are told in one message, which says how
// many failures it stands for. A subject is told of at most once in Spacing: what fails meanwhile waits for its end. When
// a subject was last told of is known to this process only; another master that takes over may tell of it once more.
package alert
