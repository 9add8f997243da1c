package indicatorstore_test

import (
	"context"
	"errors"
	"iter"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/indicator"
	"tocsin/internal/indicatorstore"
	"tocsin/internal/intel"
)

var start = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

// desk is a desk over a file, with a clock that stands still until it is moved.
type desk struct {
	*indicator.Desk
	store *indicatorstore.Store
	path  string
	now   time.Time
	moves int // how often somebody was told of a change
}

func (d *desk) open(t *testing.T, good *indicator.KnownGood) {
	t.Helper()
	var err error
	if d.store, err = indicatorstore.Open(t.Context(), d.path); err != nil {
		t.Fatal(err)
	}
	d.Desk, err = indicator.Open(t.Context(), d.store, indicator.Options{Good: good, Now: func() time.Time { return d.now }, Changed: func(string, int64, int64) { d.moves++ }})
	if err != nil {
		t.Fatal(err)
	}
}

func newDesk(t *testing.T, good *indicator.KnownGood) *desk {
	t.Helper()
	d := &desk{path: filepath.Join(t.TempDir(), "indicators.sqlite"), now: start}
	d.open(t, good)
	t.Cleanup(func() { _ = d.store.Close() })
	return d
}

func list(items ...indicator.Indicator) iter.Seq2[indicator.Indicator, error] {
	return func(yield func(indicator.Indicator, error) bool) {
		for _, in := range items {
			if !yield(in, nil) {
				return
			}
		}
	}
}

func values(s ...string) (out []indicator.Indicator) {
	for _, v := range s {
		out = append(out, indicator.Indicator{Value: v})
	}
	return out
}

func (d *desk) take(t *testing.T, source string, whole bool, items ...indicator.Indicator) indicator.Taken {
	t.Helper()
	got, err := d.Take(context.Background(), source, whole, list(items...))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (d *desk) hits(host string) bool {
	_, ok := d.Set().FindHost(host, d.now)
	return ok
}

// the life of a source: first list, the same again, a change, and what it does not list any more.
func TestSourceFromListToList(t *testing.T) {
	d := newDesk(t, nil)
	got := d.take(t, "feed", true, append(values("one.test", "hxxps://two[.]test/a?b=1", "203.0.113.0/24", strings.Repeat("ab", 32), "boss@three.test", "nonsense"), indicator.Indicator{Value: "low.test", Confidence: 30, Threat: "Qbot"})...)
	if got.Added != 6 || got.RefusedCount != 1 || got.Refused[0].At != 6 || got.Refused[0].Value != "nonsense" {
		t.Fatalf("first: %+v", got)
	}
	if in, ok := d.Set().FindHost("www.low.test", d.now); !ok || !in.Suspicious || in.Threat != "Qbot" || in.Source != "feed" || in.Confidence != 30 {
		t.Errorf("low.test: %+v %v", in, ok)
	}
	if _, ok := d.Set().FindURL("http://two.test/a?b=1", d.now); !ok {
		t.Error("the URL does not match")
	}
	moves := d.moves
	same := append(values("one.test", "https://two.test/a?b=1", "203.0.113.0/24", strings.Repeat("AB", 32), "boss@three.test"), indicator.Indicator{Value: "low.test", Confidence: 30, Threat: "Qbot"})
	if got := d.take(t, "feed", true, same...); got.Same != 6 || got.Added+got.Changed+got.Retired != 0 || d.moves != moves {
		t.Errorf("the same again: %+v, told %d times", got, d.moves-moves)
	}
	if got := d.take(t, "feed", true, values("one.test", "https://two.test/a?b=1", "low.test")...); got.Retired != 3 || got.Changed != 1 || got.Same != 2 {
		t.Errorf("a shorter list: %+v", got)
	}
	if in, _ := d.Set().FindHost("low.test", d.now); in.Suspicious {
		t.Error("a source that is sure now is not believed")
	}
	if _, ok := d.Set().FindSender("boss@three.test", d.now); ok {
		t.Error("what is not listed any more still matches")
	}
	if got := d.take(t, "feed", false, values("boss@three.test")...); got.Changed != 1 || got.Retired != 0 {
		t.Errorf("listed again, by a list that is not whole: %+v", got)
	}
	if got := d.take(t, "feed", false, indicator.Indicator{Value: "one.test", State: indicator.Retired}, indicator.Indicator{Value: "never.test", State: indicator.Retired}); got.Withdrawn != 2 || got.Changed+got.Added+got.Retired != 0 {
		t.Errorf("withdrawn: %+v", got)
	}
	if got := d.take(t, "feed", false, values("one.test")...); got.Changed != 1 {
		t.Errorf("told again: %+v", got)
	}
	in, history, err := d.Get(t.Context(), 5)
	if err != nil || in.State != indicator.Confirmed || len(history) != 3 || history[1].What != "retired" || !strings.HasPrefix(history[2].What, "listed again") {
		t.Errorf("%+v %+v %v", in, history, err)
	}
	// What was kept is there after a restart.
	if err := d.store.Close(); err != nil {
		t.Fatal(err)
	}
	d.open(t, nil)
	if n := d.Set().Len(); n != 4 {
		t.Errorf("%d at work after a restart, want 4", n)
	}
}

// A broken list retires nothing, and a list in which nothing is right neither.
func TestBrokenListRetiresNothing(t *testing.T) {
	d := newDesk(t, nil)
	d.take(t, "feed", true, values("one.test", "two.test")...)
	broken := func(yield func(indicator.Indicator, error) bool) {
		if yield(indicator.Indicator{Value: "one.test"}, nil) {
			yield(indicator.Indicator{}, errors.New("connection reset"))
		}
	}
	if _, err := d.Take(t.Context(), "feed", true, broken); err == nil || !d.hits("two.test") {
		t.Errorf("err %v, two.test at work: %v", err, d.hits("two.test"))
	}
	if got := d.take(t, "feed", true, values("<html>", "error 500")...); got.Retired != 0 || len(got.Warnings) != 1 || !d.hits("one.test") {
		t.Errorf("%+v", got)
	}
}

// What a person decides stays, whatever the source says later.
func TestPeopleDecide(t *testing.T) {
	d := newDesk(t, &indicator.KnownGood{Domains: []string{"northwind.example"}})
	who := indicator.Who{Name: "ana@northwind.example"}
	got, ids, err := d.Add(t.Context(), who, "seen in a report", values("bad.test", "mail.northwind.example", "gmail.com", "10.0.0.0/8", "co.uk", "https://docs.google.com/", "https://docs.google.com/d/1", "paypal.com", "x"))
	if err != nil || got.Added != 8 || got.Held != 6 || ids[8] != 0 || got.RefusedCount != 1 {
		t.Fatalf("%+v %v %v", got, ids, err)
	}
	if d.hits("gmail.com") || d.hits("paypal.com") || !d.hits("bad.test") {
		t.Error("held back and not: the wrong ones match")
	}
	in, _, _ := d.Get(t.Context(), ids[2])
	if !strings.Contains(in.Held, "large mail provider") {
		t.Errorf("%+v", in)
	}
	if _, err := d.Apply(t.Context(), who, []int64{ids[2]}, indicator.Change{Release: true, Note: "we want no mail from there"}); err != nil || !d.hits("gmail.com") {
		t.Errorf("released: %v %v", err, d.hits("gmail.com"))
	}
	if _, _, err := d.Add(t.Context(), who, "", []indicator.Indicator{{Value: "gmail.com", Threat: "phish"}}); err != nil || !d.hits("gmail.com") {
		t.Error("held back again, although a person released it")
	}

	d.take(t, "feed", true, values("one.test", "two.test")...)
	found, err := d.Find(t.Context(), 0, "ONE.test")
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	if _, err := d.Apply(t.Context(), who, []int64{found[0].ID}, indicator.Change{State: indicator.Retired, Note: "a customer"}); err != nil || d.hits("one.test") {
		t.Errorf("retired: %v", err)
	}
	d.take(t, "feed", true, indicator.Indicator{Value: "one.test", Threat: "something new"})
	if d.hits("one.test") {
		t.Error("the source brought back what a person had retired")
	}
	if _, err := d.Apply(t.Context(), who, []int64{1 << 40}, indicator.Change{State: indicator.Retired}); !errors.Is(err, indicator.ErrNotFound) {
		t.Error(err)
	}
}

func TestValidity(t *testing.T) {
	d := newDesk(t, nil)
	d.take(t, "feed", false, indicator.Indicator{Value: "later.test", ValidFrom: start.Add(48 * time.Hour)}, indicator.Indicator{Value: "short.test", ValidUntil: start.Add(time.Hour)},
		indicator.Indicator{Value: "over.test", ValidUntil: start.Add(-time.Hour)}, indicator.Indicator{Value: "back.test", ValidFrom: start, ValidUntil: start.Add(-time.Hour)})
	at := func(after time.Duration) string {
		d.now = start.Add(after)
		var out []string
		for _, h := range []string{"later.test", "short.test", "over.test", "back.test"} {
			if d.hits(h) {
				out = append(out, h)
			}
		}
		return strings.Join(out, " ")
	}
	for after, want := range map[time.Duration]string{0: "short.test", time.Hour - time.Second: "short.test", time.Hour: "", 48 * time.Hour: "later.test"} {
		if got := at(after); got != want {
			t.Errorf("after %v: %q, want %q", after, got, want)
		}
	}
}

// Two sources say different things of one value: the surer one speaks, and the other goes on when it falls silent.
func TestTwoSources(t *testing.T) {
	d := newDesk(t, nil)
	d.take(t, "a", true, indicator.Indicator{Value: "both.test", Confidence: 90, Threat: "Emotet"})
	d.take(t, "b", true, indicator.Indicator{Value: "both.test", Confidence: 20})
	if in, _ := d.Set().FindHost("both.test", d.now); in.Source != "a" || in.Threat != "Emotet" {
		t.Errorf("%+v", in)
	}
	d.take(t, "a", true, values("other.test")...)
	if in, ok := d.Set().FindHost("both.test", d.now); !ok || in.Source != "b" || !in.Suspicious {
		t.Errorf("%+v", in)
	}
	d.take(t, "c", true, indicator.Indicator{Value: "both.test", Good: true})
	if in, ok := d.Set().FindHost("both.test", d.now); !ok || !in.Good {
		t.Errorf("%+v", in)
	}
}

func TestCommonIsHeld(t *testing.T) {
	good := &indicator.KnownGood{Common: func(context.Context) ([]indicator.Common, error) {
		return []indicator.Common{{Kind: intel.Domain, Value: "mail.supplier.test", Share: 0.031}, {Kind: intel.IP, Value: "203.0.113.9", Share: 0.2}, {Kind: intel.Subject, Value: "Your weekly report", Share: 0.02}}, nil
	}}
	d := newDesk(t, good)
	got := d.take(t, "feed", false, indicator.Indicator{Value: "supplier.test"}, indicator.Indicator{Value: "other.supplier.test"}, indicator.Indicator{Value: "203.0.113.0/24"}, indicator.Indicator{Value: "203.0.113.8"},
		indicator.Indicator{Kind: intel.Subject, Value: "weekly report"}, indicator.Indicator{Kind: intel.Subject, Value: "weekly invoice"})
	if got.Added != 6 || got.Held != 3 || !strings.Contains(strings.Join(got.Warnings, "\n"), "3.1 % of the mail of the last 30 days (mail.supplier.test)") {
		t.Errorf("%+v", got)
	}
}

func TestList(t *testing.T) {
	d := newDesk(t, nil)
	d.take(t, "feed", false, indicator.Indicator{Value: "one.test", Tags: []string{"loader", "x,y"}, Threat: "Emotet"}, indicator.Indicator{Value: "https://one.test/page", Confidence: 10}, indicator.Indicator{Value: "old.test", ValidUntil: start.Add(-time.Hour)}, indicator.Indicator{Value: "fine.test", Good: true})
	d.take(t, "other", false, values("one.test", "203.0.113.4")...)
	yes := true
	for name, c := range map[string]struct {
		f    indicator.Filter
		want string
	}{
		"all": {indicator.Filter{}, "203.0.113.4 one.test fine.test old.test https://one.test/page one.test"}, "kind": {indicator.Filter{Kind: intel.URL}, "https://one.test/page"},
		"state": {indicator.Filter{State: indicator.Suspicious}, "https://one.test/page"}, "source": {indicator.Filter{Source: "other"}, "203.0.113.4 one.test"}, "no source": {indicator.Filter{Source: "none"}, ""},
		"threat": {indicator.Filter{Threat: "emotet"}, "one.test"}, "tag": {indicator.Filter{Tag: "x y"}, "one.test"}, "part": {indicator.Filter{Text: "TEST/pa"}, "https://one.test/page"},
		"value": {indicator.Filter{Text: "one[.]test"}, "one.test one.test"}, "expired": {indicator.Filter{Expired: true}, "old.test"}, "good": {indicator.Filter{Good: &yes}, "fine.test"}, "live": {indicator.Filter{Live: true, Source: "feed"}, "fine.test https://one.test/page one.test"},
	} {
		var got []string
		next := int64(0)
		for {
			part, n, err := d.List(t.Context(), c.f, next, 2)
			if err != nil {
				t.Fatal(name, err)
			}
			for _, in := range part {
				got = append(got, in.Value)
			}
			if next = n; next == 0 {
				break
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
