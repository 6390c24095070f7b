package cron_test

import (
	"time"
	_ "time/tzdata" // the same zones on every machine

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/cron"
)

const wallLayout = "2006-01-02 15:04:05"

func parse(t require.TestingT, expr string) *cron.Expression {
	e, err := cron.Parse(expr)
	require.NoError(t, err, expr)
	return e
}

func zone(t require.TestingT, name string) *time.Location {
	loc, err := time.LoadLocation(name)
	require.NoError(t, err)
	return loc
}

// instant reads "2026-03-08 01:59 -0500", with or without seconds.
func instant(t require.TestingT, text string) time.Time {
	at, err := time.Parse("2006-01-02 15:04 -0700", text)
	if err != nil {
		at, err = time.Parse(wallLayout+" -0700", text)
	}
	require.NoError(t, err)
	return at
}

// upTo lists what is due after one instant and not after another, as wall times with their offsets.
func upTo(e *cron.Expression, after, last time.Time, loc *time.Location) []string {
	list := []string{}
	for due := range e.All(after, loc) {
		if due.After(last) {
			break
		}
		list = append(list, due.Format("2006-01-02 15:04 -0700"))
	}
	return list
}

func first(e *cron.Expression, after time.Time, n int) []string {
	var list []string
	for due := range e.All(after, time.UTC) {
		if list = append(list, due.Format(wallLayout)); len(list) == n {
			break
		}
	}
	return list
}
