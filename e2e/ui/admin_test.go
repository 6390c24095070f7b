package ui

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// steps are taken one after the other, and the test ends at the first that cannot be.
func steps(t *testing.T, tried ...func() error) {
	t.Helper()
	for i, step := range tried {
		require.NoError(t, step(), "step %d", i+1)
	}
}

func (t *Tab) click(selector string) func() error { return func() error { return t.Click(selector) } }
func (t *Tab) write(selector, text string) func() error {
	return func() error { return t.Type(selector, text) }
}
func (t *Tab) await(expression string) func() error {
	return func() error { return t.Await(expression) }
}
func (t *Tab) visit(path string) func() error { return func() error { return t.Go(path) } }

// asked says of complaints that they are of answers with a status that was asked for, and forgets them.
func (t *Tab) asked(test *testing.T, status int) {
	test.Helper()
	for _, complaint := range t.Complaints() {
		require.Contains(test, complaint, fmt.Sprint("status of ", status))
	}
}

// An administrator makes a user, is shown the password once, and the user must change it; locked out, the user is out at
// once wherever signed in.
func TestUsersAreMadeAndLockedOut(t *testing.T) {
	t.Parallel()
	s := need(t)
	admin := s.enter(t, core.RoleAdmin, desktop("en"))
	steps(t, admin.visit("/users/new"), admin.write("#field-name", "grace"), admin.click("main form .btn-primary"), admin.await("document.querySelector('.told')"))
	given, err := Eval[string](admin, "document.querySelector('.told').textContent")
	require.NoError(t, err)

	grace := s.open(t, desktop("zh"))
	require.NoError(t, grace.SignIn("grace", given))
	steps(t, grace.visit("/nodes"), grace.await("location.pathname === '/account/password'"),
		grace.write("#field-current", given), grace.write("#field-password", Password), grace.write("#field-repeated", Password),
		grace.click("main form .btn-primary"), grace.await("location.pathname === '/' && document.readyState === 'complete'"))

	steps(t, admin.visit("/users"), admin.click("[aria-label='What may be done with grace']"), admin.click("tr:has([aria-label$=' grace']) [hx-post$='/lock']"),
		admin.click("#confirm [value=yes]"), admin.await("document.querySelector('tr:has([aria-label$=\" grace\"]) .state-bad')"))
	steps(t, grace.visit("/nodes"), grace.await("location.pathname === '/sign-in'"))

	entries, err := s.Store.Audit(t.Context(), store.AuditFilter{Kind: core.AuditUser, Limit: 20})
	require.NoError(t, err)
	require.Equal(t, "grace", entries[0].ObjectName)
	require.Equal(t, core.ViaPage, entries[0].Via, "what is done by a page is in the audit")
	require.Equal(t, "admin", entries[0].UserName)
}

// A token is shown once, calls the API, and is refused once it is deleted.
func TestTokenOfOnesOwn(t *testing.T) {
	t.Parallel()
	s := need(t)
	tab := s.enter(t, core.RoleOperator, desktop("en"))
	steps(t, tab.visit("/account"), tab.write("#field-token_name", "nightly"), tab.click("form[action='/account/tokens'] button"), tab.await("document.querySelector('.told')"))
	token, err := Eval[string](tab, "document.querySelector('.told').textContent")
	require.NoError(t, err)
	call := func() int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/api/v1/me", http.NoBody)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+token)
		w, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, w.Body.Close())
		return w.StatusCode
	}
	require.Equal(t, http.StatusOK, call())
	steps(t, tab.visit("/account"), tab.click("form[action$='/delete'] button"), tab.click("#confirm [value=yes]"),
		tab.await("document.readyState === 'complete' && !document.querySelector(\"form[action$='/delete']\")"))
	require.Equal(t, http.StatusUnauthorized, call())
}

// A developer uploads a version of a plugin, which is shown; what is no package is refused in the reader's language.
func TestPluginIsUploaded(t *testing.T) {
	t.Parallel()
	s := need(t)
	tab := s.enter(t, core.RoleDeveloper, desktop("zh"))
	file, err := PackHello("2.0.0-rc.1")
	require.NoError(t, err)
	choose := func(content []byte) func() error {
		return func() error {
			_, err := Eval[bool](tab, `(() => {
				const bytes = Uint8Array.from(atob("`+base64.StdEncoding.EncodeToString(content)+`"), (c) => c.charCodeAt(0));
				const chosen = new DataTransfer();
				chosen.items.add(new File([bytes], "hello.zip"));
				document.getElementById("package").files = chosen.files;
				return true;
			})()`)
			return err
		}
	}
	steps(t, tab.visit("/plugins"), choose([]byte("no zip")), tab.click("#upload .btn-primary"), tab.await("!document.getElementById('upload-error').hidden"))
	refused, err := Eval[string](tab, "document.getElementById('upload-error').textContent")
	require.NoError(t, err)
	require.Regexp(t, `\p{Han}`, refused)
	tab.Complaints() // the browser tells of the answer
	steps(t, choose(file), tab.click("#upload .btn-primary"), tab.await("location.pathname === '/plugins/hello' && location.search.includes('2.0.0-rc.1') && document.readyState === 'complete'"))
	shown, err := Eval[string](tab, "document.querySelector('main').textContent")
	require.NoError(t, err)
	require.Contains(t, shown, "who is greeted", "the parameters of its tasks are listed")
}

// Settings are changed, and a bad value is refused beside its field with what was written kept.
func TestSettingsAreSaved(t *testing.T) {
	t.Parallel()
	s := need(t)
	tab := s.enter(t, core.RoleAdmin, desktop("en"))
	steps(t, tab.visit("/settings"), tab.write("#field-DelayTask_RetrySpans", "soon"), tab.click("main form > div .btn-primary"),
		tab.await("document.readyState === 'complete' && document.querySelector('#field-DelayTask_RetrySpans-error')"))
	tab.asked(t, http.StatusUnprocessableEntity)
	steps(t, tab.write("#field-DelayTask_RetrySpans", "12"), tab.click("main form > div .btn-primary"), tab.await("document.querySelector('.notice-success')"))
	values, err := s.Store.Settings(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]string{"DelayTask_RetrySpans": "12"}, values, "what was not changed is not stored")
}

// The console calls the API as who is signed in, and asks before it deletes.
func TestConsoleCalls(t *testing.T) {
	t.Parallel()
	s := need(t)
	tab := s.enter(t, core.RoleOperator, desktop("en"))
	steps(t, tab.visit("/api-docs#getMe"), tab.click("#getMe form .btn-primary"), tab.await("document.querySelector('#getMe pre').textContent.includes('\"operator\"')"))
	offered, err := Eval[bool](tab, "document.querySelector('#createUser form .btn-primary') !== null")
	require.NoError(t, err)
	require.False(t, offered, "what the role may not do is not offered")
}

// The lines of the masters are shown as they come.
func TestSystemLogFollows(t *testing.T) {
	t.Parallel()
	s := need(t)
	tab := s.enter(t, core.RoleOperator, desktop("en"))
	steps(t, tab.visit("/system-log"), tab.await("document.querySelector('.log-line')"))
	require.NoError(t, s.AddUser(t.Context(), "heard-of", core.RoleViewer))
	steps(t, tab.await("document.querySelector('#system-log-lines').textContent.includes('user=heard-of')"))
	steps(t, tab.visit("/system-log?text=HEARD-of&level=Error"), tab.await("document.querySelector('#system-log-lines .empty')"))
}
