package core

import "time"

// Session is a browser's being signed in.
type Session struct {
	// ID is the SHA-256 of what the browser holds, in hexadecimal digits.
	ID     string
	UserID int64
	// CreatedAt is when the user signed in, SeenAt when the browser was heard of last, to the minute or so.
	CreatedAt time.Time
	SeenAt    time.Time
	// Address is where the user signed in from, Agent what the browser calls itself.
	Address string
	Agent   string
}

// How long a session lasts.
const (
	SessionIdle     = 12 * time.Hour     // without being heard of
	SessionLifetime = 7 * 24 * time.Hour // whatever is done with it
)

// The limits of what is kept of a session, in characters; what is longer is cut.
const (
	MaxSessionAddress = 100
	MaxSessionAgent   = 300
)

// Preferences are how a user wants to see the pages. An empty value leaves it to the browser.
type Preferences struct {
	Language string // en or zh
	Zone     string // IANA name of a time zone
	Theme    string // light or dark
}

// Validate checks what a user asked for.
func (p *Preferences) Validate() error {
	switch p.Language {
	case "", "en", "zh":
	default:
		return Broken("language", "must be en or zh, or empty for the browser's")
	}
	switch p.Theme {
	case "", "light", "dark":
	default:
		return Broken("theme", "must be light or dark, or empty for the system's")
	}
	// time.LoadLocation takes Local for the machine's own zone, which is another one on each master.
	if _, err := time.LoadLocation(p.Zone); err != nil || p.Zone == "Local" {
		return Broken("zone", "%q is not a time zone: give an IANA name such as Europe/Berlin", p.Zone)
	}
	return nil
}
