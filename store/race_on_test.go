//go:build race

package store_test

// modelDepth is the most operations that a check of the model makes. The race detector makes SQLite many times slower and
// has nothing to find in a test of one goroutine.
const modelDepth = 8
