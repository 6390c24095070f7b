package dsn

import (
	"errors"
	"net/url"
	"slices"
	"strings"
)

// errURL is all that is said of a URL whose parts cannot be told apart: any of them may hold the password.
var errURL = errors.New("is a URL that cannot be read; the characters / ? # @ : and % of a user name or password are written as %2F %3F %23 %40 %3A %25")

// cutScheme gives the scheme of a URL in lower case and what follows it; isURL is false for a connection string.
func cutScheme(text string) (scheme, rest string, isURL bool) {
	if head, tail, found := strings.Cut(text, ":"); found && strings.EqualFold(head, SQLite) {
		return SQLite, tail, true
	}
	scheme, rest, isURL = strings.Cut(text, "://")
	if strings.ContainsFunc(scheme, func(r rune) bool { return r <= ' ' || r == '=' || r == ';' }) {
		return "", text, false
	}
	return strings.ToLower(scheme), rest, isURL
}

// parseURL reads scheme://user:password@host:port/database?key=value. The keys are those of connection strings, in any
// spelling, and the driver's own.
func parseURL(scheme, rest string, wanted *dialect) (Target, error) {
	all := dialects()
	at := slices.IndexFunc(all, func(d dialect) bool { return slices.Contains(d.schemes, scheme) })
	if at < 0 {
		return Target{}, errors.New("must begin with postgres://, mysql://, mariadb://, sqlserver:// or sqlite:///")
	}
	d := &all[at]
	if wanted != nil && wanted.kind != d.kind {
		return Target{}, &ProviderError{"is a URL of another kind than the provider"}
	}
	s := newSettings(d)
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	if err := s.readAuthority(rest[:end]); err != nil {
		return Target{}, err
	}
	path, query, _ := strings.Cut(rest[end:], "?")
	path, err := url.PathUnescape(strings.TrimPrefix(path, "/"))
	if err != nil || strings.Contains(rest[end:], "#") {
		return Target{}, errURL
	}
	if err := d.path(s, path); err != nil {
		return Target{}, err
	}
	pairs, err := splitQuery(query)
	if err != nil {
		return Target{}, err
	}
	if err := d.read(s, pairs); err != nil {
		return Target{}, err
	}
	return d.target(s)
}

// readAuthority reads user:password@host:port.
func (s *settings) readAuthority(authority string) error {
	hosts := authority
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		hosts = authority[at+1:]
		name, pass, _ := strings.Cut(authority[:at], ":")
		var err1, err2 error
		s.user, err1 = url.PathUnescape(name)
		s.password, err2 = url.PathUnescape(pass)
		if err1 != nil || err2 != nil || strings.ContainsRune(s.user+s.password, 0) {
			return errURL
		}
	}
	if hosts == "" {
		return nil
	}
	hosts, err := url.PathUnescape(hosts)
	if err != nil || takeServers(s, hosts) != nil {
		return errURL
	}
	return nil
}

// splitQuery reads the parameters of a URL.
func splitQuery(query string) ([]pair, error) {
	var pairs []pair
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		name, value, found := strings.Cut(part, "=")
		name, err1 := url.QueryUnescape(name)
		value, err2 := url.QueryUnescape(value)
		if !found || err1 != nil || err2 != nil {
			return nil, errURL
		}
		pairs = append(pairs, pair{name, showKey(name, len(pairs)+1), value})
	}
	return pairs, nil
}

// parseFile reads what follows sqlite: in the URL of a file.
func parseFile(rest string, wanted *dialect) (Target, error) {
	if wanted != nil {
		return Target{}, &ProviderError{"is a URL of another kind than the provider"}
	}
	path, isAbsolute := strings.CutPrefix(rest, "//")
	if isAbsolute && !strings.HasPrefix(path, "/") {
		return Target{}, errors.New("names a host; write sqlite:///path/to/file, or sqlite:file for one in the folder that Carillon is started in")
	}
	if strings.ContainsAny(path, "?#") {
		return Target{}, errors.New("has parameters; a sqlite URL has none, and ? and # of a path are written as %3F and %23")
	}
	path, err := url.PathUnescape(path)
	if err != nil || strings.ContainsRune(path, 0) {
		return Target{}, errors.New("has a path that cannot be read; a % is written as %25")
	}
	if path == "" || strings.HasSuffix(path, "/") {
		return Target{}, errors.New("names no file; write sqlite:///path/to/file")
	}
	return File(path), nil
}
