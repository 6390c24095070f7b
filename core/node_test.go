package core_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func validNode() core.Node { return core.Node{Name: "w1", Weight: 1, Slots: 1} }

func TestNodeValidate(t *testing.T) {
	t.Parallel()
	type node = core.Node
	name := func(s string) func(*node) { return func(n *node) { n.Name = s } }
	checkRefusals(t, validNode, (*node).Validate, []refusal[node]{
		{"no name", "name", core.CodeRule, name("")},
		{"long name", "name", core.CodeRule, name(strings.Repeat("x", core.MaxNodeName+1))},
		{"name is not UTF-8", "name", core.CodeMalformed, name("w\xff")},
		{"name begins with a dot", "name", core.CodeMalformed, name(".w")},
		{"name with a space", "name", core.CodeMalformed, name("w 1")},
		{"name with a line break", "name", core.CodeMalformed, name("w\n")},
		{"name with a comma", "name", core.CodeMalformed, name("w,1")},
		{"no weight", "priority", core.CodeRule, func(n *node) { n.Weight = 0 }},
		{"too much weight", "priority", core.CodeRule, func(n *node) { n.Weight = core.MaxWeight + 1 }},
		{"no slots", "maxc", core.CodeRule, func(n *node) { n.Slots = 0 }},
		{"too many slots", "maxc", core.CodeRule, func(n *node) { n.Slots = core.MaxSlots + 1 }},
		{"empty label", "labels", core.CodeMalformed, func(n *node) { n.Labels = []string{"ok", ""} }},
		{"label with a space", "labels", core.CodeMalformed, func(n *node) { n.Labels = []string{"a b"} }},
		{"long label", "labels", core.CodeMalformed, func(n *node) { n.Labels = []string{strings.Repeat("x", core.MaxNodeName+1)} }},
	})
	for _, s := range []string{"w1", "1", "节点", "host.example.org:30010", "a@b", "A_B-c", strings.Repeat("x", core.MaxNodeName)} {
		n := validNode()
		n.Name, n.Labels, n.Weight, n.Slots = s, []string{"gpu", "eu:west"}, core.MaxWeight, core.MaxSlots
		require.NoError(t, n.Validate(), s)
	}
}

func TestNodeAlive(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	require.False(t, (&core.Node{}).Alive(now))
	require.False(t, (&core.Node{LeaseUntil: now}).Alive(now))
	require.True(t, (&core.Node{LeaseUntil: now.Add(1)}).Alive(now))
}

func TestQueues(t *testing.T) {
	t.Parallel()
	n := core.Node{Name: "w1", Labels: []string{"gpu", "eu"}}
	require.Equal(t, []string{"default", "node:w1", "label:gpu", "label:eu"}, n.Queues())
	for queue, want := range map[string]string{"node:w1": "w1", "node:label:x": "label:x"} {
		name, ok := core.NodeOfQueue(queue)
		require.True(t, ok)
		require.Equal(t, want, name)
	}
	for _, queue := range []string{core.QueueDefault, core.QueueOfLabel("node"), ""} {
		_, ok := core.NodeOfQueue(queue)
		require.False(t, ok, queue)
	}
}
