package dsn

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fate is what becomes of a key.
type fate string

const (
	honoured fate = "honoured"
	idle     fate = "accepted without meaning"
	refused  fate = "refused"
)

// key is what a provider's documentation says of a key, and what becomes of it here.
type key struct {
	// names are its documented spellings, the usual one first.
	names []string
	fate  fate
	// note is the reason why it has no meaning here, or why it is refused and what to write.
	note string
	take func(*settings, string) error
}

// The keys that the guess looks at are called the same in every table.
const (
	keyServer  = "Server"
	keyPort    = "Port"
	keySSLMode = "SSL Mode"
)

// honour is a key that is obeyed.
func honour(take func(*settings, string) error, names ...string) key {
	return key{names: names, fate: honoured, take: take}
}

// ignore is a key that any value of which is taken and has no meaning here.
func ignore(reason string, names ...string) key {
	return key{names: names, fate: idle, note: reason, take: func(*settings, string) error { return nil }}
}

// ignoreIf is a key of which some values, compared in any case, mean what is so here anyway; others are refused.
func ignoreIf(values []string, reason string, names ...string) key {
	return key{names: names, fate: idle, note: "only " + strings.Join(values, ", ") + ": " + reason, take: func(_ *settings, v string) error {
		if slices.ContainsFunc(values, func(want string) bool { return fold(want) == fold(v) }) {
			return nil
		}
		return fmt.Errorf("can only be %s: %s", strings.Join(values, " or "), reason)
	}}
}

// refuse is a key that cannot be obeyed and must not be passed over.
func refuse(reason string, names ...string) key {
	return key{names: names, fate: refused, note: reason, take: func(*settings, string) error {
		return errors.New("is not supported: " + reason)
	}}
}

// refuseUnless is a key of which only some values, which ask for nothing, are taken.
func refuseUnless(values []string, reason string, names ...string) key {
	k := ignoreIf(values, reason, names...)
	k.fate, k.note = refused, "unless "+strings.Join(values, ", ")+": "+reason
	return k
}

// The values of truth that the providers document.
func yes() []string { return []string{"true", "yes", "1"} }
func no() []string  { return []string{"false", "no", "0"} }

// integratedSecurity is refused by all: it is Windows' sign-in.
func integratedSecurity(names ...string) key {
	return refuseUnless(no(), "a service signs in with a user name and a password, so write User ID and Password", names...)
}

// pooled is said by all alike.
func pooled() key {
	return ignoreIf(yes(), "connections are always pooled", "Pooling")
}

// maxPool reads the size of the pool.
func maxPool(names ...string) key {
	return honour(whole(1, 10_000, func(s *settings, n int) { s.maxOpen = n }), names...)
}

// connectTimeout reads how long connecting may take, in seconds; 0 is without end.
func connectTimeout(names ...string) key {
	return honour(whole(0, 3600, func(s *settings, n int) { s.connectTimeout = time.Duration(n) * time.Second }), names...)
}

// statementTimeout reads how long a statement may take, in seconds. A statement without end is not offered: it would hold its
// connection, and whatever it has locked, for good.
func statementTimeout(names ...string) key {
	return honour(whole(1, 3600, func(s *settings, n int) { s.statementTimeout = time.Duration(n) * time.Second }), names...)
}

func whole(least, most int, set func(*settings, int)) func(*settings, string) error {
	return func(s *settings, value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < least || n > most {
			return fmt.Errorf("must be a whole number from %d to %d", least, most)
		}
		set(s, n)
		return nil
	}
}

func text(set func(*settings, string)) func(*settings, string) error {
	return func(s *settings, value string) error {
		if strings.ContainsRune(value, 0) {
			return errors.New("holds a zero byte")
		}
		set(s, value)
		return nil
	}
}

// param passes a value on to the driver under the driver's name for it.
func param(name string) func(*settings, string) error {
	return text(func(s *settings, v string) { s.param(name, v) })
}

// choice passes on what the driver calls one of the documented values, which are compared folded.
func choice(name string, values map[string]string) func(*settings, string) error {
	return func(s *settings, value string) error {
		driver, ok := values[fold(value)]
		if !ok {
			return fmt.Errorf("must be one of %s", strings.Join(documented(values), ", "))
		}
		s.param(name, driver)
		return nil
	}
}

// documented lists the values of a choice.
func documented(values map[string]string) []string {
	var names []string
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
