package providertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/remediate"
)

// System is a mail system under test with an empty mailbox in it. Put and Look reach the mailbox another way than the provider does.
type System struct {
	Provider remediate.Provider
	Address  string // of the mailbox
	Nobody   string // an address without a mailbox
	Other    string // name of a folder that is neither inbox, junk nor trash; Put makes it

	// Put puts a message into a folder, which is INBOX, Other or a name that a copy had.
	Put func(t *testing.T, folder string, raw []byte, flags []string, received time.Time)
	// Look returns all that lies in the mailbox.
	Look func(t *testing.T) []Held
	// Renew gives the messages of a folder other identities, as when the folder is made anew with the same messages in it.
	Renew func(t *testing.T, folder string)
}

// Run runs what every provider must do. make is asked for a fresh mailbox for each test.
func Run(t *testing.T, make func(t *testing.T) System) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, s System, m remediate.Mailbox)
	}{
		{"finds in all folders", findsEverywhere},
		{"finds what has no Message-ID", findsWithoutID},
		{"does not find parts of a Message-ID", findsWhole},
		{"fetch leaves a message unread", fetchLeavesUnread},
		{"moves and moves back", movesAndBack},
		{"moves where it is", movesWhereItIs},
		{"removes one copy only", removesOne},
		{"appends", appends},
		{"puts back what it removed", putsBack},
		{"a copy that is gone", goneCopies},
		{"a copy whose identity another has", renewed},
		{"places that are no folders", noFolders},
		{"lists a folder from a place on", listsFolder},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := make(t)
			m, err := s.Provider.Open(t.Context(), s.Address)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := m.Close(); err != nil {
					t.Errorf("closing: %v", err)
				}
			}()
			c.test(t, s, m)
		})
	}
	t.Run("no mailbox", func(t *testing.T) {
		s := make(t)
		if m, err := s.Provider.Open(t.Context(), s.Nobody); !errors.Is(err, remediate.ErrNoMailbox) {
			t.Errorf("opened %v, %v; want ErrNoMailbox", m, err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		s := make(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Provider.Open(ctx, s.Address); !errors.Is(err, context.Canceled) {
			t.Errorf("open with a cancelled context: %v", err)
		}
	})
}

// then is a time of arrival that no clock of a test shows.
var then = time.Date(2024, 3, 9, 13, 14, 15, 0, time.UTC)

// letter is a message; id "" leaves the Message-ID out.
func letter(id, text string) []byte {
	s := "From: Ana <ana@partner.example>\r\nTo: bo@own.example\r\nSubject: Invoice 7\r\nDate: Sat, 09 Mar 2024 14:14:10 +0100\r\n"
	if id != "" {
		s += "Message-ID: " + id + "\r\n"
	}
	return []byte(s + "\r\n" + text + "\r\n")
}

func byID(id string) remediate.Message { return remediate.Message{InternetMessageID: id} }

// find wants n copies.
func find(t *testing.T, m remediate.Mailbox, want remediate.Message, n int) []remediate.Copy {
	t.Helper()
	got, err := m.Find(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != n {
		t.Fatalf("found %d copies, want %d: %+v", len(got), n, got)
	}
	for _, c := range got {
		if c.ID == "" || c.Folder == "" || c.Place == "" || c.Received.IsZero() || c.Size == 0 || c.SHA256 != "" {
			t.Errorf("half a copy: %+v", c)
		}
	}
	return got
}

func fetch(t *testing.T, m remediate.Mailbox, c remediate.Copy) []byte {
	t.Helper()
	raw, as, err := m.Fetch(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if as.Size != int64(len(raw)) || as.SHA256 == "" || as.ID != c.ID {
		t.Errorf("fetched %d octets as %+v", len(raw), as)
	}
	return raw
}

// held wants exactly these, each as "folder: last line".
func held(t *testing.T, s System, want ...string) {
	t.Helper()
	var got []string
	for _, h := range s.Look(t) {
		lines := strings.Split(strings.TrimSpace(string(h.Raw)), "\n")
		got = append(got, h.Folder+": "+strings.TrimSpace(lines[len(lines)-1]))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the mailbox holds %q, want %q", got, want)
	}
}

func findsEverywhere(t *testing.T, s System, m remediate.Mailbox) {
	s.Put(t, "INBOX", letter("<a@partner.example>", "one"), []string{`\Seen`, "$Work"}, then)
	s.Put(t, "INBOX", letter("<b@partner.example>", "other"), nil, then)
	s.Put(t, s.Other, letter("<a@partner.example>", "forged"), nil, then)
	got := find(t, m, byID("<a@partner.example>"), 2)
	var folders, texts []string
	for _, c := range got {
		folders = append(folders, c.Folder)
		lines := strings.Fields(string(fetch(t, m, c)))
		texts = append(texts, lines[len(lines)-1])
		if c.Place != remediate.Inbox {
			t.Errorf("%s is %q", c.Folder, c.Place)
		}
		if c.Folder == "INBOX" && (!slices.Equal(c.Flags, []string{"$Work", `\Seen`}) || !c.Received.Equal(then)) {
			t.Errorf("the copy in the inbox: %+v", c)
		}
	}
	slices.Sort(folders)
	slices.Sort(texts)
	if want := []string{"INBOX", s.Other}; !slices.Equal(folders, want) {
		t.Errorf("found in %q", folders)
	}
	if !slices.Equal(texts, []string{"forged", "one"}) {
		t.Errorf("both copies with the Message-ID are candidates; found %q", texts)
	}
	find(t, m, byID("<c@partner.example>"), 0)
}

func findsWithoutID(t *testing.T, s System, m remediate.Mailbox) {
	s.Put(t, "INBOX", letter("", "nameless"), nil, then)
	s.Put(t, "INBOX", bytes.Replace(letter("", "later"), []byte("09 Mar 2024"), []byte("16 Mar 2024"), 1), nil, then.AddDate(0, 0, 7))
	s.Put(t, "INBOX", bytes.Replace(letter("", "from another"), []byte("ana@"), []byte("eve@"), 1), nil, then)
	got := find(t, m, remediate.Message{Date: time.Date(2024, 3, 9, 13, 14, 10, 0, time.UTC), Subject: "Invoice 7", SenderFrom: "ana@partner.example"}, 1)
	if raw := fetch(t, m, got[0]); !bytes.Contains(raw, []byte("nameless")) {
		t.Errorf("found %q", raw)
	}
}

func findsWhole(t *testing.T, s System, m remediate.Mailbox) {
	s.Put(t, "INBOX", letter("<long-1@partner.example>", "one"), nil, then)
	s.Put(t, "INBOX", letter("<1@partner.example>", "two"), nil, then)
	find(t, m, byID("<1@partner.example>"), 1)
	find(t, m, byID("<1@partner.exampl"), 0)
}

func fetchLeavesUnread(t *testing.T, s System, m remediate.Mailbox) {
	s.Put(t, "INBOX", letter("<a@partner.example>", "one"), nil, then)
	c := find(t, m, byID("<a@partner.example>"), 1)[0]
	fetch(t, m, c)
	again, err := m.Stat(t.Context(), c)
	if err != nil || len(again.Flags) != 0 {
		t.Errorf("after reading: %+v, %v", again, err)
	}
}

func movesAndBack(t *testing.T, s System, m remediate.Mailbox) {
	s.Put(t, s.Other, letter("<a@partner.example>", "one"), []string{`\Seen`, `\Answered`, "$Work"}, then)
	s.Put(t, s.Other, letter("<b@partner.example>", "two"), nil, then)
	from := find(t, m, byID("<a@partner.example>"), 1)[0]
	raw := fetch(t, m, from)
	for _, place := range []remediate.Place{remediate.Junk, remediate.Deleted, remediate.Inbox} {
		to, err := m.Move(t.Context(), from, place, "")
		if err != nil {
			t.Fatalf("to %s: %v", place, err)
		}
		if to.Place != place || to.ID == from.ID || !to.Received.Equal(then) || !slices.Equal(to.Flags, from.Flags) {
			t.Errorf("moved to %+v", to)
		}
		if _, err := m.Stat(t.Context(), from); !errors.Is(err, remediate.ErrGone) {
			t.Errorf("where it was: %v", err)
		}
		if found := find(t, m, byID("<a@partner.example>"), 1)[0]; found.ID != to.ID {
			t.Errorf("moved to %q and found as %q", to.ID, found.ID)
		}
		from = to
	}
	back, err := m.Move(t.Context(), from, "", s.Other)
	if err != nil {
		t.Fatal(err)
	}
	if back.Folder != s.Other || !bytes.Equal(fetch(t, m, back), raw) || !back.Received.Equal(then) {
		t.Errorf("moved back to %+v", back)
	}
	if made, err := m.Move(t.Context(), back, "", "New folder"); err != nil || made.Folder != "New folder" {
		t.Errorf("moved into a folder that was not there: %+v, %v", made, err)
	}
	held(t, s, "New folder: one", s.Other+": two")
}

func movesWhereItIs(t *testing.T, s System, m remediate.Mailbox) {
	s.Put(t, "INBOX", letter("<a@partner.example>", "one"), nil, then)
	c := find(t, m, byID("<a@partner.example>"), 1)[0]
	if again, err := m.Move(t.Context(), c, remediate.Inbox, ""); err != nil || again.ID != c.ID {
		t.Errorf("moved from %q to %q, %v", c.ID, again.ID, err)
	}
	held(t, s, "INBOX: one")
}

func removesOne(t *testing.T, s System, m remediate.Mailbox) {
	s.Put(t, "INBOX", letter("<a@partner.example>", "one"), nil, then)
	s.Put(t, "INBOX", letter("<a@partner.example>", "same id"), []string{`\Deleted`}, then)
	s.Put(t, "INBOX", letter("<b@partner.example>", "marked"), []string{`\Deleted`}, then)
	for _, c := range find(t, m, byID("<a@partner.example>"), 2) {
		if bytes.Contains(fetch(t, m, c), []byte("one")) {
			if err := m.Remove(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			if err := m.Remove(t.Context(), c); !errors.Is(err, remediate.ErrGone) {
				t.Errorf("removed twice: %v", err)
			}
		}
	}
	held(t, s, "INBOX: marked", "INBOX: same id")
}

func appends(t *testing.T, s System, m remediate.Mailbox) {
	raw := letter("<a@partner.example>", strings.Repeat("long line\r\n", 2000)+"end")
	c, err := m.Append(t.Context(), raw, remediate.Inbox, "", []string{`\Seen`, "$Work"}, then)
	if err != nil {
		t.Fatal(err)
	}
	got, as, err := m.Fetch(t.Context(), c)
	if err != nil || !bytes.Equal(got, raw) || as.SHA256 != c.SHA256 || !slices.Equal(as.Flags, []string{"$Work", `\Seen`}) || !as.Received.Equal(then) {
		t.Errorf("put %+v, lies there as %+v, %d of %d octets, %v", c, as, len(got), len(raw), err)
	}
	if _, err := m.Append(t.Context(), raw, "", "Another new folder", []string{`\Recent`, "no(keyword", ""}, then); err != nil {
		t.Errorf("flags that cannot be given: %v", err)
	}
}

func putsBack(t *testing.T, s System, m remediate.Mailbox) {
	s.Put(t, s.Other, letter("<a@partner.example>", "one"), []string{`\Flagged`, "$Work"}, then)
	before := s.Look(t)
	c := find(t, m, byID("<a@partner.example>"), 1)[0]
	raw := fetch(t, m, c)
	if err := m.Remove(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	held(t, s)
	if _, err := m.Append(t.Context(), raw, c.Place, c.Folder, c.Flags, c.Received); err != nil {
		t.Fatal(err)
	}
	if after := s.Look(t); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("before %s\nafter  %s", before, after)
	}
}

func goneCopies(t *testing.T, s System, m remediate.Mailbox) {
	s.Put(t, "INBOX", letter("<a@partner.example>", "one"), nil, then)
	c := find(t, m, byID("<a@partner.example>"), 1)[0]
	if err := m.Remove(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	allGone(t, m, c)
	c.ID = "nonsense"
	allGone(t, m, c)
}

func renewed(t *testing.T, s System, m remediate.Mailbox) {
	s.Put(t, s.Other, letter("<a@partner.example>", "one"), nil, then)
	c := find(t, m, byID("<a@partner.example>"), 1)[0]
	s.Renew(t, s.Other)
	allGone(t, m, c)
	held(t, s, s.Other+": one")
	if again := find(t, m, byID("<a@partner.example>"), 1)[0]; again.ID == c.ID {
		t.Errorf("the same identity %q", c.ID)
	}
}

func allGone(t *testing.T, m remediate.Mailbox, c remediate.Copy) {
	t.Helper()
	_, stat := m.Stat(t.Context(), c)
	_, _, fetched := m.Fetch(t.Context(), c)
	_, moved := m.Move(t.Context(), c, remediate.Junk, "")
	for name, err := range map[string]error{"Stat": stat, "Fetch": fetched, "Move": moved, "Remove": m.Remove(t.Context(), c)} {
		if !errors.Is(err, remediate.ErrGone) {
			t.Errorf("%s of a copy that is gone: %v", name, err)
		}
	}
}

func noFolders(t *testing.T, s System, m remediate.Mailbox) {
	s.Put(t, "INBOX", letter("<a@partner.example>", "one"), nil, then)
	c := find(t, m, byID("<a@partner.example>"), 1)[0]
	for _, p := range []remediate.Place{remediate.Quarantined, remediate.Removed} {
		if _, err := m.Move(t.Context(), c, p, ""); !errors.Is(err, remediate.ErrCannot) {
			t.Errorf("moving to %q: %v", p, err)
		}
		if _, err := m.Append(t.Context(), letter("", "x"), p, "", nil, then); !errors.Is(err, remediate.ErrCannot) {
			t.Errorf("putting to %q: %v", p, err)
		}
	}
	held(t, s, "INBOX: one")
}

// listsFolder: what people put into a folder is found once, in the order in which it came.
func listsFolder(t *testing.T, s System, m remediate.Mailbox) {
	f, ok := m.(remediate.FolderReader)
	if !ok {
		t.Skip("this provider does not list folders")
	}
	list := func(name, after string, limit int, want ...string) []remediate.Copy {
		t.Helper()
		got, err := f.Folder(t.Context(), name, after, limit)
		if err != nil {
			t.Fatal(err)
		}
		var have []string
		for _, c := range got {
			have = append(have, string(fetch(t, m, c)))
		}
		if !slices.Equal(have, want) {
			t.Fatalf("folder %q after %q holds %q, want %q", name, after, have, want)
		}
		return got
	}
	list("There is no such folder", "", 10)
	one, two, three := string(letter("<f1@x.example>", "one")), string(letter("<f2@x.example>", "two")), string(letter("<f3@x.example>", "three"))
	s.Put(t, s.Other, []byte(one), nil, then)
	s.Put(t, s.Other, []byte(two), nil, then.Add(-time.Hour))
	first := list(s.Other, "", 1, one)
	both := list(s.Other, "", 10, one, two)
	list(s.Other, first[0].ID, 10, two)
	list(s.Other, both[1].ID, 10)
	s.Put(t, s.Other, []byte(three), nil, then)
	list(strings.ToUpper(s.Other), both[1].ID, 10, three)
	list(s.Other, "999;999;elsewhere", 10, one, two, three)
}
