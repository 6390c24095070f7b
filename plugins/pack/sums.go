package pack

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/carillonhq/carillon/core"
)

// formatSums writes plugin.sums, in the order of the names, as sha256sum does.
func formatSums(sums map[string]string) []byte {
	var out bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		fmt.Fprintf(&out, "%s  %s\n", sums[name], name)
	}
	return out.Bytes()
}

func parseSums(text []byte) (map[string]string, error) {
	sums := map[string]string{}
	for line := range strings.Lines(string(text)) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if raw, err := hex.DecodeString(sum); !ok || err != nil || len(raw) != 32 || sum != strings.ToLower(sum) {
			return nil, core.Malformed(SumsName, `must have lines of a SHA-256 in lower-case hex, two spaces and a path; line %d is %q`,
				len(sums)+1, line[:min(len(line), 200)])
		}
		if _, twice := sums[name]; twice {
			return nil, core.Broken(SumsName, "has %q twice", name)
		}
		sums[name] = sum
	}
	return sums, nil
}
