package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/certs"
	"github.com/carillonhq/carillon/master"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
	"github.com/carillonhq/carillon/worker"
)

// Over real connections, encrypted: a worker with runs in hand is moved from one master to the other by a stop of each in
// turn, as in an upgrade, and every run is performed and recorded once.
func TestWorkerIsPassedBetweenMasters(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	authority, _, err := certs.OpenAuthority(folder, time.Now())
	require.NoError(t, err)
	files := certs.Files{Cert: filepath.Join(folder, "n.crt"), Key: filepath.Join(folder, "n.key"), CA: filepath.Join(folder, "ca.crt")}
	_, err = authority.Issue("n", []string{"localhost"}, time.Now(), time.Hour)
	require.NoError(t, err)

	path := filepath.Join(t.TempDir(), "carillon.db")
	open := func(name, listen string, shared bool) *member {
		m := &member{log: newJournal()}
		log := slog.New(slog.NewTextHandler(m.log, nil))
		secure, err := certs.Server(files, log)
		require.NoError(t, err)
		m.store, err = store.Open(t.Context(), store.Options{DSN: path, Logger: log, Shared: shared})
		require.NoError(t, err)
		m.Master, err = master.New(master.Options{
			Store: m.store, Logger: log, Name: name, GRPCAddr: listen, GRPCTLS: secure, JoinToken: joinToken, AdminPassword: password, Zone: time.UTC,
		})
		require.NoError(t, err)
		require.NoError(t, m.Start(t.Context()))
		return m
	}
	first := open("m1", freeAddr(t), false)
	second := open("m2", freeAddr(t), true)
	c := &cluster{t: t, target: newTarget()}
	c.target.answer = func(ctx context.Context, run *rpc.Run) core.Outcome { return takes(3*time.Second)(ctx, run) }

	trust, err := certs.Client(files, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	local := func(m *member) string { return "localhost" + m.GRPCAddr().String()[len("127.0.0.1"):] }
	dialer, err := worker.NewGRPCDialer(worker.GRPCOptions{Addresses: []string{local(first), local(second)}, Token: joinToken, TLS: trust})
	require.NoError(t, err)
	log := newJournal()
	w, err := worker.New(worker.Options{Name: "w1", Slots: 10, Performer: c.target, Dialer: dialer, Logger: slog.New(slog.NewTextHandler(log, nil))})
	require.NoError(t, err)
	require.NoError(t, w.Start(t.Context()))
	eventually(t, soon, func() bool { return log.count("msg=connected") == 1 }, "the worker is connected")

	var tasks []*core.DelayedTask
	for turn := range 4 {
		for range 5 {
			tasks = append(tasks, second.delayed(t, 0))
		}
		eventually(t, soon, func() bool { return w.Running() >= 5 }, "the runs are under way")
		if m := map[int]*member{1: first, 2: second}[turn]; m != nil {
			addr := m.GRPCAddr().String()
			c.halt(m)
			again := open(fmt.Sprint("m", turn), addr, true)
			if turn == 1 {
				first = again
			} else {
				second = again
			}
		}
	}
	for _, d := range tasks {
		eventually(t, soon, func() bool {
			got, err := second.store.Delayed(t.Context(), d.ID)
			return err == nil && got.State == core.DelayedSucceeded
		}, "delayed task %s succeeded", d.ID)
		requireOnce(t, c, second, d)
	}
	require.NotContains(t, log.text(), "no master renewed the lease")
	require.NoError(t, w.Stop(t.Context()))
	c.halt(first)
	c.halt(second)
}
