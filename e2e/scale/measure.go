package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/carillonhq/carillon/e2e/ui"
)

// addresses are the overview and every list, in the ways that people look at them.
func addresses() []string {
	return []string{
		"/", "/?span=24h", "/tasks", "/tasks?sort=title", "/tasks?sort=-last", "/tasks?search=orders", "/tasks?search=nothing+like+it",
		"/tasks?state=running", "/tasks?state=running&sort=-last", "/tasks?label=team-7", "/tasks?outcome=failed", "/tasks?page=40", "/tasks/" + taskID(7),
		"/runs", "/runs?state=failed", "/runs?state=missed", "/runs?worker=w-3", "/runs?worker=gone", "/runs?task=" + taskID(7), "/runs?trigger=manual", "/runs?trigger=schedule",
		"/runs?state=failed&worker=w-3",
		"/delayed-tasks", "/delayed-tasks?state=failed", "/delayed-tasks?sourceApp=app-3", "/delayed-tasks?contentKey=order-77",
		"/nodes", "/plugins", "/users", "/settings", "/audit", "/system-log",
	}
}

// repeats is how often each page is asked for; the middle one counts.
const repeats = 5

// measure tells how long each page takes, and fails when one takes longer than it may.
func measure(ctx context.Context, s *ui.Server, folder string, most bounds) error {
	client, err := signIn(ctx, s.URL)
	if err != nil {
		return err
	}
	tab, end, err := browse(ctx, s, folder)
	defer end()
	if err != nil {
		return err
	}
	var slow []string
	fmt.Printf("%-44s %10s %10s\n", "page", "server", "shown")
	for _, path := range addresses() {
		took, err := served(ctx, client, s.URL+path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		shown, err := show(tab, path)
		if err != nil {
			return fmt.Errorf("%s in the browser: %w", path, err)
		}
		fmt.Printf("%-44s %10s %10s\n", path, took.Round(100*time.Microsecond), shown.Round(time.Millisecond))
		if most.server > 0 && took > most.server || most.shown > 0 && shown > most.shown {
			slow = append(slow, path)
		}
	}
	if len(slow) > 0 {
		return fmt.Errorf("these took longer than %s on the server or %s until shown: %s", most.server, most.shown, strings.Join(slow, " "))
	}
	return nil
}

// signIn gives a client with a session of admin.
func signIn(ctx context.Context, base string) (*http.Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	c := &http.Client{Jar: jar, Timeout: time.Minute}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/sign-in", strings.NewReader(url.Values{"name": {"admin"}, "password": {ui.Password}}.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w, err := c.Do(r)
	if err != nil {
		return nil, err
	}
	return c, w.Body.Close()
}

// served is how long the server takes for a page, by the middle of several times.
func served(ctx context.Context, c *http.Client, address string) (time.Duration, error) {
	var took []time.Duration
	for range repeats {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return 0, err
		}
		began := time.Now()
		w, err := c.Do(r)
		if err != nil {
			return 0, err
		}
		_, err = io.Copy(io.Discard, w.Body)
		took = append(took, time.Since(began))
		if err := errors.Join(err, w.Body.Close()); err != nil {
			return 0, err
		}
		if w.StatusCode != http.StatusOK || w.Request.URL.Path == "/sign-in" {
			return 0, fmt.Errorf("the answer was %s, of %s", w.Status, w.Request.URL)
		}
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}

// browse opens a browser that is signed in; there is no tab where no Chromium is installed.
func browse(ctx context.Context, s *ui.Server, folder string) (tab *ui.Tab, end func(), err error) {
	path := ui.Chromium()
	if path == "" {
		fmt.Println("no Chromium is installed: what a browser takes is not measured")
		return nil, func() {}, nil
	}
	browser, closeBrowser, err := ui.Launch(ctx, path, filepath.Join(folder, "profile"))
	if err != nil {
		return nil, closeBrowser, err
	}
	tab, closeTab, err := ui.NewTab(browser, s.URL, ui.Look{Width: 1440, Height: 900, Language: "en"})
	if err == nil {
		err = tab.SignIn("admin", ui.Password)
	}
	return tab, func() { closeTab(); closeBrowser() }, err
}

// show is how long a browser takes from asking for a page to having loaded all of it.
func show(tab *ui.Tab, path string) (time.Duration, error) {
	if tab == nil {
		return 0, nil
	}
	if err := tab.Go(path); err != nil {
		return 0, err
	}
	ms, err := ui.Eval[float64](tab, "performance.getEntriesByType('navigation')[0].loadEventEnd")
	return time.Duration(ms * float64(time.Millisecond)), err
}
