//go:build !race

package store_test

// modelDepth is the most operations that a check of the model makes.
const modelDepth = 50
