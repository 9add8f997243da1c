package casestore

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"tocsin/internal/detect"
)

const (
	mara = "mara@own.example"
	anna = "anna@partner.example"
)

// today is the day that questions are asked from.
var today = time.Date(2026, 11, 18, 12, 0, 0, 0, time.UTC)

func ago(days int) time.Time { return today.AddDate(0, 0, -days) }

func memory(t testing.TB, s *Store) *Memory {
	t.Helper()
	m, err := s.Memory(MemoryOptions{Fresh: time.Nanosecond, Settle: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// from is a harmless message from an outside address to mara.
func from(addr string, at time.Time) Trace {
	site := detect.SiteOf(addr)
	return Trace{
		Message: fmt.Sprint("m", addr, at.UnixMicro()), At: at, Mailboxes: []string{mara}, Outside: []string{addr}, Name: "anna berg", Site: site, Checked: true, Aligned: true,
		Networks: []string{"192.0.2.0/24"}, DKIM: []string{site}, MessageID: fmt.Sprintf("<%d@%s>", at.UnixMicro(), site), People: []detect.Participant{{Name: "anna berg", Address: addr}},
	}
}

// to is a message that mara wrote.
func to(addr string, at time.Time) Trace {
	return Trace{
		Message: fmt.Sprint("o", addr, at.UnixMicro()), At: at, Outbound: true, Mailboxes: []string{mara}, Outside: []string{addr},
		MessageID: fmt.Sprintf("<%d@own.example>", at.UnixMicro()), People: []detect.Participant{{Name: "anna berg", Address: addr}},
	}
}

// remember keeps traces as the road does.
func remember(t testing.TB, m *Memory, traces ...Trace) {
	t.Helper()
	saved := func() {}
	err := m.s.InTx(context.Background(), func(tx *sql.Tx) (err error) {
		saved, err = m.Save(context.Background(), tx, traces)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	saved()
}

func recall(t testing.TB, m *Memory, q Question) detect.Past {
	t.Helper()
	if q.At.IsZero() {
		q.At = today
	}
	if q.Mailboxes == nil {
		q.Mailboxes = []string{mara}
	}
	p, err := m.Recall(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	p.Partners = nil
	return p
}

// history is two months of mail between mara and anna, with one bad day and a stranger.
func history() []Trace {
	var all []Trace
	for d := 60; d >= 0; d -= 3 {
		all = append(all, from(anna, ago(d)))
		if d%6 == 0 {
			all = append(all, to(anna, ago(d).Add(time.Hour)))
		}
	}
	bad := from(anna, ago(9).Add(time.Hour))
	bad.Threat = true
	all = append(all, bad)
	bad = from("eve@evil.example", ago(8))
	bad.Threat = true
	return append(all, bad, from("olga@rope.example", ago(2)))
}

func TestRecall(t *testing.T) {
	m := memory(t, open(t))
	if p := recall(t, m, Question{From: anna}); p.Known || p.Days != 0 || p.People != 0 || !p.Sender.Stranger() || p.Outbound {
		t.Errorf("empty memory: %+v", p)
	}
	remember(t, m, history()...)
	p := recall(t, m, Question{From: anna, ReplyTo: "nobody@else.example", Name: "anna berg", Marks: true, Answers: []string{"<none@x>", fmt.Sprintf("<%d@own.example>", ago(6).Add(time.Hour).UnixMicro())}})
	if p.Days != 21 || !p.Since.Equal(dayStart(ago(60))) || p.People != 2 || !p.Outbound {
		t.Errorf("memory: %d days since %v, %d people, outbound %v", p.Days, p.Since, p.People, p.Outbound)
	}
	want := detect.Acquaintance{Address: anna, First: dayStart(ago(60)), Last: dayStart(ago(3)), In: 19, Out: 10, Bad: 1} // not today, not the bad day
	if p.Sender != want || p.Mailbox != want {
		t.Errorf("anna: %+v and %+v, want %+v", p.Sender, p.Mailbox, want)
	}
	if !p.ReplyTo.Stranger() || p.ReplyTo.Address != "nobody@else.example" {
		t.Errorf("reply to: %+v", p.ReplyTo)
	}
	if s := p.Site; s.Domain != "partner.example" || s.Days != 20 || s.Aligned != 20 || s.Failed != 0 || s.Out != 10 || fmt.Sprint(s.Networks, s.DKIM) != "[192.0.2.0/24] [partner.example]" {
		t.Errorf("site: %+v", s)
	}
	if th := p.Thread; !th.Found || !th.Own || len(th.Participants) != 1 || th.Participants[0] != (detect.Participant{Name: "anna berg", Address: anna}) {
		t.Errorf("thread: %+v", th)
	}
	p = recall(t, m, Question{From: "anna.berg.77@mail.example", Name: "anna berg"})
	if len(p.Usual) != 1 || p.Usual[0].Address != anna || p.Usual[0].Mailbox != mara || !p.Sender.Stranger() { // olga is no acquaintance yet
		t.Errorf("usual: %+v", p)
	}
	if p = recall(t, m, Question{From: "eve@evil.example"}); !p.Sender.Stranger() || p.Site.Days != 0 {
		t.Errorf("a threat made somebody known: %+v", p.Sender)
	}
	// The past of an older message is older.
	if p = recall(t, m, Question{From: anna, At: ago(57)}); p.Sender.In != 1 || p.Sender.Out != 1 || p.Days != 1 {
		t.Errorf("as of then: %+v", p)
	}
}

// TestRecallOfOneCrowd: mail that was taken in together is judged without the others, whatever the order.
func TestRecallOfOneCrowd(t *testing.T) {
	s := open(t)
	m, err := s.Memory(MemoryOptions{Fresh: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Close() }()
	remember(t, m, history()...)
	if p := recall(t, m, Question{From: anna}); p.Known {
		t.Errorf("learned just now: %+v", p)
	}
	if _, err := s.writer.ExecContext(t.Context(), `UPDATE memory_days SET learned = learned - 600000000`); err != nil {
		t.Fatal(err)
	}
	if p := recall(t, m, Question{From: anna}); !p.Known || p.Sender.In != 19 {
		t.Errorf("learned ten minutes ago: %+v", p)
	}
}

func dayStart(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// TestRecallSameDay: what one's own people sent earlier on the day counts, the message itself never does.
func TestRecallSameDay(t *testing.T) {
	m := memory(t, open(t))
	remember(t, m, from("olga@rope.example", ago(1)), from(anna, today), to(anna, today.Add(time.Hour)))
	if p := recall(t, m, Question{From: anna, MessageID: fmt.Sprintf("<%d@partner.example>", today.UnixMicro()), Answers: []string{fmt.Sprintf("<%d@partner.example>", today.UnixMicro())}}); !p.Sender.Stranger() || p.Thread.Found {
		t.Errorf("its own predecessor: %+v %+v", p.Sender, p.Thread)
	}
	if p := recall(t, m, Question{From: anna, At: today.Add(2 * time.Hour)}); p.Sender.Out != 1 || p.Sender.In != 0 {
		t.Errorf("after the answer: %+v", p.Sender)
	}
}

// TestRememberAgain: repeats, another order, another process and forgotten caches leave the same rows.
func TestRememberAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cases.sqlite")
	var first [][]string
	for round := range 4 {
		s, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		m := memory(t, s)
		all := history()
		if round > 0 {
			rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		}
		remember(t, m, all...)
		remember(t, m, all[:len(all)/2]...)
		rows := dump(t, s)
		if first == nil {
			first = rows
		} else if !reflect.DeepEqual(rows, first) {
			t.Errorf("round %d: %v\nwant %v", round, rows, first)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func dump(t testing.TB, s *Store) [][]string {
	t.Helper()
	var all [][]string
	for _, q := range []string{
		`SELECT day, sent FROM memory_days ORDER BY 1, 2`,
		`SELECT own, outside, month, in_days, bad_days, out_days, out_at FROM memory_pairs ORDER BY 1, 2, 3`, `SELECT domain, month, in_days, aligned_days, failed_days, out_days FROM memory_sites ORDER BY 1, 2`,
		`SELECT domain, kind, value, month, days FROM memory_marks ORDER BY 1, 2, 3, 4`, `SELECT own, name, outside, month FROM memory_names ORDER BY 1, 2, 3`,
		`SELECT id, at, sent, people FROM memory_threads ORDER BY 1`, `SELECT own, at, message, site, fresh FROM memory_arrivals ORDER BY 1, 2, 3`,
	} {
		rows, err := s.reader.QueryContext(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		columns, _ := rows.Columns()
		for rows.Next() {
			v, at := make([]any, len(columns)), make([]any, len(columns))
			for i := range v {
				at[i] = &v[i]
			}
			if err := rows.Scan(at...); err != nil {
				t.Fatal(err)
			}
			row := make([]string, len(v))
			for i := range v {
				row[i] = fmt.Sprint(v[i])
			}
			all = append(all, row)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestFlood(t *testing.T) {
	m := memory(t, open(t))
	var all []Trace
	for i := range 40 {
		x := from(fmt.Sprintf("news@shop%d.example", i), today.Add(-time.Duration(i)*time.Minute))
		x.Mass, x.Signup, x.Fresh = true, true, true
		all = append(all, x)
	}
	for i := range 71 {
		x := from(anna, today.Add(-time.Duration(i+1)*time.Hour-time.Minute))
		x.Signup = true
		all = append(all, x, from(anna, x.At.Add(time.Second)))
	}
	remember(t, m, all...)
	remember(t, m, all...)
	q := Question{Message: all[0].Message, From: "news@shop0.example", Floods: true}
	p := recall(t, m, q)
	if len(p.Floods) != 1 || p.Floods[0] != (detect.Flood{Mailbox: mara, Signups: 39, Senders: 39, Usual: 1}) {
		t.Errorf("%+v", p.Floods)
	}
	if p = recall(t, m, Question{From: "news@shop0.example", Floods: true, Mailboxes: []string{"other@own.example"}}); len(p.Floods) != 0 {
		t.Errorf("somebody else's: %+v", p.Floods)
	}
}

func TestForget(t *testing.T) {
	s := open(t)
	m := memory(t, s)
	var all []Trace
	for i := range forgetAtOnce + 100 { // more than one step
		all = append(all, from(fmt.Sprintf("a%d@old.example", i), ago(500)))
	}
	remember(t, m, append(all, history()...)...)
	n, err := m.Forget(t.Context(), today)
	if err != nil || n < int64(3*len(all)) {
		t.Errorf("forgot %d: %v", n, err)
	}
	if p := recall(t, m, Question{From: "a1@old.example"}); !p.Sender.Stranger() || p.Site.Days != 0 || p.Days != 21 {
		t.Errorf("%+v", p)
	}
	if p := recall(t, m, Question{From: anna}); p.Sender.In != 19 {
		t.Errorf("what is young was forgotten: %+v", p.Sender)
	}
	// What is forgotten can be learned again, though it was written before.
	remember(t, m, all[0])
	if p := recall(t, m, Question{From: "a0@old.example"}); p.Sender.In != 1 {
		t.Errorf("%+v", p.Sender)
	}
	if n, err = m.Forget(t.Context(), today.Add(time.Minute)); err != nil {
		t.Error(n, err)
	}
}

func TestPartners(t *testing.T) {
	m := memory(t, open(t))
	remember(t, m, to("x@bergshipping.example", ago(5)), to("y@bergshipping.example", ago(4)), to("z@onceonly.example", ago(4)))
	p, err := m.Recall(t.Context(), Question{From: "a@b.example", At: today, Mailboxes: []string{mara}})
	if err != nil {
		t.Fatal(err)
	}
	if im, ok := p.Partners.Find("bergshlpping.example"); !ok || im.Of != "bergshipping.example" {
		t.Errorf("%+v %v", im, ok)
	}
	for _, host := range []string{"bergshipping.example", "mail.bergshipping.example", "onceonlly.example"} {
		if im, ok := p.Partners.Find(host); ok {
			t.Errorf("%s: %+v", host, im)
		}
	}
}

// BenchmarkMemory is what one message costs: a recall, and its part of a batch of 500.
func BenchmarkMemory(b *testing.B) {
	s, err := Open(context.Background(), filepath.Join(b.TempDir(), "cases.sqlite"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	m, err := s.Memory(MemoryOptions{Settle: time.Nanosecond})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = m.Close() }()
	r := rand.New(rand.NewPCG(1, 2))
	// Zipf: most mail is between few.
	z := rand.NewZipf(r, 1.1, 10, 200_000)
	one := func(i int) (Trace, Question) {
		addr := fmt.Sprintf("p%d@site%d.example", z.Uint64(), z.Uint64()%20_000)
		at := ago(30).Add(time.Duration(i) * time.Second)
		x := from(addr, at)
		x.Name = "anna " + addr
		x.Mailboxes = []string{fmt.Sprintf("m%d@own.example", r.IntN(1000))}
		return x, Question{Message: x.Message, At: at, From: addr, Name: x.Name, Mailboxes: x.Mailboxes, Answers: []string{"<a@own.example>"}, Marks: i%4 == 0}
	}
	n := 0
	fill := func(count int) {
		batch := make([]Trace, 0, 500)
		for range count {
			x, _ := one(n)
			n++
			if batch = append(batch, x); len(batch) == cap(batch) {
				remember(b, m, batch...)
				batch = batch[:0]
			}
		}
	}
	fill(50_000)
	b.Run("remember", func(b *testing.B) { fill(b.N) })
	b.Run("recall", func(b *testing.B) {
		for range b.N {
			_, q := one(n)
			if _, err := m.Recall(context.Background(), q); err != nil {
				b.Fatal(err)
			}
		}
	})
}
