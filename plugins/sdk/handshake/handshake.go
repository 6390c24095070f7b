// Package handshake is what a worker and a plugin agree on before they talk: the cookie by which a plugin knows that a
// worker started it, and the version of their protocol. docs/plugins.md tells programs in other languages of it.
package handshake

import (
	"context"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	pluginpb "github.com/carillonhq/carillon/plugins/sdk/proto"
)

const (
	// ProtocolVersion is the second field of the handshake line. It is raised when an old plugin and a new worker could
	// no longer understand each other.
	ProtocolVersion = 1
	// CookieKey is the variable in a plugin's environment that tells it from a program started by hand.
	CookieKey = "CARILLON_PLUGIN"
	// CookieValue is what the variable must be. It keeps nothing secret.
	CookieValue = "4b1f6f0a5f7c4a5c9d0e8a1c2b3d4e5f"
	// GraceKey is the variable in a plugin's environment that says how many milliseconds its process has to end from when
	// it is asked to. Teardowns have their time of that.
	GraceKey = "CARILLON_PLUGIN_GRACE_MS"
	// Name is the plugin's in the set of Plugins, for go-plugin's Dispense.
	Name = "carillon"
)

// Config is the handshake in go-plugin's words.
func Config() goplugin.HandshakeConfig {
	return goplugin.HandshakeConfig{
		ProtocolVersion: ProtocolVersion, MagicCookieKey: CookieKey, MagicCookieValue: CookieValue,
	}
}

// Plugins is the only plugin that either side knows: server is what a plugin serves, nil on a worker, where Dispense gives
// a pluginpb.PluginClient.
func Plugins(server pluginpb.PluginServer) goplugin.PluginSet {
	return goplugin.PluginSet{Name: &plugin{server: server}}
}

type plugin struct {
	goplugin.NetRPCUnsupportedPlugin
	server pluginpb.PluginServer
}

var _ goplugin.GRPCPlugin = (*plugin)(nil)

func (p *plugin) GRPCServer(_ *goplugin.GRPCBroker, registrar *grpc.Server) error {
	pluginpb.RegisterPluginServer(registrar, p.server)
	return nil
}

func (*plugin) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return pluginpb.NewPluginClient(conn), nil
}
