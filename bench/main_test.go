package bench

import (
	"context"
	"flag"
	"net/http"
	"os"
	"testing"
	"time"
)

// TestMain lets the test binary stand in for carillon: called with "serve", it is the server that the benchmark starts,
// with "bench bare" the bare client.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 1 && os.Args[1] == "serve":
		os.Exit(serveFake(os.Args[2:]))
	case len(os.Args) > 2 && os.Args[1] == "bench" && os.Args[2] == "bare":
		os.Exit(runBare(os.Args[3:]))
	}
	// The processes that are started end at once: the race detector would have each wait for a second.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func runBare(args []string) int {
	var b BareClient
	flags := flag.NewFlagSet("bare", flag.ExitOnError)
	flags.StringVar(&b.URL, "url", "", "")
	flags.IntVar(&b.First, "first", 0, "")
	flags.IntVar(&b.Clients, "clients", 0, "")
	flags.DurationVar(&b.Warm, "warm", 0, "")
	flags.DurationVar(&b.For, "for", 0, "")
	_ = flags.Parse(args)
	if err := b.Run(context.Background(), os.Stdout); err != nil {
		_, _ = os.Stderr.WriteString(err.Error())
		return 1
	}
	return 0
}

// crashAfter in the environment makes the server end by itself.
const crashAfter = "BENCH_TEST_CRASH_AFTER"

func serveFake(args []string) int {
	flags := flag.NewFlagSet("serve", flag.ExitOnError)
	addr := flags.String("http-addr", "", "")
	data := flags.String("data", "", "")
	for _, name := range []string{"grpc-addr", "name", "log-level", "drain-timeout"} {
		flags.String(name, "", "")
	}
	_ = flags.Parse(args)
	if d, err := time.ParseDuration(os.Getenv(crashAfter)); err == nil {
		time.AfterFunc(d, func() {
			_, _ = os.Stderr.WriteString("the disk is on fire\n")
			os.Exit(3)
		})
	}
	f := &fake{file: *data + ".absolute"}
	if _, err := os.Stat(f.file); err == nil {
		f.absolute.Store(true)
	}
	if a, err := newAPI("http://"+*addr, "admin", os.Getenv("CARILLON_ADMIN_PASSWORD"), nil); err == nil {
		f.secret = a.secret
	}
	server := &http.Server{Addr: *addr, Handler: f}
	if err := server.ListenAndServe(); err != nil {
		return 1
	}
	return 0
}
