package store

import (
	"context"
	"time"

	"github.com/carillonhq/carillon/core"
)

// BeginPlugin makes room for a version of a package, which nobody sees before FinishPlugin.
func (s *Store) BeginPlugin(ctx context.Context, v *core.PluginVersion) error {
	return s.write(ctx, func(t tx) error {
		_, err := t.exec("INSERT INTO plugin_versions ("+pluginColumns+",touched_at,state,manifest) VALUES ("+marks(14)+")",
			v.ID, v.Namespace, "", v.ID, v.Digest, v.Size, v.Chunks, v.Signed, v.UploadedBy, v.UploadedByName, 0,
			micros(s.Now()), pluginUploading, string(v.Manifest))
		return err
	})
}

// errSwept says that an upload took so long without a chunk that it was taken for dead.
func errSwept() error {
	return core.Conflict("the upload stood still for too long and was given up: try again")
}

// AddPluginChunks stores consecutive pieces of a version that is uploaded; first is the number of the first.
func (s *Store) AddPluginChunks(ctx context.Context, id string, first int, chunks [][]byte) error {
	return s.write(ctx, func(t tx) error {
		// Under the row's lock the sweeper cannot take the upload for dead between this and the insert.
		n, err := t.exec("UPDATE plugin_versions SET touched_at = ? WHERE id = ? AND state = ?", micros(s.Now()), id, pluginUploading)
		if err != nil {
			return err
		}
		if n == 0 {
			return errSwept()
		}
		number := first
		_, err = insertRows(t, into{table: "plugin_chunks", columns: "version_id,number,data"}, chunks, func(data []byte, args []any) []any {
			args = append(args, id, number, data)
			number++
			return args
		})
		return err
	})
}

// FinishPlugin gives an uploaded version its name and the instant of its upload. It reports false when the name is taken:
// the package has that version already.
func (s *Store) FinishPlugin(ctx context.Context, v *core.PluginVersion) (done bool, err error) {
	now := s.Now()
	err = s.write(ctx, func(t tx) error {
		n, err := t.exec("UPDATE plugin_versions SET package = ?, version = ?, state = ?, uploaded_at = ?, touched_at = ? WHERE id = ? AND state = ?",
			v.Package, v.Version, pluginReady, micros(now), micros(now), v.ID, pluginUploading)
		if err == nil && n == 0 {
			err = errSwept()
		}
		if err != nil {
			return err
		}
		return t.auditPlugin(now, "create", v, core.Changes(nil, v))
	})
	if isDuplicate(err) {
		return false, nil
	}
	if err == nil {
		v.UploadedAt = instant(micros(now))
	}
	return err == nil, err
}

// auditPlugin keeps that a version of a package was uploaded or deleted.
func (t tx) auditPlugin(now time.Time, action string, v *core.PluginVersion, changes []core.FieldChange) error {
	return t.audit(now, action, core.AuditPlugin, v.Package+"/"+v.Version, v.Package+" "+v.Version, changes)
}
