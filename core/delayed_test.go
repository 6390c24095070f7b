package core_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func validDelayed() core.DelayedTask {
	return core.DelayedTask{
		SourceApp: "shop", Topic: "order.unpaid", ContentKey: "4711", Due: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		DelayedDefinition: core.DelayedDefinition{Callback: validCallback()},
	}
}

func TestDelayedTaskValidate(t *testing.T) {
	t.Parallel()
	type delayed = core.DelayedTask
	checkRefusals(t, validDelayed, (*delayed).Validate, []refusal[delayed]{
		{"no source", "sourceApp", core.CodeRule, func(d *delayed) { d.SourceApp = "" }},
		{"long source", "sourceApp", core.CodeRule, func(d *delayed) { d.SourceApp = strings.Repeat("x", core.MaxSourceApp+1) }},
		{"source is not UTF-8", "sourceApp", core.CodeMalformed, func(d *delayed) { d.SourceApp = "\xff" }},
		{"no topic", "topic", core.CodeRule, func(d *delayed) { d.Topic = "" }},
		{"long topic", "topic", core.CodeRule, func(d *delayed) { d.Topic = strings.Repeat("x", core.MaxTopic+1) }},
		{"no content key", "contentKey", core.CodeRule, func(d *delayed) { d.ContentKey = "" }},
		{"long content key", "contentKey", core.CodeRule, func(d *delayed) { d.ContentKey = strings.Repeat("x", core.MaxContentKey+1) }},
		{"idempotency key with a blank behind", "idempotencyKey", core.CodeRule, func(d *delayed) { d.IdempotencyKey = "x " }},
		{"idempotency key with a blank before", "idempotencyKey", core.CodeRule, func(d *delayed) { d.IdempotencyKey = "\tx" }},
		{"long idempotency key", "idempotencyKey", core.CodeRule, func(d *delayed) { d.IdempotencyKey = strings.Repeat("x", core.MaxIdempotencyKey+1) }},
		{"no due instant", "due", core.CodeRule, func(d *delayed) { d.Due = time.Time{} }},
		{"due too early", "due", core.CodeRule, func(d *delayed) { d.Due = time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC) }},
		{"due too late", "due", core.CodeRule, func(d *delayed) { d.Due = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC) }},
		{"too many executors", "executors", core.CodeRule, func(d *delayed) { d.Executors = make([]string, core.MaxExecutors+1) }},
		{"executor without name", "executors", core.CodeRule, func(d *delayed) { d.Executors = []string{""} }},
		{"executor is not UTF-8", "executors", core.CodeMalformed, func(d *delayed) { d.Executors = []string{"\xff"} }},
		{"bad retry", "retry.backoff", core.CodeRule, func(d *delayed) { d.Retry.Backoff = "x" }},
		{"bad callback", "callback.url", core.CodeRule, func(d *delayed) { d.Callback.URL = "" }},
	})
	d := validDelayed()
	d.SourceApp, d.Topic = strings.Repeat("é", core.MaxSourceApp), strings.Repeat("é", core.MaxTopic)
	d.ContentKey, d.IdempotencyKey = strings.Repeat("é", core.MaxContentKey), strings.Repeat("é", core.MaxIdempotencyKey)
	require.NoError(t, d.Validate(), "limits are in characters")
}
