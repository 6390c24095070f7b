package compat

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/carillonhq/carillon/core"
)

// maxIndex is the highest index of an indexed field. It only has to be a number that is no slip.
const maxIndex = 9999

// entry is one value of a list.
type entry struct {
	field string // as it was sent, such as Keepers[0]
	index int
	value string
}

// list gives the values of a field that may be there more than once: as repeated keys, in their order, then as indexed
// ones (Keepers[0]=…) in the order of the indexes. Keepers[]=… is a repeated key, as jQuery writes it. Blank values are
// left out.
func (f *form) list(name string) ([]entry, error) {
	var entries []entry
	for _, s := range f.spans {
		rest, ok := cutFolded(f.name(s), name)
		value := strings.TrimSpace(f.value(s))
		if !ok || value == "" || rest != "" && rest[0] != '[' {
			continue
		}
		index := -1
		if rest != "" && rest != "[]" {
			var sub string
			if index, sub, ok = cutIndex(rest); !ok || sub != "" {
				return nil, badIndex(f.name(s))
			}
		}
		entries = append(entries, entry{f.name(s), index, value})
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return cmp.Compare(a.index, b.index) })
	return entries, nil
}

// rows gives the parameters that are there as indexed fields: Params[0].ParamKey=…, or Params[0][ParamKey]=… as jQuery
// writes it.
func (f *form) rows(name string) ([]core.Param, error) {
	byIndex := map[int]core.Param{}
	for _, s := range f.spans {
		rest, ok := cutFolded(f.name(s), name)
		if !ok || rest == "" || rest[0] != '[' {
			continue
		}
		index, column, ok := cutIndex(rest)
		if !ok {
			return nil, badIndex(f.name(s))
		}
		if inner, bracketed := strings.CutPrefix(column, "["); bracketed {
			column = strings.TrimSuffix(inner, "]")
		} else {
			column = strings.TrimPrefix(column, ".")
		}
		p, value := byIndex[index], f.value(s)
		switch {
		case foldEqual(column, "ParamKey"):
			p.Key = value
		case foldEqual(column, "ParamValue"):
			p.Value = value
		case foldEqual(column, "ParamRemark"):
			p.Remark = value
		default:
			continue
		}
		byIndex[index] = p
	}
	var indexes []int
	for index := range byIndex {
		indexes = append(indexes, index)
	}
	slices.Sort(indexes)
	var params []core.Param
	for _, index := range indexes {
		params = append(params, byIndex[index])
	}
	return withoutBlank(params), nil
}

// cutIndex cuts [12] off the front of s.
func cutIndex(s string) (index int, rest string, ok bool) {
	digits, rest, ok := strings.Cut(strings.TrimPrefix(s, "["), "]")
	if !ok || digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, "", false
	}
	index, err := strconv.Atoi(digits)
	return index, rest, err == nil && index <= maxIndex
}

func badIndex(field string) error {
	return core.Malformed(field, "the index must be a whole number from 0 to %d", maxIndex)
}

// withoutBlank leaves out the parameters that say nothing: forms have empty rows.
func withoutBlank(params []core.Param) []core.Param {
	return slices.DeleteFunc(params, func(p core.Param) bool { return p.Key == "" && p.Value == "" })
}
