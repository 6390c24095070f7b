package ui

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/host"
	"github.com/carillonhq/carillon/plugins/host/supervise"
)

// required names what must be tested, with commas between: with chromium among it the tests fail where there is none.
const required = "CARILLON_TEST_REQUIRED"

// TestMain runs the tests, and ends the browser and the server that they share. In processes of its own the executable is a
// plugin of the tests, and its supervisor.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case host.SupervisorCommand:
			os.Exit(supervise.Main(os.Args[1:]))
		case asPlugin:
			bePlugin()
			return
		}
	}
	code := m.Run()
	if err := shared.close(); err != nil {
		fmt.Fprintln(os.Stderr, "the end of the server and the browser:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// site is one server, seeded, and one browser beside it. Each test has tabs of its own, which know nothing of each other.
type site struct {
	*Server
	browser context.Context
	end     context.CancelFunc
	folder  string

	once   sync.Once
	failed error
}

// shared is started by the first test that needs it: both take seconds.
var shared site

// need gives the site, or skips the test where it cannot be had.
func need(t *testing.T) *site {
	t.Helper()
	switch {
	case raceDetector:
		t.Skip("browsers wait for real servers: run without the race detector")
	case testing.Short():
		t.Skip("a test in a browser: run without -short")
	case Chromium() == "" && slices.Contains(strings.Split(os.Getenv(required), ","), "chromium"):
		require.Fail(t, "there is no chromium, and "+required+" asks for one")
	case Chromium() == "":
		t.Skip("there is no chromium: apt install chromium fonts-noto-cjk")
	}
	shared.once.Do(func() { shared.failed = shared.start() })
	require.NoError(t, shared.failed)
	return &shared
}

func (s *site) start() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	if s.folder, err = os.MkdirTemp("", "carillon-ui-"); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	s.Server, err = Start(ctx, s.folder, log, "w-shanghai-1", "w-shanghai-2", "w-berlin-1")
	if err != nil {
		return err
	}
	if err := errors.Join(s.Seed(ctx), s.Settle(ctx, 5)); err != nil {
		return err
	}
	s.browser, s.end, err = Launch(context.Background(), Chromium(), filepath.Join(s.folder, "profile"))
	return err
}

func (s *site) close() error {
	var err error
	if s.end != nil {
		s.end()
	}
	if s.Server != nil {
		err = s.Stop(context.Background())
	}
	return errors.Join(err, os.RemoveAll(s.folder))
}

// desktop is how a page is looked at where nothing depends on it.
func desktop(language string) Look { return Look{Width: 1440, Height: 900, Language: language} }

// open opens a tab in which nobody is signed in. At its end the page must not have complained.
func (s *site) open(t *testing.T, look Look) *Tab {
	t.Helper()
	tab, end, err := NewTab(s.browser, s.URL, look)
	t.Cleanup(end)
	require.NoError(t, err)
	t.Cleanup(func() { require.Empty(t, tab.Complaints(), "what the browser complained of") })
	return tab
}

// enter opens a tab in which the seeded user of a role is signed in.
func (s *site) enter(t *testing.T, role core.Role, look Look) *Tab {
	t.Helper()
	tab := s.open(t, look)
	require.NoError(t, tab.SignIn(string(role), Password))
	return tab
}
