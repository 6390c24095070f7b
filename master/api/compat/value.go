package compat

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/carillonhq/carillon/core"
)

// boolean reads true or false in any case; an absent field is false.
func (f *form) boolean(name string) (bool, error) {
	switch v := f.get(name); {
	case v == "" || v == "0" || foldEqual(v, "false"):
		return false, nil
	case v == "1" || foldEqual(v, "true"):
		return true, nil
	}
	return false, core.Malformed(name, "must be true or false")
}

// integer reads a whole number; an absent field is fallback.
func (f *form) integer(name string, fallback, least, most int) (int, error) {
	v := f.get(name)
	if v == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		return 0, core.Malformed(name, "must be a whole number from %d to %d", least, most)
	}
	if n < least || n > most {
		return 0, core.Broken(name, "must be a whole number from %d to %d", least, most)
	}
	return n, nil
}

// guid reads an id in any of the forms that .NET writes a GUID in, and gives it as ids are stored.
func (f *form) guid(name string) (string, error) {
	v := f.get(name)
	if v == "" {
		return "", core.Broken(name, "is required")
	}
	return parseGUID(name, v)
}

func parseGUID(field, text string) (string, error) {
	if strings.HasPrefix(text, "(") && strings.HasSuffix(text, ")") {
		text = text[1 : len(text)-1]
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return "", core.Malformed(field, "must be an id such as 01890a5d-ac96-774b-bcce-b302099a8057")
	}
	return id.String(), nil
}

// instant reads a time; an absent field is the zero time.
func (f *form) instant(name string, zone *time.Location) (time.Time, error) {
	v := f.get(name)
	if v == "" {
		return time.Time{}, nil
	}
	t, ok := parseTime(v, zone)
	if !ok {
		return time.Time{}, core.Malformed(name, "must be a time such as 2026-01-31 08:30:00")
	}
	return t, nil
}

// maxSpan is the longest delay that is read, in seconds: some 300 years, which leads beyond any instant that may be due.
const maxSpan = 9e9

// seconds reads whole or decimal seconds above 0, in microseconds.
func (f *form) seconds(name string) (time.Duration, error) {
	v := f.get(name)
	if v == "" {
		return 0, core.Broken(name, "is required")
	}
	// ParseFloat alone would take exponents, hexadecimals and infinity.
	if strings.Trim(v, "+-.0123456789") != "" {
		return 0, core.Malformed(name, "must be a number of seconds above 0")
	}
	n, err := strconv.ParseFloat(v, 64)
	if err != nil {
		return 0, core.Malformed(name, "must be a number of seconds above 0")
	}
	if n > maxSpan {
		return 0, core.Broken(name, "must lead to an instant before the year 2200")
	}
	d := time.Duration(math.Round(n*1e6)) * time.Microsecond
	if d <= 0 {
		return 0, core.Broken(name, "must be a number of seconds above 0")
	}
	return d, nil
}
