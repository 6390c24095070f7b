//go:build race

package ui

// raceDetector says whether the tests were built with the race detector.
const raceDetector = true
