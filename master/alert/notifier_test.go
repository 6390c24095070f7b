package alert

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// inVirtualTime runs a test in a bubble whose clock only moves when everybody waits. The database is opened inside it.
func inVirtualTime(t *testing.T, test func(t *testing.T, b *bundle)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { test(t, setup(t)) })
}

func TestKeepersAreTold(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, b *bundle) {
		ada := b.user("ada", nil)
		bob := b.user("bob", nil)
		b.user("eve", nil) // no keeper
		gone := b.user("gone", func(u *core.User) { u.Disabled = true })
		mute := b.user("mute", func(u *core.User) { u.Email = "" })
		b.failTask(b.task("settle accounts", ada, bob, ada, gone, mute, 4711), core.Result{})

		require.Equal(t, []string{"ada", "bob"}, names(b.pass(0)), "each alone, once, and nobody else")
		require.Empty(t, b.pass(Spacing))
		require.Empty(t, b.owed())
	})
}

func TestCreatorOfADelayedTaskIsTold(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, b *bundle) {
		b.user("ada", nil)
		shop := b.user("shop", nil)
		b.failDelayed(shop)
		require.Equal(t, []string{"shop"}, names(b.pass(0)))
		require.Empty(t, b.owed())
	})
}

func TestNobodyToTell(t *testing.T) {
	for name, arrange := range map[string]func(b *bundle){
		"no keeper":       func(b *bundle) { b.failTask(b.task("a"), core.Result{}) },
		"unknown keeper":  func(b *bundle) { b.failTask(b.task("a", 4711), core.Result{}) },
		"unknown creator": func(b *bundle) { b.failDelayed(4711) },
		"only a disabled user": func(b *bundle) {
			b.failTask(b.task("a", b.user("gone", func(u *core.User) { u.Disabled = true })), core.Result{})
		},
		"no address":            func(b *bundle) { b.failDelayed(b.user("mute", func(u *core.User) { u.Email = "" })) },
		"the run was pruned":    func(b *bundle) { b.failTask(b.task("a", b.user("ada", nil)), core.Result{}); b.prune() },
		"no channel is set up":  func(b *bundle) { b.failTask(b.task("a", b.user("ada", nil)), core.Result{}); b.Notifier = b.notifier() },
		"no mail server is set": func(b *bundle) { b.failDelayed(b.user("ada", nil)); b.Notifier = b.notifier(Channels()...) },
	} {
		t.Run(name, func(t *testing.T) {
			inVirtualTime(t, func(t *testing.T, b *bundle) {
				arrange(b)
				require.Empty(t, b.pass(0))
				require.Zero(t, b.outbox.tried)
				require.Contains(t, b.log.String(), "level=DEBUG")
				require.NotContains(t, b.log.String(), "level=ERROR")
				require.Empty(t, b.owed())
			})
		})
	}
}

func (b *bundle) prune() {
	_, err := b.store.Prune(b.ctx, time.Now().Add(time.Hour), 100)
	require.NoError(b.t, err)
}

func TestFailuresOfOneSubjectAreFolded(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, b *bundle) {
		ada := b.user("ada", nil)
		task, other := b.task("settle", ada), b.task("ship", ada)
		b.failTask(task, core.Result{})
		sent := b.pass(0)
		require.Len(t, sent, 1)
		require.NotContains(t, sent[0].Subject, "×")

		var last string
		for range 3 {
			last = b.failTask(task, core.Result{})
			require.Empty(t, b.pass(time.Minute), "the task was told of a moment ago")
		}
		b.failTask(other, core.Result{})
		require.Len(t, b.pass(time.Second), 1, "another task has mail of its own")

		sent = b.pass(2 * time.Minute)
		require.Len(t, sent, 1)
		require.Contains(t, sent[0].Subject, "settle (×3)")
		require.Contains(t, sent[0].Text, "3 times")
		require.Contains(t, sent[0].Text, last)

		b.failTask(task, core.Result{})
		require.Len(t, b.pass(Spacing), 1, "after a quiet time the next one is told at once")
		require.Empty(t, b.owed())
	})
}

func TestDelayedTasksOfOneCreatorAreFolded(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, b *bundle) {
		shop, bank := b.user("shop", nil), b.user("bank", nil)
		for range 5 {
			b.failDelayed(shop)
		}
		b.failDelayed(bank)
		sent := b.pass(0)
		require.Equal(t, []string{"shop", "bank"}, names(sent))
		require.Contains(t, sent[0].Subject, "(×5)")
		require.Empty(t, b.owed())
	})
}

func TestFailedSendIsTriedAgainLaterAndLater(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, b *bundle) {
		b.outbox.fail = map[string]failure{"ada": {true, errBox}}
		b.failTask(b.task("settle", b.user("ada", nil)), core.Result{})
		require.Empty(t, b.pass(0))
		for n, wait := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60} {
			require.Equal(t, n+1, b.outbox.tried)
			b.pass(wait*time.Minute - time.Second)
			require.Equal(t, n+1, b.outbox.tried, "not before %s min have passed", wait)
			require.NotContains(t, b.log.String(), "level=ERROR")
			b.pass(time.Second)
		}
		require.Equal(t, MaxTries, b.outbox.tried)
		require.Contains(t, b.log.String(), "level=ERROR")
		require.Contains(t, b.log.String(), errBox.Error())
		require.Empty(t, b.owed(), "given up")
		require.Empty(t, b.told)
	})
}

func TestFailuresWaitWhileSendingFails(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, b *bundle) {
		b.outbox.fail = map[string]failure{"ada": {true, errBox}}
		task := b.task("settle", b.user("ada", nil))
		b.failTask(task, core.Result{})
		b.pass(0)
		for range 5 {
			b.failTask(task, core.Result{})
			b.pass(time.Second)
		}
		require.Equal(t, 1, b.outbox.tried, "a server that is down is not asked for every failure")

		b.outbox.fail = nil
		sent := b.pass(time.Minute)
		require.Len(t, sent, 1)
		require.Contains(t, sent[0].Subject, "(×6)")
		require.Empty(t, b.owed())
	})
}

func TestWhoWasToldIsNotToldAgain(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, b *bundle) {
		b.outbox.fail = map[string]failure{"bob": {true, errBox}, "cy": {false, errBox}}
		task := b.task("settle", b.user("ada", nil), b.user("bob", nil), b.user("cy", nil))
		b.failTask(task, core.Result{})
		require.Equal(t, []string{"ada"}, names(b.pass(0)))
		require.Contains(t, b.log.String(), "a user cannot be told of failures", "cy's address is refused for good")
		require.Empty(t, b.pass(time.Minute), "bob has to wait with the others")

		b.failTask(task, core.Result{})
		delete(b.outbox.fail, "bob")
		sent := b.pass(Spacing - time.Minute)
		require.Equal(t, []string{"ada", "bob"}, names(sent))
		require.NotContains(t, sent[0].Subject, "×", "ada knows of the first")
		require.Contains(t, sent[1].Subject, "(×2)")
		require.Empty(t, b.owed())
		require.Empty(t, b.told)
	})
}

func TestAnotherMasterGoesOn(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, b *bundle) {
		b.outbox.fail = map[string]failure{"ada": {true, errBox}}
		b.failTask(b.task("settle", b.user("ada", nil)), core.Result{})
		b.pass(0)
		b.outbox.fail = nil
		b.Notifier = b.notifier(b.opts.Channels...)
		require.Empty(t, b.pass(time.Minute-time.Second))
		require.Len(t, b.pass(time.Second), 1)
		require.Empty(t, b.owed())
	})
}

func TestStoppingIsNobodysFault(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, b *bundle) {
		ctx, cancel := context.WithCancel(b.ctx)
		b.Notifier = b.notifier(Kind{Name: "stopped", Open: func(core.Settings) Channel { return stopper(cancel) }})
		b.failTask(b.task("settle", b.user("ada", nil)), core.Result{})
		require.ErrorIs(t, b.RunOnce(ctx), context.Canceled)
		due, err := b.store.DueNotices(b.ctx, 10)
		require.NoError(t, err)
		require.Len(t, due, 1, "still due")
		require.Zero(t, due[0].Tries)
	})
}

// stopper is a channel during whose send the master is stopped.
type stopper context.CancelFunc

func (s stopper) Send(ctx context.Context, _ Message) (bool, error) {
	s()
	return true, ctx.Err()
}

func TestServerThatHangsHoldsUpEverySubjectAlike(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, b *bundle) {
		b.Notifier = b.notifier(Kind{Name: "hanging", Open: func(core.Settings) Channel { return hanging{} }})
		var keepers []int64
		for _, name := range []string{"ada", "bob", "cy", "di", "ed", "flo"} {
			keepers = append(keepers, b.user(name, nil))
		}
		for _, title := range []string{"first", "second"} {
			b.failTask(b.task(title, keepers...), core.Result{})
		}
		for range 2 {
			ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
			require.NoError(t, b.RunOnce(ctx))
			cancel()
		}
		owed := b.owed()
		require.Len(t, owed, 2)
		for _, notice := range owed {
			require.Equal(t, 1, notice.Tries)
		}
	})
}

// hanging is a channel that gives up after a while.
type hanging struct{}

func (hanging) Send(context.Context, Message) (bool, error) {
	time.Sleep(mailTimeout)
	return true, errBox
}

func TestUnreadableRecordStopsNobodyElse(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, b *bundle) {
		ada := b.user("ada", nil)
		bad := b.failTask(b.task("bad", ada), core.Result{})
		b.failTask(b.task("good", ada), core.Result{})
		n, err := New(Options{Store: unreadable{b.store, bad}, Settings: b.opts.Settings, Logger: b.opts.Logger, Channels: b.opts.Channels})
		require.NoError(t, err)
		b.Notifier = n
		sent := b.pass(0)
		require.Len(t, sent, 1)
		require.Contains(t, sent[0].Subject, "good")
		left := b.owed()
		require.Len(t, left, 1)
		require.Equal(t, bad, left[0].RunID)
		require.Equal(t, 1, left[0].Tries)
	})
}

// unreadable is a store in which one run cannot be read.
type unreadable struct {
	*store.Store
	runID string
}

func (u unreadable) Run(ctx context.Context, id string) (*core.Run, error) {
	if id == u.runID {
		return nil, errBox
	}
	return u.Store.Run(ctx, id)
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	_, err := New(Options{})
	require.ErrorContains(t, err, "required")
}

func TestMailIsSentAsTheSettingsSay(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.Notifier = b.notifier(Channels()...)
	server := startSMTP(t, nil)
	require.NoError(t, b.store.SaveSettings(b.ctx, map[string]string{
		"Email_SmtpServer": "127.0.0.1", "Email_SmtpPort": strconv.Itoa(server.port),
		"Email_FromAccount": "carillon@example.com", "Email_FromAccountPwd": "s3cret",
	}))
	title := "settle\r\nBcc: eve@example.com\r\n\r\naccounts"
	b.failTask(b.task(title, b.user("ada", nil), b.user("bob", nil)), core.Result{Status: 500, Response: []byte("out of order")})
	require.NoError(t, b.RunOnce(b.ctx))

	mails := server.mails()
	require.Len(t, mails, 2)
	for i, address := range []string{"<ada@example.com>", "<bob@example.com>"} {
		require.Equal(t, address, mails[i].to)
		header, text := mails[i].parsed(t)
		require.Equal(t, address, header.Get("To"), "no address of anybody else")
		require.Empty(t, header.Get("Cc")+header.Get("Bcc"))
		require.Equal(t, "[Carillon] 任务失败 Task failed: settle  Bcc: eve@example.com    accounts", mails[i].subject(t))
		require.Contains(t, text, "HTTP 500\r\nout of order\r\n")
	}
	due, err := b.store.DueNotices(b.ctx, 10)
	require.NoError(t, err)
	require.Empty(t, due)
}

// Who tries a callback looks at what comes of it.
func TestNobodyIsToldOfATrial(t *testing.T) {
	t.Parallel()
	users := []*core.User{{ID: 1, Email: "ada@example.com"}}
	d := &core.DelayedTask{CreatedBy: 1, SourceApp: "shop"}
	require.Len(t, event{delayed: d}.audience(users), 1)
	d.SourceApp = core.TrialApp
	require.Empty(t, event{delayed: d}.audience(users))
}
