// Package arch holds the test that reads the module's import graph and fails when a package imports what the design does
// not allow. It has no code of its own.
package arch
