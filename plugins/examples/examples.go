// Package examples carries what a plugin in another language than Go needs beside its tasks: the files that do in Python and
// in Node what the SDK does in Go.
package examples

import "embed"

// Python is python/carillon.py and what it imports.
//
//go:embed python/carillon.py python/plugin_pb2.py
var Python embed.FS

// Node is node/carillon.js, what it reads, and the modules that it needs.
//
//go:embed node/carillon.js node/plugin.proto node/package.json node/package-lock.json node/.npmrc
var Node embed.FS
