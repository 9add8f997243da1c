package casestore

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/internal/audit"
	"tocsin/internal/auth"
)

// logbook is a store with n records, a checkpoint every 10,000, and the key that signed them.
type logbook struct {
	*Store
	key  *audit.Key
	path string
}

var began = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func newLogbook(t testing.TB, n int) *logbook {
	t.Helper()
	dir := t.TempDir()
	b := &logbook{path: filepath.Join(dir, "cases.sqlite")}
	var err error
	if b.Store, err = Open(t.Context(), b.path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	if b.key, _, err = audit.OpenKey(dir); err != nil {
		t.Fatal(err)
	}
	for from := 0; from < n; from += 10_000 {
		records := make([]auth.Record, min(10_000, n-from))
		for i := range records {
			records[i] = record(from + i + 1)
		}
		if err := b.InTx(t.Context(), func(tx *sql.Tx) error { return b.appendChained(t.Context(), tx, records) }); err != nil {
			t.Fatal(err)
		}
		b.sign(t)
	}
	return b
}

func record(i int) auth.Record {
	return auth.Record{
		At: began.Add(time.Duration(i) * time.Minute), OperatorID: fmt.Sprintf("0190-%d", i%7), Operator: fmt.Sprintf("analyst%d@harbour.example", i%7), Via: "session", Address: "192.0.2.7",
		Action: auth.ActQuery, Subject: fmt.Sprintf("EmailEvents | take %d", i), Recipient: "bob@harbour.example", Reason: "ticket 4711", Detail: json.RawMessage(fmt.Sprintf(`{"id":"run-%d"}`, i)),
	}
}

func (b *logbook) sign(t testing.TB) {
	t.Helper()
	if _, err := b.AddCheckpoint(t.Context(), func(number int64, h audit.Head) audit.Checkpoint {
		return b.key.Sign(audit.Checkpoint{Number: number, Kind: audit.KindCheckpoint, Seq: h.Seq, Hash: h.Hash, At: began})
	}); err != nil {
		t.Fatal(err)
	}
}

func (b *logbook) verify(t testing.TB, sheets ...audit.Sheet) *audit.Report {
	t.Helper()
	rep, err := audit.VerifyStore(t.Context(), b.Store, b.key.Public(), sheets...)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// do changes the store behind Tocsin's back.
func (b *logbook) do(t testing.TB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := b.writer.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// sheet is what the file of checkpoints would hold.
func (b *logbook) sheet(t testing.TB) audit.Sheet {
	t.Helper()
	points, err := b.Checkpoints(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	for i := range points {
		text.Write(points[i].Line())
	}
	s, err := audit.ReadCheckpoints("audit-checkpoints", &text)
	if err != nil || len(s.Points) != len(points) || len(s.Broken) > 0 {
		t.Fatalf("%+v %v", s.Broken, err)
	}
	return s
}

// records is how long a log TestOneByteOfManyRecords changes. The race detector makes a hundred thousand a matter of minutes, and has
// nothing to find there.
var records = flag.Int("records", 10_000, "records of TestOneByteOfManyRecords, a multiple of 10,000")

// TestOneByteOfManyRecords changes one byte of each field of one record in turn: each time that record is named, and no other.
func TestOneByteOfManyRecords(t *testing.T) {
	n := *records
	b := newLogbook(t, n)
	at := time.Now()
	rep := b.verify(t)
	t.Logf("%d records checked in %s", rep.Records, time.Since(at).Round(time.Millisecond))
	if !rep.OK() || rep.Records != int64(n) || rep.First.Seq != 1 || rep.Last.Seq != int64(n) || rep.Holding != rep.Checkpoints || rep.Checkpoints != n/10_000 {
		t.Fatalf("%+v", rep)
	}
	victim := n/2 + 7
	text := func(column string) string {
		return fmt.Sprintf(`UPDATE audit SET %[1]s = substr(%[1]s, 1, 2) || CASE substr(%[1]s, 3, 1) WHEN 'x' THEN 'y' ELSE 'x' END || substr(%[1]s, 4) WHERE seq = %[2]d`, column, victim)
	}
	sum := func(column string) string {
		return fmt.Sprintf(`UPDATE audit SET %[1]s = CAST(substr(%[1]s, 1, 31) || CASE substr(%[1]s, 32, 1) WHEN x'00' THEN x'01' ELSE x'00' END AS BLOB) WHERE seq = %[2]d`, column, victim)
	}
	for field, change := range map[string]string{
		"at": fmt.Sprintf(`UPDATE audit SET at = at + 1 WHERE seq = %d`, victim), "operator_id": text("operator_id"), "operator": text("operator"), "via": text("via"), "address": text("address"),
		"action": text("action"), "subject": text("subject"), "recipient": text("recipient"), "reason": text("reason"), "detail": text("detail"), "prev": sum("prev"), "hash": sum("hash"),
		"seq": fmt.Sprintf(`UPDATE audit SET seq = -seq WHERE seq = %d`, victim),
	} {
		t.Run(field, func(t *testing.T) {
			b.do(t, `CREATE TEMP TABLE kept AS SELECT * FROM audit WHERE seq = `+fmt.Sprint(victim), change)
			defer b.do(t, fmt.Sprintf(`DELETE FROM audit WHERE seq IN (%[1]d, -%[1]d)`, victim), `INSERT INTO audit SELECT * FROM kept`, `DROP TABLE kept`)
			rep := b.verify(t)
			if rep.OK() {
				t.Fatal("not noticed")
			}
			if field == "seq" { // it is missing in its place, and stands in another
				if !said(rep, fmt.Sprintf("record %d is missing", victim)) || !said(rep, fmt.Sprintf("record -%d", victim)) {
					t.Errorf("%+v", rep.Problems)
				}
				return
			}
			if p := rep.Problems[0]; rep.Wrong != 1 || p.Kind != audit.Changed || p.Seq != int64(victim) || !strings.Contains(p.Text, fmt.Sprintf("record %d (", victim)) || !strings.Contains(p.Text, string(p.Action)) {
				t.Errorf("%d problems: %+v", rep.Wrong, rep.Problems)
			}
		})
	}
	if rep := b.verify(t); !rep.OK() {
		t.Errorf("the test left %+v", rep.Problems)
	}
}

func said(rep *audit.Report, words string) bool {
	for _, p := range rep.Problems {
		if strings.Contains(p.Text, words) {
			return true
		}
	}
	return false
}

// rewrite works the chain out anew from a record on, as somebody would who can write the store and has no key.
func (b *logbook) rewrite(t testing.TB, from int64) {
	t.Helper()
	var head audit.Head
	if from > 1 {
		l, err := b.AuditRecord(t.Context(), from-1)
		if err != nil {
			t.Fatal(err)
		}
		head = audit.Head{Seq: l.Seq, Hash: l.Hash}
	}
	var links []audit.Link
	if err := b.AuditWalk(t.Context(), audit.Filter{}, 0, func(l *audit.Link) error {
		if l.Seq > head.Seq || l.Seq >= from {
			links = append(links, *l)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for i := range links {
		l := &links[i]
		old := l.Seq
		l.Seq = head.Seq + 1
		sum := audit.Hash(head.Hash, &l.Record)
		if _, err := b.writer.ExecContext(t.Context(), `UPDATE audit SET seq = ?, prev = ?, hash = ? WHERE seq = ?`, l.Seq, head.Hash[:], sum[:], old); err != nil {
			t.Fatal(err)
		}
		head = audit.Head{Seq: l.Seq, Hash: sum}
	}
	if _, err := b.writer.ExecContext(t.Context(), `UPDATE audit_head SET seq = ?, hash = ?`, head.Seq, head.Hash[:]); err != nil {
		t.Fatal(err)
	}
}

// TestWhatSomebodyWouldDo: every kind of change is found and named.
func TestWhatSomebodyWouldDo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do   func(t *testing.T, b *logbook)
		want []string // each is said
		file bool     // it takes the file of checkpoints to see it
	}{
		"a record removed":      {func(t *testing.T, b *logbook) { b.do(t, `DELETE FROM audit WHERE seq = 40`) }, []string{"record 40 is missing between record 39 (", "and record 41 ("}, false},
		"records removed":       {func(t *testing.T, b *logbook) { b.do(t, `DELETE FROM audit WHERE seq BETWEEN 40 AND 49`) }, []string{"records 40 to 49 are missing"}, false},
		"the beginning removed": {func(t *testing.T, b *logbook) { b.do(t, `DELETE FROM audit WHERE seq < 30`) }, []string{"records 1 to 29 are missing before record 30 (", "no signed anchor"}, false},
		"the tail cut off":      {func(t *testing.T, b *logbook) { b.do(t, `DELETE FROM audit WHERE seq > 95`) }, []string{"records 96 to 100 were cut off at the end"}, false},
		"the tail cut off, and the note of it": {func(t *testing.T, b *logbook) {
			b.do(t, `DELETE FROM audit WHERE seq > 95`, `UPDATE audit_head SET seq = 95, hash = (SELECT hash FROM audit WHERE seq = 95)`)
		}, []string{"records 96 to 100 were cut off at the end: checkpoint 2"}, false},
		"the tail and its checkpoints": {func(t *testing.T, b *logbook) {
			b.do(t, `DELETE FROM audit WHERE seq > 95`, `UPDATE audit_head SET seq = 95, hash = (SELECT hash FROM audit WHERE seq = 95)`, `DELETE FROM audit_checkpoints WHERE number = 2`)
		}, []string{"records 96 to 100 were cut off at the end: checkpoint 2", "not in the store"}, true},
		"two records in each other's place": {func(t *testing.T, b *logbook) {
			b.do(t, `UPDATE audit SET seq = -1 WHERE seq = 40`, `UPDATE audit SET seq = 40 WHERE seq = 41`, `UPDATE audit SET seq = 41 WHERE seq = -1`)
		}, []string{"record 40 (", "record 41 ("}, false},
		"a record inserted at the end": {func(t *testing.T, b *logbook) {
			b.do(t, `INSERT INTO audit (at, operator_id, operator, via, address, action, subject, recipient, reason, detail) SELECT at, operator_id, 'eve@harbour.example', via, address, action, subject, recipient, reason, detail FROM audit WHERE seq = 9`)
		}, []string{"record 101 (", "has no hash", "stands after the last record that Tocsin wrote"}, false},
		"a record inserted before all": {func(t *testing.T, b *logbook) {
			b.do(t, `INSERT INTO audit SELECT 0, at, operator_id, operator, via, address, action, subject, recipient, reason, detail, prev, hash FROM audit WHERE seq = 9`)
		}, []string{"record 0 ("}, false},
		"one hash worked out anew": {func(t *testing.T, b *logbook) {
			b.do(t, `UPDATE audit SET reason = 'none of your business' WHERE seq = 40`)
			l, err := b.AuditRecord(t.Context(), 40)
			if err != nil {
				t.Fatal(err)
			}
			sum := audit.Hash(l.Prev, &l.Record)
			if _, err := b.writer.Exec(`UPDATE audit SET hash = ? WHERE seq = 40`, sum[:]); err != nil {
				t.Fatal(err)
			}
		}, []string{"record 41 (", "does not follow record 40 ("}, false},
		"all worked out anew": {func(t *testing.T, b *logbook) {
			b.do(t, `UPDATE audit SET reason = 'none of your business' WHERE seq = 40`)
			b.rewrite(t, 40)
		}, []string{"record 50 (", "is not the one that checkpoint 1 signed", "record 100 ("}, false},
		"one removed, all worked out anew": {func(t *testing.T, b *logbook) {
			b.do(t, `DELETE FROM audit WHERE seq = 70`)
			b.rewrite(t, 70)
		}, []string{"checkpoint 2", "record"}, false},
		"a checkpoint changed": {func(t *testing.T, b *logbook) { b.do(t, `UPDATE audit_checkpoints SET at = at + 1 WHERE number = 1`) }, []string{"checkpoint 1 in the store has a wrong signature"}, false},
		"a checkpoint removed": {func(t *testing.T, b *logbook) { b.do(t, `DELETE FROM audit_checkpoints WHERE number = 1`) }, []string{"checkpoint 1 is missing"}, false},
		"an anchor made up": {func(t *testing.T, b *logbook) {
			b.do(t, `DELETE FROM audit WHERE seq <= 50`, `UPDATE audit_checkpoints SET kind = 'anchor' WHERE number = 1`)
		}, []string{"wrong signature", "records 1 to 50 are missing"}, false},
		"everything removed": {func(t *testing.T, b *logbook) { b.do(t, `DELETE FROM audit`) }, []string{"records 1 to 100 were cut off at the end"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newLogbook(t, 50)
			records := make([]auth.Record, 50)
			for i := range records {
				records[i] = record(50 + i + 1)
			}
			if err := b.InTx(t.Context(), func(tx *sql.Tx) error { return b.appendChained(t.Context(), tx, records) }); err != nil {
				t.Fatal(err)
			}
			b.sign(t)
			sheet := b.sheet(t)
			if rep := b.verify(t, sheet); !rep.OK() || rep.Holding != 2 {
				t.Fatalf("%+v", rep)
			}
			c.do(t, b)
			rep := b.verify(t)
			if c.file {
				if !rep.OK() {
					t.Errorf("without the file: %+v", rep.Problems)
				}
				rep = b.verify(t, sheet)
			}
			for _, w := range c.want {
				if !said(rep, w) {
					t.Errorf("%q is not said: %+v", w, rep.Problems)
				}
			}
		})
	}
}

// TestRetentionLeavesAnAnchor: what its retention removes is no problem, and what somebody else removes still is.
func TestRetentionLeavesAnAnchor(t *testing.T) {
	t.Parallel()
	b := newLogbook(t, 100)
	remove := func(before time.Time, limit int) int64 {
		n, err := b.RemoveAudit(t.Context(), before, limit, func(number int64, h audit.Head) audit.Checkpoint {
			return b.key.Sign(audit.Checkpoint{Number: number, Kind: audit.KindAnchor, Seq: h.Seq, Hash: h.Hash, At: began})
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := remove(began.Add(31*time.Minute), 20); n != 20 {
		t.Fatal(n)
	}
	if n := remove(began.Add(31*time.Minute), 20); n != 10 {
		t.Fatal(n)
	}
	if n := remove(began.Add(31*time.Minute), 20); n != 0 {
		t.Fatal(n)
	}
	if rep := b.verify(t, b.sheet(t)); !rep.OK() || rep.Anchor != 30 || rep.First.Seq != 31 || rep.Records != 70 || rep.Holding != 3 {
		t.Fatalf("%+v", rep)
	}
	if n := remove(began.Add(1000*time.Hour), 1000); n != 69 { // the last one stays
		t.Fatal(n)
	}
	if rep := b.verify(t); !rep.OK() || rep.Records != 1 {
		t.Fatalf("%+v", rep)
	}
	if err := b.Append(t.Context(), record(101)); err != nil {
		t.Fatal(err)
	}
	b.do(t, `DELETE FROM audit WHERE seq = 100`)
	if rep := b.verify(t); rep.OK() || !said(rep, "record 100 is missing before record 101") {
		t.Fatalf("%+v", rep.Problems)
	}
}

// TestAppendsNeverFork: many at once, through two openings of one file, end in one chain.
func TestAppendsNeverFork(t *testing.T) {
	t.Parallel()
	b := newLogbook(t, 1)
	other, err := Open(t.Context(), b.path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			for k := range 10 {
				s := b.Store
				if i%8 == 0 {
					s = other
				}
				r := record(i*100 + k)
				r.Reason = "bad \xff text \x00 and " + strings.Repeat("x", i*4000)
				if err := s.Append(t.Context(), r); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if rep := b.verify(t); !rep.OK() || rep.Records != 401 {
		t.Fatalf("%+v", rep)
	}
	// Somebody reads while others write.
	ro, err := OpenReadOnly(t.Context(), b.path)
	if err != nil {
		t.Fatal(err)
	}
	defer ro.Close()
	if rep, err := audit.VerifyStore(t.Context(), ro, b.key.Public()); err != nil || !rep.OK() {
		t.Fatalf("%+v %v", rep, err)
	}
	if _, err := ro.writer.Exec(`DELETE FROM audit`); err == nil {
		t.Error("a store that is open for reading can be written")
	}
}

// TestOlderRecordsAreChainedOnce: the upgrade chains what is there; a chain that lost its head is not made anew.
func TestOlderRecordsAreChainedOnce(t *testing.T) {
	t.Parallel()
	b := newLogbook(t, 0)
	b.do(t, `DELETE FROM audit_head`)
	for i := range 3 {
		b.do(t, fmt.Sprintf(`INSERT INTO audit (at, operator_id, operator, via, address, action, subject, recipient, reason, detail) VALUES (%d, '', 'a', 'local', '', 'sign-in', '', '', '', '{}')`, i+1))
	}
	if err := b.chainAudit(t.Context(), began); err != nil {
		t.Fatal(err)
	}
	if rep := b.verify(t); !rep.OK() || rep.Records != 4 {
		t.Fatalf("%+v", rep)
	}
	if l, err := b.AuditRecord(t.Context(), 4); err != nil || l.Action != auth.ActAuditChained || string(l.Detail) != `{"last":3}` {
		t.Fatalf("%+v %v", l, err)
	}
	b.do(t, `DELETE FROM audit_head`)
	if err := b.chainAudit(t.Context(), began); err == nil || !strings.Contains(err.Error(), "tocsin audit verify") {
		t.Fatal(err)
	}
}

func TestAuditPage(t *testing.T) {
	t.Parallel()
	b := newLogbook(t, 50)
	odd := record(51)
	odd.Action, odd.Subject, odd.Operator = auth.ActSignIn, "100%_sure", "Eve@harbour.example"
	if err := b.Append(t.Context(), odd); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		f    audit.Filter
		want string
	}{
		{audit.Filter{Limit: 2}, "51 50"},
		{audit.Filter{Limit: 2, Below: 50}, "49 48"},
		{audit.Filter{Limit: 9, Subject: "%_SURE"}, "51"},
		{audit.Filter{Limit: 9, Subject: "take 7"}, "7"},
		{audit.Filter{Limit: 9, Operator: "eve@"}, "51"},
		{audit.Filter{Limit: 9, Actions: []auth.Action{auth.ActSignIn, auth.ActSignOut}}, "51"},
		{audit.Filter{Limit: 9, Text: `run-33"`}, "33"},
		{audit.Filter{Limit: 9, From: began.Add(10 * time.Minute), To: began.Add(12 * time.Minute)}, "11 10"},
		{audit.Filter{Limit: 9, Text: "' OR 1=1 --"}, ""},
	} {
		page, err := b.AuditPage(t.Context(), c.f)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range page {
			got = append(got, fmt.Sprint(l.Seq))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v: %v", c.f, got)
		}
	}
}

// BenchmarkAppend says how many records a second are durable, by how many write at once.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 8, 64} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			s, err := Open(b.Context(), filepath.Join(b.TempDir(), "cases.sqlite"))
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			work := make(chan int)
			var all sync.WaitGroup
			b.ResetTimer()
			for range writers {
				all.Go(func() {
					for i := range work {
						if err := s.Append(context.Background(), record(i)); err != nil {
							b.Error(err)
						}
					}
				})
			}
			for i := range b.N {
				work <- i
			}
			close(work)
			all.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
