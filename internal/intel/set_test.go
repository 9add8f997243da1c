package intel

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// A set that is filled, changed, copied and kept says what a map says.
func TestSetAgainstMap(t *testing.T) {
	now := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	r := rand.New(rand.NewPCG(1, 2))
	x, want := NewIndicators(), map[string]string{}
	value := func(i int) string { return fmt.Sprintf("host-%d.test", i) }
	for range 30_000 {
		i := r.IntN(4000)
		if r.IntN(3) == 0 {
			if got := x.Remove(Domain, value(i), "s", FingerprintOf(Domain, value(i))); got != (want[value(i)] != "") {
				t.Fatalf("removing %s: %v", value(i), got)
			}
			delete(want, value(i))
			continue
		}
		threat := fmt.Sprint("t", r.IntN(50))
		want[value(i)] = threat
		if err := x.Add(Indicator{Kind: Domain, Value: value(i), Source: "s", Threat: threat, Confidence: uint8(r.IntN(100))}); err != nil {
			t.Fatal(err)
		}
	}
	var kept bytes.Buffer
	_ = x.Add(Indicator{Kind: Subject, Value: "invoice * overdue", Source: "s"})
	_ = x.Add(Indicator{Kind: IP, Value: "192.0.2.0/24", Source: "s"})
	if err := x.WriteSet(&kept, 42); err != nil {
		t.Fatal(err)
	}
	whole := kept.Bytes()
	read, number, err := ReadSet(bytes.NewReader(whole))
	if err != nil || number != 42 {
		t.Fatal(number, err)
	}
	for name, s := range map[string]*Indicators{"set": x, "copy": x.Clone(), "kept": read} {
		if s.Len() != len(want)+2 {
			t.Errorf("%s: %d, want %d", name, s.Len(), len(want)+2)
		}
		for i := range 4000 {
			if in, ok := s.FindHost("www."+value(i), now); ok != (want[value(i)] != "") || in.Threat != want[value(i)] {
				t.Fatalf("%s: %s: %+v, want %q", name, value(i), in, want[value(i)])
			}
		}
		if _, ok := s.FindSubject("Re: Invoice 7 is OVERDUE", now); !ok {
			t.Errorf("%s: subject", name)
		}
	}
	// A change of a copy is none of the original.
	c := x.Clone()
	_ = c.Add(Indicator{Kind: Domain, Value: "new.test", Source: "s"})
	if _, ok := x.FindHost("new.test", now); ok {
		t.Error("the copy shares its table")
	}
	for _, at := range []int{0, 10, len(whole) / 2, len(whole) - 1} {
		bad := slices.Clone(whole)
		bad[at] ^= 0x55
		if _, _, err := ReadSet(bytes.NewReader(bad)); !errors.Is(err, errDamaged) {
			t.Errorf("damaged at %d: %v", at, err)
		}
	}
	if _, _, err := ReadSet(bytes.NewReader(whole[:len(whole)/2])); !errors.Is(err, errDamaged) {
		t.Errorf("half a file: %v", err)
	}
}

func TestPatterns(t *testing.T) {
	now := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		pattern, subject string
		want             bool
	}{
		{"invoice overdue", "RE: Invoice overdue!", true}, {"invoice overdue", "Invoice is overdue", false}, {"invoice * overdue", "overdue invoice", false},
		{"invoice * overdue", "Invoice 88, long OVERDUE", true}, {"payro* * friday", "Payrolls before Friday", true}, {"payro* friday", "payroll friday", true}, {"payro* friday", "payroll on friday", true},
		{"überweisung ausgeführt", "Ueberweisung Überweisung ausgefuhrt", true}, {"paypal receipt", "Pаypаl receipt", true}, {"receipt * receipt", "receipt", false}, {"receipt * receipt", "receipt of a receipt", true},
	} {
		x := NewIndicators()
		if err := x.Add(Indicator{Kind: Subject, Value: c.pattern}); err != nil {
			t.Fatal(c.pattern, err)
		}
		if _, ok := x.FindSubject(c.subject, now); ok != c.want {
			t.Errorf("%q in %q: %v", c.pattern, c.subject, ok)
		}
	}
	for _, bad := range []string{"", "*", "re", "a*b cdefgh", "* ! *"} {
		if _, err := ReadPattern(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
