package dsn

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// dialect is what is known of one kind of database.
type dialect struct {
	kind string
	// provider is ScheduleMaster's value of Database.Provider; schemes are those of its URLs, which may stand for it.
	provider string
	schemes  []string
	// port is the port that servers of this kind have when nothing else is said.
	port string
	keys []key
	// sslModes are the values of SslMode that the provider documents, folded; nil when it has no such key.
	sslModes []string
	// path reads the path of a URL.
	path func(*settings, string) error
	// build makes the DSN.
	build func(*settings) (string, error)
}

func dialects() []dialect { return []dialect{mysqlDialect(), postgresDialect(), sqlServerDialect()} }

// ProviderError says that a text is not enough to tell the kind of database, or does not go with the provider: the caller must
// name another one of Providers, and knows where that is written.
type ProviderError struct{ reason string }

// Error gives the reason, as the rest of a sentence about the text.
func (e *ProviderError) Error() string { return e.reason }

// Providers are the providers that can be named, for an error that asks for one.
const Providers = "mysql, postgresql or sqlserver"

// Parse reads a URL (postgres://, postgresql://, mysql://, mariadb://, sqlserver://, sqlite:///path) or an ADO.NET connection
// string. provider tells the kind of a connection string: mysql, postgresql or sqlserver, in any case; empty leaves it to the
// keys, and is refused when they could be of two kinds. The error is the rest of a sentence about the text: it names keys,
// says what would be right, and never shows a value.
func Parse(text, provider string) (Target, error) {
	text = strings.TrimSpace(text)
	wanted, err := byProvider(provider)
	if err != nil {
		return Target{}, err
	}
	scheme, rest, isURL := cutScheme(text)
	switch {
	case text == "":
		return Target{}, errors.New("is empty: write a URL such as postgres://user:password@host/database, or a connection string")
	case scheme == SQLite:
		return parseFile(rest, wanted)
	case isURL:
		return parseURL(scheme, rest, wanted)
	case !strings.Contains(text, "="):
		return Target{}, errors.New("must be a URL such as postgres://user:password@host/database, or a connection string such as Server=host;Database=carillon;User ID=carillon;Password=…")
	}
	pairs, err := splitPairs(text)
	if err != nil {
		return Target{}, err
	}
	if wanted == nil {
		if wanted, err = guess(pairs); err != nil {
			return Target{}, err
		}
	}
	s := newSettings(wanted)
	if err := wanted.read(s, pairs); err != nil {
		return Target{}, err
	}
	return wanted.target(s)
}

// byProvider gives the dialect of a provider's name, nil when there is none.
func byProvider(name string) (*dialect, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	if name == "" {
		return nil, nil
	}
	for _, d := range dialects() {
		if name == d.provider || slices.Contains(d.schemes, name) {
			return &d, nil
		}
	}
	return nil, &ProviderError{"is for a provider that is not known"}
}

// read puts what pairs say into s. Of a key given twice, or by two of its names, the last one counts, as in ADO.NET.
func (d *dialect) read(s *settings, pairs []pair) error {
	var unknown []string
	for _, p := range pairs {
		k := d.key(p.name)
		if k == nil {
			unknown = append(unknown, p.shown)
			continue
		}
		if p.value == "" {
			continue // which is how ADO.NET takes a key back
		}
		if err := k.take(s, p.value); err != nil {
			return fmt.Errorf("%s %w", p.shown, err)
		}
	}
	if len(unknown) > 0 {
		return fmt.Errorf("has keys that %s does not know: %s", d.provider, strings.Join(unknown, ", "))
	}
	return nil
}

// key finds what is known of a name; nil when nothing is.
func (d *dialect) key(name string) *key {
	name = fold(name)
	for i := range d.keys {
		if slices.ContainsFunc(d.keys[i].names, func(n string) bool { return fold(n) == name }) {
			return &d.keys[i]
		}
	}
	return nil
}

// target makes the Target of what was read.
func (d *dialect) target(s *settings) (Target, error) {
	if len(s.servers) == 0 {
		return Target{}, errors.New("names no server")
	}
	if s.database == "" {
		return Target{}, errors.New("names no database")
	}
	for i := range s.servers {
		if s.servers[i].port == "" {
			s.servers[i].port = s.port
		}
	}
	text, err := d.build(s)
	if err != nil {
		return Target{}, err
	}
	return Target{
		Kind: d.kind, DSN: text, MaxOpen: s.maxOpen, StatementTimeout: s.statementTimeout, shown: d.kind + " " + s.shown(),
	}, nil
}
