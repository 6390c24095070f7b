package ui

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/web/messages"
)

const nodesPath = "/nodes"

func nodesPage(u *UI) *page {
	return &page{
		path: nodesPath, title: messages.Key("Nodes"), icon: "server-2", section: sectionCluster, role: core.RoleViewer,
		topics: []topic{{name: "nodes", every: time.Second, look: u.lookAtNodes}},
		routes: []route{
			get(nodesPath, core.RoleViewer, u.listNodes),
			get(nodesPath+"/:kind/:name", core.RoleViewer, u.showNode),
			get(nodesPath+"/:kind/:name/edit", core.RoleAdmin, u.nodeForm),
			post(nodesPath+"/:kind/:name/edit", core.RoleAdmin, u.editNode),
			post(nodesPath+"/:kind/:name/enable", core.RoleOperator, u.enableNode),
			post(nodesPath+"/:kind/:name/drain", core.RoleOperator, u.drainNode),
			post(nodesPath+"/:kind/:name/disable", core.RoleOperator, u.disableNode),
			post(nodesPath+"/:kind/:name/delete", core.RoleAdmin, u.deleteNode),
		},
	}
}

// nodeRow is a node as a page shows it.
type nodeRow struct {
	*core.Node
	Alive   bool
	Waiting int64 // planned runs that only this worker may take
	URL     string
	May     nodeMoves
}

// nodeMoves are what the reader may have a node do.
type nodeMoves struct{ Connect, Enable, Drain, Disable, Edit, Delete bool }

func (r *request) nodeRow(n *core.Node, now time.Time, waiting map[string]int64) nodeRow {
	row := nodeRow{Node: n, Alive: n.Alive(now), URL: nodesPath + "/" + string(n.Kind) + "/" + url.PathEscape(n.Name)}
	if n.Kind == core.NodeWorker {
		row.Waiting = waiting[core.QueueOfNode(n.Name)]
		enable := n.State.CanBecome(core.NodeEnabled)
		row.May = nodeMoves{
			Connect: enable && n.State == core.NodeIdle, Enable: enable && n.State != core.NodeIdle,
			Drain: n.State.CanBecome(core.NodeDraining), Disable: n.State.CanBecome(core.NodeDisabled), Edit: true,
		}
	}
	row.May.Delete = !row.Alive || n.State == core.NodeDisabled
	if r.in.User.Require(core.RoleAdmin) != nil {
		row.May.Edit, row.May.Delete = false, false
	}
	if r.in.User.Require(core.RoleOperator) != nil {
		row.May = nodeMoves{}
	}
	return row
}

type nodesView struct {
	*View
	Masters, Workers []nodeRow
	Waiting          int64 // planned runs that any worker may take
	Unrouted         int64 // planned runs that no worker may take
}

func (u *UI) listNodes(r *request) error {
	nodes, err := u.Manage.Nodes.List(r.Request.Context())
	if err != nil {
		return err
	}
	waiting, err := u.Manage.Nodes.Waiting(r.Request.Context())
	if err != nil {
		return err
	}
	v := nodesView{View: r.view(r.text("Nodes")), Waiting: waiting[core.QueueDefault], Unrouted: waiting[core.QueueUnrouted]}
	now := u.Now()
	for i := range nodes {
		row := r.nodeRow(&nodes[i], now, waiting)
		if row.Kind == core.NodeMaster {
			v.Masters = append(v.Masters, row)
		} else {
			v.Workers = append(v.Workers, row)
		}
	}
	return r.show("nodes", http.StatusOK, v)
}

// lookAtNodes sums up what the pages of nodes show.
func (u *UI) lookAtNodes(ctx context.Context) (string, error) {
	nodes, err := u.Manage.Nodes.List(ctx)
	if err != nil {
		return "", err
	}
	var sum strings.Builder
	now := u.Now()
	for i := range nodes {
		n := &nodes[i]
		fmt.Fprintln(&sum, n.Kind, n.Name, n.Incarnation, n.State, n.Alive(now), n.Weight, n.Labels, n.Running, n.Slots)
	}
	return sum.String(), nil
}

type nodeView struct {
	*View
	Node nodeRow
	Runs []*core.Run
	Form *form
}

// nodeShown is how many of a node's runs its page shows.
const nodeShown = 100

// node reads the node that an address names.
func (u *UI) node(r *request) (nodeRow, error) {
	ctx := r.Request.Context()
	n, err := u.Manage.Nodes.Get(ctx, core.NodeKind(r.Param("kind")), r.Param("name"))
	if err != nil {
		return nodeRow{}, err
	}
	waiting, err := u.Manage.Nodes.Waiting(ctx)
	return r.nodeRow(n, u.Now(), waiting), err
}

func (u *UI) showNode(r *request) error {
	row, err := u.node(r)
	if err != nil {
		return err
	}
	runs, err := u.Manage.Nodes.Runs(r.Request.Context(), row.Node, nodeShown)
	if err != nil {
		return err
	}
	r.under(r.text("Nodes"), nodesPath)
	return r.show("node", http.StatusOK, nodeView{View: r.view(row.Name), Node: row, Runs: runs})
}

func (u *UI) nodeForm(r *request) error {
	row, err := u.node(r)
	if err != nil {
		return err
	}
	weight, labels, own := "", "", row.Admin.Labels == nil
	if said := row.Admin; said.Weight != 0 {
		weight = strconv.Itoa(said.Weight)
	}
	if !own {
		labels = strings.Join(row.Admin.Labels, " ")
	}
	return u.showNodeForm(r, row, newForm("weight", weight, "labels", labels, "own_labels", strconv.FormatBool(own)))
}

func (u *UI) showNodeForm(r *request, row nodeRow, f *form) error {
	r.under(r.text("Nodes"), nodesPath)
	r.under(row.Name, row.URL)
	return r.show("node-edit", f.status(), nodeView{View: r.view(r.text("Edit worker %s", row.Name)), Node: row, Form: f})
}

func (u *UI) editNode(r *request) error {
	row, err := u.node(r)
	if err != nil {
		return err
	}
	f, err := r.form()
	if err != nil {
		return err
	}
	edit := core.NodeEdit{Weight: new(int), Labels: new([]string)}
	if text := strings.TrimSpace(f.Value("weight")); text != "" {
		if *edit.Weight, err = strconv.Atoi(text); err != nil || *edit.Weight == 0 {
			err = core.Broken("weight", "must be a whole number from %d to %d", 1, core.MaxWeight)
		}
	}
	if f.Value("own_labels") != "true" {
		*edit.Labels = strings.Fields(f.Value("labels"))
	}
	if err == nil {
		_, err = u.Manage.Nodes.Edit(r.Request.Context(), &r.in.User, row.Kind, row.Name, edit)
	}
	if f.takes(err) {
		return u.showNodeForm(r, row, f)
	}
	if err != nil {
		return err
	}
	return r.done(row.URL, r.text("Worker %s was changed.", row.Name))
}

func (u *UI) enableNode(r *request) error {
	n, err := u.Manage.Nodes.Enable(r.Request.Context(), &r.in.User, core.NodeKind(r.Param("kind")), r.Param("name"))
	if err != nil {
		return err
	}
	return r.done("", r.text("Worker %s takes runs.", n.Name))
}

func (u *UI) drainNode(r *request) error {
	n, err := u.Manage.Nodes.Drain(r.Request.Context(), &r.in.User, core.NodeKind(r.Param("kind")), r.Param("name"))
	if err != nil {
		return err
	}
	return r.done("", r.text("Worker %s finishes what it has and takes no more.", n.Name))
}

func (u *UI) disableNode(r *request) error {
	n, err := u.Manage.Nodes.Disable(r.Request.Context(), &r.in.User, core.NodeKind(r.Param("kind")), r.Param("name"))
	if err != nil {
		return err
	}
	return r.done("", r.text("Worker %s is disabled.", n.Name))
}

func (u *UI) deleteNode(r *request) error {
	name := r.Param("name")
	if err := u.Manage.Nodes.Delete(r.Request.Context(), &r.in.User, core.NodeKind(r.Param("kind")), name); err != nil {
		return err
	}
	to := ""
	if strings.HasPrefix(r.here(), nodesPath+"/") { // its own page is gone
		to = nodesPath
	}
	return r.done(to, r.text("%s was deleted.", name))
}
