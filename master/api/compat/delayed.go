package compat

import (
	"time"

	"github.com/carillonhq/carillon/core"
)

func (a *api) createDelayed(c *call) (reply, error) {
	settings, err := a.Settings.Current(c.Context())
	if err != nil {
		return reply{}, err
	}
	dueField := "DelayTimeSpan"
	if settings.DelayPattern == core.DelayAbsolute {
		dueField = "DelayAbsoluteTime"
	}
	d, err := readDelayed(&c.form)
	if err != nil {
		return reply{}, err
	}
	if d.Due, err = a.readDue(&c.form, settings.DelayPattern); err != nil {
		return reply{}, err
	}
	if err := a.Delayed.Create(c.Context(), c.user, d); err != nil {
		return reply{}, inForm(err, delayedFields, [2]string{"due", dueField})
	}
	return reply{message: c.text("the delayed task was created"), id: d.ID}, nil
}

// readDue reads the one of the two times that counts. The other may say anything: clients send both.
func (a *api) readDue(f *form, pattern core.DelayPattern) (time.Time, error) {
	if pattern == core.DelayAbsolute {
		due, err := f.instant("DelayAbsoluteTime", a.Zone)
		if err == nil && due.IsZero() {
			err = core.Broken("DelayAbsoluteTime", "is required")
		}
		return due, err
	}
	delay, err := f.seconds("DelayTimeSpan")
	return a.Now().Add(delay), err
}

// readDelayed reads a delayed task but for its time. A body of JSON is sent as it stands, valid or not: ScheduleMaster
// does so, and its clients' targets have been reading it.
func readDelayed(f *form) (*core.DelayedTask, error) {
	d := &core.DelayedTask{SourceApp: f.get("SourceApp"), Topic: f.get("Topic"), ContentKey: f.get("ContentKey")}
	cb := &d.Callback
	cb.Method, cb.URL, cb.Body = "POST", f.get("NotifyUrl"), f.raw("NotifyBody")
	if len(cb.Body) > core.MaxBody {
		return nil, core.Broken("NotifyBody", "has %d bytes; at most %d are allowed", len(cb.Body), core.MaxBody)
	}
	var isForm bool
	var err error
	if cb.ContentType, isForm, err = readContentType(f, "NotifyDataType"); err != nil {
		return nil, err
	}
	if isForm {
		if cb.Form, err = parseParams("NotifyBody", cb.Body); err != nil {
			return nil, err
		}
		cb.Body = ""
	}
	d.Executors, err = f.executors()
	return d, err
}
