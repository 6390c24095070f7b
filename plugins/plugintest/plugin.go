// Package plugintest holds what every plugin must do, in whatever language it is written, as a test that starts it as a
// worker does: Conform. The plugin must have the tasks of plugins/examples.
package plugintest

import (
	"context"
	"crypto/tls"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/carillonhq/carillon/plugins/sdk/handshake"
	pluginpb "github.com/carillonhq/carillon/plugins/sdk/proto"
)

// patience is how long anything may take that is awaited. Machines that test are busy.
const patience = time.Minute

// Plugin is a process of a plugin.
type Plugin struct {
	pluginpb.PluginClient
	cmd     *exec.Cmd
	client  *goplugin.Client
	rpc     goplugin.ClientProtocol
	address net.Addr
	// certificates are what the worker shows.
	certificates []tls.Certificate
}

// Start starts a process as a worker does, with nothing of the test's environment but PATH. It is killed when the test ends.
func Start(t testing.TB, cmd *exec.Cmd) *Plugin {
	t.Helper()
	own, environment, err := handshake.AutoMTLS()
	require.NoError(t, err)
	// A socket's path has room for about a hundred characters: t.TempDir's is too long.
	sockets, err := os.MkdirTemp("", "plugin") //nolint:usetesting // as said above
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(sockets) })
	cmd.Env = append(cmd.Env, "PATH="+os.Getenv("PATH"), "HOME="+t.TempDir(), goplugin.EnvUnixSocketDir+"="+sockets, environment)

	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig:  handshake.Config(),
		Plugins:          handshake.Plugins(nil),
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		TLSConfig:        own,
		Cmd:              cmd,
		SkipHostEnv:      true,
		StartTimeout:     patience,
		Stderr:           t.Output(),
		Logger:           hclog.NewNullLogger(),
	})
	t.Cleanup(client.Kill)
	rpc, err := client.Client()
	require.NoError(t, err)
	dispensed, err := rpc.Dispense(handshake.Name)
	require.NoError(t, err)
	address, err := client.Start()
	require.NoError(t, err)
	if address.Network() == "unix" {
		require.Contains(t, address.String(), sockets, "a plugin makes its socket in the directory that it is given")
	}
	return &Plugin{
		PluginClient: dispensed.(pluginpb.PluginClient), cmd: cmd, client: client, rpc: rpc, address: address,
		certificates: own.Certificates,
	}
}

// Stop ends the process as a worker does that needs it no longer, and returns its exit status. It waits for longer than a
// worker does, for the machine may be busy.
func (p *Plugin) Stop(t testing.TB) int {
	t.Helper()
	conn := p.rpc.(*goplugin.GRPCClient).Conn
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	// The process may be gone before it has answered.
	_ = conn.Invoke(ctx, "/plugin.GRPCController/Shutdown", &emptypb.Empty{}, &emptypb.Empty{})
	return p.awaitExit(t)
}

func (p *Plugin) awaitExit(t testing.TB) int {
	t.Helper()
	require.Eventually(t, p.client.Exited, patience, 10*time.Millisecond)
	return p.cmd.ProcessState.ExitCode()
}

// Perform performs one run of a task, to its result.
func (p *Plugin) Perform(t testing.TB, start *pluginpb.Start) *pluginpb.Result {
	t.Helper()
	return p.begin(t, start).end()
}

// begin starts a run of a task.
func (p *Plugin) begin(t testing.TB, start *pluginpb.Start) *conversation {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	stream, err := p.Run(ctx)
	require.NoError(t, err)
	if start.Files == "" {
		start.Files = t.TempDir()
	}
	if start.Work == "" {
		start.Work = t.TempDir()
	}
	require.NoError(t, stream.Send(&pluginpb.ToPlugin{Kind: &pluginpb.ToPlugin_Start{Start: start}}))
	return &conversation{t: t, stream: stream, hangUp: cancel}
}
