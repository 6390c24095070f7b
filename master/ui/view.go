package ui

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/zonename"
	"github.com/carillonhq/carillon/web"
	"github.com/carillonhq/carillon/web/messages"
)

// View is what every page has. The data of a page embeds it.
type View struct {
	r *request
	// Title is the heading of the page.
	Title string
	// Bare leaves out the menu, as where nobody is signed in.
	Bare bool
}

// Crumb is a step on the way to a page.
type Crumb struct{ Title, URL string }

// view begins a page under a title.
func (r *request) view(title string) *View { return &View{r: r, Title: title, Bare: r.in == nil} }

// under notes a page above this one, for the way that stands over its title.
func (r *request) under(title, url string) { r.crumb = append(r.crumb, Crumb{title, url}) }

// Can says whether who is signed in has at least a role. A service refuses what it refuses all the same: this only keeps
// back what would be.
func (v *View) Can(role string) bool {
	return v.r.in != nil && v.r.in.User.Require(core.Role(role)) == nil
}

// User is who is signed in; nil when nobody is.
func (v *View) User() *core.User {
	if v.r.in == nil {
		return nil
	}
	return &v.r.in.User
}

// Self is the address of this page with its query.
func (v *View) Self() string { return v.r.here() }

// Path is the address of this page without its query.
func (v *View) Path() string {
	path, _, _ := strings.Cut(v.r.here(), "?")
	return path
}

// Crumbs lead from the overview to this page.
func (v *View) Crumbs() []Crumb { return v.r.crumb }

// Language is the language of the page, as HTML names it.
func (v *View) Language() string {
	if v.r.lang == messages.Chinese {
		return "zh-CN"
	}
	return "en"
}

// Chinese says whether the page is in Chinese.
func (v *View) Chinese() bool { return v.r.lang == messages.Chinese }

// Theme is light or dark; empty for the system's.
func (v *View) Theme() string { return v.r.theme }

// Zone names the zone of the times on the page, with how far from UTC it is.
func (v *View) Zone() string {
	name, offset := zonename.IANA(v.r.zone), zonename.Offset(v.r.zone, v.r.ui.Now())
	if name == "" {
		return offset
	}
	return fmt.Sprintf("%s (%s)", name, offset)
}

// Version is what this build is called.
func (v *View) Version() string { return v.r.ui.Version }

// Now is the time by the database's clock.
func (v *View) Now() time.Time { return v.r.ui.Now() }

// MenuItem is an entry of the menu.
type MenuItem struct {
	Title, Section messages.Key
	URL, Icon      string
	Active         bool
}

// Menu are the entries that who is signed in may see. Section is set on the first one under a heading.
func (v *View) Menu() []MenuItem {
	var items []MenuItem
	var section messages.Key
	for _, p := range v.r.ui.pages {
		if p.path == "" || v.r.in == nil || p.role != "" && v.r.in.User.Require(p.role) != nil {
			continue
		}
		item := MenuItem{Title: p.title, URL: p.path, Icon: p.icon, Active: v.r.page == p}
		if p.section != section {
			item.Section, section = p.section, p.section
		}
		items = append(items, item)
	}
	return items
}

// Say says a text that was kept for later.
func (v *View) Say(text messages.Key) string { return v.r.text(string(text)) }

// Scripts are the assets that only this page needs.
func (v *View) Scripts() []string { return v.r.page.scripts }

// Live is the address of the events that this page listens to; empty when it has none.
func (v *View) Live() string {
	if v.r.in == nil || len(v.r.page.topics) == 0 {
		return ""
	}
	names := make([]string, len(v.r.page.topics))
	for i, t := range v.r.page.topics {
		names[i] = t.name
	}
	return livePath + "?on=" + strings.Join(names, ",")
}

func (r *request) templates() (*template.Template, error) {
	return r.ui.templates.in(r.lang, r.zone)
}

// shell is what the layout shows around a page.
type shell struct {
	*View
	Content, Actions template.HTML
	Toasts           []toast
}

// show answers with a whole page, or the part of it that a script asks for: the template named as the part's element.
func (r *request) show(name string, status int, data any) error {
	set, err := r.templates()
	if err != nil {
		return err
	}
	r.Header("Vary", "HX-Request, Cookie, Accept-Language")
	if part, ok := r.partial(); ok && status < http.StatusBadRequest && strings.HasPrefix(part, name) && set.Lookup(part) != nil {
		body, err := execute(set, part, data)
		if err != nil {
			return err
		}
		if part == name+"-now" { // what may be done follows what it is now
			actions, err := r.actions(set, name, data)
			if err != nil {
				return err
			}
			if actions != "" {
				more, err := execute(set, "actions-now", actions)
				if err != nil {
					return err
				}
				body = append(body, more...)
			}
		}
		r.html(status, body)
		return nil
	}
	content, err := execute(set, name, data)
	if err != nil {
		return err
	}
	s := shell{View: viewOf(data), Content: template.HTML(content)} // #nosec G203 -- a template of ours wrote it
	if s.Actions, err = r.actions(set, name, data); err != nil {
		return err
	}
	s.Toasts = r.flashed()
	body, err := execute(set, "layout", s)
	if err == nil {
		r.html(status, body)
	}
	return err
}

// actions are what stands beside the title of a page; empty for a page that has none.
func (r *request) actions(set *template.Template, name string, data any) (template.HTML, error) {
	if set.Lookup(name+"-actions") == nil {
		return "", nil
	}
	actions, err := execute(set, name+"-actions", data)
	return template.HTML(actions), err // #nosec G203 -- a template of ours wrote it
}

// viewer is the data of a page: whatever embeds a View.
type viewer interface{ itself() *View }

func (v *View) itself() *View { return v }

func viewOf(data any) *View { return data.(viewer).itself() }

// packFrom is how large a page must be to be worth packing, in bytes.
const packFrom = 2 << 10

// html answers with a page, packed where that helps.
func (r *request) html(status int, body []byte) {
	h := r.Writer.Header()
	h.Add("Vary", "Accept-Encoding")
	if len(body) >= packFrom && web.AcceptsGzip(r.Request) {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		_, _ = z.Write(body) // a bytes.Buffer takes all
		_ = z.Close()
		body = out.Bytes()
		h.Set("Content-Encoding", "gzip")
	}
	r.Data(status, "text/html; charset=utf-8", body)
}
