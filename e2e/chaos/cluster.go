package chaos

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/carillonhq/carillon/e2e/chaos/evidence"
	"github.com/carillonhq/carillon/internal/dbserver"
)

const (
	password  = "correct-horse"
	joinToken = "a-join-token-for-the-chaos"
	// startWithin bounds the first start of a process, on a machine that is busy.
	startWithin = 2 * time.Minute
)

// node is a master or a worker.
type node struct {
	*process
	http, grpc string          // of a master, where it listens
	links      map[string]link // that it dials through, by whom it reaches
	host       *host           // where it runs; nil on this machine
}

// cluster is all the processes of a run.
type cluster struct {
	opts     Options
	network  *network // nil: all on this machine, and proxies between them
	database *database
	sink     *process
	sinkURL  string
	masters  []*node
	workers  []*node
	probe    *http.Client

	mu       sync.Mutex
	troubles []evidence.Trouble
	notes    []string
}

// startCluster starts everything and returns when it serves. On an error nothing is left running.
func startCluster(ctx context.Context, o Options) (_ *cluster, err error) {
	c := &cluster{opts: o, probe: &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	if o.Namespaces {
		if c.network, err = newNetwork(); err != nil {
			c.note("%v; so connections are cut by proxies", err)
		}
	}
	if c.database, err = openDatabase(ctx, &o, c.network); err != nil {
		return nil, err
	}
	if err := c.startSink(ctx); err != nil {
		return nil, err
	}
	for n := range o.Masters {
		if err := c.addMaster(fmt.Sprintf("m%d", n+1)); err != nil {
			return nil, err
		}
	}
	for n := range o.Workers {
		if err := c.addWorker(fmt.Sprintf("w%d", n+1)); err != nil {
			return nil, err
		}
	}
	// All at once, as machines that have had a power cut: the first masters to come bring the schema up to date.
	for _, n := range c.nodes() {
		if err := n.start(); err != nil {
			return nil, err
		}
	}
	for _, n := range c.nodes() {
		if !n.awaitServing(ctx, startWithin) {
			return nil, fmt.Errorf("%s does not serve within %s:\n%s", n.name, startWithin, n.log.words())
		}
	}
	return c, nil
}

func (c *cluster) startSink(ctx context.Context) error {
	port, err := dbserver.FreePort()
	if err != nil {
		return err
	}
	host := "127.0.0.1"
	if c.network != nil {
		host = c.network.here()
	}
	addr := fmt.Sprintf("%s:%d", host, port)
	c.sinkURL = "http://" + addr
	c.sink, err = newProcess(program{
		name: "sink", path: c.opts.Harness, args: []string{"sink", addr, c.journal()}, dir: c.opts.Dir, troubled: c.troubled,
		served: func(ctx context.Context) bool { return c.answers(ctx, c.sinkURL+"/") },
	})
	if err != nil {
		return err
	}
	if err := c.sink.start(); err != nil {
		return err
	}
	if !c.sink.awaitServing(ctx, startWithin) {
		return fmt.Errorf("the sink does not serve:\n%s", c.sink.log.words())
	}
	return nil
}

func (c *cluster) journal() string { return filepath.Join(c.opts.Dir, "journal.jsonl") }

// place gives a node a namespace of its own, where there is a network.
func (c *cluster) place(name string) (n *node, err error) {
	n = &node{links: map[string]link{}}
	if c.network != nil {
		n.host, err = c.network.add(name)
	}
	return n, err
}

// connect makes the way of a node to an address that it dials.
func (c *cluster) connect(n *node, to string) (link, error) {
	if c.network != nil {
		return c.network.link(n.host, to)
	}
	return newProxy(to)
}

// addMaster makes a master, or the one process of SQLite, with its way to the database.
func (c *cluster) addMaster(name string) error {
	n, err := c.place(name)
	if err != nil {
		return err
	}
	c.masters = append(c.masters, n)
	for _, addr := range []*string{&n.http, &n.grpc} {
		port, err := dbserver.FreePort()
		if err != nil {
			return err
		}
		*addr = fmt.Sprintf("127.0.0.1:%d", port)
		if n.host != nil {
			*addr = fmt.Sprintf("%s:%d", n.host.addr, port)
		}
	}
	p := program{
		host: n.host, name: name, path: c.opts.Carillon, dir: c.opts.Dir, troubled: c.troubled,
		args:   []string{"master", "--name", name, "--http-addr", n.http, "--grpc-addr", n.grpc, "--log-format", "json"},
		env:    []string{"CARILLON_ADMIN_PASSWORD=" + password, "CARILLON_JOIN_TOKEN=" + joinToken},
		served: func(ctx context.Context) bool { return c.answers(ctx, "http://"+n.http+"/ready") },
	}
	if server := c.database.server; server != nil {
		link, err := c.connect(n, server.Addr())
		if err != nil {
			return err
		}
		n.links[evidence.Database] = link
		p.env = append(p.env, "CARILLON_DATABASE="+server.URL(link.addr()))
	} else {
		p.args[0] = "serve"
		p.args = append(p.args, "--data", c.database.data)
	}
	n.process, err = newProcess(p)
	return err
}

// addWorker makes a worker with its way to each master.
func (c *cluster) addWorker(name string) error {
	n, err := c.place(name)
	if err != nil {
		return err
	}
	c.workers = append(c.workers, n)
	args := []string{"worker", "--name", name, "--log-format", "json"}
	for _, m := range c.masters {
		link, err := c.connect(n, m.grpc)
		if err != nil {
			return err
		}
		n.links[m.name] = link
		args = append(args, "--master", link.addr())
	}
	n.process, err = newProcess(program{
		host: n.host, name: name, path: c.opts.Carillon, args: args, dir: c.opts.Dir, env: []string{"CARILLON_JOIN_TOKEN=" + joinToken}, troubled: c.troubled,
		served: func(context.Context) bool {
			connected, _ := n.log.state()
			return connected
		},
	})
	return err
}

// nodes are the masters and the workers.
func (c *cluster) nodes() []*node { return append(append([]*node(nil), c.masters...), c.workers...) }

func (c *cluster) node(name string) *node {
	for _, n := range c.nodes() {
		if n.name == name {
			return n
		}
	}
	return nil
}

// answers says whether a URL is answered with 200.
func (c *cluster) answers(ctx context.Context, url string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false
	}
	resp, err := c.probe.Do(r)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

func (c *cluster) troubled(t evidence.Trouble) {
	c.mu.Lock()
	c.troubles = append(c.troubles, t)
	c.mu.Unlock()
	c.say("%s %s", t.Node, t.What)
}

// note keeps what could not be done, for the report.
func (c *cluster) note(format string, args ...any) {
	c.mu.Lock()
	c.notes = append(c.notes, fmt.Sprintf(format, args...))
	c.mu.Unlock()
	c.say(format, args...)
}

func (c *cluster) say(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = fmt.Fprintf(c.opts.Progress, time.Now().UTC().Format("15:04:05.000")+"  "+format+"\n", args...)
}

// close ends everything.
func (c *cluster) close() error {
	for _, n := range c.nodes() {
		if n.process != nil {
			n.process.close()
		}
		for _, link := range n.links {
			link.close()
		}
	}
	if c.sink != nil {
		c.sink.close()
	}
	var errs []error
	if c.database != nil {
		errs = append(errs, c.database.close())
	}
	if c.network != nil {
		errs = append(errs, c.network.close())
	}
	return errors.Join(errs...)
}
