package examples_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/carillonhq/carillon/plugins/manifest"
	"github.com/carillonhq/carillon/plugins/plugintest"
	pluginpb "github.com/carillonhq/carillon/plugins/sdk/proto"
)

func TestGo(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "hello")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./go").CombinedOutput()
	require.NoError(t, err, string(out))
	plugintest.Conform(t, func() *exec.Cmd { return exec.Command(binary) })
}

func TestPython(t *testing.T) {
	t.Parallel()
	plugintest.NeedPython(t)
	conform(t, "python/main.py")
}

func TestNode(t *testing.T) {
	t.Parallel()
	plugintest.NeedNode(t, "node")
	conform(t, "node/main.js")
}

// The copies of the contract that the examples need are what the SDK has.
func TestContractsAreCopies(t *testing.T) {
	t.Parallel()
	original, err := os.ReadFile("../sdk/proto/plugin.proto")
	require.NoError(t, err)
	ofNode, err := os.ReadFile("node/plugin.proto")
	require.NoError(t, err)
	require.Equal(t, string(original), string(ofNode), "make proto copies it")

	cmd := exec.CommandContext(t.Context(), plugintest.NeedPython(t), "-c", "import plugin_pb2, sys; sys.stdout.buffer.write(plugin_pb2.DESCRIPTOR.serialized_pb)")
	cmd.Dir = "python"
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	var ofPython descriptorpb.FileDescriptorProto
	require.NoError(t, proto.Unmarshal(out, &ofPython))
	ofGo := protodesc.ToFileDescriptorProto(pluginpb.File_plugin_proto)
	for _, message := range ofGo.GetMessageType() {
		for _, field := range message.GetField() {
			field.JsonName = nil // which Python leaves out
		}
	}
	require.True(t, proto.Equal(ofGo, &ofPython), "make proto generates it")
}

// All examples have the same tasks, with the same parameters.
func TestManifestsAgree(t *testing.T) {
	t.Parallel()
	read := func(language string) *manifest.Manifest {
		content, err := os.ReadFile(filepath.Join(language, manifest.Name))
		require.NoError(t, err)
		m, err := manifest.Parse(content)
		require.NoError(t, err)
		require.Equal(t, "hello-"+language, m.Name)
		return m
	}
	want := read("go").Tasks
	require.ElementsMatch(t, plugintest.Tasks(), slices.Collect(maps.Keys(want)))
	require.Equal(t, want, read("python").Tasks)
	require.Equal(t, want, read("node").Tasks)
}

func conform(t *testing.T, script string) {
	t.Helper()
	script, err := filepath.Abs(script)
	require.NoError(t, err)
	plugintest.Conform(t, func() *exec.Cmd { return exec.Command(script) })
}
