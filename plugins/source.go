// Package plugins carries the source of the SDK, so that a binary that was not released under a version can write it
// beside a new plugin.
package plugins

import "embed"

// SDK is the folder sdk.
//
//go:embed sdk
var SDK embed.FS
