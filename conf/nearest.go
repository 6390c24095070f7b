package conf

import (
	"cmp"
	"slices"
	"strings"

	"github.com/carillonhq/carillon/internal/nearest"
)

// nearest returns the known key whose spelling, or whose name in ScheduleMaster, is nearest to what was given.
func (l *loader) nearest(given string) string {
	given = strings.ToLower(strings.ReplaceAll(given, "-", "_"))
	best := slices.MinFunc(l.keys, func(a, b key) int {
		return cmp.Compare(a.distance(given), b.distance(given))
	})
	return best.name
}

func (k key) distance(given string) int {
	d := nearest.Distance(given, k.name)
	if k.was != "" {
		d = min(d, nearest.Distance(given, k.was))
	}
	return d
}
