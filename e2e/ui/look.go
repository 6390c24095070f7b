package ui

import (
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Look is how a page is looked at.
type Look struct {
	Width, Height int64
	Phone         bool
	Dark          bool
	Language      string // en or zh
	Zone          string // IANA name; empty for Asia/Shanghai
}

// accept is the header that asks for the language.
func (l Look) accept() string {
	if l.Language == "zh" {
		return "zh-CN,zh;q=0.9"
	}
	return "en-GB,en;q=0.9"
}

func (l Look) screen() chromedp.Action[chromedp.Void] {
	scale := 1.0
	if l.Phone {
		scale = 2
	}
	return command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: l.Width, Height: l.Height, DeviceScaleFactor: scale, Mobile: l.Phone,
	})
}

// colours are the system's, without motion, which would have pictures and contrasts differ from one moment to the next.
func (l Look) colours() chromedp.Action[chromedp.Void] {
	scheme := "light"
	if l.Dark {
		scheme = "dark"
	}
	return command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// Turn has the page that is open looked at in another size and other colours.
func (t *Tab) Turn(look Look) error { return t.Do(look.screen(), look.colours()) }
