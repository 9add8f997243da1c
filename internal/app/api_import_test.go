package app_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
)

func TestImport(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := s.as(t, auth.SecurityAdministrator).with("Content-Type", "message/rfc822")
	raw := simple("by the envelope")
	first := ok[api.Imported](c.post(t, "/import?mail_from=%3Cbounce@sender.test%3E&recipients=Bob@harbour.test,cat@harbour.test&time=2026-01-02T03:04:05%2B01:00&source=old-archive", raw))
	if first.Duplicate || len(first.NetworkMessageID) != 36 {
		t.Errorf("%+v", first)
	}
	if again := ok[api.Imported](c.post(t, "/import?recipients=bob@harbour.test", raw)); !again.Duplicate || again.NetworkMessageID != first.NetworkMessageID {
		t.Errorf("again %+v", again)
	}
	if more := ok[api.Imported](c.post(t, "/import?recipients=dan@harbour.test", raw)); more.Duplicate || more.NetworkMessageID != first.NetworkMessageID {
		t.Errorf("for one more %+v", more)
	}
	plain := ok[api.Imported](c.with("Content-Type", "").post(t, "/import", simple("by its headers")))
	if err := s.Judged(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := ok[api.EmailPage](c.get(t, "/explorer/emails", "desc", "false", "sort", "RecipientEmailAddress")).Rows
	var events []string
	for _, r := range got {
		events = append(events, r.Subject+" to "+r.RecipientEmailAddress+" by "+r.Connectors)
	}
	if want := []string{"by its headers to bob@harbour.test by import", "by the envelope to bob@harbour.test by old-archive", "by the envelope to cat@harbour.test by old-archive", "by the envelope to dan@harbour.test by import"}; !slices.Equal(events, want) && !slices.Equal(events, []string{want[1], want[0], want[2], want[3]}) {
		t.Errorf("events %q", events)
	}
	if e := ok[api.Email](c.get(t, "/emails/"+first.NetworkMessageID)).Event; e.SenderMailFromAddress != "bounce@sender.test" || e.Timestamp.Format(time.RFC3339) != "2026-01-02T02:04:05Z" {
		t.Errorf("from %q at %v", e.SenderMailFromAddress, e.Timestamp)
	}
	if e := ok[api.Email](c.get(t, "/emails/"+plain.NetworkMessageID)).Event; e.Timestamp.Format(time.RFC3339) != "2026-01-02T03:04:05Z" {
		t.Errorf("without an envelope at %v", e.Timestamp)
	}

	sum := sha256.Sum256(raw)
	records := s.audited(t, auth.ActImport)
	if len(records) != 4 || records[0].Subject != hex.EncodeToString(sum[:]) || records[0].Operator != "nobody.security-administrator@harbour.test" || string(records[0].Detail) != `{"source":"old-archive"}` {
		t.Errorf("audit %+v", records)
	}
	local := s.nobody().with("Authorization", "Bearer "+s.localToken(t))
	ok[api.Imported](local.post(t, "/import", simple("from the command line")))
	if n := len(s.audited(t, auth.ActImport)); n != 4 {
		t.Errorf("%d records, want 4", n)
	}
}

// TestImportOfWhatIsNoMail: whatever the bytes are, they are stored and listed.
func TestImportOfWhatIsNoMail(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := s.as(t, auth.SecurityAdministrator)
	odd := [][]byte{{0}, []byte("\r\n"), []byte("not mail at all"), []byte("From: \xff\xfe\r\nSubject: =?utf-8?B?//79?=\r\n\r\n\x00\x01"), bytes.Repeat([]byte("A: b\r\n"), 20_000)}
	for _, raw := range odd {
		got := ok[api.Imported](c.post(t, "/import", raw))
		if err := s.Judged(t.Context()); err != nil {
			t.Fatal(err)
		}
		e := ok[api.Email](c.get(t, "/emails/"+got.NetworkMessageID))
		if !e.RawAvailable || e.Event.EmailSize != int64(len(raw)) || len(e.Recipients) != 1 {
			t.Errorf("%.20q: %+v", raw, e.Event)
		}
		for _, part := range []string{"headers", "timeline", "urls", "attachments", "similar"} {
			c.get(t, "/emails/"+got.NetworkMessageID+"/"+part).want(http.StatusOK)
		}
	}
	if n := ok[api.Count](c.get(t, "/explorer/count")); n.Events != int64(len(odd)) {
		t.Errorf("%d events, %d messages came", n.Events, len(odd))
	}
}

// TestImportTakesWhatTheIntakeTakes: the limit of the settings, to the octet.
func TestImportTakesWhatTheIntakeTakes(t *testing.T) {
	t.Parallel()
	const limit = 2 << 20
	s := open(t, func(c *app.Config, _ *app.Options) { c.Intake.MaxMessage = limit })
	c := s.as(t, auth.SecurityAdministrator)
	most := append(simple("as large as can be"), bytes.Repeat([]byte("x"), limit)...)[:limit]
	ok[api.Imported](c.post(t, "/import", most))
	c.post(t, "/import", append(most, 'x')).problem(http.StatusRequestEntityTooLarge)
	// Of what never ends, no more than the limit is read.
	endless := &counted{}
	res, err := c.ask(t.Context(), http.MethodPost, "/import", io.Reader(endless))
	if err == nil { // else the connection was cut before the answer was read
		if res.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("an endless message: %s", res.Status)
		}
		_ = res.Body.Close()
	}
	if endless.n > limit+64<<20 {
		t.Errorf("%d octets were read", endless.n)
	}
	if err := s.Judged(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := ok[api.Count](c.get(t, "/explorer/count")); n.Events != 1 {
		t.Errorf("%d events", n.Events)
	}
}

// counted is an endless body.
type counted struct{ n int64 }

func (c *counted) Read(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

// TestImportWhoseClientLeft: the bytes of a request are used again for the next one. A message whose client went away while its
// commit waited must not end up with another's bytes.
func TestImportWhoseClientLeft(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := s.as(t, auth.SecurityAdministrator)
	local := s.nobody().with("Authorization", "Bearer "+s.localToken(t)) // leaves no record, for which it would have to wait as well
	letters := func(from, to int) (out [][]byte) {
		for i := from; i < to; i++ {
			out = append(out, simple(fmt.Sprintf("letter %03d", i)))
		}
		return out
	}
	hold, held := make(chan struct{}), make(chan struct{})
	writing := make(chan error, 1)
	go func() {
		writing <- s.Cases().InTx(context.WithoutCancel(t.Context()), func(*sql.Tx) error {
			close(held)
			<-hold
			return nil
		})
	}()
	<-held
	answers := make(chan int, 64)
	send := func(ctx context.Context, raw []byte) {
		res, err := local.ask(ctx, http.MethodPost, "/import", raw)
		if err != nil {
			answers <- 0
			return
		}
		_ = res.Body.Close()
		answers <- res.StatusCode
	}
	ctx, cancel := context.WithCancel(t.Context())
	for _, raw := range letters(0, 20) { // the first goes as far as the held transaction, the others wait behind it
		go send(ctx, raw)
	}
	s.running(t, 20)
	cancel()
	for range 20 {
		<-answers
	}
	for _, raw := range letters(20, 40) {
		go send(t.Context(), raw)
	}
	s.running(t, 20)
	close(hold)
	if err := <-writing; err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if got := <-answers; got != http.StatusOK {
			t.Errorf("a client that stayed got %d", got)
		}
	}
	for _, raw := range letters(0, 20) { // who left does not know, and offers it again
		go send(t.Context(), raw)
	}
	for range 20 {
		<-answers
	}
	if err := s.Judged(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows := ok[api.EmailPage](c.get(t, "/explorer/emails", "sort", "Subject", "desc", "false")).Rows
	if len(rows) != 40 {
		t.Errorf("%d events, want 40", len(rows))
	}
	for i, r := range rows {
		if want := fmt.Sprintf("letter %03d", i); r.Subject != want {
			t.Errorf("event %d is %q, want %q", i, r.Subject, want)
		}
	}
}

// running waits until at least n requests are being answered.
func (s *site) running(t *testing.T, n int) {
	t.Helper()
	figure := regexp.MustCompile(`(?m)^tocsin_http_requests_running (\d+)$`)
	for late := time.After(time.Minute); ; {
		m := figure.FindSubmatch(s.nobody().get(t, "//metrics").body)
		if m == nil {
			t.Fatal("the metrics do not say how many requests run")
		}
		if got, err := strconv.Atoi(string(m[1])); err != nil || got > n { // one is this one
			return
		}
		select {
		case <-late:
			t.Fatalf("%s requests run, waiting for %d", m[1], n)
		default:
		}
	}
}
