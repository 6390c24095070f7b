// Package zonename names time zones for people. Go calls the machine's zone Local wherever it took it from /etc/localtime,
// which says nothing to a reader who sits elsewhere.
package zonename

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Of names a zone: by its IANA name, else by how far from UTC it is at an instant, such as UTC+08:00.
func Of(zone *time.Location, at time.Time) string {
	if name := IANA(zone); name != "" {
		return name
	}
	return Offset(zone, at)
}

// Offset says how far from UTC a zone is at an instant.
func Offset(zone *time.Location, at time.Time) string { return "UTC" + at.In(zone).Format("-07:00") }

// IANA gives the name of a zone in the time zone database; empty when the machine's zone is meant and nothing here says what
// that is called.
func IANA(zone *time.Location) string { return machine{"/etc/localtime", "/etc/timezone"}.name(zone) }

// machine is where Unix says which zone it is in: a link into the database, or a file that holds the name.
type machine struct{ localtime, timezone string }

func (m machine) name(zone *time.Location) string {
	name := zone.String()
	if name != "Local" {
		if _, below, ok := strings.Cut(name, "zoneinfo/"); ok { // TZ may be the path of a file
			return below
		}
		return name
	}
	for _, name := range []string{m.linked(), m.written()} {
		if named, err := time.LoadLocation(name); err == nil && name != "" && name != "Local" && same(named, zone) {
			return name
		}
	}
	return ""
}

func (m machine) linked() string {
	target, err := os.Readlink(m.localtime)
	if err != nil {
		return ""
	}
	_, name, _ := strings.Cut(filepath.ToSlash(target), "zoneinfo/")
	return strings.TrimPrefix(strings.TrimPrefix(name, "posix/"), "right/")
}

func (m machine) written() string {
	text, err := os.ReadFile(m.timezone)
	if err != nil {
		return ""
	}
	name, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	return strings.TrimSpace(name)
}

// same says whether two zones tell the same time all through a year. What the machine says of its zone may be older than the
// zone that it is in.
func same(a, b *time.Location) bool {
	for month := time.January; month <= time.December; month++ {
		at := time.Date(2025, month, 15, 0, 0, 0, 0, time.UTC)
		_, inA := at.In(a).Zone()
		_, inB := at.In(b).Zone()
		if inA != inB {
			return false
		}
	}
	return true
}
