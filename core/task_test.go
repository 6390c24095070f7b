package core_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func validTask() core.Task {
	c := validCallback()
	return core.Task{
		Kind: core.KindHTTP, Title: "invoices",
		Definition: core.Definition{Schedule: core.Schedule{Kind: core.ScheduleCron, Cron: "0 0 * * * ?"}, Callback: &c},
	}
}

func validPluginTask() core.Task {
	t := validTask()
	t.Kind, t.Callback, t.Plugin = core.KindPlugin, nil, &core.PluginCall{Package: "reports", Task: "daily"}
	return t
}

func TestTaskValidate(t *testing.T) {
	t.Parallel()
	type task = core.Task
	checkRefusals(t, validTask, (*task).Validate, []refusal[task]{
		{"no title", "title", core.CodeRule, func(k *task) { k.Title = "" }},
		{"long title", "title", core.CodeRule, func(k *task) { k.Title = strings.Repeat("题", core.MaxTitle+1) }},
		{"title is not UTF-8", "title", core.CodeMalformed, func(k *task) { k.Title = "\xff" }},
		{"long remark", "remark", core.CodeRule, func(k *task) { k.Remark = strings.Repeat("x", core.MaxRemark+1) }},
		{"remark is not UTF-8", "remark", core.CodeMalformed, func(k *task) { k.Remark = "\xff" }},
		{"no kind", "kind", core.CodeRule, func(k *task) { k.Kind = "" }},
		{"unknown kind", "kind", core.CodeRule, func(k *task) { k.Kind = "shell" }},
		{"no callback", "callback", core.CodeRule, func(k *task) { k.Callback = nil }},
		{"bad callback", "callback.method", core.CodeRule, func(k *task) { k.Callback.Method = "" }},
		{"plugin beside the callback", "plugin", core.CodeRule, func(k *task) { k.Plugin = &core.PluginCall{} }},
		{"bad schedule", "schedule.kind", core.CodeRule, func(k *task) { k.Schedule.Kind = "" }},
		{"bad retry", "retry.count", core.CodeRule, func(k *task) { k.Retry.Count = -1 }},
		{"negative misfire bound", "misfireAfter", core.CodeRule, func(k *task) { k.MisfireAfter = -1 }},
		{"misfire bound too long", "misfireAfter", core.CodeRule, func(k *task) { k.MisfireAfter = core.MaxMisfireAfter + 1 }},
		{"too many children", "children", core.CodeRule, func(k *task) { k.Children = make([]string, core.MaxChildren+1) }},
		{"too many keepers", "keepers", core.CodeRule, func(k *task) { k.Keepers = make([]int64, core.MaxKeepers+1) }},
		{"too many executors", "executors", core.CodeRule, func(k *task) { k.Executors = make([]string, core.MaxExecutors+1) }},
		{"executor without name", "executors", core.CodeRule, func(k *task) { k.Executors = []string{""} }},
		{"executor with a long name", "executors", core.CodeRule, func(k *task) { k.Executors = []string{strings.Repeat("x", core.MaxNodeName+1)} }},
		{"executor is not UTF-8", "executors", core.CodeMalformed, func(k *task) { k.Executors = []string{"\xff"} }},
		{"too many params", "params", core.CodeRule, func(k *task) { k.Params = make([]core.Param, core.MaxParams+1) }},
		{"param without key", "params", core.CodeRule, func(k *task) { k.Params = []core.Param{{Value: "v"}} }},
		{"param with a long key", "params", core.CodeRule, func(k *task) { k.Params = []core.Param{{Key: strings.Repeat("k", 201)}} }},
		{"param with a long value", "params", core.CodeRule, func(k *task) { k.Params = []core.Param{{Key: "k", Value: strings.Repeat("v", 4001)}} }},
		{"param value is not UTF-8", "params", core.CodeMalformed, func(k *task) { k.Params = []core.Param{{Key: "k", Value: "\xff"}} }},
		{"param remark is not UTF-8", "params", core.CodeMalformed, func(k *task) { k.Params = []core.Param{{Key: "k", Remark: "\xff"}} }},
	})
}

func TestPluginTaskValidate(t *testing.T) {
	t.Parallel()
	type task = core.Task
	checkRefusals(t, validPluginTask, (*task).Validate, []refusal[task]{
		{"no plugin", "plugin", core.CodeRule, func(k *task) { k.Plugin = nil }},
		{"callback beside the plugin", "callback", core.CodeRule, func(k *task) { k.Callback = &core.Callback{} }},
		{"no package", "plugin.package", core.CodeRule, func(k *task) { k.Plugin.Package = "" }},
		{"long package", "plugin.package", core.CodeRule, func(k *task) { k.Plugin.Package = strings.Repeat("x", 201) }},
		{"no task", "plugin.task", core.CodeRule, func(k *task) { k.Plugin.Task = "" }},
		{"task is not UTF-8", "plugin.task", core.CodeMalformed, func(k *task) { k.Plugin.Task = "\xff" }},
	})
}

func TestTaskAtItsLimits(t *testing.T) {
	t.Parallel()
	k := validTask()
	k.Title, k.Remark = strings.Repeat("题", core.MaxTitle), strings.Repeat("é", core.MaxRemark)
	k.Overlap, k.Misfire, k.MisfireAfter = core.OverlapAllow, core.MisfireSkip, core.MaxMisfireAfter
	k.Params = []core.Param{{Key: strings.Repeat("k", 200), Value: strings.Repeat("v", 4000)}}
	k.Executors = []string{strings.Repeat("x", core.MaxNodeName)}
	require.NoError(t, k.Validate())
}

func TestRoutingValidate(t *testing.T) {
	t.Parallel()
	type task = core.Task
	checkRefusals(t, validTask, (*task).Validate, []refusal[task]{
		{"unknown strategy", "routing.strategy", core.CodeRule, func(k *task) { k.Routing.Strategy = "nearest" }},
		{"strategy in another case", "routing.strategy", core.CodeRule, func(k *task) { k.Routing.Strategy = "Random" }},
		{"label with a space", "routing.label", core.CodeMalformed, func(k *task) { k.Routing.Label = "a b" }},
		{"long label", "routing.label", core.CodeMalformed, func(k *task) { k.Routing.Label = strings.Repeat("x", core.MaxNodeName+1) }},
		{"label and executors", "routing.label", core.CodeRule, func(k *task) { k.Routing.Label, k.Executors = "gpu", []string{"w1"} }},
		{"strict without executors", "routing.strict", core.CodeRule, func(k *task) { k.Routing.Strict = true }},
		{"strict with a label", "routing.strict", core.CodeRule, func(k *task) { k.Routing.Strict, k.Routing.Label = true, "gpu" }},
	})
	for name, r := range map[string]core.Routing{
		"none": {}, "strategy": {Strategy: core.RouteRoundRobin}, "label": {Label: "gpu"}, "both": {Strategy: core.RouteWeighted, Label: "eu:west"},
		"broadcast": {Strategy: core.RouteBroadcast}, "sharded": {Strategy: core.RouteSharded, Label: "gpu"},
	} {
		k := validTask()
		k.Routing = r
		require.NoError(t, k.Validate(), name)
	}
	k := validTask()
	k.Executors, k.Routing = []string{"w1", "w2"}, core.Routing{Strategy: core.RouteConsistentHash, Strict: true}
	require.NoError(t, k.Validate())
}

func TestRetryPolicyValidate(t *testing.T) {
	t.Parallel()
	type task = core.Task
	nan := func() float64 { zero := 0.0; return zero / zero }()
	checkRefusals(t, validTask, (*task).Validate, []refusal[task]{
		{"negative count", "retry.count", core.CodeRule, func(k *task) { k.Retry.Count = -1 }},
		{"too many", "retry.count", core.CodeRule, func(k *task) { k.Retry.Count = core.MaxRetries + 1 }},
		{"unknown backoff", "retry.backoff", core.CodeRule, func(k *task) { k.Retry.Backoff = "random" }},
		{"negative delay", "retry.delay", core.CodeRule, func(k *task) { k.Retry.Delay = -1 }},
		{"delay too long", "retry.delay", core.CodeRule, func(k *task) { k.Retry.Delay = core.MaxRetryDelay + 1 }},
		{"negative cap", "retry.maxDelay", core.CodeRule, func(k *task) { k.Retry.MaxDelay = -1 }},
		{"cap too long", "retry.maxDelay", core.CodeRule, func(k *task) { k.Retry.MaxDelay = core.MaxRetryDelay + 1 }},
		{"negative jitter", "retry.jitter", core.CodeRule, func(k *task) { k.Retry.Jitter = -0.1 }},
		{"jitter over 1", "retry.jitter", core.CodeRule, func(k *task) { k.Retry.Jitter = 1.1 }},
		{"jitter is no number", "retry.jitter", core.CodeRule, func(k *task) { k.Retry.Jitter = nan }},
	})
}

func TestScheduleValidate(t *testing.T) {
	t.Parallel()
	type task = core.Task
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	set := func(s core.Schedule) func(*task) { return func(k *task) { k.Schedule = s } }
	checkRefusals(t, validTask, (*task).Validate, []refusal[task]{
		{"no kind", "schedule.kind", core.CodeRule, set(core.Schedule{})},
		{"unknown kind", "schedule.kind", core.CodeRule, set(core.Schedule{Kind: "daily"})},
		{"no cron", "schedule.cron", core.CodeRule, set(core.Schedule{Kind: core.ScheduleCron})},
		{"interval beside a cron", "schedule.interval", core.CodeRule, set(core.Schedule{Kind: core.ScheduleCron, Cron: "x", Interval: time.Second})},
		{"no interval", "schedule.interval", core.CodeRule, set(core.Schedule{Kind: core.ScheduleInterval, Start: start})},
		{"short interval", "schedule.interval", core.CodeRule, set(core.Schedule{Kind: core.ScheduleInterval, Start: start, Interval: core.MinInterval - time.Millisecond})},
		{"split milliseconds", "schedule.interval", core.CodeRule, set(core.Schedule{Kind: core.ScheduleInterval, Start: start, Interval: time.Second + 1})},
		{"interval without start", "schedule.start", core.CodeRule, set(core.Schedule{Kind: core.ScheduleInterval, Interval: time.Second})},
		{"cron beside an interval", "schedule.cron", core.CodeRule, set(core.Schedule{Kind: core.ScheduleInterval, Start: start, Interval: time.Second, Cron: "x"})},
		{"once without start", "schedule.start", core.CodeRule, set(core.Schedule{Kind: core.ScheduleOnce})},
		{"cron beside once", "schedule.cron", core.CodeRule, set(core.Schedule{Kind: core.ScheduleOnce, Start: start, Cron: "x"})},
		{"interval beside once", "schedule.interval", core.CodeRule, set(core.Schedule{Kind: core.ScheduleOnce, Start: start, Interval: time.Second})},
		{"start too early", "schedule.start", core.CodeRule, set(core.Schedule{Kind: core.ScheduleOnce, Start: time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC)})},
		{"start too late", "schedule.start", core.CodeRule, set(core.Schedule{Kind: core.ScheduleOnce, Start: time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)})},
		{"end too late", "schedule.end", core.CodeRule, set(core.Schedule{Kind: core.ScheduleCron, Cron: "x", End: time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)})},
		{"end before the start", "schedule.end", core.CodeRule, set(core.Schedule{Kind: core.ScheduleCron, Cron: "x", Start: start, End: start.Add(-1)})},
	})
	for name, s := range map[string]core.Schedule{
		"cron":                              {Kind: core.ScheduleCron, Cron: "x", Zone: "Europe/Berlin", Start: start, End: start},
		"interval":                          {Kind: core.ScheduleInterval, Interval: core.MinInterval, Start: start},
		"once":                              {Kind: core.ScheduleOnce, Start: start},
		"once does not heed an earlier end": {Kind: core.ScheduleOnce, Start: start, End: start.Add(-time.Hour)},
	} {
		k := validTask()
		k.Schedule = s
		require.NoError(t, k.Validate(), name)
	}
}
