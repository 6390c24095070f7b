// Package core holds the nouns of Carillon and the rules that are true of them whatever database keeps them and whatever
// process handles them: tasks, schedules, delayed tasks, runs and their states, callbacks, nodes, users and settings.
//
// It imports the standard library only. Nothing here reads a clock, opens a connection or keeps state, so every rule is a
// pure function with a table test beside it.
package core

// DefaultNamespace owns every task, delayed task and run until an administrator makes another namespace.
const DefaultNamespace = "default"
