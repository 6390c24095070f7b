package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// maxBare bounds the posts of one measurement of the bare client, and those of its warm-up.
const maxBare = 1 << 18

// BareClient is the bare client: an ordinary http.Client that posts the callbacks' bodies straight to a sink. It runs in a
// process of its own, as the server does that it is compared with; on a busy machine two processes get more than one.
type BareClient struct {
	// URL is the sink's; a number follows, from First on.
	URL   string
	First int
	// Clients is how many requests are under way at once.
	Clients int
	// Warm is how long it posts before it counts, For how long it does afterwards.
	Warm time.Duration
	For  time.Duration
}

// posted is what came of a bare client.
type posted struct {
	Warm    int     `json:"warm"`  // posts of the warm-up
	Count   int     `json:"count"` // and those that count
	Seconds float64 `json:"seconds"`
	CPU     float64 `json:"cpuSeconds"` // of the posts that count; 0 when it is not known
}

// args are the arguments of the command that runs the client.
func (b BareClient) args() []string {
	return []string{"bench", "bare", "--url", b.URL, "--first", strconv.Itoa(b.First), "--clients", strconv.Itoa(b.Clients),
		"--warm", b.Warm.String(), "--for", b.For.String()}
}

// Run posts, and writes what came of it for the benchmark to read. It fails when a post does.
func (b BareClient) Run(ctx context.Context, w io.Writer) error {
	transport := newTransport(b.Clients)
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	warm, err := b.post(ctx, client, b.First, b.Warm)
	if err != nil {
		return err
	}
	before := usageOf(os.Getpid())
	t, err := b.post(ctx, client, b.First+maxBare, b.For)
	if err != nil {
		return err
	}
	cpu := usageOf(os.Getpid()).cpu - before.cpu
	return json.NewEncoder(w).Encode(posted{Warm: warm.done, Count: t.done, Seconds: t.elapsed.Seconds(), CPU: cpu.Seconds()})
}

func (b BareClient) post(ctx context.Context, client *http.Client, first int, d time.Duration) (*tally, error) {
	body := newTemplate(content)
	t := load{clients: b.Clients, count: maxBare, until: time.Now().Add(d), client: func() func(int) error {
		var buf []byte
		return func(i int) error {
			buf = body.appendTo(buf[:0], first+i, time.Time{})
			return postBare(ctx, client, b.URL+strconv.Itoa(first+i), buf)
		}
	}}.run(ctx)
	if t.failed > 0 {
		return nil, fmt.Errorf("a post failed: %w", t.first)
	}
	return t, context.Cause(ctx)
}

func postBare(ctx context.Context, client *http.Client, address string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", jsonType)
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // it is read to its end
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the sink answered %d", response.StatusCode)
	}
	return nil
}

// bare runs a bare client against the sink.
func (r *runner) bare(ctx context.Context) (BareRun, error) {
	l := r.sink.open(2*maxBare, 1, time.Time{})
	b := BareClient{URL: r.sink.url, First: l.first, Clients: r.Clients, Warm: r.pace.bareWarm, For: r.pace.bare}
	before := usageOf(os.Getpid())
	cmd := exec.CommandContext(ctx, r.Executable, b.args()...)
	cmd.SysProcAttr = dieWithParent()
	answer, err := cmd.Output()
	used := usageOf(os.Getpid()).cpu - before.cpu
	var p posted
	switch {
	case ctx.Err() != nil:
		return BareRun{}, context.Cause(ctx)
	case err != nil:
		exit, _ := errors.AsType[*exec.ExitError](err)
		if exit != nil {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		return BareRun{}, fmt.Errorf("the bare client: %w", err)
	}
	if err := json.Unmarshal(answer, &p); err != nil {
		return BareRun{}, fmt.Errorf("the bare client: %w", err)
	}
	if p.Count == 0 {
		return BareRun{}, fmt.Errorf("the bare client made no post within %s", r.pace.bare)
	}
	if n := int(l.arrived.Load()); n != p.Warm+p.Count {
		return BareRun{}, fmt.Errorf("the sink noted %d of the bare client's %d posts", n, p.Warm+p.Count)
	}
	return BareRun{
		PerSecond: float64(p.Count) / p.Seconds,
		ClientCPU: micros(time.Duration(p.CPU*float64(time.Second)), p.Count),
		SinkCPU:   micros(used, p.Warm+p.Count),
	}, nil
}
