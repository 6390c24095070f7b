// Screenshots writes a picture of every page, on a desktop and on a phone, in both languages, from a server that it seeds.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/carillonhq/carillon/e2e/ui"
)

func main() {
	out := flag.String("out", "docs/screenshots", "the `folder` that the pictures are written to")
	only := flag.String("only", "", "the `names` of the pages, with commas between (default: all)")
	dark := flag.Bool("dark", false, "in dark colours")
	wide := flag.Bool("wide", false, "on a screen of 1920 by 1080 alone")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := shoot(ctx, *out, *only, *dark, *wide)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
}

func shoot(ctx context.Context, out, only string, dark, wide bool) (err error) {
	path := ui.Chromium()
	if path == "" {
		return errors.New("there is no chromium")
	}
	folder, err := os.MkdirTemp("", "carillon-screenshots-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	s, err := ui.Start(ctx, folder, slog.New(slog.DiscardHandler), "w-shanghai-1", "w-shanghai-2", "w-berlin-1")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop(context.WithoutCancel(ctx))) }()
	if err := errors.Join(s.Seed(ctx), s.Settle(ctx, 20), os.MkdirAll(out, 0o750)); err != nil {
		return err
	}
	browser, end, err := ui.Launch(ctx, path, filepath.Join(folder, "profile"))
	defer end()
	if err != nil {
		return err
	}
	looks := map[string]ui.Look{
		"desktop-en": {Width: 1440, Height: 900, Language: "en"}, "desktop-zh": {Width: 1440, Height: 900, Language: "zh"},
		"phone-en": {Width: 380, Height: 800, Phone: true, Language: "en"}, "phone-zh": {Width: 380, Height: 800, Phone: true, Language: "zh"},
	}
	if wide {
		looks = map[string]ui.Look{"wide-en": {Width: 1920, Height: 1080, Language: "en"}, "wide-zh": {Width: 1920, Height: 1080, Language: "zh"}}
	}
	for name, look := range looks {
		look.Dark = dark
		if err := each(browser, s, look, only, func(place ui.Place, picture []byte) error {
			return os.WriteFile(filepath.Join(out, place.Name+"-"+name+".webp"), picture, 0o644) // #nosec G306 -- pictures are for all to see
		}); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// each visits the pages in one look, and gives a picture of each.
func each(browser context.Context, s *ui.Server, look ui.Look, only string, write func(ui.Place, []byte) error) error {
	tab, end, err := ui.NewTab(browser, s.URL, look)
	if err != nil {
		return err
	}
	defer end()
	in := false
	for _, place := range ui.Places() {
		if only != "" && !strings.Contains(","+only+",", ","+place.Name+",") {
			continue
		}
		if !place.Nobody && !in {
			if err := tab.SignIn("admin", ui.Password); err != nil {
				return err
			}
			in = true
		}
		path, err := s.Address(browser, place)
		if err == nil {
			err = tab.Go(path)
		}
		if err != nil {
			return err
		}
		picture, err := tab.Shot(look.Phone)
		if err != nil {
			return err
		}
		if err := write(place, picture); err != nil {
			return err
		}
	}
	return nil
}
