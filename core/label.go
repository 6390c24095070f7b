package core

import (
	"slices"
	"strings"
	"unicode"
)

// The limits of the labels of a task: how many, and how long each is, in characters.
const (
	MaxTaskLabels = 20
	MaxTaskLabel  = 50
)

// CheckTaskLabels checks the labels of a task: words, so that they can be written beside each other.
func CheckTaskLabels(labels []string) error {
	if len(labels) > MaxTaskLabels {
		return Broken("labels", "has %d entries; at most %d are allowed", len(labels), MaxTaskLabels)
	}
	for _, l := range labels {
		if err := checkText("labels", l, 1, MaxTaskLabel); err != nil {
			return err
		}
		if strings.ContainsFunc(l, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == ',' || r == '，' }) {
			return Broken("labels", "%q is not one word: a label has no blanks and no commas", l)
		}
	}
	return nil
}

// Relabel gives labels with some added and some taken out, each once, in their order.
func Relabel(labels, add, remove []string) []string {
	out := []string{}
	for _, l := range slices.Concat(labels, add) {
		if !slices.Contains(out, l) && !slices.Contains(remove, l) {
			out = append(out, l)
		}
	}
	return out
}
