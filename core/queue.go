package core

import "strings"

// The queues of runs that any worker may take. Runs of plugins have queues of their own beside every other, which only
// workers that run plugins serve.
const (
	QueueDefault = "default" // every worker serves it
	QueuePlugin  = "plugin"  // every worker that runs plugins does
)

// QueueUnrouted holds runs whose worker is yet to be chosen, because none was there that may take them. Nobody serves it.
const QueueUnrouted = "node:"

// pinnedPlugin ends the queue of one worker's plugin runs. No worker's name holds a slash.
const pinnedPlugin = "/plugin"

// QueueOfNode is the queue that only the worker with this name serves.
func QueueOfNode(name string) string { return "node:" + name }

// PluginQueueOfNode is the queue of plugin runs that only the worker with this name serves, and only while it runs
// plugins.
func PluginQueueOfNode(name string) string { return QueueOfNode(name) + pinnedPlugin }

// QueueOfLabel is the queue that workers with this label serve.
func QueueOfLabel(label string) string { return "label:" + label }

// PluginQueueOfLabel is the queue of plugin runs that workers with this label serve which run plugins.
func PluginQueueOfLabel(label string) string { return QueuePlugin + ":" + label }

// NodeOfQueue gives the worker that a queue is pinned to.
func NodeOfQueue(queue string) (name string, ok bool) {
	name, ok = strings.CutPrefix(queue, "node:")
	return strings.TrimSuffix(name, pinnedPlugin), ok
}

// PinnedQueues are those that only this worker serves.
func (n *Node) PinnedQueues() []string {
	if n.Plugins {
		return []string{QueueOfNode(n.Name), PluginQueueOfNode(n.Name)}
	}
	return []string{QueueOfNode(n.Name)}
}

// Queues are those that a worker serves.
func (n *Node) Queues() []string {
	queues := append([]string{QueueDefault}, n.PinnedQueues()...)
	for _, l := range n.Labels {
		queues = append(queues, QueueOfLabel(l))
	}
	if !n.Plugins {
		return queues
	}
	queues = append(queues, QueuePlugin)
	for _, l := range n.Labels {
		queues = append(queues, PluginQueueOfLabel(l))
	}
	return queues
}
