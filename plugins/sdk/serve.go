package sdk

import (
	"cmp"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/carillonhq/carillon/plugins/sdk/handshake"
)

// Serve performs runs of the tasks until the worker that started the process ends it: it is what main calls, last or nearly so.
// It ends the process with status 1 when no worker started it, or when the tasks are registered wrongly.
func Serve(tasks ...Task) {
	server, err := NewServer(tasks...)
	if err != nil {
		fmt.Fprintln(os.Stderr, "sdk.Serve:", err)
		os.Exit(1)
	}
	if os.Getenv(handshake.CookieKey) != handshake.CookieValue || os.Getenv(handshake.CertificateKey) == "" {
		fmt.Fprintf(os.Stderr, byHand, strings.Join(server.names, ", "))
		os.Exit(1)
	}
	stdout, stderr := os.Stdout, os.Stderr
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: handshake.Config(),
		Plugins:         handshake.Plugins(server),
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			made := grpc.NewServer(options...)
			go stopWhenAsked(made)
			return made
		},
		Logger: hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: os.Stderr}),
	})
	// go-plugin had put pipes in their place, which end with it. What is said while tasks are torn down goes to the worker.
	os.Stdout, os.Stderr = stdout, stderr
	server.Close()
}

// byHand is what somebody reads who starts the executable.
const byHand = `This is a plugin of Carillon with the tasks %s. A worker starts it; by itself it does nothing.
To run a task of it here, without any server, go to the directory of its plugin.yaml and say:

  carillon plugin run . --task NAME --param KEY=VALUE

`

// stopWhenAsked ends serving at SIGTERM, so that tasks are torn down then, too.
func stopWhenAsked(server *grpc.Server) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	<-asked
	server.Stop()
}

// version is the SDK's, as the plugin's build recorded it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, module := range append(info.Deps, &info.Main) {
		if module.Path == "github.com/carillonhq/carillon" {
			return cmp.Or(module.Version, "devel")
		}
	}
	return "unknown"
}

// stack is the goroutine's, from the frame that panicked on.
func stack() []byte {
	text := string(debug.Stack())
	if _, after, found := strings.Cut(text, "panic("); found {
		text = "panic(" + after
	}
	return []byte(text)
}
