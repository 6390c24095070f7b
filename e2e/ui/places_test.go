package ui

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// Every page, as each role: it says nothing in the console and asks no other host; on a phone it is as wide as the screen, and
// on a wide screen it has use for the width; who may not see it is told. Nothing in it breaks a rule of accessibility in a
// serious way, in light colours or in dark ones: those who see the most and the least look in both, the others in one.
func TestPlaces(t *testing.T) {
	t.Parallel()
	s := need(t)
	// Each place is seen in both languages, though not by each role in both.
	for role, language := range map[core.Role]string{
		core.RoleAdmin: "en", core.RoleDeveloper: "zh", core.RoleOperator: "en", core.RoleViewer: "zh",
	} {
		t.Run(string(role), func(t *testing.T) {
			t.Parallel()
			tab := s.enter(t, role, desktop(language))
			for _, place := range Places() {
				if !place.Nobody {
					t.Run(place.Name, func(t *testing.T) { visit(t, s, tab, place, role) })
				}
			}
		})
	}
	t.Run("nobody", func(t *testing.T) {
		t.Parallel()
		tab := s.open(t, desktop("zh"))
		for _, place := range Places() {
			if place.Nobody {
				t.Run(place.Name, func(t *testing.T) { visit(t, s, tab, place, "") })
				continue
			}
			if place.Missing {
				continue // whether there is something at an address is no secret
			}
			require.NoError(t, tab.Go(place.Path))
			path, err := Eval[string](tab, "location.pathname")
			require.NoError(t, err)
			require.Equal(t, "/sign-in", path, "%s is not for who has not signed in", place.Name)
		}
	})
}

// visit looks at a page from all sides.
func visit(t *testing.T, s *site, tab *Tab, place Place, role core.Role) {
	t.Helper()
	tab.Complaints() // those of a page before that failed are told
	path, err := s.Address(t.Context(), place)
	require.NoError(t, err)
	require.NoError(t, tab.Go(path))
	status, err := Eval[int](tab, "performance.getEntriesByType('navigation')[0].responseStatus")
	require.NoError(t, err)
	require.Equal(t, place.status(role), status)
	for _, dark := range colours(role) {
		require.NoError(t, tab.Turn(Look{Width: 1440, Height: 900, Dark: dark}))
		found, err := tab.Violations()
		require.NoError(t, err)
		require.Empty(t, found, "dark: %t", dark)
	}
	require.NoError(t, tab.Turn(Look{Width: 380, Height: 800, Phone: true}))
	over, err := tab.Overflow()
	require.NoError(t, err)
	require.Zero(t, over, "pixels that it is wider than a phone%s", widest(tab))
	require.NoError(t, tab.Turn(Look{Width: 1920, Height: 1080}))
	over, err = tab.Overflow()
	require.NoError(t, err)
	require.Zero(t, over, "pixels that it is wider than a wide screen")
	if !place.Nobody {
		narrow, err := Eval[string](tab, wastes)
		require.NoError(t, err)
		require.Empty(t, narrow)
	}
	require.NoError(t, tab.Turn(desktop("")))
	for _, complaint := range tab.Complaints() {
		// The browser says it of every document that is not found or not allowed.
		if status != http.StatusOK && strings.Contains(complaint, fmt.Sprint("status of ", status)) && strings.Contains(complaint, tab.base+path) {
			continue
		}
		t.Error(complaint)
	}
}

// colours are those that a role's pages are checked in.
func colours(role core.Role) []bool {
	switch role {
	case core.RoleDeveloper:
		return []bool{true}
	case core.RoleOperator:
		return []bool{false}
	}
	return []bool{false, true}
}

// wastes says what of a wide screen is put to bad use: when the frame of the page leaves much of the width that is beside the
// menu, or when a paragraph is too wide to be read.
const wastes = `(() => {
	const width = (element) => element.getBoundingClientRect().width;
	const frame = document.querySelector("main > .container-xl"), page = document.querySelector(".page-wrapper");
	if (width(frame) < 0.9 * width(page)) return "the frame is " + width(frame) + " pixels wide of " + width(page);
	return [...document.querySelectorAll("main p")].filter((p) => width(p) > 60 * parseFloat(getComputedStyle(p).fontSize))
		.map((p) => width(p) + " pixels: " + p.textContent).join("\n");
})()`

// widest names what sticks out of the page.
func widest(tab *Tab) string {
	name, err := Eval[string](tab, `[...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > 380)
		.slice(0, 5).map((e) => "\n" + e.outerHTML.slice(0, 120)).join("")`)
	if err != nil {
		return ""
	}
	return name
}
