package plugintest

import (
	"context"
	"crypto/tls"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/carillonhq/carillon/plugins/sdk/handshake"
	pluginpb "github.com/carillonhq/carillon/plugins/sdk/proto"
)

// othersAreRefused: whoever finds the socket but is not the worker gets no answer.
func othersAreRefused(t *testing.T, p *Plugin) {
	ask := func(transport credentials.TransportCredentials) error {
		conn, err := grpc.NewClient("passthrough:///plugin", grpc.WithTransportCredentials(transport),
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, p.address.Network(), p.address.String())
			}))
		require.NoError(t, err)
		defer conn.Close() //nolint:errcheck // nothing was written
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		_, err = pluginpb.NewPluginClient(conn).Describe(ctx, &pluginpb.DescribeRequest{})
		return err
	}
	// Whom the plugin talks to is its own matter here: the client trusts anybody.
	with := func(certificates ...tls.Certificate) credentials.TransportCredentials {
		return credentials.NewTLS(&tls.Config{
			Certificates: certificates, InsecureSkipVerify: true, MinVersion: tls.VersionTLS12, //nolint:gosec // see above
		})
	}
	another, _, err := handshake.AutoMTLS()
	require.NoError(t, err)
	require.NoError(t, ask(with(p.certificates...)), "the worker's certificate is the right one")
	require.Error(t, ask(with(another.Certificates...)), "another certificate with the same name")
	require.Error(t, ask(with()), "no certificate")
	require.Error(t, ask(insecure.NewCredentials()), "no TLS")
}
