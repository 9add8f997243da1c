package remediate_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/internal/remediate"
	"tocsin/internal/remediate/providertest"
)

// TestDriftIsFound: mail that its owner put back is found by the checks, once, and told; what somebody else acted on is theirs.
func TestDriftIsFound(t *testing.T) {
	s := openStore(t)
	for _, kind := range []remediate.Kind{remediate.SoftDelete, remediate.MoveToJunk} {
		c := play(t, s, story{kind: kind})
		if err := c.w.work(c.main); err != nil {
			t.Fatal(err)
		}
		checks := func(after time.Duration) {
			t.Helper()
			c.w.now = c.w.now.Add(after)
			list, err := c.w.store.Due(t.Context(), c.w.now, 10)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range list {
				if !slices.Contains(c.boxes, d.Mailbox) {
					continue
				}
				if turn, err := c.w.worker().Check(t.Context(), d); err != nil || !turn.Over {
					t.Fatal(turn, err)
				}
			}
		}
		rows := len(c.w.rows)
		checks(61 * time.Minute)
		if a := c.w.action(c.main); a.Counts.Drifted != 0 || len(c.w.rows) != rows {
			t.Fatalf("%s: drift without a reason: %s", kind, c.state())
		}
		c.w.mail.Deliver(c.boxes[0], "INBOX", letter("one", "one", "click here"), nil, began)
		checks(23 * time.Hour)
		a := c.w.action(c.main)
		if a.Counts.Drifted != 1 || len(c.w.rows) != rows+1 || !strings.Contains(c.state(), "User moved / Moved to INBOX / Success") || !strings.Contains(c.state(), "event of ann is in Inbox/folder") {
			t.Errorf("%s: %+v\n%s", kind, a.Counts, c.state())
		}
		drifted, err := c.w.store.Targets(t.Context(), remediate.TargetFilter{Action: c.main, Drifted: true, After: -1})
		if err != nil || len(drifted) != 1 || !drifted[0].Drifted() || drifted[0].Receipt.Checks[1].Where != "INBOX" || !drifted[0].Receipt.Checks[0].Holds {
			t.Errorf("%+v %v", drifted, err)
		}
		checks(48 * time.Hour)
		if len(c.w.rows) != rows+1 {
			t.Error("a third check")
		}
	}
	// After an undo, the mail may be there.
	c := play(t, s, story{kind: remediate.SoftDelete})
	if err := errors.Join(c.w.work(c.main), c.w.work(c.w.undo(c.w.action(c.main)).ID)); err != nil {
		t.Fatal(err)
	}
	c.w.now = c.w.now.Add(2 * time.Hour)
	for _, box := range c.boxes {
		if _, err := c.w.worker().Check(t.Context(), remediate.Due{Action: c.main, Mailbox: box, At: c.w.now}); err != nil {
			t.Fatal(err)
		}
	}
	if a := c.w.action(c.main); a.Counts.Drifted != 0 {
		t.Errorf("an undone action has drifted: %+v", a.Counts)
	}
}

// TestCancelFinishesWhatIsBegun: nothing stops between an intent and its receipt.
func TestCancelFinishesWhatIsBegun(t *testing.T) {
	c := play(t, openStore(t), story{kind: remediate.SoftDelete})
	stop := true
	c.w.tick = func(at string) {
		if at == "before remove" && stop {
			stop = false
			if a, err := c.w.store.Cancel(t.Context(), c.main, c.w.now); err != nil || a.State.Over() {
				t.Error(a.State, err)
			}
		}
	}
	if err := c.w.work(c.main); err != nil {
		t.Fatal(err)
	}
	a := c.w.action(c.main)
	if a.State != remediate.Cancelled || a.Counts.Done != 1 || a.Counts.Cancelled == 0 || a.Counts.Todo != 0 {
		t.Fatalf("%s %+v", a.State, a.Counts)
	}
	if _, err := c.w.store.Cancel(t.Context(), c.main, c.w.now); !errors.Is(err, remediate.ErrOver) {
		t.Errorf("cancelled twice: %v", err)
	}
	for _, x := range c.w.targets(c.main) {
		if x.Outcome == remediate.CancelledOut && (x.Receipt != nil || len(x.Intents) > 0) {
			t.Errorf("%+v", x)
		}
	}
	if err := c.w.work(c.w.undo(a).ID); err != nil { // what was done can be undone
		t.Fatal(err)
	}
}

// TestWithdraw: a request loses targets, and ends when it lost all.
func TestWithdraw(t *testing.T) {
	c := play(t, openStore(t), story{kind: remediate.SoftDelete})
	if _, err := c.w.store.Withdraw(t.Context(), c.main, []int{0}, "not wanted", c.w.now); !errors.Is(err, remediate.ErrOver) {
		t.Errorf("an action that does not wait: %v", err)
	}
	a := c.w.action(c.main)
	a.ID, a.State, a.Needs, a.Name = "waiting", remediate.Waiting, 1, "waits"
	list := c.w.targets(c.main)
	if _, err := c.w.store.Create(t.Context(), a, list); err != nil {
		t.Fatal(err)
	}
	open := c.w.action(a.ID).Counts.Todo
	for _, step := range []struct {
		seqs []int
		left int
		end  remediate.State
	}{{[]int{list[0].Seq, 999}, open - 1, remediate.Waiting}, {[]int{list[0].Seq}, open - 1, remediate.Waiting}, {seqsOf(list), 0, remediate.Cancelled}} {
		got, err := c.w.store.Withdraw(t.Context(), a.ID, step.seqs, "not wanted", c.w.now)
		if err != nil || got.Counts.Todo != step.left || got.State != step.end {
			t.Fatalf("%v: %s %+v %v", step.seqs, got.State, got.Counts, err)
		}
	}
	for _, x := range c.w.targets(a.ID) {
		if x.Outcome == remediate.CancelledOut && x.Error != "not wanted" {
			t.Errorf("%+v", x)
		}
	}
}

func seqsOf(list []remediate.Target) (out []int) {
	for _, x := range list {
		out = append(out, x.Seq)
	}
	return out
}

// TestTriesEnd: what fails for good says so, and a person may try it again.
func TestTriesEnd(t *testing.T) {
	c := play(t, openStore(t), story{kind: remediate.SoftDelete})
	broken := true
	c.w.mail.Before = func(_ context.Context, op providertest.Op, address string) error {
		if broken && op == providertest.OpRemove && strings.HasPrefix(address, "ann") {
			return errors.New("disk\r\nfull")
		}
		return nil
	}
	from := c.w.now
	if err := c.w.work(c.main); err != nil {
		t.Fatal(err)
	}
	a := c.w.action(c.main)
	if a.State != remediate.Partly || a.Counts.Failed != 2 || c.w.now.Sub(from) < 10*time.Minute {
		t.Fatalf("%s %+v after %s", a.State, a.Counts, c.w.now.Sub(from))
	}
	for _, x := range c.w.targets(c.main) {
		if x.Outcome == remediate.FailedTarget && (x.Tries != remediate.MaxTries || x.Error != "The mail system did not do it: disk  full") {
			t.Errorf("%+v", x)
		}
	}
	broken = false
	if a, err := c.w.store.Retry(t.Context(), c.main, c.w.now); err != nil || a.State != remediate.Queued || a.Counts.Todo != 2 {
		t.Fatal(a, err)
	}
	if err := c.w.work(c.main); err != nil {
		t.Fatal(err)
	}
	calm := play(t, openStore(t), story{kind: remediate.SoftDelete})
	if err := calm.w.work(calm.main); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(c.w.action(c.main).Counts, c.w.box(c.boxes[0])), fmt.Sprint(calm.w.action(calm.main).Counts, calm.w.box(calm.boxes[0])); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if _, err := c.w.store.Retry(t.Context(), c.main, c.w.now); !errors.Is(err, remediate.ErrNoRetry) {
		t.Error(err)
	}
}

// TestOneCopyTwoAddresses: two addresses of one mailbox are two events and one copy.
func TestOneCopyTwoAddresses(t *testing.T) {
	w := newWorld(t, openStore(t))
	one := w.take("one", "one", "click here")
	w.mail.Deliver("ann@one.example", "INBOX", letter("one", "one", "click here"), nil, began)
	a := w.start(remediate.SoftDelete, w.of(one, "ann@one.example"), w.of(one, "alias+ann@one.example"))
	if err := w.work(a.ID); err != nil {
		t.Fatal(err)
	}
	if a = w.action(a.ID); a.State != remediate.Done || a.Counts.Done != 2 || a.Counts.Mailboxes != 1 {
		t.Fatalf("%s %+v", a.State, a.Counts)
	}
	if err := w.work(w.undo(a).ID); err != nil || len(w.box("ann@one.example")) != 1 {
		t.Error(err, w.box("ann@one.example"))
	}
}

// TestUnreadOnly leaves alone what was read.
func TestUnreadOnly(t *testing.T) {
	w := newWorld(t, openStore(t))
	one := w.take("one", "one", "click here")
	w.mail.Deliver("ann@two.example", "INBOX", letter("one", "one", "click here"), []string{`\Seen`}, began)
	w.mail.Deliver("bob@two.example", "INBOX", letter("one", "one", "click here"), nil, began)
	a, err := w.planner().Start(t.Context(), remediate.Ask{Kind: remediate.MoveToJunk, Reason: "again", By: "Spam ZAP", Automatic: true, Unread: true, Events: []remediate.Event{w.of(one, "ann@two.example"), w.of(one, "bob@two.example")}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.work(a.ID); err != nil {
		t.Fatal(err)
	}
	if a = w.action(a.ID); a.Counts.Done != 1 || a.Counts.Skipped != 1 || !strings.HasPrefix(w.box("ann@two.example")[0], "INBOX") || !strings.HasPrefix(w.box("bob@two.example")[0], "Junk") {
		t.Errorf("%+v", a.Counts)
	}
	if state := w.state([]string{a.ID}); !strings.Contains(state, "Spam ZAP / Moved to junk folder / Success") {
		t.Error(state)
	}
}

// TestStoppedAtDelivery is released from the bytes that came in.
func TestStoppedAtDelivery(t *testing.T) {
	w := newWorld(t, openStore(t))
	one := w.take("one", "one", "click here")
	one.Place = remediate.Quarantined
	w.mail.Deliver("ann@three.example", "INBOX", letter("other", "other", "x"), nil, began)
	a := w.start(remediate.Release, w.of(one, "ann@three.example"))
	if err := w.work(a.ID); err != nil {
		t.Fatal(err)
	}
	look := w.mail.Look("ann@three.example")
	if len(look) != 2 || sum(look[1].Raw) != one.RawSHA256 || look[1].Folder != "INBOX" || len(look[1].Flags) != 0 || !look[1].Received.Equal(one.Date) {
		t.Fatalf("%+v", look)
	}
	if state := w.state([]string{a.ID}); !strings.Contains(state, "Quarantine release / Quarantine release / Success, Quarantine to Inbox/folder") {
		t.Error(state)
	}
}

// TestMailboxesFollowEachOther: two actions on one mailbox never work at once, and lose nothing.
func TestMailboxesFollowEachOther(t *testing.T) {
	s := openStore(t)
	w := newWorld(t, s)
	var mu sync.Mutex
	busy := map[string]int{}
	w.mail.Before = func(_ context.Context, op providertest.Op, address string) error {
		if op == providertest.OpOpen {
			mu.Lock()
			defer mu.Unlock()
			if busy[address]++; busy[address] > 1 {
				t.Error("two at once in " + address)
			}
		}
		return nil
	}
	w.mail.After = func(_ context.Context, op providertest.Op, address string) error {
		if op == providertest.OpClose {
			mu.Lock()
			defer mu.Unlock()
			busy[address]--
		}
		return nil
	}
	var events []remediate.Event
	for n := range 20 {
		one := w.take(fmt.Sprint("m", n), fmt.Sprint("m", n), "click here")
		box := fmt.Sprintf("p%d@four.example", n%4)
		w.mail.Deliver(box, "INBOX", letter(fmt.Sprint("m", n), fmt.Sprint("m", n), "click here"), nil, began)
		events = append(events, w.of(one, box))
	}
	// The worlds of these tests belong to one goroutine; here the stores that are maps are replaced.
	worker := w.worker()
	worker.Events, worker.Vault = quiet{}, &lockedVault{kept: map[string][]byte{}}
	first, second := w.start(remediate.MoveToJunk, events...), w.start(remediate.SoftDelete, events...)
	var all sync.WaitGroup
	for _, id := range []string{first.ID, second.ID} {
		for n := range 4 {
			all.Go(func() {
				for {
					turn, err := worker.Work(t.Context(), id, fmt.Sprintf("p%d@four.example", n))
					if err != nil || turn.Over {
						if err != nil {
							t.Error(err)
						}
						return
					}
					time.Sleep(time.Millisecond)
				}
			})
		}
	}
	all.Wait()
	if a, b := w.action(first.ID), w.action(second.ID); !a.State.Over() || b.Counts.Done != 20 {
		t.Errorf("%+v %+v", a.Counts, b.Counts)
	}
}

type quiet struct{}

func (quiet) Note(context.Context, []remediate.Noted) error { return nil }
func (quiet) Pending(context.Context, time.Time, int) ([]remediate.Pending, error) {
	return nil, nil
}

type lockedVault struct {
	mu   sync.Mutex
	kept map[string][]byte
}

func (v *lockedVault) Put(_ context.Context, s string, raw []byte) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.kept[s] = raw
	return nil
}

func (v *lockedVault) Get(_ context.Context, s string) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.kept[s] == nil {
		return nil, remediate.ErrNoBytes
	}
	return v.kept[s], nil
}

func (v *lockedVault) Forget(_ context.Context, s string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.kept, s)
	return nil
}
