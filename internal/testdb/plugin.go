package testdb

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// PluginVersion makes a version 1.0.0 of a package with a task t, which has an id of its own and two chunks, changed as asked.
// Its file is no package that could be run.
func PluginVersion(changes ...func(*core.PluginVersion)) *core.PluginVersion {
	v := &core.PluginVersion{
		ID: newID(), Namespace: core.DefaultNamespace, Package: "billing", Version: "1.0.0", UploadedBy: 1, UploadedByName: "admin",
	}
	for _, change := range changes {
		change(v)
	}
	file := slices.Concat(PluginChunks(v)...)
	digest := sha256.Sum256(file)
	v.Digest, v.Size, v.Chunks = hex.EncodeToString(digest[:]), int64(len(file)), 2
	if v.Manifest == nil {
		v.Manifest = []byte(`{"name":"` + v.Package + `","version":"` + v.Version + `","executables":{"any":"run"},"tasks":{"t":{}}}`)
	}
	return v
}

// PluginChunks are the pieces of a version, which its id tells.
func PluginChunks(v *core.PluginVersion) [][]byte {
	first := bytes.Repeat([]byte(v.ID), core.PluginChunk/len(v.ID)+1)[:core.PluginChunk]
	return [][]byte{first, []byte(v.ID)}
}

// Upload stores a version of a package.
func Upload(t testing.TB, s *store.Store, v *core.PluginVersion) {
	t.Helper()
	require.NoError(t, s.BeginPlugin(t.Context(), v))
	require.NoError(t, s.AddPluginChunks(t.Context(), v.ID, 0, PluginChunks(v)))
	done, err := s.FinishPlugin(t.Context(), v)
	require.NoError(t, err)
	require.True(t, done)
}
