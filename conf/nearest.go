package conf

import (
	"cmp"
	"slices"
	"strings"
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
	d := distance(given, k.name)
	if k.was != "" {
		d = min(d, distance(given, k.was))
	}
	return d
}

// distance is Levenshtein's: how many letters must be changed, added or taken away to make a of b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0]++
		for j := range len(b) {
			change := corner
			if a[i] != b[j] {
				change++
			}
			corner = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
