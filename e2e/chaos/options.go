package chaos

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

// The databases that a run can be done on.
const (
	Postgres = "postgres"
	MariaDB  = "mariadb"
	SQLite   = "sqlite"
)

// Options says what is done to what. The zero value of a field is its default, unless it says otherwise.
type Options struct {
	// Carillon is the binary, built with the tag skew. Required.
	Carillon string
	// Harness is the binary that serves the sink when its first argument is "sink". Required.
	Harness string
	// Database is postgres, mariadb or sqlite. Required.
	Database string
	// Time is how long the cluster is under load and faults. Defaults to 5 minutes.
	Time time.Duration
	// Seed decides what is done, to what, when. 0 is a seed like any other.
	Seed uint64
	// Kinds are the kinds of faults that are done. Defaults to all.
	Kinds []evidence.Kind
	// Masters and Workers are the processes. Default to 3 and 4; on SQLite there is one `carillon serve` and 3 workers.
	Masters, Workers int
	// Namespaces has each process live in a network namespace of its own, so that cuts drop packets. Where none can be made,
	// which takes root and iproute2, the run says so and cuts by proxies.
	Namespaces bool
	// Tasks is the number of tasks, not counting their children. Defaults to 30.
	Tasks int
	// Rate is the number of delayed tasks created each second. Defaults to 20.
	Rate int
	// Settle is how long all may take to come to an end once the faults are over. Defaults to 90 s.
	Settle time.Duration
	// Dir is an empty folder for logs, the journal and the evidence. Required.
	Dir string
	// Progress is told what happens, a line each. Defaults to nowhere.
	Progress io.Writer
}

// complete fills in the defaults and checks what was given.
func (o *Options) complete() error {
	for name, value := range map[string]string{"Carillon": o.Carillon, "Harness": o.Harness, "Dir": o.Dir} {
		if value == "" {
			return fmt.Errorf("chaos: Options.%s is required", name)
		}
	}
	if !slices.Contains([]string{Postgres, MariaDB, SQLite}, o.Database) {
		return fmt.Errorf("%q is not a database: give postgres, mariadb or sqlite", o.Database)
	}
	*o = o.withDefaults()
	if o.Masters < 1 || o.Workers < 2 || o.Tasks < 1 || o.Rate < 1 {
		return errors.New("there must be a master, two workers, a task and a delayed task each second at least")
	}
	if len(deck(*o)) == 0 {
		return fmt.Errorf("none of %v is a fault that can be done on %s", o.Kinds, o.Database)
	}
	if err := isSkewed(o.Carillon); err != nil {
		return err
	}
	if o.Time < minTime {
		return fmt.Errorf("the time must be at least %s: shorter, no fault fits into it", minTime)
	}
	return nil
}

// isSkewed refuses a binary whose clock cannot be moved: its run would prove less than its report says.
func isSkewed(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Contains(content, []byte(offsetEnv)) {
		return fmt.Errorf("%s was built without the tag skew", path)
	}
	return nil
}

func (o Options) withDefaults() Options {
	workers := 4
	if o.Database == SQLite {
		o.Masters, workers = 1, 3
	}
	o.Masters, o.Workers = cmp.Or(o.Masters, 3), cmp.Or(o.Workers, workers)
	o.Time, o.Settle = cmp.Or(o.Time, 5*time.Minute), cmp.Or(o.Settle, 90*time.Second)
	o.Tasks, o.Rate = cmp.Or(o.Tasks, 30), cmp.Or(o.Rate, 20)
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	return o
}

// Databases reads a list of databases with commas between.
func Databases(list string) ([]string, error) {
	all := strings.Split(list, ",")
	for _, name := range all {
		if !slices.Contains([]string{Postgres, MariaDB, SQLite}, name) {
			return nil, fmt.Errorf("%q is not a database: give a list of postgres, mariadb and sqlite with commas between", name)
		}
	}
	return all, nil
}
