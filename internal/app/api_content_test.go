package app_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"hash/crc32"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/auth"
)

// TestLookingIntoMail: mail that was kept from everybody needs email.content; mail that somebody has needs email.preview as well.
func TestLookingIntoMail(t *testing.T) {
	t.Parallel()
	s := open(t, acting)
	kept := s.take(t, lure(t), "bob@harbour.test", "cat@harbour.test")
	got := s.take(t, simple("to read"), "bob@harbour.test", "cat@harbour.test")
	reader, analyst, reviewer := s.as(t, auth.SecurityReader), s.as(t, auth.SecurityOperator), s.as(t, auth.SecurityReader, auth.Preview)
	if e := ok[api.Email](reader.get(t, "/emails/"+kept)); e.Event.DeliveryAction != "Blocked" {
		t.Fatalf("the lure was %s", e.Event.DeliveryAction)
	}
	look := func(c caller, id string, want int) {
		t.Helper()
		can := ok[api.Email](c.get(t, "/emails/"+id)).Can
		if may := want == http.StatusOK; can.Preview != may || can.Download != may || (can.Why == "") != may {
			t.Errorf("%+v, and looking answers %d", can, want)
		}
		for _, part := range []string{"/content", "/download"} {
			r := c.post(t, "/emails/"+id+part, api.Reason{Reason: "ticket 1"}).want(want)
			if want == http.StatusForbidden && (strings.Contains(string(r.body), "noon") || strings.Contains(string(r.body), "grant")) {
				t.Errorf("refused, and shown: %s", r.body)
			}
		}
	}
	look(reader, kept, http.StatusForbidden)
	look(reader, got, http.StatusForbidden)
	look(analyst, kept, http.StatusOK)
	look(analyst, got, http.StatusForbidden)
	look(reviewer, kept, http.StatusOK)
	look(reviewer, got, http.StatusOK)
	if p := analyst.post(t, "/emails/"+got+"/content", api.Reason{Reason: "ticket 1"}).problem(http.StatusForbidden); !strings.Contains(p.Detail, string(auth.EmailPreview)) {
		t.Errorf("it does not say what is missing: %s", p.Detail)
	}

	s.clock.move(time.Second)
	s.moved(t, kept, "cat@harbour.test", "Inbox/folder") // let go for one of two: the content is the same for both
	look(analyst, kept, http.StatusForbidden)
	s.clock.move(time.Second)
	s.moved(t, kept, "cat@harbour.test", "Deleted items folder") // they can still read it there
	look(analyst, kept, http.StatusForbidden)
	s.clock.move(time.Second)
	s.moved(t, kept, "cat@harbour.test", "Quarantine")
	look(analyst, kept, http.StatusOK)
	s.moved(t, got, "bob@harbour.test", "Quarantine")
	look(analyst, got, http.StatusForbidden)
	s.moved(t, got, "cat@harbour.test", "Quarantine")
	look(analyst, got, http.StatusOK)
}

func TestContent(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.take(t, page("dangerous"), "bob@harbour.test", "cat@harbour.test")
	s.operator(t, "ada@harbour.test", auth.SecurityReader, auth.Preview)
	ada := s.nobody().signIn(t, "ada@harbour.test")
	got := ok[api.Content](ada.post(t, "/emails/"+id+"/content?recipient=cat@harbour.test", api.Reason{Reason: "INC-4711, reported by Cat"}))
	if got.Grant == "" || !strings.Contains(got.Plain, "your account will be suspended") || !strings.Contains(got.Source, "<script>") || got.FromText || got.Truncated {
		t.Errorf("%+v", got)
	}
	if r := got.Removed; r.Scripts == 0 || r.Events == 0 || r.Forms != 1 || r.Fields != 1 || r.Frames != 1 || r.RemoteImages != 1 || r.Trackers != 1 {
		t.Errorf("removed %+v", r)
	}
	if len(got.Links) == 0 || got.Links[0].N != 1 || got.Links[0].Defanged != "hxxps://login[.]evil[.]test/keep?u=bob" || got.Links[0].Domain != "login.evil.test" {
		t.Errorf("links %+v", got.Links)
	}
	if got.Recorded.By != "ada@harbour.test" || got.Recorded.Reason != "INC-4711, reported by Cat" || math.Abs(time.Since(got.Recorded.At).Minutes()) > 1 {
		t.Errorf("recorded %+v", got.Recorded)
	}
	records := s.audited(t, auth.ActContent)
	if len(records) != 1 || records[0].Operator != "ada@harbour.test" || records[0].Via != "session" || records[0].Address != "127.0.0.1" || records[0].Subject != id ||
		records[0].Recipient != "cat@harbour.test" || records[0].Reason != "INC-4711, reported by Cat" || !strings.Contains(string(records[0].Detail), `"subject":"dangerous"`) {
		t.Errorf("audit %+v", records)
	}

	doc := ada.get(t, "/emails/"+id+"/preview/"+got.Grant).want(http.StatusOK)
	for _, bad := range []string{"<script", "script ran", "handler ran", "onload", "evil.test/pixel", "evil.test/bg", "<iframe", "<form", "<input", "javascript:", "href="} {
		if strings.Contains(strings.ToLower(string(doc.body)), bad) {
			t.Errorf("%q is in the preview: %s", bad, doc.body)
		}
	}
	if !strings.Contains(string(doc.body), "your account will be suspended") {
		t.Errorf("the text is not in the preview: %s", doc.body)
	}
	policy := doc.header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "img-src data:", "; sandbox;", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'self'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy of the preview lacks %s: %s", part, policy)
		}
	}
	if strings.Contains(policy, "script-src") || strings.Contains(policy, "allow-") || len(doc.header.Values("Content-Security-Policy")) != 1 {
		t.Errorf("the policy of the preview lets more in: %s", policy)
	}
	if doc.header.Get("Content-Type") != "text/html; charset=utf-8" || doc.header.Get("X-Content-Type-Options") != "nosniff" || doc.header.Get("Cache-Control") != "no-store" || doc.header.Get("X-Frame-Options") != "SAMEORIGIN" {
		t.Errorf("headers of the preview %v", doc.header)
	}
	if n := len(s.audited(t, auth.ActContent)); n != 1 {
		t.Errorf("%d records of one look", n)
	}
}

// TestGrantsAreBound to who got them, to the message and to their time.
func TestGrantsAreBound(t *testing.T) {
	t.Parallel()
	s := open(t)
	id, other := s.take(t, page("one"), "bob@harbour.test"), s.take(t, page("two"), "bob@harbour.test")
	ada, ben := s.as(t, auth.SecurityReader, auth.Preview), s.as(t, auth.SecurityOperator, auth.Preview)
	grant := ok[api.Content](ada.post(t, "/emails/"+id+"/content", api.Reason{Reason: "ticket 1"})).Grant
	at := func(c caller, id, grant string) reply { return c.get(t, "/emails/"+id+"/preview/"+grant) }
	at(ada, id, grant).want(http.StatusOK)
	at(ada, strings.ToUpper(id), grant).want(http.StatusOK)
	at(ben, id, grant).problem(http.StatusNotFound)
	at(ada, other, grant).problem(http.StatusNotFound)
	at(ada, id, grant[:len(grant)-1]).problem(http.StatusNotFound)
	at(ada, id, "wrong").problem(http.StatusNotFound)
	at(s.as(t, auth.SecurityReader), id, grant).problem(http.StatusForbidden)
	at(s.nobody(), id, grant).problem(http.StatusUnauthorized)
	s.clock.move(9 * time.Minute)
	at(ada, id, grant).want(http.StatusOK)
	s.clock.move(2 * time.Minute)
	at(ada, id, grant).problem(http.StatusNotFound)
	if strings.Contains(s.log.String(), grant) {
		t.Error("a grant is in the log")
	}
}

func TestDownload(t *testing.T) {
	t.Parallel()
	s := open(t, acting)
	raw := lure(t)
	id := s.take(t, raw, "bob@harbour.test")
	c := s.as(t, auth.SecurityOperator)
	got := c.post(t, "/emails/"+id+"/download", api.Reason{Reason: "ticket 9"}).want(http.StatusOK)
	if got.header.Get("Content-Type") != "application/zip" || got.header.Get("Content-Disposition") != `attachment; filename="`+id+`.zip"` || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", got.header)
	}
	if bytes.Contains(got.body, []byte("EICAR")) || bytes.Contains(got.body, []byte("paypal")) {
		t.Error("the message is readable in the archive")
	}
	archive, err := zip.NewReader(bytes.NewReader(got.body), int64(len(got.body)))
	if err != nil || len(archive.File) != 1 || archive.File[0].Name != id+".eml" {
		t.Fatalf("%v, %+v", err, archive)
	}
	sealed, err := archive.File[0].OpenRaw()
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(sealed)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(flate.NewReader(bytes.NewReader(unseal(data, "infected"))))
	if err != nil || !bytes.Equal(content, raw) {
		t.Errorf("%d octets, %v; the message has %d", len(content), err, len(raw))
	}
	if unzip, err := exec.LookPath("unzip"); err == nil {
		path := filepath.Join(t.TempDir(), "sample.zip")
		if err := os.WriteFile(path, got.body, 0o600); err != nil {
			t.Fatal(err)
		}
		content, err := exec.CommandContext(t.Context(), unzip, "-p", "-P", "infected", path).Output()
		if err != nil || !bytes.Equal(content, raw) {
			t.Errorf("unzip: %d octets, %v", len(content), err)
		}
	}
	records := s.audited(t, auth.ActDownload)
	if len(records) != 1 || records[0].Subject != id || records[0].Reason != "ticket 9" || records[0].Via != "token" || records[0].Recipient != "bob@harbour.test" {
		t.Errorf("audit %+v", records)
	}
}

// unseal takes the traditional PKWARE encryption off (APPNOTE.TXT section 6.1), written from its text and not from the package that
// puts it on.
func unseal(data []byte, password string) []byte {
	k0, k1, k2 := uint32(305419896), uint32(591751049), uint32(878082192)
	step := func(crc uint32, b byte) uint32 { return crc>>8 ^ crc32.IEEETable[(crc^uint32(b))&0xff] }
	update := func(b byte) {
		k0 = step(k0, b)
		k1 = (k1+k0%256)*134775813 + 1
		k2 = step(k2, byte(k1>>24))
	}
	for _, b := range []byte(password) {
		update(b)
	}
	out := make([]byte, len(data))
	for i, b := range data {
		temp := uint16(k2) | 2
		out[i] = b ^ byte(uint32(temp)*uint32(temp^1)>>8)
		update(out[i])
	}
	return out[12:]
}
