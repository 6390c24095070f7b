package conf

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"

	"github.com/carillonhq/carillon/internal/nearest"
)

const (
	envPrefix    = "CARILLON_"
	oldEnvPrefix = "SMCORE_"
	configEnv    = envPrefix + "CONFIG"
)

// Options says where Load looks.
type Options struct {
	// Role is the part the process plays.
	Role Role
	// Flags are the parsed flags that Flags registered; nil when there are none.
	Flags *pflag.FlagSet
	// Environ is the environment as NAME=value. Defaults to os.Environ().
	Environ []string
}

// Load reads the configuration from the defaults, the file, the environment and the flags, each overriding the one before,
// and validates it. An environment variable that is set but empty counts as not given. The error is an Errors holding
// everything that is wrong, or says why the file cannot be read.
func Load(o Options) (Config, []Notice, error) {
	if o.Environ == nil {
		o.Environ = os.Environ()
	}
	cfg := Default()
	l := loader{keys: cfg.keys(), values: koanf.New("."), source: map[string]string{}}
	if err := l.readFile(o); err != nil {
		return Config{}, nil, err
	}
	if err := l.readEnv(o.Environ); err != nil {
		return Config{}, nil, err
	}
	if err := l.readFlags(o); err != nil {
		return Config{}, nil, err
	}
	l.fill()
	if err := cfg.withHostName(); err != nil {
		return Config{}, nil, err
	}
	for _, p := range cfg.problems(o.Role) {
		if !l.problems.have(p.Key) {
			p.Source = l.source[p.Key]
			l.problems = append(l.problems, p)
		}
	}
	return cfg, l.notices, l.problems.orNil()
}

// loader gathers the raw values of all places, and remembers where each came from.
type loader struct {
	keys     []key
	values   *koanf.Koanf
	source   map[string]string // by key
	problems Errors
	notices  []Notice
}

// readFile reads the file named by --config or CARILLON_CONFIG, if any. A key nobody knows is refused: a misspelled one
// would otherwise leave its default in force without a word.
func (l *loader) readFile(o Options) error {
	name := ""
	for _, pair := range o.Environ {
		if v, found := strings.CutPrefix(pair, configEnv+"="); found {
			name = v
		}
	}
	if o.Flags != nil {
		if flag := o.Flags.Lookup(configFlag); flag != nil && flag.Changed {
			name = flag.Value.String()
		}
	}
	if name == "" {
		return nil
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read the configuration file: %w", err)
	}
	if err := l.values.Load(rawbytes.Provider(content), yaml.Parser()); err != nil {
		return fmt.Errorf("read the configuration file %s: %w", name, err)
	}
	for _, given := range l.values.Keys() {
		l.source[given] = name
		if !slices.ContainsFunc(l.keys, func(k key) bool { return k.name == given }) {
			l.problems = append(l.problems, &Error{Key: given, Source: name,
				Want: fmt.Sprintf("is not a known key; did you mean %s?", l.nearest(given))})
		}
	}
	return nil
}

// readEnv reads CARILLON_* and, below it, ScheduleMaster's SMCORE_*. Unknown variables are left alone, because the names are
// not ours alone (Kubernetes sets CARILLON_PORT beside a service named carillon), but a near miss is noticed.
func (l *loader) readEnv(environ []string) error {
	for _, names := range []struct {
		prefix string
		of     func(key) string
	}{{oldEnvPrefix, key.oldEnv}, {envPrefix, key.env}} {
		take := func(name, v string) (string, any) {
			i := slices.IndexFunc(l.keys, func(k key) bool { return names.of(k) == name })
			switch {
			case i >= 0 && v != "":
				l.source[l.keys[i].name] = name
				return l.keys[i].name, v
			case i < 0:
				l.noticeMisspelled(name)
			}
			return "", nil
		}
		environFunc := func() []string { return environ }
		provider := env.Provider(".", env.Opt{Prefix: names.prefix, EnvironFunc: environFunc, TransformFunc: take})
		if err := l.values.Load(provider, nil); err != nil {
			return fmt.Errorf("read the environment: %w", err)
		}
	}
	return nil
}

func (l *loader) noticeMisspelled(name string) {
	if name == configEnv {
		return
	}
	for _, k := range l.keys {
		if nearest.Distance(name, k.env()) <= 2 {
			l.notices = append(l.notices, Notice{Option: name, Reason: "no key is spelled so; did you mean " + k.env() + "?"})
			return
		}
	}
}

// readFlags reads the flags that were given.
func (l *loader) readFlags(o Options) error {
	if o.Flags == nil {
		return nil
	}
	take := func(flag *pflag.Flag) (string, any) {
		text, ours := flag.Value.(*flagText)
		if !ours || !flag.Changed {
			return "", nil
		}
		if unused := flag.Annotations[unusedAnnotation]; unused != nil {
			// --role names the subcommand that runs when it was what picked it: then it was used.
			if flag.Name != "role" || text.String() != o.Role.String() {
				l.notices = append(l.notices, Notice{Option: "--" + flag.Name, Reason: unused[0]})
			}
			return "", nil
		}
		name := flag.Annotations[keyAnnotation][0]
		l.source[name] = "--" + flag.Name
		return name, text.String()
	}
	if err := l.values.Load(posflag.ProviderWithFlag(o.Flags, ".", nil, take), nil); err != nil {
		return fmt.Errorf("read the flags: %w", err)
	}
	return nil
}

// fill sets the fields, and notes the values that cannot be read.
func (l *loader) fill() {
	for _, k := range l.keys {
		raw := l.values.Get(k.name)
		if raw == nil || k.value.set(raw) {
			continue
		}
		l.problems = append(l.problems, &Error{
			Key: k.name, Source: l.source[k.name], Given: k.given(fmt.Sprint(raw)), Want: k.value.want(),
		})
	}
}
