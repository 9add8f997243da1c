package campaign

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tocsin/internal/email"
)

const notice = "Dear %s, your storage is almost full and incoming messages will be returned to their senders from tomorrow. " +
	"To keep your mailbox working, confirm your account on the page below before the end of the day. Reference %d. The mail team"

func message(name string, n int, from, link, body string) *email.Message {
	raw := fmt.Sprintf("From: Mail team <%s>\r\nTo: %s <%s@northwind.example>\r\nSubject: Storage notice %d for %s\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: text/html; charset=utf-8\r\n\r\n<html><head><title>x</title></head><body><table><tr><td><h1>Notice</h1></td></tr><tr><td><p>%s</p></td></tr><tr><td>"+
		"<a href=\"%s\"><b>Confirm</b></a></td></tr></table><div><span><i>end</i></span></div></body></html>\r\n", from, name, strings.ToLower(name), n, name, body, link)
	return email.Parse([]byte(raw), email.Limits{})
}

func TestCopiesOfOneMailingAreKin(t *testing.T) {
	a := message("Maren", 1201, "it@alpha.example", "https://one.example/confirm/aa11?u=77", fmt.Sprintf(notice, "Maren", 88121))
	b := message("Ines", 9921, "desk@beta.example", "https://other.example/confirm/zz98?u=5", fmt.Sprintf(notice, "Ines", 10077))
	pa, pb := New(a, []string{"maren@northwind.example"}), New(b, []string{"ines@northwind.example"})
	l := Compare(&pa, &pb)
	if l.Points < Kin {
		t.Fatalf("%d points: %s", l.Points, l)
	}
	for _, want := range []string{"text samples alike", "same page layout", "same subject", "same sender name"} {
		if !strings.Contains(l.String(), want) {
			t.Errorf("reasons %q lack %q", l, want)
		}
	}
}

func TestStrangersAreNotKin(t *testing.T) {
	texts := []string{
		fmt.Sprintf(notice, "Maren", 1),
		"The minutes of the harbour meeting are attached. Please send me your corrections until Friday so that we can close the list for the quarter.",
		"Your parcel leaves our warehouse today. You will receive a message from the carrier with the number of the shipment and the day of delivery.",
	}
	var prints []Print
	for i, s := range texts {
		raw := fmt.Sprintf("From: a%d@x%d.example\r\nSubject: About point %c of many\r\n\r\n%s\r\n", i, i, 'A'+i, s)
		prints = append(prints, New(email.Parse([]byte(raw), email.Limits{}), nil))
	}
	for i := range prints {
		for k := range i {
			if l := Compare(&prints[i], &prints[k]); l.Points >= Kin {
				t.Errorf("%d and %d: %d points: %s", i, k, l.Points, l)
			}
		}
	}
}

// TestSketchFollowsTheText changes a growing share of a text's words: the likeness must fall with it.
func TestSketchFollowsTheText(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	words := make([]string, 200)
	for i := range words {
		words[i] = fmt.Sprintf("word%c%c%c", 'a'+rng.IntN(26), 'a'+rng.IntN(26), 'a'+rng.IntN(26))
	}
	original := Print{Words: sketch(words)}
	last := bins + 1
	for _, changed := range []int{0, 10, 40, 200} {
		other := append([]string{}, words...)
		for i := range changed {
			other[i*len(other)/max(changed, 1)] = fmt.Sprintf("changed%d", i)
		}
		p := Print{Words: sketch(other)}
		n := original.alikeWords(&p)
		if changed == 0 && n != bins || changed == 10 && n < leastAlike || changed == 200 && n > 2 || n > last {
			t.Errorf("%d of 200 words changed: %d of %d samples alike, before %d", changed, n, bins, last)
		}
		last = n
	}
}

func TestIndexFindsOnlyWhatCameBefore(t *testing.T) {
	x := NewIndex(10)
	at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	p := New(message("Maren", 1, "it@alpha.example", "https://one.example/c/1", fmt.Sprintf(notice, "Maren", 5)), nil)
	for i := range 3 {
		x.Add(&Member{ID: fmt.Sprint("m", i), At: at.Add(time.Duration(i) * time.Hour), Print: p})
	}
	ids := func(m []Match) (out []string) {
		for _, k := range m {
			out = append(out, k.ID)
		}
		return out
	}
	if d := cmp.Diff([]string{"m0"}, ids(x.Find(&p, "m1", at.Add(-time.Hour), at.Add(time.Hour)))); d != "" {
		t.Error(d)
	}
	if got := ids(x.Find(&p, "new", at.Add(90*time.Minute), at.Add(5*time.Hour))); len(got) != 1 || got[0] != "m2" {
		t.Errorf("since 90 minutes later: %v", got)
	}
	x.Add(&Member{ID: "m0", At: at, Threats: "Phish", Print: p})
	if got := x.Find(&p, "m1", at.Add(-time.Hour), at.Add(time.Hour)); x.Len() != 3 || len(got) != 1 || got[0].Threats != "Phish" {
		t.Errorf("%d members; found %+v", x.Len(), got)
	}
}

func TestIndexForgetsTheOldest(t *testing.T) {
	x := NewIndex(100)
	p := New(message("Maren", 1, "it@alpha.example", "https://one.example/c/1", fmt.Sprintf(notice, "Maren", 5)), nil)
	at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	for i := range 1000 {
		x.Add(&Member{ID: fmt.Sprint("m", i), At: at.Add(time.Duration(i) * time.Second), Print: p})
	}
	if x.Len() != 100 || x.find("m899") != nil || x.find("m900") == nil {
		t.Fatalf("%d members", x.Len())
	}
	if got := x.Find(&p, "n", at, at.Add(time.Hour)); len(got) != maxMatches || got[0].ID != "m999" {
		t.Errorf("%d found", len(got))
	}
	// As it was for an older message: only what is left of before it.
	if got := x.Find(&p, "n", at, at.Add(903*time.Second)); len(got) != 4 || got[0].ID != "m903" || got[3].ID != "m900" {
		t.Errorf("%d found", len(got))
	}
}

// TestIndexAgainstSearch: whatever is added, exchanged and forgotten, the index finds what a look at each member would find.
func TestIndexAgainstSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 20).Draw(t, "size")
		x := NewIndex(size)
		var ring []*Member
		at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
		print := func() (p Print) {
			n := uint32(rapid.IntRange(1, 4).Draw(t, "text"))
			for i := range p.Words {
				p.Words[i] = n<<20 | n
			}
			p.Page, p.Subject = uint64(rapid.IntRange(0, 3).Draw(t, "page")), uint64(rapid.IntRange(0, 3).Draw(t, "subject"))
			p.Files = rapid.SliceOfN(rapid.Uint64Range(1, 3), 0, 1).Draw(t, "files")
			p.Hosts = rapid.SliceOfN(rapid.Uint32Range(1, 3), 0, 1).Draw(t, "hosts")
			return p
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			m := &Member{ID: fmt.Sprint("m", rapid.IntRange(0, 30).Draw(t, "id")), At: at.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "at")) * time.Second), Family: 7, Name: "n", Sender: "s.example", Threats: "Phish", Recipients: []string{"a@b.example", "c@d.example"}, Print: print()}
			for _, o := range ring {
				if o != nil && o.ID == m.ID {
					o.ID = ""
				}
			}
			if ring = append(ring, m); len(ring) > size {
				ring = ring[1:]
			}
			copied := *m
			x.Add(&copied)
		}
		p, now := print(), at.Add(time.Duration(rapid.IntRange(0, 31).Draw(t, "now"))*time.Second)
		want, live := map[string]int{}, 0
		for _, m := range ring {
			if m.ID == "" {
				continue
			}
			live++
			if l := Compare(&p, &m.Print); l.Points >= Kin && m.ID != "m5" && (m.At.Before(now) || m.At.Equal(now) && m.ID < "m5") {
				want[m.ID] = l.Points
			}
		}
		got := map[string]int{}
		for _, m := range x.Find(&p, "m5", at.Add(-time.Hour), now) {
			got[m.ID] = m.Likeness.Points
			if m.Family != 7 || m.Name != "n" || m.Sender != "s.example" || m.Threats != "Phish" || len(m.Recipients) != 2 || m.Recipients[1] != "c@d.example" {
				t.Fatalf("%+v", m.Member)
			}
		}
		if d := cmp.Diff(want, got); d != "" || x.Len() != live {
			t.Fatalf("%s; %d members, want %d", d, x.Len(), live)
		}
	})
}

func TestBinaryRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p Print
		for i := range p.Words {
			p.Words[i] = rapid.Uint32().Draw(t, "word")
		}
		p.Page, p.Subject, p.Name = rapid.Uint64().Draw(t, "page"), rapid.Uint64().Draw(t, "subject"), rapid.Uint64().Draw(t, "name")
		p.Shapes = rapid.SliceOfN(rapid.Uint32(), 1, maxSet).Draw(t, "shapes")
		p.Files = rapid.SliceOfN(rapid.Uint64(), 1, maxSet).Draw(t, "files")
		b, err := p.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		var q Print
		if err := q.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(p, q); d != "" {
			t.Fatal(d)
		}
		for cut := range b {
			if q.UnmarshalBinary(b[:cut]) == nil {
				t.Fatalf("%d of %d octets are taken for a print", cut, len(b))
			}
		}
	})
}

func BenchmarkNew(b *testing.B) {
	m := message("Maren", 1, "it@alpha.example", "https://one.example/c/1", strings.Repeat(fmt.Sprintf(notice, "Maren", 5)+" ", 10))
	b.ReportAllocs()
	for b.Loop() {
		New(m, []string{"maren@northwind.example"})
	}
}

func BenchmarkFind(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	x := NewIndex(100_000)
	at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	var p Print
	for i := range 100_000 {
		for k := range p.Words {
			p.Words[k] = uint32(rng.IntN(50)) + 1
		}
		q := p
		q.Page = uint64(rng.IntN(500)) + 1
		x.Add(&Member{ID: fmt.Sprint("m", i), At: at, Print: q})
	}
	b.ReportAllocs()
	for b.Loop() {
		x.Find(&p, "n", at, at.Add(time.Hour))
	}
}

func TestCluster(t *testing.T) {
	build := func(subject, name, host, text string) int64 {
		raw := "From: a@b.test\r\nTo: " + name + " <" + strings.ToLower(name) + "@example.test>\r\nSubject: " + subject + "\r\nContent-Type: text/html\r\n\r\n" +
			"<p>Dear " + name + ", " + text + "</p><a href=\"https://" + host + "/t?x=1\">Open</a>"
		return Cluster(email.Parse([]byte(raw), email.Limits{}), nil)
	}
	text := "your mailbox storage reached its limit, please confirm the password before Friday to keep receiving messages"
	first := build("Mailbox of Alice: ticket 123", "Alice", "evil.test", text)
	if same := build("RE: Mailbox of Robert: ticket 98765", "Robert", "evil.test", text+" ref-55123"); same != first {
		t.Errorf("the same mailing to two people: %d and %d", first, same)
	}
	for name, other := range map[string]int64{
		"another subject": build("Parcel waiting", "Alice", "evil.test", text),
		"another site":    build("Mailbox of Alice: ticket 123", "Alice", "bank.test", text),
		"another text":    build("Mailbox of Alice: ticket 123", "Alice", "evil.test", "lunch tomorrow somewhere along the river would be wonderful indeed"),
	} {
		if other == first {
			t.Errorf("%s is in the same cluster", name)
		}
	}
	if c := Cluster(email.Parse(nil, email.Limits{}), nil); c != 0 {
		t.Errorf("an empty message is in cluster %d", c)
	}
}
