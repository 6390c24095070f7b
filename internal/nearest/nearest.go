// Package nearest finds the known name that somebody who misspelt one meant.
package nearest

import (
	"cmp"
	"slices"
)

// Name returns the one of known that is nearest to given, "" when there are none. Of names that are equally near it is
// the first.
func Name(given string, known []string) string {
	if len(known) == 0 {
		return ""
	}
	return slices.MinFunc(known, func(a, b string) int {
		return cmp.Compare(Distance(given, a), Distance(given, b))
	})
}

// Distance is Levenshtein's: how many bytes must be changed, added or taken away to make a of b.
func Distance(a, b string) int {
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
