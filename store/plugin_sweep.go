package store

import (
	"context"
	"time"
)

// sweptChunks is how many chunks one transaction of a sweep deletes: 4 MiB of them.
const sweptChunks = 16

// SweepPlugins deletes a few chunks, or the row when none is left, of an upload that got no chunk since dead, or of a
// version that was deleted before then. It reports whether there may be more.
func (s *Store) SweepPlugins(ctx context.Context, dead time.Time) (more bool, err error) {
	err = s.write(ctx, func(t tx) error {
		more = false
		// From here on no chunk can come to such an upload.
		if _, err := t.exec("UPDATE plugin_versions SET state = ? WHERE state = ? AND touched_at < ?", pluginDeleted, pluginUploading, micros(dead)); err != nil {
			return err
		}
		// Of two masters that sweep, one waits here.
		ids, err := t.strings("SELECT id FROM plugin_versions WHERE state = ? AND touched_at < ? ORDER BY id LIMIT 1 FOR UPDATE", pluginDeleted, micros(dead))
		if err != nil || len(ids) == 0 {
			return err
		}
		more = true
		n, err := t.deleteChunks(ids[0])
		if err == nil && n == 0 {
			_, err = t.exec("DELETE FROM plugin_versions WHERE id = ?", ids[0])
		}
		return err
	})
	return more, err
}

func (t tx) deleteChunks(id string) (int64, error) {
	var first int64
	if found, err := t.one([]any{&first}, "SELECT number FROM plugin_chunks WHERE version_id = ? ORDER BY number LIMIT 1", id); err != nil || !found {
		return 0, err
	}
	return t.exec("DELETE FROM plugin_chunks WHERE version_id = ? AND number < ?", id, first+sweptChunks)
}
