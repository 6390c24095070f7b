package ui

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/web/messages"
)

// The measures of the picture of a family, in pixels.
const (
	boxWidth   = 184
	boxHeight  = 44
	columnStep = 232
	rowStep    = 56
	graphEdge  = 2 // so that lines at the edge are whole
)

// boxTitle is how wide a title in a box may be, in halves of a Chinese character.
const boxTitle = 20

// graph draws a task between those that fire it, at its left, and those that it fires, at its right. It is empty for a task
// without relatives.
func (r *request) graph(f *manage.Family, self string) template.HTML {
	if len(f.Members) < 2 {
		return ""
	}
	first, rows := f.Members[0].Generation, map[int]int{}
	for _, m := range f.Members {
		rows[m.Generation]++
	}
	tallest := 0
	for _, n := range rows {
		tallest = max(tallest, n)
	}
	type place struct{ x, y int }
	at, filled := map[string]place{}, map[int]int{}
	var boxes strings.Builder
	for _, m := range f.Members {
		// Each generation is a column, in the middle of the picture's height.
		p := place{graphEdge + (m.Generation-first)*columnStep, graphEdge + (tallest-rows[m.Generation])*rowStep/2 + filled[m.Generation]*rowStep}
		filled[m.Generation]++
		at[m.ID] = p
		class := "graph-box"
		if m.ID == self {
			class += " graph-self"
		}
		fmt.Fprintf(&boxes, `<a href="%s/%s" class="%s"><title>%s</title><rect x="%d" y="%d" width="%d" height="%d" rx="6"/>`,
			tasksAt, template.HTMLEscapeString(m.ID), class, template.HTMLEscapeString(m.Title), p.x, p.y, boxWidth, boxHeight)
		fmt.Fprintf(&boxes, `<circle class="hue-%s" cx="%d" cy="%d" r="4"/><text x="%d" y="%d">%s</text><text class="graph-small" x="%d" y="%d">%s</text></a>`,
			hue(m.State), p.x+14, p.y+boxHeight/2, p.x+26, p.y+19, template.HTMLEscapeString(shortened(m.Title, boxTitle)), p.x+26, p.y+35, r.standing(m))
	}
	var lines strings.Builder
	for _, l := range f.Links {
		from, to := at[l[0]], at[l[1]]
		x, y, tx, ty := from.x+boxWidth, from.y+boxHeight/2, to.x, to.y+boxHeight/2
		bend, class := (columnStep-boxWidth)/2, "graph-line"
		if tx <= x { // back to an earlier generation: a circle
			bend, class = columnStep/2, "graph-line graph-back"
		}
		fmt.Fprintf(&lines, `<path class="%s" d="M%d %dC%d %d %d %d %d %d" marker-end="url(#graph-tip)"/>`, class, x, y, x+bend, y, tx-bend, ty, tx-4, ty)
	}
	columns := slices.MaxFunc(f.Members, func(a, b manage.FamilyMember) int { return a.Generation - b.Generation }).Generation - first + 1
	width, height := (columns-1)*columnStep+boxWidth+2*graphEdge, (tallest-1)*rowStep+boxHeight+2*graphEdge
	// #nosec G203 -- numbers, names of colours, and texts that are escaped
	return template.HTML(fmt.Sprintf(`<svg class="graph" width="%d" height="%d" viewBox="0 0 %d %d" role="group" aria-label="%s"><defs><marker id="graph-tip" `+
		`viewBox="0 0 6 6" refX="5" refY="3" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0L6 3L0 6z"/></marker></defs>%s%s</svg>`,
		width, height, width, height, template.HTMLEscapeString(r.text("Which tasks fire which")), lines.String(), boxes.String()))
}

// standing is what a box says of a task under its title.
func (r *request) standing(m manage.FamilyMember) string {
	text := messages.Name(r.lang, m.State)
	if m.Outcome != "" {
		text += " · " + messages.Name(r.lang, m.Outcome)
	}
	return template.HTMLEscapeString(text)
}

// shortened cuts a text to a width, of which Chinese characters take two.
func shortened(text string, width int) string {
	for i, c := range text {
		if width--; c > 0x2e80 {
			width--
		}
		if width < 0 {
			return text[:i] + "…"
		}
	}
	return text
}
