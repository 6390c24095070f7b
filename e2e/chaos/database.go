package chaos

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/carillonhq/carillon/internal/dbserver"
)

// database is what the cluster keeps its data in: a server of the harness's own, or SQLite in a folder.
type database struct {
	server *dbserver.Server // nil: SQLite
	data   string           // SQLite's folder
	disk   disk             // that the folder is on
}

func openDatabase(ctx context.Context, o *Options, n *network) (*database, error) {
	var where dbserver.Options
	if n != nil {
		where.Host = n.database()
	}
	switch o.Database {
	case Postgres:
		s, err := dbserver.Postgres(ctx, where)
		return &database{server: s}, err
	case MariaDB:
		s, err := dbserver.MariaDB(ctx, where)
		return &database{server: s}, err
	}
	d := &database{data: filepath.Join(o.Dir, "data")}
	if err := os.Mkdir(d.data, 0o700); err != nil {
		return nil, err
	}
	return d, d.disk.mount(d.data)
}

// close gives back all that the database took: nothing of it is needed once the records are read.
func (d *database) close() error {
	if d.server != nil {
		return d.server.Close()
	}
	return errors.Join(d.disk.unmount(), os.RemoveAll(d.data))
}
