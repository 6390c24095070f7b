package compat

import (
	"strconv"
	"time"

	"github.com/carillonhq/carillon/core"
)

// The numbers of MetaType.
const (
	metaPlugin = 1
	metaHTTP   = 2
)

// readTask puts what the form says of a task into t. What the form cannot say stays as it is there.
func readTask(f *form, zone *time.Location, t *core.Task) error {
	t.Title, t.Remark = f.raw("Title"), f.raw("Remark")
	if err := readSchedule(f, zone, &t.Schedule); err != nil {
		return err
	}
	if err := readTarget(f, t); err != nil {
		return err
	}
	var err error
	if t.Params, err = readTaskParams(f); err != nil {
		return err
	}
	return readTaskLists(f, t)
}

func readSchedule(f *form, zone *time.Location, s *core.Schedule) error {
	loop, err := f.boolean("RunLoop")
	if err != nil {
		return err
	}
	// A once task may come with an expression, from a page that has a field for it. Nobody heeds it.
	s.Kind, s.Cron, s.Interval = core.ScheduleOnce, "", 0
	if loop {
		s.Kind, s.Cron = core.ScheduleCron, f.get("CronExpression")
	}
	if s.Start, err = f.instant("StartDate", zone); err != nil {
		return err
	}
	if s.Start.IsZero() {
		return core.Broken("StartDate", "is required")
	}
	s.End, err = f.instant("EndDate", zone)
	return err
}

func readTarget(f *form, t *core.Task) error {
	switch f.get("MetaType") {
	case strconv.Itoa(metaPlugin):
		t.Kind, t.Callback = core.KindPlugin, nil
		t.Plugin = &core.PluginCall{Package: f.get("AssemblyName"), Task: f.get("ClassName")}
		return nil
	case strconv.Itoa(metaHTTP):
		t.Kind, t.Plugin = core.KindHTTP, nil
		var err error
		t.Callback, err = readCallback(f, t.Callback)
		return err
	}
	return core.Broken("MetaType", "must be %d (plugin) or %d (HTTP)", metaPlugin, metaHTTP)
}

// readTaskParams reads the parameters as indexed fields or, when there are none, as JSON.
func readTaskParams(f *form) ([]core.Param, error) {
	params, err := f.rows("Params")
	if err != nil || len(params) > 0 {
		return params, err
	}
	return parseParams("CustomParamsJson", f.get("CustomParamsJson"))
}

// paramsField gives the pair for inForm that calls parameters what the form calls them.
func paramsField(f *form) [2]string {
	if params, err := f.rows("Params"); err == nil && len(params) > 0 {
		return [2]string{"params", "Params"}
	}
	return [2]string{"params", "CustomParamsJson"}
}

func readTaskLists(f *form, t *core.Task) error {
	keepers, err := f.list("Keepers")
	if err != nil {
		return err
	}
	t.Keepers = nil
	for _, e := range keepers {
		id, err := strconv.ParseInt(e.value, 10, 64)
		if err != nil {
			return core.Malformed(e.field, "%q is not the id of a user: give whole numbers, each in a field of its own", e.value)
		}
		t.Keepers = append(t.Keepers, id)
	}
	nexts, err := f.list("Nexts")
	if err != nil {
		return err
	}
	t.Children = nil
	for _, e := range nexts {
		id, err := parseGUID(e.field, e.value)
		if err != nil {
			return err
		}
		t.Children = append(t.Children, id)
	}
	if t.Executors, err = f.executors(); err != nil {
		return err
	}
	// What the form says of executors goes before what the JSON API said that does not agree with it.
	if len(t.Executors) > 0 {
		t.Routing.Label = ""
	} else {
		t.Routing.Strict = false
	}
	return nil
}

// executors reads the names of workers.
func (f *form) executors() ([]string, error) {
	entries, err := f.list("Executors")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.value)
	}
	return names, nil
}
