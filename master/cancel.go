package master

import "context"

// passCancels tells the workers connected here which of their runs somebody asked to end. The request may have come to any
// master, so each reads all requests, every second; the one that took it does so at once.
func (m *Master) passCancels(ctx context.Context) error {
	asked, err := m.opts.Store.Cancels(ctx)
	if err != nil {
		return err
	}
	m.fleet.Cancel(asked)
	return nil
}

// moved has what follows from a worker that joined, began to drain or left done at once: runs that wait for another worker
// are routed anew, and one that joined is told which of its runs are to be ended.
func (m *Master) moved() {
	m.rescue.Ask()
	m.cancels.Ask()
}
