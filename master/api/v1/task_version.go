package v1

import (
	"net/http"
	"strconv"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
)

// TaskVersion is what a task said from a version on.
type TaskVersion struct {
	Version int64         `json:"version,omitempty"`
	At      Instant       `json:"at,omitempty"`
	By      string        `json:"by,omitempty"`
	Title   string        `json:"title,omitempty"`
	Changes []FieldChange `json:"changes,omitempty"`
}

// TaskRestore names the version that is to be said again.
type TaskRestore struct {
	Version int64 `json:"version"`
}

func taskVersionOf(v manage.TaskVersion) TaskVersion {
	out := TaskVersion{Version: v.Version, At: instantOf(v.At), By: v.By, Title: v.Title}
	for _, c := range v.Changes {
		out.Changes = append(out.Changes, FieldChange(c))
	}
	return out
}

func (a *api) listTaskVersions(r *request) error {
	q := r.query
	limit := q.limit()
	before := int64(0)
	if after := q.cursor(); after != "" && q.err == nil {
		var err error
		if before, err = strconv.ParseInt(after, 10, 64); err != nil || before < 1 {
			q.fail("cursor", "is not one that a page gave as next")
		}
	}
	if q.err != nil {
		return q.err
	}
	if _, err := a.Tasks.Get(r.Request.Context(), r.id); err != nil {
		return err
	}
	versions, err := a.Tasks.Versions(r.Request.Context(), r.id, before, limit+1)
	if err != nil {
		return err
	}
	return reply(r, http.StatusOK, page(versions, limit, func(v manage.TaskVersion) string { return strconv.FormatInt(v.Version, 10) }, taskVersionOf))
}

func (a *api) getTaskVersion(r *request) error {
	version, err := strconv.ParseInt(r.Param("version"), 10, 64)
	if err != nil || version < 1 {
		return core.NotFound("there is no version %s of the task", r.Param("version"))
	}
	t, err := a.Tasks.Version(r.Request.Context(), r.id, version)
	if err != nil {
		return err
	}
	return reply(r, http.StatusOK, showTask(r.user, t))
}

func (a *api) restoreTask(r *request) error {
	data, err := body(r)
	if err != nil {
		return err
	}
	given, err := decode[TaskRestore](data)
	if err != nil {
		return err
	}
	if given.Version < 1 {
		return broken("version", "is required: the version that is to be said again")
	}
	t, unknown, err := a.Tasks.Restore(r.Request.Context(), r.user, r.id, given.Version)
	if err != nil {
		return err
	}
	return a.replyChanged(r, http.StatusOK, t, unknown, nil)
}
