// Package storetest is the suite that every event store must pass: what a Store promises, written as tests. An engine's own
// tests call Run with a function that opens it on a folder, and add what is particular to the engine.
package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/event"
	"tocsin/internal/eventstore"
	"tocsin/internal/kql"
)

// Opener opens the store in a folder; the folder may hold one that was closed before.
type Opener func(ctx context.Context, dir string) (eventstore.Store, error)

// Run runs the suite.
func Run(t *testing.T, open Opener) {
	for _, c := range []struct {
		name string
		test func(*suite)
	}{
		{"EmptyBatch", (*suite).emptyBatch},
		{"EveryColumnComesBack", (*suite).everyColumn},
		{"AppendAgainChangesNothing", (*suite).appendAgain},
		{"DuplicatesInsideABatch", (*suite).duplicatesInside},
		{"RecipientsAreRowsOfTheirOwn", (*suite).recipients},
		{"ManyRowsAtOneInstant", (*suite).oneInstant},
		{"AllOrNothing", (*suite).allOrNothing},
		{"TextIsCleaned", (*suite).cleaned},
		{"BigText", (*suite).bigText},
		{"TimeIsMicroseconds", (*suite).timePrecision},
		{"Order", (*suite).order},
		{"ValuesByType", (*suite).valuesByType},
		{"CallbackErrorEndsTheQuery", (*suite).callbackError},
		{"Patch", (*suite).patch},
		{"PatchManyAcrossDays", (*suite).patchMany},
		{"Regroup", (*suite).regroup},
		{"Retain", (*suite).retain},
		{"CancelInterrupts", (*suite).cancel},
		{"Hunt", (*suite).hunt},
		{"ReadWhileWriting", (*suite).readWhileWriting},
		{"Reopen", (*suite).reopen},
		{"Stats", (*suite).stats},
		{"Closed", (*suite).closed},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &suite{T: t, open: open, dir: t.TempDir()}
			s.store = s.openStore()
			t.Cleanup(func() { s.store.Close() })
			c.test(s)
		})
	}
}

type suite struct {
	*testing.T
	open  Opener
	dir   string
	store eventstore.Store
}

// Base is the time around which the suite's events lie.
var Base = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// ID returns a UUIDv7 of time t; n tells apart ids of one millisecond.
func ID(t time.Time, n int) string {
	ms := t.UnixMilli()
	return fmt.Sprintf("%08x-%04x-7000-8000-%012x", ms>>16, ms&0xffff, n)
}

// Mail returns event n of a day that starts at Base: one a second.
func Mail(n int) event.EmailEvent {
	t := Base.Add(time.Duration(n) * time.Second)
	return event.EmailEvent{
		Timestamp: t, LastEventExecutionTime: t, NetworkMessageId: ID(t, n), RecipientEmailAddress: fmt.Sprintf("user%d@corp.example", n%7),
		SenderFromAddress: "a@sender.example", SenderFromDomain: "sender.example", Subject: fmt.Sprintf("Subject %d", n),
		DeliveryAction: "Delivered", DeliveryLocation: "Inbox/folder", LatestDeliveryAction: "Delivered", LatestDeliveryLocation: "Inbox/folder",
	}
}

// Filled returns a row of t with a value of its own in every column; n tells rows apart.
func Filled(t *event.Table, n int) reflect.Value {
	row := reflect.New(t.Row).Elem()
	at := Base.Add(time.Duration(n)*time.Minute + 123456*time.Microsecond)
	for i, c := range t.Columns {
		if c.Field == nil {
			continue
		}
		f := row.FieldByIndex(c.Field)
		switch {
		case c.ID:
			f.SetString(ID(at, n))
		case c.Name == "Timestamp":
			f.Set(reflect.ValueOf(at))
		case c.Type == event.Datetime:
			f.Set(reflect.ValueOf(at.Add(time.Duration(i) * time.Second)))
		case c.Type == event.String:
			f.SetString(fmt.Sprintf("%s %d, ünï ✉ '\"", c.Name, n))
		case c.Type == event.Bool:
			f.SetBool((n+i)%2 == 0)
		case c.Type == event.Int:
			f.SetInt(int64(1<<31 - 1 - 100*i - n))
		case c.Type == event.Long:
			f.SetInt(-1<<63 + int64(100*i+n))
		case c.Type == event.Real:
			f.SetFloat(float64(i) + 0.25)
		case c.Type == event.Dynamic:
			f.Set(reflect.ValueOf([]string{fmt.Sprint(c.Name, n), "two, with comma", `"quoted"`}))
		}
	}
	return row
}

func (s *suite) openStore() eventstore.Store {
	s.Helper()
	st, err := s.open(s.Context(), s.dir)
	if err != nil {
		s.Fatal(err)
	}
	return st
}

func (s *suite) append(b event.Batch) {
	s.Helper()
	if err := s.store.Append(s.Context(), b); err != nil {
		s.Fatal(err)
	}
}

// Ask compiles src for st and returns all rows.
func Ask(ctx context.Context, st eventstore.Store, src string) ([][]any, error) {
	q, err := kql.Parse(src)
	if err != nil {
		return nil, err
	}
	stmt, err := kql.Compile(q, kql.Options{Now: Base}, st.Dialect())
	if err != nil {
		return nil, err
	}
	var out [][]any
	err = st.Query(ctx, stmt, func(row []any) error {
		out = append(out, append([]any(nil), row...))
		return nil
	})
	return out, err
}

func (s *suite) ask(src string) [][]any {
	s.Helper()
	rows, err := Ask(s.Context(), s.store, src)
	if err != nil {
		s.Fatalf("%s: %v", src, err)
	}
	return rows
}

func (s *suite) want(src string, want ...[]any) {
	s.Helper()
	if d := cmp.Diff(want, s.ask(src)); d != "" {
		s.Errorf("%s (-want +got):\n%s", src, d)
	}
}

func (s *suite) emptyBatch() {
	s.append(event.Batch{})
	s.append(event.Batch{Emails: []event.EmailEvent{}})
	s.want("EmailEvents | count", []any{int64(0)})
	s.want("EmailEvents")
}

func (s *suite) everyColumn() {
	var b event.Batch
	bv := reflect.ValueOf(&b).Elem()
	for _, t := range event.Tables() {
		for i := range bv.NumField() {
			if f := bv.Field(i); f.Type() == reflect.SliceOf(t.Row) {
				f.Set(reflect.Append(f, Filled(t, 1), Filled(t, 2)))
			}
		}
	}
	s.append(b)
	for _, t := range event.Tables() {
		var names []string
		for _, c := range t.Columns {
			names = append(names, c.Name)
		}
		got := s.ask(t.Name + " | sort by Timestamp asc | project " + strings.Join(names, ", "))
		if len(got) != 2 {
			s.Errorf("%s: %d rows, want 2", t.Name, len(got))
			continue
		}
		for n := range got {
			row := Filled(t, n+1)
			for i, c := range t.Columns {
				if want := expected(t, c, row); !cmp.Equal(got[n][i], want) {
					s.Errorf("%s.%s: got %#v, want %#v", t.Name, c.Name, got[n][i], want)
				}
			}
		}
	}
}

// expected is what Query must return for column c of row.
func expected(t *event.Table, c event.Column, row reflect.Value) any {
	if c.Alias != "" {
		a, _ := t.Column(c.Alias)
		return expected(t, *a, row)
	}
	if c.Field == nil {
		return c.Const
	}
	f := row.FieldByIndex(c.Field)
	switch c.Type {
	case event.Int, event.Long:
		return f.Int()
	case event.Dynamic:
		text, _ := json.Marshal(f.Interface())
		return json.RawMessage(text)
	}
	return f.Interface()
}

func (s *suite) appendAgain() {
	b := event.Batch{
		Emails:       []event.EmailEvent{Mail(1), Mail(2)},
		Urls:         []event.EmailUrl{{Timestamp: Mail(1).Timestamp, NetworkMessageId: Mail(1).NetworkMessageId, Url: "http://x.example/", UrlLocation: "Body"}},
		Attachments:  []event.EmailAttachment{{Timestamp: Mail(2).Timestamp, NetworkMessageId: Mail(2).NetworkMessageId, RecipientEmailAddress: "a@corp.example", ReportId: "r1"}},
		PostDelivery: []event.PostDelivery{{Timestamp: Base.Add(time.Hour), NetworkMessageId: Mail(1).NetworkMessageId, ReportId: "p1"}},
		Clicks:       []event.UrlClick{{Timestamp: Base.Add(time.Hour), NetworkMessageId: Mail(1).NetworkMessageId, ReportId: "c1"}},
	}
	s.append(b)
	again := b
	again.Emails = []event.EmailEvent{Mail(2), Mail(3), Mail(1)} // one new among two known
	again.Emails[0].Subject = "changed"                          // what is stored first stays
	for range 3 {
		s.append(again)
	}
	s.want("EmailEvents | sort by Timestamp asc | project Subject", []any{"Subject 1"}, []any{"Subject 2"}, []any{"Subject 3"})
	for _, table := range []string{"EmailUrlInfo", "EmailAttachmentInfo", "EmailPostDeliveryEvents", "UrlClickEvents"} {
		s.want(table+" | count", []any{int64(1)})
	}
}

func (s *suite) duplicatesInside() {
	url := func(u, where string) event.EmailUrl {
		return event.EmailUrl{Timestamp: Mail(1).Timestamp, NetworkMessageId: Mail(1).NetworkMessageId, Url: u, UrlLocation: where}
	}
	s.append(event.Batch{
		Emails: []event.EmailEvent{Mail(1), Mail(1), Mail(2), Mail(1)},
		Urls:   []event.EmailUrl{url("http://a/", "Body"), url("http://a/", "Body"), url("http://a/", "Header"), url("http://b/", "Body")},
	})
	s.want("EmailEvents | count", []any{int64(2)})
	s.want("EmailUrlInfo | count", []any{int64(3)})
}

func (s *suite) recipients() {
	var b event.Batch
	for _, to := range []string{"a@corp.example", "b@corp.example", "B@corp.example"} {
		e := Mail(1)
		e.RecipientEmailAddress = to
		b.Emails = append(b.Emails, e)
	}
	s.append(b)
	s.append(b)
	s.want("EmailEvents | count", []any{int64(3)})
}

// oneInstant: old mail has times of whole seconds, so thousands of rows may share one.
func (s *suite) oneInstant() {
	make := func(from, to int) (b event.Batch) {
		for i := from; i < to; i++ {
			e := Mail(i % 3)
			e.NetworkMessageId = ID(e.Timestamp, i)
			b.Emails = append(b.Emails, e)
		}
		return b
	}
	s.append(make(0, 3000))
	s.append(make(2000, 5000))
	s.append(make(0, 5000))
	s.want("EmailEvents | count", []any{int64(5000)})
}

func (s *suite) allOrNothing() {
	bad := Mail(2)
	bad.Timestamp = time.Date(20260, 1, 1, 0, 0, 0, 0, time.UTC)
	err := s.store.Append(s.Context(), event.Batch{
		Urls:   []event.EmailUrl{{Timestamp: Base, NetworkMessageId: ID(Base, 1), Url: "http://x.example/"}},
		Emails: []event.EmailEvent{Mail(1), bad, Mail(3)},
	})
	var re *eventstore.RowError
	if !errors.As(err, &re) || re.Table != "EmailEvents" || !strings.Contains(re.Key, bad.NetworkMessageId) {
		s.Errorf("a row of the year 20260 gave %v; want a RowError that names it", err)
	}
	s.want("EmailEvents | count", []any{int64(0)})
	s.want("EmailUrlInfo | count", []any{int64(0)})
	s.append(event.Batch{Emails: []event.EmailEvent{Mail(1)}}) // and the store still works
	s.want("EmailEvents | count", []any{int64(1)})
}

func (s *suite) cleaned() {
	e := Mail(1)
	e.Subject = "a\x00b\xff\xfec\xed\xa0\x80d"
	e.RecipientEmailAddress = "\xc3(\x00@corp.example"
	e.To = []string{"x\x00y", "\xff"}
	s.append(event.Batch{Emails: []event.EmailEvent{e}})
	s.append(event.Batch{Emails: []event.EmailEvent{e}})
	s.want("EmailEvents | project Subject, RecipientEmailAddress, To",
		[]any{"a\u2400b\uFFFDc\uFFFDd", "\uFFFD(\u2400@corp.example", json.RawMessage(`["x␀y","` + "\uFFFD" + `"]`)})
}

func (s *suite) bigText() {
	e := Mail(1)
	e.AdditionalFields = strings.Repeat("0123456789abcdeé", 300_000) // 5 MB
	e.Subject = strings.Repeat("\U0001F514", 40_000)
	s.append(event.Batch{Emails: []event.EmailEvent{e, Mail(2)}})
	got := s.ask("EmailEvents | sort by Timestamp asc | take 1 | project AdditionalFields, Subject")
	if len(got) != 1 || got[0][0] != e.AdditionalFields || got[0][1] != e.Subject {
		s.Error("big text did not come back as it was stored")
	}
}

func (s *suite) timePrecision() {
	zone := time.FixedZone("east", 5*3600+1800)
	e := Mail(1)
	e.Timestamp = time.Date(2026, 3, 1, 17, 30, 0, 123456789, zone)
	old := Mail(2)
	old.Timestamp = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	late := Mail(3)
	late.Timestamp = time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)
	b := event.Batch{Emails: []event.EmailEvent{e, late, old}}
	s.append(b)
	s.append(b)
	s.want("EmailEvents | sort by Timestamp asc | project Timestamp", []any{old.Timestamp},
		[]any{time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)}, []any{late.Timestamp})
}

func (s *suite) order() {
	var b event.Batch
	for i := range 3000 {
		b.Emails = append(b.Emails, Mail((i*1009)%3000)) // 1009 and 3000 have no common divisor: a shuffle
	}
	s.append(b)
	for dir, sign := range map[string]int{"asc": 1, "desc": -1} {
		rows := s.ask("EmailEvents | sort by Timestamp " + dir + " | project Timestamp")
		if len(rows) != 3000 {
			s.Fatalf("%d rows", len(rows))
		}
		for i := 1; i < len(rows); i++ {
			if rows[i][0].(time.Time).Compare(rows[i-1][0].(time.Time)) != sign {
				s.Fatalf("%s: row %d is out of order", dir, i)
			}
		}
	}
}

func (s *suite) valuesByType() {
	s.append(event.Batch{Emails: []event.EmailEvent{Mail(1), Mail(5)}})
	s.want("EmailEvents | summarize n = count(), first = min(Timestamp), span = max(Timestamp) - min(Timestamp), big = sum(EmailSize), mean = avg(ThreatScore), any = countif(IsFirstContact) > 0",
		[]any{int64(2), Mail(1).Timestamp, 4 * time.Second, int64(0), float64(0), false})
	s.want(`EmailEvents | take 1 | project d = parse_json('{"a":[1,2]}'), x = todatetime("")`, []any{json.RawMessage(`{"a":[1,2]}`), nil})
}

func (s *suite) callbackError() {
	s.append(event.Batch{Emails: []event.EmailEvent{Mail(1), Mail(2), Mail(3)}})
	q, err := kql.Parse("EmailEvents")
	if err != nil {
		s.Fatal(err)
	}
	stmt, err := kql.Compile(q, kql.Options{Now: Base}, s.store.Dialect())
	if err != nil {
		s.Fatal(err)
	}
	stop := errors.New("enough")
	calls := 0
	err = s.store.Query(s.Context(), stmt, func([]any) error { calls++; return stop })
	if !errors.Is(err, stop) || calls != 1 {
		s.Errorf("got %v after %d rows; want the callback's own error after 1", err, calls)
	}
}

func (s *suite) patch() {
	s.append(event.Batch{Emails: []event.EmailEvent{Mail(1), Mail(2), Mail(3)}})
	odd := Mail(4)
	odd.NetworkMessageId = "not-a-uuid"
	s.append(event.Batch{Emails: []event.EmailEvent{odd}})
	patch := func(e event.EmailEvent, after time.Duration, action, location string) eventstore.Patch {
		return eventstore.Patch{NetworkMessageID: e.NetworkMessageId, Recipient: e.RecipientEmailAddress, At: Base.Add(after), LatestDeliveryAction: action, LatestDeliveryLocation: location}
	}
	wrongRecipient := patch(Mail(3), time.Hour, "Hard delete", "Quarantine")
	wrongRecipient.Recipient = "nobody@corp.example"
	unknown := patch(Mail(77), time.Hour, "Hard delete", "Quarantine")
	do := func(p ...eventstore.Patch) {
		s.Helper()
		if err := s.store.Patch(s.Context(), p); err != nil {
			s.Fatal(err)
		}
	}
	do()
	do(patch(Mail(1), time.Hour, "Moved to quarantine", "Quarantine"), wrongRecipient, unknown, patch(odd, time.Hour, "", "Junk folder"))
	rows := "EmailEvents | sort by Timestamp asc | project LatestDeliveryAction, LatestDeliveryLocation, LastEventExecutionTime"
	want := [][]any{
		{"Moved to quarantine", "Quarantine", Base.Add(time.Hour)},
		{"Delivered", "Inbox/folder", Mail(2).Timestamp},
		{"Delivered", "Inbox/folder", Mail(3).Timestamp},
		{"Delivered", "Junk folder", Base.Add(time.Hour)},
	}
	s.want(rows, want...)
	do(patch(Mail(1), time.Minute, "Delivered", "Inbox/folder")) // an older change arrives late
	s.want(rows, want...)
	// Two changes of one event in one call, the later first; and the same call again.
	two := []eventstore.Patch{patch(Mail(1), 3*time.Hour, "", "Inbox/folder"), patch(Mail(1), 2*time.Hour, "Quarantine release", "Junk folder")}
	do(two...)
	do(two...)
	want[0] = []any{"Quarantine release", "Inbox/folder", Base.Add(3 * time.Hour)}
	s.want(rows, want...)
	s.want("EmailEvents | where DeliveryLocation != 'Inbox/folder' or DeliveryAction != 'Delivered' | count", []any{int64(0)})
	// A later judgement, and one that takes it back.
	later, none := "Phish, Spam", ""
	judged := patch(Mail(2), 4*time.Hour, "", "")
	judged.LatestThreatTypes, judged.LatestDetectionTechnologies = &later, "URL malicious reputation"
	harmless := patch(Mail(3), 4*time.Hour, "", "")
	harmless.LatestThreatTypes = &none
	before := patch(Mail(3), 3*time.Hour, "", "")
	before.LatestThreatTypes, before.LatestDetectionTechnologies = &later, "Bulk" // what found it is kept when it is found harmless
	do(before)
	do(judged, harmless, patch(Mail(2), 5*time.Hour, "", ""))
	s.want("EmailEvents | sort by Timestamp asc | take 3 | project LatestThreatTypes", []any{Mail(1).LatestThreatTypes}, []any{later}, []any{none})
	s.want("EmailEvents | sort by Timestamp asc | take 3 | project LatestDetectionTechnologies", []any{Mail(1).LatestDetectionTechnologies}, []any{"URL malicious reputation"}, []any{"Bulk"})
	if err := s.store.Patch(s.Context(), []eventstore.Patch{{NetworkMessageID: Mail(1).NetworkMessageId}}); err == nil {
		s.Error("a patch without a time was accepted")
	}
}

func (s *suite) patchMany() {
	var b event.Batch
	var p []eventstore.Patch
	for i := range 2000 {
		e := Mail(0)
		e.Timestamp = Base.Add(time.Duration(i) * 37 * time.Minute) // 51 days
		e.NetworkMessageId = ID(e.Timestamp, i)
		b.Emails = append(b.Emails, e)
		if i%2 == 0 {
			p = append(p, eventstore.Patch{NetworkMessageID: e.NetworkMessageId, Recipient: e.RecipientEmailAddress, At: Base.Add(1e4 * time.Hour), LatestDeliveryLocation: "Quarantine"})
		}
	}
	s.append(b)
	if err := s.store.Patch(s.Context(), p); err != nil {
		s.Fatal(err)
	}
	s.want("EmailEvents | where LatestDeliveryLocation == 'Quarantine' | count", []any{int64(1000)})
}

func (s *suite) regroup() {
	var b event.Batch
	for i, c := range []string{"a", "a", "b"} {
		e := Mail(i)
		b.Campaigns = append(b.Campaigns, event.Campaign{Timestamp: e.Timestamp, NetworkMessageId: e.NetworkMessageId, RecipientEmailAddress: "x@corp.example", CampaignId: c, OriginalCampaignId: c, CampaignName: "was " + c})
	}
	s.append(b)
	do := func(r ...eventstore.Regroup) {
		s.Helper()
		if err := s.store.Regroup(s.Context(), r); err != nil {
			s.Fatal(err)
		}
	}
	rows := "CampaignInfo | sort by Timestamp asc | project CampaignId, OriginalCampaignId, CampaignName"
	// The first message is a campaign of its own, and b shows as a.
	for range 2 {
		do(eventstore.Regroup{Messages: []string{Mail(0).NetworkMessageId}, From: "s", Campaign: "s", Name: "split"}, eventstore.Regroup{Original: "b", Campaign: "a", Name: "was a"})
		s.want(rows, []any{"s", "s", "split"}, []any{"a", "a", "was a"}, []any{"a", "b", "was a"})
	}
	s.append(b) // judged again
	s.want(rows, []any{"s", "s", "split"}, []any{"a", "a", "was a"}, []any{"a", "b", "was a"})
	do(eventstore.Regroup{Original: "b", Campaign: "b", Name: "was b"}, eventstore.Regroup{Original: "s", From: "a", Campaign: "a"}, eventstore.Regroup{Messages: []string{}, Campaign: "z"})
	s.want(rows, []any{"a", "a", "split"}, []any{"a", "a", "was a"}, []any{"b", "b", "was b"})
	if err := s.store.Regroup(s.Context(), []eventstore.Regroup{{Campaign: "everything"}}); err == nil {
		s.Error("rows without a choice were moved")
	}
}

func (s *suite) retain() {
	var b event.Batch
	for i := range 40 {
		t := Base.Add(time.Duration(i) * 6 * time.Hour) // ten days
		e := Mail(0)
		e.Timestamp, e.NetworkMessageId = t, ID(t, i)
		b.Emails = append(b.Emails, e)
		b.Urls = append(b.Urls, event.EmailUrl{Timestamp: t, NetworkMessageId: e.NetworkMessageId, Url: "http://x.example/"})
	}
	s.append(b)
	cut := Base.Add(20 * 6 * time.Hour)
	n, err := s.store.Retain(s.Context(), cut)
	if err != nil || n != 40 {
		s.Errorf("deleted %d rows, %v; want 20 events and 20 URLs", n, err)
	}
	s.want("EmailEvents | summarize count(), min(Timestamp)", []any{int64(20), cut})
	if n, err := s.store.Retain(s.Context(), cut); n != 0 || err != nil {
		s.Errorf("again: %d, %v", n, err)
	}
	s.append(b) // what was forgotten can come back
	s.want("EmailEvents | count", []any{int64(40)})
}

func (s *suite) cancel() {
	var b event.Batch
	for i := range 20_000 {
		b.Emails = append(b.Emails, Mail(i))
	}
	s.append(b)
	ctx, cancel := context.WithCancel(s.Context())
	defer cancel()
	started := time.Now()
	timer := time.AfterFunc(200*time.Millisecond, cancel)
	defer timer.Stop()
	// 400 million pairs, each with a comparison of text: many seconds when nothing stops it.
	_, err := Ask(ctx, s.store, "EmailEvents | join kind=inner (EmailEvents | project SenderFromDomain, Other = Subject) on SenderFromDomain | where strcat(Subject, Other) contains 'zzz' | count")
	if !errors.Is(err, context.Canceled) {
		s.Errorf("a cancelled query returned %v", err)
	}
	if took := time.Since(started); took > 10*time.Second {
		s.Errorf("it took %v to stop", took)
	}
	s.want("EmailEvents | count", []any{int64(20_000)})

	done, stop := context.WithCancel(s.Context())
	stop()
	if err := s.store.Append(done, event.Batch{Emails: []event.EmailEvent{Mail(30_000)}}); !errors.Is(err, context.Canceled) {
		s.Errorf("append with an ended context: %v", err)
	}
	s.want("EmailEvents | count", []any{int64(20_000)})
}

func (s *suite) readWhileWriting() {
	const messages, urls = 40, 3
	ctx, cancel := context.WithCancel(s.Context())
	defer cancel()
	var written atomic.Int64
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			var last int64
			for ctx.Err() == nil {
				atLeast := written.Load()
				rows, err := Ask(ctx, s.store, "union (EmailEvents | project T = 'e'), (EmailUrlInfo | project T = 'u') | summarize e = countif(T == 'e'), u = countif(T == 'u')")
				if err != nil {
					if ctx.Err() == nil {
						s.Error(err)
					}
					return
				}
				e, u := rows[0][0].(int64), rows[0][1].(int64)
				if u != e*urls || e < last || e < atLeast {
					s.Errorf("saw %d events and %d URLs after %d and with %d acknowledged: half a batch, or a step back", e, u, last, atLeast)
					return
				}
				last = e
			}
		})
	}
	for i := range messages {
		b := event.Batch{Emails: []event.EmailEvent{Mail(i)}}
		for j := range urls {
			b.Urls = append(b.Urls, event.EmailUrl{Timestamp: Mail(i).Timestamp, NetworkMessageId: Mail(i).NetworkMessageId, Url: fmt.Sprint("http://x.example/", j)})
		}
		if err := s.store.Append(ctx, b); err != nil {
			s.Fatal(err)
		}
		written.Store(int64(i + 1))
	}
	cancel()
	wg.Wait()
	s.want("EmailUrlInfo | count", []any{int64(messages * urls)})
}

func (s *suite) reopen() {
	s.append(event.Batch{Emails: []event.EmailEvent{Mail(1), Mail(2)}})
	if err := s.store.Close(); err != nil {
		s.Fatal(err)
	}
	s.store = s.openStore()
	s.want("EmailEvents | sort by Timestamp asc | project Subject", []any{"Subject 1"}, []any{"Subject 2"})
	s.append(event.Batch{Emails: []event.EmailEvent{Mail(1), Mail(3)}})
	s.want("EmailEvents | count", []any{int64(3)})
}

func (s *suite) stats() {
	before, err := s.store.Stats(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	if len(before.Tables) != len(event.Tables()) || before.Table("EmailEvents").Rows != 0 || !before.Table("EmailEvents").Oldest.IsZero() {
		s.Errorf("an empty store says %+v", before)
	}
	s.append(event.Batch{Emails: []event.EmailEvent{Mail(1), Mail(9)}})
	after, err := s.store.Stats(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	want := eventstore.TableStats{Name: "EmailEvents", Rows: 2, Oldest: Mail(1).Timestamp, Newest: Mail(9).Timestamp}
	if d := cmp.Diff(want, after.Table("EmailEvents")); d != "" {
		s.Error(d)
	}
	if after.Version <= before.Version || after.Bytes == 0 || after.Engine == "" {
		s.Errorf("after an append: %+v", after)
	}
}

func (s *suite) closed() {
	if err := s.store.Close(); err != nil {
		s.Fatal(err)
	}
	if err := s.store.Close(); err != nil {
		s.Errorf("second close: %v", err)
	}
	if err := s.store.Append(s.Context(), event.Batch{Emails: []event.EmailEvent{Mail(1)}}); !errors.Is(err, eventstore.ErrClosed) {
		s.Errorf("append: %v", err)
	}
	if err := s.store.Patch(s.Context(), []eventstore.Patch{{NetworkMessageID: ID(Base, 1), At: Base}}); !errors.Is(err, eventstore.ErrClosed) {
		s.Errorf("patch: %v", err)
	}
	if _, err := Ask(s.Context(), s.store, "EmailEvents"); !errors.Is(err, eventstore.ErrClosed) {
		s.Errorf("query: %v", err)
	}
	if _, err := s.store.Retain(s.Context(), Base); !errors.Is(err, eventstore.ErrClosed) {
		s.Errorf("retain: %v", err)
	}
	if _, err := s.store.Stats(s.Context()); !errors.Is(err, eventstore.ErrClosed) {
		s.Errorf("stats: %v", err)
	}
}
