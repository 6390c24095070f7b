package ui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// Place is a page as it is visited: by the tests, which hold each to what all pages promise, and by the command that takes
// pictures of them.
type Place struct {
	// Name is what its pictures are called.
	Name string
	// Path is its address. "{run}" in it stands for the id of a run that failed, "{delayed}" for that of a delayed task, which
	// Server.Address puts in.
	Path string
	// Nobody says that it is for who is not signed in.
	Nobody bool
	// Role is the least role that may see it; empty for every role.
	Role core.Role
	// Missing says that it is the page of what there is not.
	Missing bool
}

// status is what the page is answered with to a role; empty for who is not signed in.
func (p Place) status(role core.Role) int {
	who := core.User{Role: role}
	switch {
	case p.Missing:
		return http.StatusNotFound
	case p.Role != "" && who.Require(p.Role) != nil:
		return http.StatusForbidden
	}
	return http.StatusOK
}

// Places are all pages. A new page is a line here.
func Places() []Place {
	return []Place{
		{Name: "sign-in", Path: "/sign-in", Nobody: true},
		{Name: "overview", Path: "/"},
		{Name: "tasks", Path: "/tasks?sort=title"},
		{Name: "runs", Path: "/runs"},
		{Name: "run", Path: "/runs/{run}"},
		{Name: "task", Path: "/tasks/" + SeededTask},
		{Name: "runs-clear", Path: "/runs/clear", Role: core.RoleAdmin},
		{Name: "delayed-tasks", Path: "/delayed-tasks"},
		{Name: "delayed-task", Path: "/delayed-tasks/{delayed}"},
		{Name: "delayed-task-new", Path: "/delayed-tasks/new", Role: core.RoleOperator},
		{Name: "nodes", Path: "/nodes"},
		{Name: "node", Path: "/nodes/worker/w-shanghai-1"},
		{Name: "node-edit", Path: "/nodes/worker/w-shanghai-1/edit", Role: core.RoleAdmin},
		{Name: "task-new", Path: "/tasks/new", Role: core.RoleDeveloper},
		{Name: "plugins", Path: "/plugins"},
		{Name: "plugin", Path: "/plugins/hello"},
		{Name: "users", Path: "/users", Role: core.RoleAdmin},
		{Name: "user-new", Path: "/users/new", Role: core.RoleAdmin},
		{Name: "user", Path: "/users/1", Role: core.RoleAdmin},
		{Name: "user-password", Path: "/users/2/password", Role: core.RoleAdmin},
		{Name: "settings", Path: "/settings"},
		{Name: "audit", Path: "/audit", Role: core.RoleOperator},
		{Name: "system-log", Path: "/system-log", Role: core.RoleOperator},
		{Name: "api-docs", Path: "/api-docs"},
		{Name: "client-code", Path: "/api-docs/client"},
		{Name: "account", Path: "/account"},
		{Name: "password", Path: "/account/password"},
		{Name: "not-found", Path: "/no-such-page", Missing: true},
	}
}

// errNone says that the seed made none of what a page shows.
var errNone = errors.New("there is none")

// Address is where a page is found on a server that is seeded and settled.
func (s *Server) Address(ctx context.Context, p Place) (string, error) {
	ids := map[string]string{}
	if strings.Contains(p.Path, "{run}") {
		runs, _, err := s.Store.Runs(ctx, store.RunFilter{State: core.RunFailed, Limit: 1})
		if err != nil || len(runs) == 0 {
			return "", fmt.Errorf("%s: find a run that failed: %w", p.Name, cmp.Or(err, errNone))
		}
		ids["{run}"] = runs[0].ID
	}
	if strings.Contains(p.Path, "{delayed}") {
		tasks, _, err := s.Store.DelayedTasks(ctx, store.DelayedFilter{Limit: 1})
		if err != nil || len(tasks) == 0 {
			return "", fmt.Errorf("%s: find a delayed task: %w", p.Name, cmp.Or(err, errNone))
		}
		ids["{delayed}"] = tasks[0].ID
	}
	path := p.Path
	for name, id := range ids {
		path = strings.ReplaceAll(path, name, id)
	}
	return path, nil
}
