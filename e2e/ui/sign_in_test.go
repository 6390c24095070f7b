package ui

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// Who signs in is led to where they wanted to go, and signed out nothing is to be seen any more.
func TestSignInAndOut(t *testing.T) {
	t.Parallel()
	tab := need(t).open(t, desktop("en"))
	require.NoError(t, tab.Go("/nodes"))
	require.NoError(t, tab.FillSignIn("viewer", Password))
	require.NoError(t, tab.Await("location.pathname === '/nodes' && document.querySelector('h1')?.textContent === 'Nodes'"))
	require.NoError(t, tab.Click("form[action='/sign-out'] button"))
	require.NoError(t, tab.Await("location.pathname === '/sign-in'"))
	require.NoError(t, tab.Go("/nodes"))
	require.NoError(t, tab.Await("location.pathname === '/sign-in'"))
}

// Wrong passwords are refused without saying whether there is such a user, and do not lock out who knows the right one.
func TestWrongPasswordFiveTimes(t *testing.T) {
	t.Parallel()
	s := need(t)
	tab := s.open(t, desktop("en"))
	require.NoError(t, tab.Go("/sign-in"))
	for _, name := range []string{"developer", "developer", "nobody-of-this-name", "developer", "developer", "developer"} {
		require.NoError(t, tab.FillSignIn(name, "wrong-"+name))
		require.NoError(t, tab.Await("document.readyState === 'complete' && document.querySelector('.alert-danger')"))
		said, err := Eval[string](tab, "document.querySelector('.alert-danger').textContent.trim()")
		require.NoError(t, err)
		require.Equal(t, "The user name or the password is wrong", strings.ToUpper(said[:1])+said[1:])
		kept, err := Eval[string](tab, "document.querySelector('#field-password').value")
		require.NoError(t, err)
		require.Empty(t, kept, "a password is not sent back")
		for _, complaint := range tab.Complaints() {
			require.Contains(t, complaint, "status of 422", "the answer to a form that is refused")
		}
		_, err = Eval[bool](tab, "document.querySelector('.alert-danger').remove() ?? true") // the next one is another
		require.NoError(t, err)
	}
	require.NoError(t, tab.FillSignIn("developer", Password))
	require.NoError(t, tab.Await("location.pathname === '/'"))
}

// The language is changed before signing in and after, and stays as it was chosen, wherever one signs in.
func TestLanguage(t *testing.T) {
	t.Parallel()
	s := need(t)
	tab := s.open(t, desktop("en"))
	require.NoError(t, tab.Go("/sign-in"))
	require.NoError(t, tab.Click("a[href^='/language/zh']"))
	require.NoError(t, tab.Await("document.documentElement.lang === 'zh-CN' && document.querySelector('h1')?.textContent === '登录'"))

	const name = "speaks-two"
	require.NoError(t, s.AddUser(t.Context(), name, core.RoleViewer))
	require.NoError(t, tab.FillSignIn(name, Password))
	require.NoError(t, tab.Await("location.pathname === '/' && document.readyState === 'complete'"))
	require.NoError(t, tab.Click("button[name=language][value=en]"))
	require.NoError(t, tab.Await("document.documentElement.lang === 'en'"))
	require.NoError(t, tab.Click("button[name=language][value=zh]"))
	require.NoError(t, tab.Await("document.documentElement.lang === 'zh-CN'"))

	other := s.open(t, desktop("en"))
	require.NoError(t, other.SignIn(name, Password))
	require.NoError(t, other.Go("/nodes"))
	require.NoError(t, other.Await("document.querySelector('h1')?.textContent === '节点'"))
}

// What a page of another site sends is refused, though the browser sends the session along.
func TestAnotherSiteMayNothing(t *testing.T) {
	t.Parallel()
	s := need(t)
	for _, header := range []string{"cross-site", "same-site"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/sign-in", strings.NewReader("name=admin&password="+Password))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", header)
		w, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, w.Body.Close())
		require.Equal(t, http.StatusForbidden, w.StatusCode, header)
		require.Empty(t, w.Cookies())
	}
}
