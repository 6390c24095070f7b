package core

import (
	"encoding/json"
	"time"
)

// PluginVersion is one version of a plugin package, as it is stored.
type PluginVersion struct {
	ID        string `audit:"-"`
	Namespace string
	Package   string
	Version   string
	Digest    string // SHA-256 of the package file, hex
	Size      int64  // bytes of the package file
	Chunks    int    `audit:"-"` // pieces of at most PluginChunk bytes that the file is kept in
	Signed    bool   // it has a signature
	// Manifest is the package's plugin.yaml as JSON. Lists leave it out.
	Manifest       json.RawMessage `audit:"-"`
	UploadedBy     int64           `audit:"-"`
	UploadedByName string          `audit:"-"`
	UploadedAt     time.Time       `audit:"-"`
}

// PluginChunk is how long a piece of a package is, in bytes; the last one may be shorter.
const PluginChunk = 256 << 10

// PluginTask is a task that uses a plugin package.
type PluginTask struct {
	TaskID  string
	Title   string
	State   TaskState
	Version string // that is pinned; empty when the task follows the latest
}
