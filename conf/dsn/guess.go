package dsn

import (
	"fmt"
	"slices"
	"strings"
)

// guess tells the kind of database by what only one provider documents: its keys, its values of SslMode, its way to name the
// server; and failing these by the port. A value that is merely wrong is no sign.
func guess(pairs []pair) (*dialect, error) {
	all := dialects()
	fit := slices.DeleteFunc(slices.Clone(all), func(d dialect) bool { return !d.fits(pairs) })
	if len(fit) > 1 {
		if at := slices.IndexFunc(fit, func(d dialect) bool { return d.hasPort(pairs) }); at >= 0 {
			fit = fit[at : at+1]
		}
	}
	switch len(fit) {
	case 1:
		return &fit[0], nil
	case 0:
		return nil, unfit(all, pairs)
	}
	names := make([]string, len(fit))
	for i, d := range fit {
		names[i] = d.provider
	}
	return nil, &ProviderError{"could be of " + strings.Join(names, " or ")}
}

// fits reports whether a provider's documentation knows all that pairs say.
func (d *dialect) fits(pairs []pair) bool {
	for _, p := range pairs {
		k := d.key(p.name)
		switch {
		case k == nil:
			return false
		case k.names[0] == keySSLMode && !slices.Contains(d.sslModes, fold(p.value)):
			return false
		case k.names[0] == keyServer && isSQLServerName(p.value) && d.kind != SQLServer:
			return false
		}
	}
	return true
}

// hasPort reports whether pairs name the port that servers of this kind have.
func (d *dialect) hasPort(pairs []pair) bool {
	return slices.ContainsFunc(pairs, func(p pair) bool {
		k := d.key(p.name)
		return k != nil && k.names[0] == keyPort && p.value == d.port
	})
}

// unfit says why pairs are of no kind: a key that nobody knows, or keys that do not go together.
func unfit(all []dialect, pairs []pair) error {
	var unknown []string
	for _, p := range pairs {
		if !slices.ContainsFunc(all, func(d dialect) bool { return d.key(p.name) != nil }) {
			unknown = append(unknown, p.shown)
		}
	}
	if len(unknown) > 0 {
		return fmt.Errorf("has keys that no provider knows: %s", strings.Join(unknown, ", "))
	}
	return &ProviderError{"has keys that do not go together in any provider"}
}
