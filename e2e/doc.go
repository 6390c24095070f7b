// Package e2e tests Carillon whole. The virtual tests run a master, its workers and the database inside one
// testing/synctest bubble, where an hour passes in a moment and lateness is exact; the process tests run the real binary
// against a real sink, and kill it.
package e2e
