package compat

import (
	"errors"
	"strings"

	"github.com/carillonhq/carillon/core"
)

// taskFields are the names in the form of the fields of a task.
var taskFields = map[string]string{
	"id":                   "Id",
	"title":                "Title",
	"remark":               "Remark",
	"kind":                 "MetaType",
	"schedule.kind":        "RunLoop",
	"schedule.cron":        "CronExpression",
	"schedule.start":       "StartDate",
	"schedule.end":         "EndDate",
	"plugin":               "AssemblyName",
	"plugin.package":       "AssemblyName",
	"plugin.task":          "ClassName",
	"callback":             "HttpRequestUrl",
	"callback.method":      "HttpMethod",
	"callback.url":         "HttpRequestUrl",
	"callback.headers":     "HttpHeaders",
	"callback.contentType": "HttpContentType",
	"callback.body":        "HttpBody",
	"callback.form":        "HttpBody",
	"params":               "CustomParamsJson",
	"children":             "Nexts",
	"keepers":              "Keepers",
	"executors":            "Executors",
}

// delayedFields are the names in the form of the fields of a delayed task.
var delayedFields = map[string]string{
	"sourceApp":            "SourceApp",
	"topic":                "Topic",
	"contentKey":           "ContentKey",
	"due":                  "DelayTimeSpan",
	"executors":            "Executors",
	"callback.url":         "NotifyUrl",
	"callback.contentType": "NotifyDataType",
	"callback.body":        "NotifyBody",
	"callback.form":        "NotifyBody",
}

// inForm gives err with the name that its field has in the form. The pairs of names go before those of the table. A field
// that the form cannot say keeps its name; an index stays with its list.
func inForm(err error, names map[string]string, pairs ...[2]string) error {
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Field == "" {
		return err
	}
	field, index := e.Field, ""
	if i := strings.IndexByte(field, '['); i >= 0 {
		field, index = field[:i], field[i:]
	}
	name, known := names[field]
	for _, p := range pairs {
		if p[0] == field {
			name, known = p[1], true
		}
	}
	if !known {
		return err
	}
	named := *e
	named.Field = name + index
	return &named
}
