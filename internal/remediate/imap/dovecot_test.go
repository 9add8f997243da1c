package imap

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tocsin/internal/remediate"
	"tocsin/internal/remediate/providertest"
	"tocsin/test/rig"
)

const owner = "bo@own.example"

var then = time.Date(2024, 3, 9, 13, 14, 15, 0, time.UTC)

// boxes makes n mailboxes b1@own.example ... with the password of owner.
func boxes(n int) map[string]string {
	out := map[string]string{owner: "bo's own"}
	for i := range n {
		out[fmt.Sprintf("b%d@own.example", i+1)] = "bo's own"
	}
	return out
}

func options(r *rig.Rig) Options {
	return Options{Name: "Dovecot", Address: r.IMAP, TLS: TLSNone, User: "soc", Password: "master's", SignIns: 1000, Timeout: 20 * time.Second, Pause: 10 * time.Millisecond}
}

func provider(t testing.TB, o Options) *Provider {
	t.Helper()
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func start(t testing.TB, n int, change func(*rig.Options)) *rig.Rig {
	o := rig.Options{Mailboxes: boxes(n), Master: "soc", MasterPassword: "master's"}
	if change != nil {
		change(&o)
	}
	return rig.Start(t, o)
}

// own is the mailbox as its owner's mail program sees it.
type ownView struct {
	c *imapclient.Client
	t testing.TB
}

func ownerOf(t testing.TB, r *rig.Rig, address string) *ownView {
	t.Helper()
	c, err := imapclient.DialInsecure(r.IMAP, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.Login(address, "bo's own").Wait(); err != nil {
		t.Fatal(err)
	}
	return &ownView{c, t}
}

func (v *ownView) must(err error) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
}

func (v *ownView) put(folder string, raw []byte, flags []string, received time.Time) {
	v.t.Helper()
	if folder != "INBOX" {
		_ = v.c.Create(folder, nil).Wait() // it may be there
	}
	o := &goimap.AppendOptions{Time: received}
	for _, f := range flags {
		o.Flags = append(o.Flags, goimap.Flag(f))
	}
	cmd := v.c.Append(folder, int64(len(raw)), o)
	_, err := cmd.Write(raw)
	v.must(err)
	v.must(cmd.Close())
	_, err = cmd.Wait()
	v.must(err)
}

// each calls f for every message, by folder.
func (v *ownView) each(f func(folder string, uid goimap.UID, flags []string, received time.Time, raw []byte)) {
	v.t.Helper()
	list, err := v.c.List("", "*", nil).Collect()
	v.must(err)
	for _, l := range list {
		if slices.Contains(l.Attrs, goimap.MailboxAttrNonExistent) || slices.Contains(l.Attrs, goimap.MailboxAttrNoSelect) || strings.HasPrefix(l.Mailbox, "Virtual") || strings.HasPrefix(l.Mailbox, "Public") {
			continue
		}
		data, err := v.c.Select(l.Mailbox, &goimap.SelectOptions{ReadOnly: true}).Wait()
		v.must(err)
		if data.NumMessages == 0 {
			continue
		}
		body := &goimap.FetchItemBodySection{Peek: true}
		msgs, err := v.c.Fetch(goimap.SeqSet{{Start: 1, Stop: 0}}, &goimap.FetchOptions{UID: true, Flags: true, InternalDate: true, BodySection: []*goimap.FetchItemBodySection{body}}).Collect()
		v.must(err)
		for _, m := range msgs {
			var flags []string
			for _, s := range m.Flags {
				if s != `\Recent` {
					flags = append(flags, string(s))
				}
			}
			slices.Sort(flags)
			f(l.Mailbox, m.UID, flags, m.InternalDate.UTC(), m.FindBodySection(body))
		}
	}
}

func (v *ownView) look() (out []providertest.Held) {
	v.t.Helper()
	v.each(func(folder string, _ goimap.UID, flags []string, received time.Time, raw []byte) {
		out = append(out, providertest.Held{Folder: folder, Flags: flags, Received: received, Raw: raw})
	})
	return out
}

// renew deletes a folder and makes it again with the same messages.
func (v *ownView) renew(folder string) {
	v.t.Helper()
	old := v.look()
	v.must(v.c.Unselect().Wait())
	v.must(v.c.Delete(folder).Wait())
	v.must(v.c.Create(folder, nil).Wait())
	for _, h := range old {
		if h.Folder == folder {
			v.put(folder, h.Raw, h.Flags, h.Received)
		}
	}
}

func system(p *Provider, v *ownView, address string) providertest.System {
	return providertest.System{Provider: p, Address: address, Nobody: "nobody@own.example", Other: "Projects/2024 Zürich",
		Put: func(t *testing.T, folder string, raw []byte, flags []string, received time.Time) {
			v.put(folder, raw, flags, received)
		},
		Look: func(t *testing.T) []providertest.Held {
			return v.look()
		},
		Renew: func(t *testing.T, folder string) { v.renew(folder) }}
}

// each test of the suite has a mailbox of its own.
func suite(t *testing.T, r *rig.Rig, o Options) {
	p := provider(t, o)
	n := 0
	providertest.Run(t, func(t *testing.T) providertest.System {
		n++
		address := fmt.Sprintf("b%d@own.example", n)
		return system(p, ownerOf(t, r, address), address)
	})
}

func TestDovecot(t *testing.T) {
	r := start(t, 20, nil)
	suite(t, r, options(r))
}

// TestDovecotWithoutMove copies and removes.
func TestDovecotWithoutMove(t *testing.T) {
	r := start(t, 20, func(o *rig.Options) { o.Capabilities = "IMAP4rev1 UIDPLUS LITERAL+" })
	suite(t, r, options(r))
}

// TestDovecotWithoutUIDPLUS moves, and says that it cannot remove.
func TestDovecotWithoutUIDPLUS(t *testing.T) {
	r := start(t, 1, func(o *rig.Options) { o.Capabilities = "IMAP4rev1" })
	v := ownerOf(t, r, owner)
	v.put("INBOX", letter("<a@partner.example>", "one"), nil, then)
	v.put("INBOX", letter("<b@partner.example>", "two"), []string{`\Deleted`}, then)
	m := open(t, provider(t, options(r)), owner)
	c := found(t, m, "<a@partner.example>", 1)[0]
	if err := m.Remove(t.Context(), c); !errors.Is(err, remediate.ErrCannot) {
		t.Errorf("removed without UIDPLUS: %v", err)
	}
	if _, err := m.Move(t.Context(), c, remediate.Junk, ""); !errors.Is(err, remediate.ErrCannot) {
		t.Errorf("moved without MOVE and UIDPLUS: %v", err)
	}
	if got := v.look(); len(got) != 2 {
		t.Errorf("the mailbox holds %d messages, want 2", len(got))
	}
}

func letter(id, text string) []byte {
	return []byte("From: Ana <ana@partner.example>\r\nTo: bo@own.example\r\nSubject: Invoice 7\r\nDate: Sat, 09 Mar 2024 14:14:10 +0100\r\nMessage-ID: " + id + "\r\n\r\n" + text + "\r\n")
}

func open(t testing.TB, p *Provider, address string) remediate.Mailbox {
	t.Helper()
	m, err := p.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func found(t testing.TB, m remediate.Mailbox, id string, n int) []remediate.Copy {
	t.Helper()
	got, err := m.Find(t.Context(), remediate.Message{InternetMessageID: id, Date: time.Date(2024, 3, 9, 13, 14, 10, 0, time.UTC), SenderFrom: "ana@partner.example"})
	if err != nil || len(got) != n {
		t.Fatalf("found %+v, %v; want %d", got, err, n)
	}
	return got
}

func TestSignIn(t *testing.T) {
	r := start(t, 1, nil)
	for name, change := range map[string]func(*Options){
		"master":            func(*Options) {},
		"authzid":           func(o *Options) { o.SignIn = SignAuthzid },
		"STARTTLS":          func(o *Options) { o.TLS, o.CA = TLSStart, r.CA },
		"implicit TLS":      func(o *Options) { o.TLS, o.CA, o.Address = TLSImplicit, r.CA, r.IMAPS },
		"authzid over TLS":  func(o *Options) { o.TLS, o.CA, o.Address, o.SignIn = TLSImplicit, r.CA, r.IMAPS, SignAuthzid },
		"capital addresses": func(o *Options) { o.Name = "x" },
	} {
		o := options(r)
		change(&o)
		m, err := provider(t, o).Open(t.Context(), "B1@own.example")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := m.Close(); err != nil {
			t.Errorf("%s: closing: %v", name, err)
		}
	}
	for _, c := range []struct {
		name    string
		address string
		change  func(*Options)
		want    error
		say     string
	}{
		{"wrong password", owner, func(o *Options) { o.Password = "wrong" }, remediate.ErrRefused, "refuses the user soc"},
		{"wrong password, authzid", owner, func(o *Options) { o.Password, o.SignIn = "wrong", SignAuthzid }, remediate.ErrRefused, "soc"},
		{"no mailbox", "nobody@own.example", func(*Options) {}, remediate.ErrNoMailbox, "no mailbox nobody@own.example"},
		{"no mailbox, authzid", "nobody@own.example", func(o *Options) { o.SignIn = SignAuthzid }, remediate.ErrNoMailbox, ""},
		{"an address with a master user in it", owner + "*soc", func(*Options) {}, remediate.ErrNoMailbox, "no address"},
		{"an address with a line end", "bo\r\nA1 LOGOUT@own.example", func(*Options) {}, remediate.ErrNoMailbox, "no address"},
		{"no OAuth2 there", owner, func(o *Options) { o.SignIn, o.Token = SignOAuth2, tokens("x") }, remediate.ErrRefused, "OAuth2"},
		{"unknown authority", owner, func(o *Options) { o.TLS, o.Address = TLSImplicit, r.IMAPS }, nil, "not believed"},
		{"unknown authority, STARTTLS", owner, func(o *Options) { o.TLS = TLSStart }, nil, "not believed"},
		{"nobody listens", owner, func(o *Options) { o.Address = "127.0.0.1:1" }, remediate.ErrOverloaded, "cannot be reached"},
	} {
		o := options(r)
		c.change(&o)
		m, err := provider(t, o).Open(t.Context(), c.address)
		if err == nil {
			t.Errorf("%s: opened %v", c.name, m)
			continue
		}
		if c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: %v", c.name, err)
		}
		for _, other := range []error{remediate.ErrNoMailbox, remediate.ErrRefused, remediate.ErrOverloaded} {
			if other != c.want && errors.Is(err, other) {
				t.Errorf("%s: is also %v", c.name, other)
			}
		}
	}
}

// TestFolders: other people's folders are not searched, virtual ones only when the message lies in no other, and names in other
// languages are known.
func TestFolders(t *testing.T) {
	r := start(t, 3, nil)
	r.Doveadm("mailbox", "create", "-u", owner, "Public/Board")
	v := ownerOf(t, r, owner)
	v.put("Public/Board", letter("<a@partner.example>", "shared"), nil, then)
	v.put("INBOX", letter("<a@partner.example>", "mine"), nil, then)
	v.put("Trash/old", letter("<b@partner.example>", "thrown away"), nil, then)
	m := open(t, provider(t, options(r)), owner)
	if c := found(t, m, "<a@partner.example>", 1)[0]; c.Folder != "INBOX" {
		t.Errorf("found in %q", c.Folder)
	}
	if c := found(t, m, "<b@partner.example>", 1)[0]; c.Place != remediate.Deleted {
		t.Errorf("what lies below Trash is %q", c.Place)
	}
	n := 0
	for _, f := range m.(*mailbox).folders {
		if strings.HasPrefix(f.name, "Public") {
			t.Errorf("%q is other people's", f.name)
		}
		if f.virtual {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d virtual folders, want 1", n)
	}
}

func TestFoldersByName(t *testing.T) {
	r := start(t, 2, func(o *rig.Options) { o.Capabilities, o.InboxOnly = "IMAP4rev1 NAMESPACE UIDPLUS MOVE", true }) // no SPECIAL-USE
	for address, names := range map[string][2]string{"b1@own.example": {"Junk", "Trash"}, owner: {"Courrier indésirable", "Gelöschte Elemente"}} {
		v := ownerOf(t, r, address)
		if address == owner {
			for _, f := range names {
				v.must(v.c.Create(strings.ToUpper(f), nil).Wait())
			}
		}
		v.put("INBOX", letter("<a@partner.example>", "one"), nil, then)
		m := open(t, provider(t, options(r)), address)
		c := found(t, m, "<a@partner.example>", 1)[0]
		for i, p := range []remediate.Place{remediate.Junk, remediate.Deleted} {
			var err error
			if c, err = m.Move(t.Context(), c, p, ""); err != nil || !strings.EqualFold(c.Folder, names[i]) || c.Place != p {
				t.Errorf("%s to %s: %+v, %v", address, p, c, err)
			}
		}
	}
}

// TestMalformedIDs: what a sender writes into Message-ID does not hide a message.
func TestMalformedIDs(t *testing.T) {
	r := start(t, 1, nil)
	v := ownerOf(t, r, owner)
	ids := map[string]string{ // as sent, as Tocsin's parser reads it
		`<with "quote" and \ @partner.example>`: `<with "quote" and \ @partner.example>`,
		"<ümlaut@partner.example>":              "<ümlaut@partner.example>",
		"no brackets":                           "no brackets",
		"<" + strings.Repeat("x", 900) + "@y>":  "<" + strings.Repeat("x", 900) + "@y>",
		"<!>":                                   "<!>",
		"\r\n <folded@partner.example>":         "<folded@partner.example>",
		"<a@x> <b@x>":                           "<a@x>",
	}
	for sent := range ids {
		v.put("INBOX", letter(sent, sent), nil, then)
	}
	v.put("INBOX", []byte(strings.Replace(string(letter("<space@partner.example>", "space")), "Message-ID:", "Message-ID :", 1)), nil, then)
	m := open(t, provider(t, options(r)), owner)
	for sent, read := range ids {
		c := found(t, m, read, 1)[0]
		raw, _, err := m.Fetch(t.Context(), c)
		if err != nil || !bytes.Contains(raw, []byte("\r\n\r\n"+sent)) {
			t.Errorf("%q: %v", sent, err)
		}
	}
	found(t, m, "<space@partner.example>", 1)
	found(t, m, "<quote@partner.example>", 0)
}

// TestBusyMailbox: a message that is not there is not found, and one without a Message-ID is, among many of that sender and day.
func TestBusyMailbox(t *testing.T) {
	r := start(t, 1, nil)
	v := ownerOf(t, r, owner)
	for i := range maxAround + 20 {
		v.put("INBOX", letter(fmt.Sprintf("<%d@partner.example>", i), "x"), nil, then)
	}
	v.put("INBOX", []byte(strings.Replace(string(letter("<space@partner.example>", "space")), "Message-ID:", "Message-ID :", 1)), nil, then)
	v.put("INBOX", []byte(strings.Replace(string(letter("", "nameless")), "Message-ID: \r\n", "", 1)), nil, then)
	m := open(t, provider(t, options(r)), owner)
	found(t, m, "<absent@partner.example>", 0)
	found(t, m, "<space@partner.example>", 1)
	found(t, m, "", 1)
}

// TestServerStops: while Dovecot is away, what is asked is to be asked later; when it is back, the same open mailbox goes on.
func TestServerStops(t *testing.T) {
	r := start(t, 1, nil)
	ownerOf(t, r, owner).put("INBOX", letter("<a@partner.example>", "one"), nil, then)
	p := provider(t, options(r))
	m := open(t, p, owner)
	c := found(t, m, "<a@partner.example>", 1)[0]
	r.StopDovecot()
	if _, err := m.Move(t.Context(), c, remediate.Junk, ""); !errors.Is(err, remediate.ErrOverloaded) {
		t.Errorf("moving while the server is away: %v", err)
	}
	if _, err := p.Open(t.Context(), owner); !errors.Is(err, remediate.ErrOverloaded) {
		t.Errorf("opening while the server is away: %v", err)
	}
	r.StartDovecot()
	for end := time.Now().Add(10 * time.Second); ; {
		moved, err := m.Move(t.Context(), c, remediate.Junk, "")
		if err == nil {
			if moved.Place != remediate.Junk {
				t.Errorf("moved to %+v", moved)
			}
			break
		}
		if !errors.Is(err, remediate.ErrOverloaded) || time.Now().After(end) {
			t.Fatalf("when the server is back: %v", err)
		}
	}
	open(t, p, owner)
}

func TestManyMailboxesWithinTheLimit(t *testing.T) {
	r := start(t, 50, nil)
	o := options(r)
	o.Connections = 5
	p := provider(t, o)
	var wg sync.WaitGroup
	for i := range 50 {
		address := fmt.Sprintf("b%d@own.example", i+1)
		r.Deliver("ana@partner.example", address, letter("<a@partner.example>", "one"))
		wg.Go(func() {
			m, err := p.Open(t.Context(), address)
			if err != nil {
				t.Errorf("%s: %v", address, err)
				return
			}
			defer m.Close()
			if n := len(p.slots); n > 5 {
				t.Errorf("%d connections, want at most 5", n)
			}
			got, err := m.Find(t.Context(), remediate.Message{InternetMessageID: "<a@partner.example>"})
			if err != nil || len(got) != 1 {
				t.Errorf("%s: %v, %v", address, got, err)
				return
			}
			if _, err := m.Move(t.Context(), got[0], remediate.Deleted, ""); err != nil {
				t.Errorf("%s: %v", address, err)
			}
		})
	}
	wg.Wait()
	if n := len(p.slots); n != 0 {
		t.Errorf("%d connections are still counted", n)
	}
}
