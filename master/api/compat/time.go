package compat

import (
	"strings"
	"time"
)

// timeFormat is how times are shown, in the server's zone.
const timeFormat = "2006-01-02 15:04:05"

// parseTime reads a time that begins with the year: yyyy-MM-dd HH:mm:ss with - or / in the date, single digits but in
// the year, blanks or a T between date and time, and seconds, their fraction and the time of day left out if need be. A
// time of day may be followed by Z or an offset (ISO 8601); without, it is in zone. A time that begins with the day or
// the month is not read, because nobody can tell which it is.
func parseTime(text string, zone *time.Location) (time.Time, bool) {
	c := cursor{rest: strings.TrimSpace(text), ok: true}
	year := c.number(4, 4)
	sep := c.oneOf("-/")
	month := c.number(1, 2)
	c.expect(sep)
	day := c.number(1, 2)
	var hour, minute, second, nanos int
	if c.ok && c.rest != "" {
		if c.skip("Tt") == 0 && c.skipBlanks() == 0 {
			return time.Time{}, false
		}
		hour = c.number(1, 2)
		c.expect(':')
		minute = c.number(2, 2)
		if c.skip(":") != 0 {
			second = c.number(2, 2)
			if c.skip(".,") != 0 {
				nanos = c.fraction()
			}
		}
		c.skipBlanks()
		if c.ok && c.rest != "" {
			zone = c.offset()
		}
	}
	if !c.ok || c.rest != "" || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	// A day that the month has not would come out as one of the next month.
	if d := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC); int(d.Month()) != month || d.Day() != day {
		return time.Time{}, false
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, nanos, zone), true
}

// cursor reads a text from the front. Once something is not as expected ok is false for good.
type cursor struct {
	rest string
	ok   bool
}

// number reads least to most digits.
func (c *cursor) number(least, most int) int {
	n, count := 0, 0
	for count < most && count < len(c.rest) && '0' <= c.rest[count] && c.rest[count] <= '9' {
		n = n*10 + int(c.rest[count]-'0')
		count++
	}
	c.rest = c.rest[count:]
	c.ok = c.ok && count >= least
	return n
}

// fraction reads the digits behind the point of a second, in nanoseconds. Those that matter to nobody are passed over.
func (c *cursor) fraction() int {
	n, count := 0, 0
	for ; count < len(c.rest) && '0' <= c.rest[count] && c.rest[count] <= '9'; count++ {
		if count < 9 {
			n = n*10 + int(c.rest[count]-'0')
		}
	}
	c.rest = c.rest[count:]
	c.ok = c.ok && count > 0
	for ; count < 9; count++ {
		n *= 10
	}
	return n
}

// oneOf reads one of the characters and gives it.
func (c *cursor) oneOf(characters string) byte {
	found := c.skip(characters)
	c.ok = c.ok && found != 0
	return found
}

func (c *cursor) expect(character byte) { c.oneOf(string(rune(character))) }

// skip reads one of the characters if it is there and gives it, else 0.
func (c *cursor) skip(characters string) byte {
	if c.rest == "" || strings.IndexByte(characters, c.rest[0]) < 0 {
		return 0
	}
	found := c.rest[0]
	c.rest = c.rest[1:]
	return found
}

func (c *cursor) skipBlanks() (skipped int) {
	before := len(c.rest)
	c.rest = strings.TrimLeft(c.rest, " ")
	return before - len(c.rest)
}

// offset reads Z, +08:00, +0800 or +08.
func (c *cursor) offset() *time.Location {
	if c.skip("Zz") != 0 {
		return time.UTC
	}
	sign := c.oneOf("+-")
	hours, minutes := c.number(2, 2), 0
	if c.skip(":") != 0 || c.rest != "" {
		minutes = c.number(2, 2)
	}
	c.ok = c.ok && hours <= 15 && minutes <= 59
	seconds := hours*3600 + minutes*60
	if sign == '-' {
		seconds = -seconds
	}
	return time.FixedZone("", seconds)
}
