package bench

import (
	"flag"
	"net/http"
	"os"
	"testing"
	"time"
)

// TestMain lets the test binary stand in for carillon: called with "serve", it is the server that the benchmark starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		os.Exit(serveFake(os.Args[2:]))
	}
	os.Exit(m.Run())
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
