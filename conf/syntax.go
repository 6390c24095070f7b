package conf

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/bytesize"
)

// asIs is the syntax of text whose rule is must and accept.
func asIs(must string, accept func(string) bool) syntax[string] {
	return syntax[string]{
		kindName: "string",
		must:     must,
		parse:    func(s string) (string, error) { return s, nil },
		format:   func(s string) string { return s },
		accept:   accept,
	}
}

func path(p *string) value {
	return one[string]{asIs("must be the path of a directory", func(s string) bool {
		return s != "" && !strings.ContainsRune(s, 0)
	}), p}
}

func file(p *string) value {
	return one[string]{asIs("must be the path of a PEM file, or empty", func(s string) bool {
		return !strings.ContainsRune(s, 0)
	}), p}
}

func oneOf(p *string, choices ...string) value {
	return one[string]{asIs("must be "+strings.Join(choices, " or "), func(s string) bool {
		return slices.Contains(choices, s)
	}), p}
}

// provider reads ScheduleMaster's Database.Provider, which knows no case.
func provider(p *string) value {
	s := asIs("must be mysql, postgresql or sqlserver, or empty", func(s string) bool {
		return slices.Contains([]string{"", "mysql", "postgresql", "sqlserver"}, s)
	})
	s.parse = func(s string) (string, error) { return strings.ToLower(s), nil }
	return one[string]{s, p}
}

func userName(p *string) value {
	return one[string]{asIs("must be the name or number of a user of this machine, or empty", func(s string) bool {
		return !strings.ContainsAny(s, " \t\n\x00")
	}), p}
}

const nameRule = "1 to 100 letters, digits and . _ @ : - beginning with a letter or digit"

func nodeName(p *string) value {
	return one[string]{asIs("must be "+nameRule+", in quotes if it is a number", func(s string) bool {
		node := core.Node{Name: s, Weight: core.DefaultWeight, Slots: core.DefaultSlots}
		return s == "" || node.Validate() == nil
	}), p}
}

func labels(p *[]string) value {
	return many[string]{asIs("must be a list of labels, each "+nameRule, func(s string) bool {
		node := core.Node{Name: "any", Weight: core.DefaultWeight, Slots: core.DefaultSlots, Labels: []string{s}}
		return node.Validate() == nil
	}), p}
}

func listenAddress(p *string) value {
	return one[string]{asIs(`must be HOST:PORT, where HOST may be empty, such as ":30000" or "127.0.0.1:30000"`,
		func(s string) bool {
			_, port, err := net.SplitHostPort(s)
			return err == nil && isPort(port)
		}), p}
}

func isPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}

// dialAddresses reads masters' addresses. ScheduleMaster's --workerof is a master's bare name, so the port may be left out.
func dialAddresses(p *[]string) value {
	s := asIs("must be HOST:PORT, or several with commas between; without a port "+DefaultGRPCPort+" is meant",
		func(s string) bool {
			host, port, err := net.SplitHostPort(s)
			return err == nil && host != "" && !strings.ContainsAny(host, "/ ") && isPort(port) && port != "0"
		})
	s.parse = func(s string) (string, error) {
		if _, _, err := net.SplitHostPort(s); err == nil {
			return s, nil
		}
		return net.JoinHostPort(strings.Trim(s, "[]"), DefaultGRPCPort), nil
	}
	return many[string]{s, p}
}

func secret(p *Secret, least, most int) value {
	return one[Secret]{syntax[Secret]{
		kindName: "string",
		must:     fmt.Sprintf("must be text (in quotes, in the file) of %d to %d characters; its value is not shown", least, most),
		parse:    func(s string) (Secret, error) { return Secret(s), nil },
		format:   Secret.String,
		accept: func(s Secret) bool {
			n := utf8.RuneCountInString(s.Reveal())
			return n == 0 || least <= n && n <= most
		},
	}, p}
}

func number(p *int, least, most int) value {
	return one[int]{syntax[int]{
		kindName: "int",
		unquoted: true,
		must:     fmt.Sprintf("must be a whole number from %d to %d", least, most),
		parse:    strconv.Atoi,
		format:   strconv.Itoa,
		accept:   func(n int) bool { return least <= n && n <= most },
	}, p}
}

func boolean(p *bool) value {
	return one[bool]{syntax[bool]{
		kindName: "bool",
		unquoted: true,
		must:     "must be true or false",
		parse:    strconv.ParseBool,
		format:   strconv.FormatBool,
		accept:   func(bool) bool { return true },
	}, p}
}

func span(p *time.Duration, least, most time.Duration) value {
	return one[time.Duration]{syntax[time.Duration]{
		kindName: "duration",
		unquoted: true, // 0 needs no unit
		must: fmt.Sprintf("must be a time span from %s to %s with its unit (ms, s, m, h, d)",
			formatSpan(least), formatSpan(most)),
		parse:  parseSpan,
		format: formatSpan,
		accept: func(d time.Duration) bool { return least <= d && d <= most },
	}, p}
}

func level(p *slog.Level) value {
	levels := []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}
	return one[slog.Level]{syntax[slog.Level]{
		kindName: "string",
		must:     "must be debug, info, warn or error",
		parse: func(s string) (l slog.Level, err error) {
			err = l.UnmarshalText([]byte(s))
			return l, err
		},
		format: func(l slog.Level) string { return strings.ToLower(l.String()) },
		accept: func(l slog.Level) bool { return slices.Contains(levels, l) },
	}, p}
}

func zone(p **time.Location) value {
	return one[*time.Location]{syntax[*time.Location]{
		kindName: "string",
		must:     `must be a zone of the time zone database, such as "Asia/Shanghai" or "UTC", or empty for the machine's`,
		parse: func(s string) (*time.Location, error) {
			if s == "" {
				return time.Local, nil
			}
			return time.LoadLocation(s)
		},
		format: func(l *time.Location) string {
			if l == nil || l == time.Local {
				return ""
			}
			return l.String()
		},
		accept: func(l *time.Location) bool { return l != nil },
	}, p}
}

// prefixes reads networks; a single address means the network of just that address.
func prefixes(p *[]netip.Prefix) value {
	return many[netip.Prefix]{syntax[netip.Prefix]{
		kindName: "string",
		must:     `must be a list of networks in CIDR form or single addresses, such as "10.0.0.0/8" or "192.0.2.7"`,
		parse: func(s string) (netip.Prefix, error) {
			if addr, err := netip.ParseAddr(s); err == nil {
				return addr.Unmap().Prefix(addr.Unmap().BitLen())
			}
			prefix, err := netip.ParsePrefix(s)
			if err == nil && prefix.Addr().Is4In6() {
				// Addresses are compared in their IPv4 form, so such a network would never match.
				err = errors.New("an IPv4 network in IPv6 form")
			}
			return prefix.Masked(), err
		},
		format: netip.Prefix.String,
		accept: netip.Prefix.IsValid,
	}, p}
}

func size(p *int64, least, most int64) value {
	return one[int64]{syntax[int64]{
		kindName: "size",
		unquoted: true, // bytes need no unit
		must: fmt.Sprintf("must be a number of bytes from %s to %s, with a unit if it has one (KiB, MiB, GiB)",
			bytesize.Format(least), bytesize.Format(most)),
		parse: func(s string) (int64, error) {
			n, ok := bytesize.Parse(s)
			if !ok {
				return 0, strconv.ErrSyntax
			}
			return n, nil
		},
		format: bytesize.Format,
		accept: func(n int64) bool { return least <= n && n <= most },
	}, p}
}

func publicKeys(p *[]ed25519.PublicKey) value {
	return many[ed25519.PublicKey]{syntax[ed25519.PublicKey]{
		kindName: "string",
		must:     "must be a list of Ed25519 public keys in base64, as `carillon plugin keygen` prints them",
		parse: func(s string) (ed25519.PublicKey, error) {
			return base64.StdEncoding.DecodeString(s)
		},
		format: func(key ed25519.PublicKey) string { return base64.StdEncoding.EncodeToString(key) },
		accept: func(key ed25519.PublicKey) bool { return len(key) == ed25519.PublicKeySize },
	}, p}
}
