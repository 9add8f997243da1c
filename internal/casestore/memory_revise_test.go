package casestore

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"tocsin/internal/detect"
)

// TestRememberThreatLater: mail that was taken for honest and turned out to be a threat leaves no standing; taken back, it has it again.
func TestRememberThreatLater(t *testing.T) {
	const eve = "eve@evil.example"
	s := open(t)
	m := memory(t, s)
	var eves []Trace
	for _, d := range []int{30, 20, 10} {
		eves = append(eves, from(eve, ago(d)))
	}
	remember(t, m, history()...)
	remember(t, m, eves...)
	with := dump(t, s)
	answers := []string{eves[2].MessageID}
	known := func(p detect.Past) string {
		return fmt.Sprint(p.Sender.In, p.Sender.Bad, p.Sender.Known(), p.Site.Days, p.Site.Aligned, len(p.Site.Networks), p.Thread.Found)
	}
	ask := func(want string) {
		t.Helper()
		if got := known(recall(t, m, Question{From: eve, Marks: true, Answers: answers})); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	ask("3 0 true 3 3 1 true")
	turn := func(threat bool) {
		t.Helper()
		for range 2 { // a run that died says it twice
			for i := range eves {
				eves[i].Threat = threat
				if err := m.Remember(t.Context(), eves[i]); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	turn(true)
	ask("0 3 false 0 0 0 false")
	if p := recall(t, m, Question{From: eve}); !p.Sender.Stranger() || !p.Mailbox.Stranger() {
		t.Errorf("%+v %+v", p.Sender, p.Mailbox)
	}
	if p := recall(t, m, Question{From: anna}); p.Sender.In != 19 || p.Sender.Bad != 1 {
		t.Errorf("somebody else lost a day: %+v", p.Sender)
	}
	turn(false)
	ask("3 0 true 3 3 1 true")
	if got := dump(t, s); !reflect.DeepEqual(got, with) {
		t.Errorf("%v\nwant %v", got, with)
	}
}

// TestRememberHarmlessLater: a day is only given back when no other threat came on it.
func TestRememberHarmlessLater(t *testing.T) {
	m := memory(t, open(t))
	remember(t, m, from(anna, ago(3)))
	a, b := from(anna, ago(3).Add(time.Hour)), from(anna, ago(3).Add(2*time.Hour))
	a.Threat, b.Threat = true, true
	remember(t, m, a, b)
	bad := func(want int) {
		t.Helper()
		if p := recall(t, m, Question{From: anna}); p.Sender.Bad != want || p.Sender.In != 1-want {
			t.Errorf("%+v, want %d bad days", p.Sender, want)
		}
	}
	bad(1)
	a.Threat, b.Threat = false, false
	for _, step := range []struct {
		x    Trace
		want int
	}{{a, 1}, {a, 1}, {b, 0}} {
		if err := m.Remember(t.Context(), step.x); err != nil {
			t.Fatal(err)
		}
		bad(step.want)
	}
	// What was a threat from somebody unknown left nothing, and becomes known as if it had been harmless from the start.
	c := from("new@firm.example", ago(2))
	c.Threat = true
	remember(t, m, c)
	c.Threat = false
	if err := m.Remember(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if p := recall(t, m, Question{From: "new@firm.example"}); p.Sender.In != 1 || p.Sender.Bad != 0 || p.Site.Days != 1 {
		t.Errorf("%+v %+v", p.Sender, p.Site)
	}
}
