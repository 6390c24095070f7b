package conf

import (
	"strings"

	"github.com/spf13/pflag"
)

// The annotations by which Load knows a flag again.
const (
	keyAnnotation    = "carillon-key"    // the key the flag sets
	unusedAnnotation = "carillon-unused" // why the flag has no effect
)

const configFlag = "config"

// Flags registers the flags of role on fs: --config, one for each key that concerns the role and is no secret, and
// ScheduleMaster's names for them. What ScheduleMaster's operators may pass to any node is accepted on every node, hidden
// where it has no effect; Load tells them so.
func Flags(fs *pflag.FlagSet, role Role) {
	fs.String(configFlag, "", "YAML `file` to read the configuration from")
	defaults := Default()
	for _, k := range defaults.keys() {
		concerns := k.roles&role != 0
		if k.noFlag || !concerns && (k.was == "" || role&nodes == 0) {
			continue
		}
		text := &flagText{kind: k.value.kind(), values: []string{k.value.text()}}
		annotation, note, help := keyAnnotation, k.name, k.help
		if !concerns {
			annotation, note = unusedAnnotation, "it does not concern "+role.String()
		}
		if k.was != "" && k.was != k.flag() {
			addFlag(fs, k.was, "", text, annotation, note).Hidden = true
			help += "; also --" + k.was
		}
		addFlag(fs, k.flag(), help, text, annotation, note).Hidden = !concerns
	}
	if role&nodes == 0 {
		return
	}
	for name, reason := range map[string]string{
		"role":     "the subcommand decides",
		"protocol": "it was ScheduleMaster's; masters speak HTTP",
		"ip":       "it was ScheduleMaster's; --http-addr and --grpc-addr say where a master listens, workers do not listen",
		"port":     "it was ScheduleMaster's; --http-addr and --grpc-addr say where a master listens, workers do not listen",
	} {
		addFlag(fs, name, "", &flagText{kind: "string"}, unusedAnnotation, reason).Hidden = true
	}
}

func addFlag(fs *pflag.FlagSet, name, help string, text *flagText, annotation, value string) *pflag.Flag {
	flag := fs.VarPF(text, name, "", help)
	flag.Annotations = map[string][]string{annotation: {value}}
	if text.kind == "bool" {
		flag.NoOptDefVal = "true"
	}
	return flag
}

// flagText is a flag's text as it was given. It is read by Load, so that a wrong flag is reported like a wrong line of the
// file and together with it.
type flagText struct {
	kind   string
	set    bool
	values []string
}

// Set keeps s; the first one replaces the default, and a list's next ones are added to it.
func (t *flagText) Set(s string) error {
	if t.kind != listKind || !t.set {
		t.values = nil
	}
	t.values, t.set = append(t.values, strings.TrimSpace(s)), true
	return nil
}

// String returns what was given, or the default.
func (t *flagText) String() string { return strings.Join(t.values, ",") }

// Type names the kind of value in a command's help.
func (t *flagText) Type() string { return t.kind }
