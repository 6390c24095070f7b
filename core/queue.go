package core

import "strings"

// QueueDefault is the queue that every worker serves.
const QueueDefault = "default"

// QueueOfNode is the queue that only the worker with this name serves.
func QueueOfNode(name string) string { return "node:" + name }

// QueueOfLabel is the queue that workers with this label serve.
func QueueOfLabel(label string) string { return "label:" + label }

// NodeOfQueue gives the worker that a queue is pinned to.
func NodeOfQueue(queue string) (name string, ok bool) { return strings.CutPrefix(queue, "node:") }

// Queues are those that a worker serves.
func (n *Node) Queues() []string {
	queues := []string{QueueDefault, QueueOfNode(n.Name)}
	for _, l := range n.Labels {
		queues = append(queues, QueueOfLabel(l))
	}
	return queues
}
