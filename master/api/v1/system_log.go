package v1

import (
	"encoding/base64"
	"net/http"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
)

// LogRecord is a line of a master's own log.
type LogRecord struct {
	ID         string  `json:"id"`
	At         Instant `json:"at"`
	Level      string  `json:"level"`
	Node       string  `json:"node"`
	Message    string  `json:"message"`
	Attributes string  `json:"attributes,omitempty"`
}

func logRecordOf(l *core.LogRecord) LogRecord {
	return LogRecord{ID: l.ID, At: instantOf(l.At), Level: string(l.Level), Node: l.Node, Message: l.Message, Attributes: l.Attributes}
}

// listSystemLog answers with a page, which may have fewer lines than there is room for though there are more: where few lines
// are what is asked for, it looks through a bounded number.
func (a *api) listSystemLog(r *request) error {
	q := r.query
	f := manage.LogQuery{
		Least: choice(q, "level", core.LogLevels()...), Node: q.text("node"), Text: q.text("text"), From: q.instant("from"), To: q.instant("to"),
		Before: q.cursor(), Limit: q.limit(),
	}
	if q.err != nil {
		return q.err
	}
	lines, next, err := a.SystemLog.List(r.Request.Context(), f)
	if err != nil {
		return err
	}
	p := Page[LogRecord]{Items: []LogRecord{}}
	for i := range lines {
		p.Items = append(p.Items, logRecordOf(&lines[i]))
	}
	if next != "" {
		p.Next = base64.RawURLEncoding.EncodeToString([]byte(next))
	}
	return reply(r, http.StatusOK, p)
}
