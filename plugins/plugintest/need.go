package plugintest

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// required names the languages, with commas between, whose plugins must be tested: where one is not on the machine, its
// tests fail instead of being skipped.
const required = "CARILLON_TEST_REQUIRED"

// python is the one that Debian's packages of modules are for, whichever is first in the path.
const python = "/usr/bin/python3"

// NeedPython skips the test on a machine that cannot run plugins in Python, unless it must. It returns the interpreter.
func NeedPython(t testing.TB) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), python, "-c", "import grpc, google.protobuf, cryptography").CombinedOutput()
	if err != nil {
		missing(t, "python", python+" has no grpc, protobuf and cryptography: apt install python3-grpcio python3-protobuf python3-cryptography", out)
	}
	return python
}

// NeedNode skips the test on a machine that cannot run plugins in Node, unless it must. example is the directory of the
// example in Node. It returns the directory of its modules.
func NeedNode(t testing.TB, example string) string {
	t.Helper()
	modules, err := filepath.Abs(filepath.Join(example, "node_modules"))
	require.NoError(t, err)
	out, err := exec.CommandContext(t.Context(), "node", "-e", "require(process.argv[1])", filepath.Join(modules, "@grpc", "grpc-js")).CombinedOutput()
	if err != nil {
		missing(t, "node", "there is no node, or it has no modules: cd plugins/examples/node && npm ci --omit=dev --ignore-scripts", out)
	}
	return modules
}

func missing(t testing.TB, language, what string, out []byte) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv(required), ","), language) {
		require.Fail(t, what, string(out))
	}
	t.Skip(what)
}
