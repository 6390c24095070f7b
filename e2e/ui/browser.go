package ui

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// axe is the checker of accessibility that runs inside a page.
//
//go:embed testdata/axe.min.js
var axe string

// Chromium is where a browser is installed; empty when there is none.
func Chromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// Launch starts a browser with a profile of its own in a folder. It ends with the function that is given back.
func Launch(ctx context.Context, path, profile string) (browser context.Context, end context.CancelFunc, err error) {
	allocator, endAllocator := chromedp.NewExecAllocator(ctx,
		chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.WSURLReadTimeout(patience), chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("hide-scrollbars", true))
	browser, endBrowser := chromedp.NewContext(allocator)
	return browser, func() {
		endBrowser()
		endAllocator()
	}, chromedp.Do(browser)
}

// Tab is an open tab of a browser.
type Tab struct {
	ctx  context.Context
	base string // the address of the server

	mu         sync.Mutex
	complaints []string
}

// NewTab opens a tab that knows nothing of any other, for a server at an address.
func NewTab(browser context.Context, base string, look Look) (*Tab, context.CancelFunc, error) {
	t := &Tab{base: base}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext(), chromedp.WithListener(t.hear))
	t.ctx = ctx
	// The tab is opened outside the time limit of a step, whose end would close it.
	if err := chromedp.Do(ctx); err != nil {
		return nil, cancel, err
	}
	err := t.Do(
		command(network.Enable, network.EnableParams{}), command(runtime.Enable, cdp.Empty{}), command(log.Enable, cdp.Empty{}),
		command(network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": look.accept()}}),
		command(emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: cmp.Or(look.Zone, "Asia/Shanghai")}),
		look.screen(), look.colours(),
	)
	return t, cancel, err
}

// command is a command of the protocol as a step.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// hear notes what a page must not do: complain in the console, or ask another host for anything.
func (t *Tab) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if thrown := e.ExceptionDetails.Exception; thrown != nil {
			text += " " + thrown.Description
		}
		t.complain("exception: " + text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			var words []string
			for _, a := range e.Args {
				words = append(words, string(a.Value)+a.Description)
			}
			t.complain("console: " + strings.Join(words, " "))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			t.complain(fmt.Sprintf("log: %s (%s)", e.Entry.Text, e.Entry.URL))
		}
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		if err != nil || u.Scheme != "data" && u.Scheme+"://"+u.Host != t.base {
			t.complain("a request to another host: " + e.Request.URL)
		}
	}
}

func (t *Tab) complain(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.complaints = append(t.complaints, text)
}

// Complaints gives what was noted since the last call.
func (t *Tab) Complaints() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	told := t.complaints
	t.complaints = nil
	return told
}

// patience bounds one step; it is long because machines that run tests are busy.
const patience = 90 * time.Second

// Do takes steps in the tab.
func (t *Tab) Do(steps ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	return chromedp.Do(ctx, steps...)
}

// Go opens a page of the server and waits until it is loaded.
func (t *Tab) Go(path string) error { return t.Do(chromedp.Navigate(t.base + path)) }

// SignIn signs in, as who has not yet.
func (t *Tab) SignIn(name, password string) error {
	return errors.Join(t.Go("/sign-in"), t.FillSignIn(name, password), t.Await("location.pathname !== '/sign-in' && document.readyState === 'complete'"))
}

// FillSignIn fills the form of the page where one signs in, and sends it.
func (t *Tab) FillSignIn(name, password string) error {
	return errors.Join(t.Type("#field-name", name), t.Type("#field-password", password), t.Click("form .btn-primary"))
}

// Click clicks on what a selector finds, once it is there to be seen.
func (t *Tab) Click(selector string) error {
	return t.Do(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// Type writes into a field, in place of what stands there.
func (t *Tab) Type(selector, text string) error {
	return t.Do(chromedp.WaitVisible(chromedp.CSS(selector)), chromedp.Clear(chromedp.CSS(selector)), chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Await waits until an expression of JavaScript is true, on whatever page is open then.
func (t *Tab) Await(expression string) error {
	for end := time.Now().Add(patience); ; {
		is, err := Eval[bool](t, "Boolean("+expression+")")
		switch {
		case is:
			return nil
		case t.ctx.Err() != nil:
			return t.ctx.Err()
		case time.Now().After(end):
			return fmt.Errorf("it did not come to pass that %s: %w", expression, cmp.Or(err, errTooLong))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

var errTooLong = errors.New("too long")

// Eval gives the value of an expression of JavaScript.
func Eval[T any](t *Tab, expression string) (v T, err error) {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// Overflow is by how many pixels the page is wider than the screen.
func (t *Tab) Overflow() (int, error) {
	return Eval[int](t, "document.documentElement.scrollWidth - document.documentElement.clientWidth")
}

// Violation is a rule of accessibility that a page breaks.
type Violation struct {
	ID     string   `json:"id"`
	Impact string   `json:"impact"`
	Help   string   `json:"help"`
	Nodes  []string `json:"nodes"`
}

// Violations are the rules that the page breaks in a serious or critical way.
func (t *Tab) Violations() ([]Violation, error) {
	if _, err := Eval[bool](t, axe+"\ntrue"); err != nil {
		return nil, err
	}
	text, err := Eval[string](t, `axe.run(document, {resultTypes: ["violations"]}).then((found) => JSON.stringify(found.violations
		.filter((v) => v.impact === "serious" || v.impact === "critical")
		.map((v) => ({id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.map((n) => n.target.join(" ") + ": " + n.failureSummary)}))))`)
	if err != nil {
		return nil, err
	}
	var found []Violation
	err = json.Unmarshal([]byte(text), &found)
	return found, err
}

// Shot is a picture of the page as WebP: of what the screen shows, or of all of it.
func (t *Tab) Shot(whole bool) (webp []byte, err error) {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, func(ctx context.Context, target *chromedp.Target) ([]byte, error) {
		quality := int64(50)
		r, err := cdp.Call(ctx, target, page.CaptureScreenshot, page.CaptureScreenshotParams{
			CaptureBeyondViewport: &whole, Format: page.CaptureScreenshotFormatWebp, Quality: &quality,
		})
		if err != nil {
			return nil, err
		}
		return r.Data, nil
	})
}
