package e2e

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// Under IfNotPresent a worker goes on with what it has when a new version comes, unless the task pins that one; under Always
// it does not. A worker that has none gets the latest.
func TestPluginPullPolicy(t *testing.T) {
	skipLong(t)
	t.Parallel()
	first, second := mischief(t, "1.0.0"), mischief(t, "1.1.0")
	s := serve(t, "master", t.TempDir())
	joinWorker(t, s.grpc, "w1", "--plugins")
	s.uploaded(first)
	policy := func(value string) {
		s.do(http.StatusOK, http.MethodPut, "/settings", object{"Assembly_ImagePullPolicy": value}, nil)
	}
	on := func(worker, version string) string {
		call := object{"package": "mischief", "task": "work"}
		if version != "" {
			call["version"] = version
		}
		return s.startTask(mischievous("work", nil, object{"plugin": call, "executors": []string{worker}}))
	}
	has := func(task, version, why string) {
		require.Equal(t, "plugin mischief@"+version+" work", s.awaitRun(s.runNow(task), "succeeded").Request, why)
	}
	free := on("w1", "")
	has(free, "1.0.0", "it is the only one")
	policy("IfNotPresent")
	s.uploaded(second)
	has(free, "1.0.0", "the worker has it")
	joinWorker(t, s.grpc, "w2", "--plugins")
	has(on("w2", ""), "1.1.0", "the worker has none, and gets the latest")
	policy("Always")
	eventually(t, pluginSoon, func() bool {
		return s.awaitRun(s.runNow(free), "succeeded").Request == "plugin mischief@1.1.0 work"
	}, "the latest is heeded again")
	policy("IfNotPresent")
	has(on("w1", "1.0.0"), "1.0.0", "what a task pins it has, whatever else is there")
}
