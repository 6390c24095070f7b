//go:build !race

package host

// raceDetector says whether the tests were built with the race detector.
const raceDetector = false
