package remediate_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/internal/casestore"
	"tocsin/internal/remediate"
	"tocsin/internal/remediate/providertest"
)

// stride makes the tests bearable under the race detector. All places, as docs/design/acting.md says: go test ./internal/remediate -stride 1
var stride = flag.Int("stride", 7, "die at every n-th place only")

func sum(raw []byte) string {
	h := sha256.Sum256(raw)
	return hex.EncodeToString(h[:])
}

// story is a case: what is done calmly before, and the action that is disturbed.
type story struct {
	name   string
	before []remediate.Kind
	kind   remediate.Kind // Undo: of the last before
}

var stories = []story{
	{"move to junk", nil, remediate.MoveToJunk},
	{"move to deleted items", nil, remediate.MoveToDeleted},
	{"move to inbox", nil, remediate.MoveToInbox},
	{"soft delete", nil, remediate.SoftDelete},
	{"hard delete", nil, remediate.HardDelete},
	{"quarantine", nil, remediate.Quarantine},
	{"release", []remediate.Kind{remediate.Quarantine}, remediate.Release},
	{"undo a move", []remediate.Kind{remediate.MoveToJunk}, remediate.Undo},
	{"undo a soft delete", []remediate.Kind{remediate.SoftDelete}, remediate.Undo},
	{"undo a release", []remediate.Kind{remediate.Quarantine, remediate.Release}, remediate.Undo},
	{"hard delete after soft delete", []remediate.Kind{remediate.SoftDelete}, remediate.HardDelete},
	{"hard delete of what is held", []remediate.Kind{remediate.Quarantine}, remediate.HardDelete},
}

// scene is one run of a story, in mailboxes of its own.
type scene struct {
	w       *world
	boxes   []string
	actions []string
	main    string
}

var scenes int

// play puts mail into three mailboxes and makes the actions; the last one is not begun.
func play(t testing.TB, s *casestore.Store, story story) *scene {
	t.Helper()
	scenes++
	w := newWorld(t, s)
	at := fmt.Sprintf("@m%d.example", scenes)
	ann, bob, eve := "ann"+at, "bob"+at, "eve"+at
	one, two, three := w.take("one", "one", "click here"), w.take("two", "two", "pay now"), w.take("three", "three", "hello")
	when := func(n int) time.Time { return began.Add(time.Duration(n) * time.Minute) }
	w.mail.Deliver(ann, "INBOX", letter("one", "one", "click here"), []string{`\Seen`, `\Answered`}, when(1))
	w.mail.Deliver(ann, "Projects", letter("one", "one", "click here"), []string{`$Forwarded`}, when(2))
	w.mail.Deliver(ann, "INBOX", letter("one", "one", "something else of the same id"), nil, when(3))
	w.mail.Deliver(ann, "Junk", letter("two", "two", "pay now"), nil, when(4))
	w.mail.Deliver(ann, "INBOX", letter("two", "two", "pay now"), nil, when(5))
	w.mail.Deliver(ann, "INBOX", letter("three", "three", "not that hello"), nil, when(6))
	w.mail.Deliver(bob, "Junk", letter("one", "one", "click here"), []string{`\Flagged`}, when(7))
	w.mail.Deliver(bob, "Trash", letter("three", "three", "hello"), nil, when(8))
	c := &scene{w: w, boxes: []string{ann, bob, eve}}
	events := func() []remediate.Event {
		return []remediate.Event{w.of(one, ann), w.of(two, ann), w.of(three, ann), w.of(one, bob), w.of(two, bob), w.of(three, bob), w.of(one, eve), w.of(one, "out@nowhere.example")}
	}
	for _, kind := range story.before {
		a := w.start(kind, events()...)
		if err := w.work(a.ID); err != nil {
			t.Fatal(err)
		}
		c.actions = append(c.actions, a.ID)
	}
	if story.kind == remediate.Undo {
		c.main = w.undo(w.action(c.actions[len(c.actions)-1])).ID
	} else {
		c.main = w.start(story.kind, events()...).ID
	}
	c.actions = append(c.actions, c.main)
	return c
}

func (c *scene) state() string { return c.w.state(c.actions, c.boxes...) }

// TestCrashesLoseAndDoubleNothing kills the worker before and after every call that it makes, to the store, the vault, the mail system and
// the event store. Whatever it dies at: another worker goes on, and what is left is what an undisturbed one leaves.
func TestCrashesLoseAndDoubleNothing(t *testing.T) {
	s := openStore(t)
	for i, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			calm := play(t, s, story)
			ticks := 0
			calm.w.tick = func(string) { ticks++ }
			if err := calm.w.work(calm.main); err != nil {
				t.Fatal(err)
			}
			want := calm.state()
			t.Logf("%d places", ticks)
			if a := calm.w.action(calm.main); !a.State.Over() || a.Counts.Todo != 0 || a.Counts.Done == 0 {
				t.Fatalf("%s", want)
			}
			for n := i % *stride; n < ticks; n += *stride {
				c := play(t, s, story)
				left, place := n, ""
				c.w.tick = func(at string) {
					if left--; left == -1 {
						place = at
						panic(errDied)
					}
				}
				if err := c.w.work(c.main); !errors.Is(err, errDied) {
					t.Fatalf("place %d: %v", n, err)
				}
				if err := c.w.work(c.main); err != nil {
					t.Fatalf("%s, going on: %v", place, err)
				}
				if got := c.state(); got != want {
					t.Fatalf("died at %s (%d of %d):\n%s\nwant\n%s", place, n, ticks, got, want)
				}
			}
		})
	}
}

// TestManyCrashes dies again and again, every so many calls.
func TestManyCrashes(t *testing.T) {
	s := openStore(t)
	for _, story := range stories {
		calm := play(t, s, story)
		if err := calm.w.work(calm.main); err != nil {
			t.Fatal(err)
		}
		for _, every := range []int{17, 23, 31} {
			c := play(t, s, story)
			left, deaths := every, 0
			c.w.tick = func(string) {
				if left--; left < 0 {
					left = every + deaths // a little more each time: it gets somewhere
					deaths++
					panic(errDied)
				}
			}
			for errors.Is(c.w.work(c.main), errDied) {
				if deaths > 200 {
					t.Fatal("it gets nowhere")
				}
			}
			c.w.tick = func(string) {}
			if got, want := c.state(), calm.state(); got != want {
				t.Errorf("%s, %d deaths:\n%s\nwant\n%s", story.name, deaths, got, want)
			}
		}
	}
}

// TestBrokenConnections: an error of the mail system before or after anything is done is tried again and leaves the same.
func TestBrokenConnections(t *testing.T) {
	s := openStore(t)
	for i, story := range stories {
		calm := play(t, s, story)
		ops := 0
		calm.w.mail.Before = func(context.Context, providertest.Op, string) error { ops++; return nil }
		if err := calm.w.work(calm.main); err != nil {
			t.Fatal(err)
		}
		want := calm.state()
		answers := []error{errors.New("connection reset"), remediate.ErrOverloaded, remediate.ErrRefused}
		for n := i % *stride; n < 2*ops; n += *stride {
			c := play(t, s, story)
			left, broken := n/2, answers[n/2%len(answers)]
			var at providertest.Op
			hook := func(_ context.Context, op providertest.Op, _ string) error {
				if left--; left == -1 && op != providertest.OpClose {
					at = op
					return broken
				}
				return nil
			}
			if n%2 == 0 {
				c.w.mail.Before = hook
			} else {
				c.w.mail.After = hook
			}
			if err := c.w.work(c.main); err != nil {
				t.Fatal(err)
			}
			if got := c.state(); got != want {
				t.Fatalf("%s: %v at %s (%d):\n%s\nwant\n%s", story.name, broken, at, n, got, want)
			}
		}
	}
}

// TestUndoBringsBackWhatWas: octets, flags, times and folders of every copy.
func TestUndoBringsBackWhatWas(t *testing.T) {
	s := openStore(t)
	for _, kind := range []remediate.Kind{remediate.MoveToJunk, remediate.MoveToDeleted, remediate.MoveToInbox, remediate.SoftDelete, remediate.Quarantine} {
		c := play(t, s, story{kind: kind})
		before := fmt.Sprint(c.w.box(c.boxes[0]), c.w.box(c.boxes[1]))
		if err := c.w.work(c.main); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(c.w.box(c.boxes[0]), c.w.box(c.boxes[1])) == before {
			t.Fatalf("%s did nothing", kind)
		}
		u := c.w.undo(c.w.action(c.main))
		if _, err := c.w.planner().Undo(t.Context(), c.main, "again", "ann@own.example", "ann"); !errors.Is(err, remediate.ErrUndone) {
			t.Errorf("undone twice: %v", err)
		}
		if err := c.w.work(u.ID); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(c.w.box(c.boxes[0]), c.w.box(c.boxes[1])); got != before {
			t.Errorf("%s undone:\n%s\nwas\n%s", kind, got, before)
		}
		if a := c.w.action(u.ID); a.State != remediate.Done || c.w.action(c.main).Undone != u.ID {
			t.Errorf("%+v", a)
		}
	}
	c := play(t, s, story{kind: remediate.HardDelete})
	if err := c.w.work(c.main); err != nil {
		t.Fatal(err)
	}
	if _, err := c.w.planner().Undo(t.Context(), c.main, "again", "ann@own.example", "ann"); !errors.Is(err, remediate.ErrNoUndo) {
		t.Errorf("a hard delete undone: %v", err)
	}
	if len(c.w.vault) != 0 || strings.Contains(fmt.Sprint(c.w.box(c.boxes[0])), sum(letter("one", "one", "click here"))[:8]) {
		t.Errorf("a hard delete keeps something: %v", c.w.box(c.boxes[0]))
	}
}
