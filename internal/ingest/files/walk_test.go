package files

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const eml = "From: a@b.test\nSubject: x\n\nhello\n"

// What a file is, is seen in it; a name helps only where it is a promise.
func TestKinds(t *testing.T) {
	box := mailbox(mail(1), mail(2))
	both := func(name string) []string {
		return []string{name + ": " + mail(1), name + "@" + strconv.Itoa(len(separator)+len(mail(1))+1) + ": " + mail(2)}
	}
	binary := "\x7fELF\x02\x01\x01\x00\x00\x00: \x00\n\n\x00"
	for _, c := range []struct {
		name, content    string
		messages, failed []string
		notMail          bool
	}{
		{name: "a.eml", content: eml, messages: []string{"a.eml: " + eml}},
		{name: "no-name-at-all", content: eml, messages: []string{"no-name-at-all: " + eml}},
		{name: "crlf.txt", content: strings.ReplaceAll(eml, "\n", "\r\n"), messages: []string{"crlf.txt: " + strings.ReplaceAll(eml, "\n", "\r\n")}},
		{name: "bom.txt", content: "\xef\xbb\xbf" + eml, messages: []string{"bom.txt: \xef\xbb\xbf" + eml}},
		{name: "one-field.eml", content: "Subject: x", messages: []string{"one-field.eml: Subject: x"}},
		{name: "box", content: box, messages: both("box")},
		{name: "box.mbox", content: box, messages: both("box.mbox")},
		{name: "box.eml", content: separator + eml, messages: []string{"box.eml: " + eml}},
		// A body that looks like the next message does not make an .eml two messages.
		{name: "trick.eml", content: eml + "\n" + separator + eml, messages: []string{"trick.eml: " + eml + "\n" + separator + eml}},
		{name: "trick-too.eml", content: separator + eml + "\n" + separator + eml, messages: []string{"trick-too.eml: " + eml + "\n" + separator + eml}},
		{name: "from-line.txt", content: "From a@b.test\n" + eml, messages: []string{"from-line.txt: " + eml}},
		{name: "only-from.eml", content: "From nobody", messages: []string{"only-from.eml: From nobody"}},
		{name: "binary.eml", content: binary, messages: []string{"binary.eml: " + binary}},
		{name: "binary", content: binary, notMail: true},
		{name: "text.eml", content: "Dear all,\n\nhello\n", messages: []string{"text.eml: Dear all,\n\nhello\n"}},
		{name: "text.txt", content: "Dear all,\n\nhello\n", notMail: true},
		{name: "config.yaml", content: "server: x\nport: 25\n", notMail: true},
		{name: "log.txt", content: "2026-01-02 03:04:05 From: a@b.test\nTo: x\n", notMail: true},
		{name: "empty.txt", content: "", notMail: true},
		{name: "empty.eml", content: "", failed: []string{"empty.eml: " + ErrEmpty.Error()}},
		{name: "lines.txt", content: "\n\n\n", notMail: true},
		{name: "Packed.EML.GZ", content: gzipped(t, eml), messages: []string{"Packed.EML.GZ: " + eml}},
		{name: "packed", content: gzipped(t, eml), messages: []string{"packed: " + eml}},
		{name: "binary.eml.gz", content: gzipped(t, binary), messages: []string{"binary.eml.gz: " + binary}},
		{name: "box.gz", content: gzipped(t, box), messages: both("box.gz")},
		{name: "box.zst", content: zstded(t, box), messages: both("box.zst")},
		{name: "members.gz", content: gzipped(t, box[:20]) + gzipped(t, box[20:]), messages: both("members.gz")},
		{name: "frames.zst", content: zstded(t, box[:20]) + zstded(t, box[20:]), messages: both("frames.zst")},
		{name: "other.gz", content: gzipped(t, "no mail\n"), notMail: true},
		{name: "broken.gz", content: "\x1f\x8bbroken", failed: []string{"broken.gz: gzip: unexpected EOF"}},
		{name: "broken.zst", content: "\x28\xb5\x2f\xfdbroken", failed: []string{"broken.zst: "}},
		{name: "short.gz", content: gzipped(t, eml)[:40], failed: []string{"short.gz: unexpected EOF"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := tree(t, map[string]string{c.name: c.content})
			for _, how := range []string{"in a folder", "named"} {
				path := dir
				if how == "named" {
					path = filepath.Join(dir, c.name)
				}
				got := look(t, dir, Visitor{}, path)
				want := sight{messages: c.messages, failed: c.failed}
				switch {
				case c.notMail && how == "named":
					want.failed = []string{c.name + ": " + ErrNotMail.Error()}
				case c.notMail:
					want.notMail = []string{c.name}
				case len(c.failed) == 0:
					want.done = []string{c.name}
				}
				if len(want.failed) == 1 && len(got.failed) == 1 && strings.HasPrefix(got.failed[0], want.failed[0]) {
					got.failed = want.failed // zstd's own words
				}
				if d := cmp.Diff(want, got, cmp.AllowUnexported(sight{})); d != "" {
					t.Errorf("%s (-want +got)\n%s", how, d)
				}
			}
		})
	}
}

// In a Maildir every file in cur and new is one message, whatever a stranger wrote into it; what the server keeps beside
// them is not.
func TestMaildir(t *testing.T) {
	hostile := separator + eml + "\n" + separator + eml
	const broken = "no header here\n\nPay.\n"
	dir := tree(t, map[string]string{
		"Mail/cur/1.host:2,S":           eml,
		"Mail/cur/2.host:2,":            hostile,
		"Mail/new/3.host":               broken,
		"Mail/new/4.host":               "",
		"Mail/new/5.host,U=5:2,FRST":    gzipped(t, eml), // Dovecot's zlib plugin
		"Mail/tmp/6.host":               eml,
		"Mail/dovecot-uidlist":          "3 V1 N2 G1\n1 :1.host\n",
		"Mail/dovecot.index.log":        "\x01\x02\x03",
		"Mail/.Sent/cur/7.host:2,S":     eml,
		"Mail/.Sent/new/.keep":          "",
		"Mail/.Sent/tmp/8.host":         eml,
		"Mail/.Sent/maildirfolder":      "",
		"Other/tmp/9.eml":               eml, // no Maildir: tmp is a name like any other
		"Other/cur/not-mail-in-a-cur":   "no header here\n",
		"Other/cur/mail-in-some-folder": eml,
	})
	got := look(t, dir, Visitor{})
	want := sight{
		messages: []string{
			"Mail/.Sent/cur/7.host:2,S: " + eml,
			"Mail/new/3.host: " + broken, "Mail/new/5.host,U=5:2,FRST: " + eml,
			"Mail/cur/1.host:2,S: " + eml, "Mail/cur/2.host:2,: " + eml + "\n" + separator + eml,
			"Other/cur/mail-in-some-folder: " + eml, "Other/tmp/9.eml: " + eml,
		},
		failed:  []string{"Mail/.Sent/new/.keep: " + ErrEmpty.Error(), "Mail/new/4.host: " + ErrEmpty.Error()},
		notMail: []string{"Mail/.Sent/maildirfolder", "Mail/dovecot-uidlist", "Mail/dovecot.index.log", "Other/cur/not-mail-in-a-cur"},
	}
	sorted := func(s sight) sight {
		for _, l := range [][]string{s.messages, s.failed, s.notMail} {
			slices.Sort(l)
		}
		s.done = nil
		return s
	}
	newFirst := slices.IndexFunc(got.messages, func(m string) bool { return strings.HasPrefix(m, "Mail/new") }) <
		slices.IndexFunc(got.messages, func(m string) bool { return strings.HasPrefix(m, "Mail/cur") })
	if !newFirst {
		t.Error("cur was read before new: what moves meanwhile is missed")
	}
	if d := cmp.Diff(sorted(want), sorted(got), cmp.AllowUnexported(sight{})); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}

	// The same holds when only a part of it is named.
	t.Chdir(filepath.Join(dir, "Mail", "cur"))
	for path, want := range map[string]int{".": 2, "../new": 2, "2.host:2,": 1, filepath.Join(dir, "Mail/new/3.host"): 1, "..": 5} {
		if got := look(t, "", Visitor{}, path); len(got.messages) != want {
			t.Errorf("%s: %q", path, got.messages)
		}
	}
}

// A message that its reader moves from new to cur during the walk is not missed.
func TestMaildirInUse(t *testing.T) {
	dir := tree(t, map[string]string{"new/1": "Subject: 1\n\n", "new/2": "Subject: 2\n\n", "cur/0": "Subject: 0\n\n", "tmp/x": ""})
	seen := map[string]int{}
	err := Walk(t.Context(), []string{dir}, Visitor{
		Message: func(m Message) error {
			seen[string(m.Raw)]++
			if len(seen) == 1 { // both are read now; new has been listed
				for _, n := range []string{"1", "2"} {
					if err := os.Rename(filepath.Join(dir, "new", n), filepath.Join(dir, "cur", n+":2,S")); err != nil {
						return err
					}
				}
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{"0", "1", "2"} {
		if seen["Subject: "+n+"\n\n"] == 0 {
			t.Errorf("message %s was missed", n)
		}
	}
}

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Skip("no links here:", err)
	}
}

// Links to files are followed, links to folders are not: those that lead out are told, those within lead to what is
// read anyway. No loop catches the walk.
func TestLinks(t *testing.T) {
	dir := tree(t, map[string]string{"in/a.eml": eml, "in/sub/b.eml": eml, "out/c.eml": eml, "out/d.eml": eml})
	in := filepath.Join(dir, "in")
	for name, target := range map[string]string{
		"to-file.eml": "../out/c.eml", "dangling.eml": "nowhere", "to-itself": "to-itself", "within": "sub", "up": ".", "sub/up": "../..", "outside": "../out",
		"ping": "pong", "pong": "ping",
	} {
		link(t, target, filepath.Join(in, name))
	}
	got := look(t, dir, Visitor{}, in)
	slices.Sort(got.failed)
	for i, f := range got.failed {
		got.failed[i], _, _ = strings.Cut(f, ": stat: ") // the system's words
	}
	want := sight{
		messages: []string{"in/a.eml: " + eml, "in/sub/b.eml: " + eml, "in/to-file.eml: " + eml},
		done:     []string{"in/a.eml", "in/sub/b.eml", "in/to-file.eml"},
		failed: []string{
			"in/dangling.eml", "in/outside: " + ErrLink.Error(), "in/ping", "in/pong", "in/sub/up: " + ErrLink.Error(), "in/to-itself",
		},
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(sight{})); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	// Named, it is read; and what leads to a folder that is named as well is no gap.
	got = look(t, dir, Visitor{}, in, filepath.Join(in, "outside"))
	if len(got.messages) != 5 || slices.Contains(got.failed, "in/outside: "+ErrLink.Error()) {
		t.Errorf("got %q, failed %q", got.messages, got.failed)
	}
}

// What can't be read is told with its name, and the rest goes on.
func TestUnreadable(t *testing.T) {
	dir := tree(t, map[string]string{"a.eml": eml, "z.eml": eml, "closed/x.eml": eml, "locked.eml": eml})
	want := []string{"gone: stat: no such file or directory"}
	if os.Getuid() > 0 && runtime.GOOS != "windows" { // who is root may read everything
		for _, name := range []string{"closed", "locked.eml"} {
			path := filepath.Join(dir, name)
			if err := os.Chmod(path, 0); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Chmod(path, 0o700) })
		}
		want = append(want, "closed: open: permission denied", "locked.eml: open: permission denied")
	}
	if _, err := os.Stat("/proc/self/mem"); err == nil {
		link(t, "/proc/self/mem", filepath.Join(dir, "memory.eml")) // opens, and fails when it is read
		want = append(want, "memory.eml: read: input/output error")
	}
	got := look(t, dir, Visitor{}, filepath.Join(dir, "gone"), dir)
	slices.Sort(got.failed)
	slices.Sort(want)
	if d := cmp.Diff(want, got.failed); d != "" && runtime.GOOS == "linux" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if !slices.Contains(got.done, "a.eml") || !slices.Contains(got.done, "z.eml") {
		t.Errorf("read %q", got.done)
	}
}

func TestNamedDevice(t *testing.T) {
	if _, err := os.Stat("/dev/null"); err != nil {
		t.Skip("no /dev/null")
	}
	got := look(t, "/dev", Visitor{}, "/dev/null")
	if len(got.failed) != 1 || !strings.Contains(got.failed[0], "no regular file") {
		t.Errorf("failed %q", got.failed)
	}
}

// Memory is bounded by the limit of one message, also when a small file unpacks to a large one.
func TestTooLarge(t *testing.T) {
	huge := "Subject: x\n\n" + strings.Repeat("x", 4<<20)
	dir := tree(t, map[string]string{
		"fits.eml": "Subject: x\n\n" + strings.Repeat("x", 988), "over.eml": "Subject: x\n\n" + strings.Repeat("x", 989), "packed.eml.gz": gzipped(t, huge),
		"box.gz": gzipped(t, mailbox(mail(1), huge, mail(2))),
	})
	huge = ""
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := look(t, dir, Visitor{MaxSize: 1000})
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 3<<20 {
		t.Errorf("%d octets were allocated", n)
	}
	if len(got.messages) != 3 || len(got.failed) != 3 {
		t.Errorf("read %d, failed %q", len(got.messages), got.failed)
	}
	for _, f := range got.failed {
		if !strings.Contains(f, ErrTooLarge.Error()) {
			t.Error(f)
		}
	}
}

// File decides where reading begins, and whether.
func TestGoOn(t *testing.T) {
	box := mailbox(mail(1), mail(2), mail(3))
	second := int64(len(mailbox(mail(1))))
	dir := tree(t, map[string]string{"box": box, "box.gz": gzipped(t, box), "skipped.eml": eml, "one.eml": eml})
	got := look(t, dir, Visitor{File: func(f *File) (int64, bool, error) {
		switch filepath.Base(f.Path) {
		case "skipped.eml":
			return 0, true, nil
		case "one.eml":
			return int64(len(eml)), false, nil // a message is read whole or not at all
		}
		return second, false, nil
	}})
	var want []string
	for _, name := range []string{"box", "box.gz"} {
		want = append(want, name+"@"+strconv.Itoa(int(second))+": "+mail(2), name+"@"+strconv.Itoa(len(mailbox(mail(1), mail(2))))+": "+mail(3))
	}
	want = append(want, "one.eml: "+eml)
	if d := cmp.Diff(want, got.messages); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if d := cmp.Diff([]string{"box", "box.gz", "one.eml"}, got.done); d != "" {
		t.Errorf("done (-want +got)\n%s", d)
	}
	got = look(t, dir, Visitor{File: func(*File) (int64, bool, error) { return int64(len(box)) + 1, false, nil }}, filepath.Join(dir, "box"))
	if len(got.failed) != 1 || len(got.messages) != 0 {
		t.Errorf("from behind the end: %q %q", got.messages, got.failed)
	}
}

// Whatever the visitor returns ends the walk and is returned as it is.
func TestVisitorEnds(t *testing.T) {
	dir := tree(t, map[string]string{"a.eml": eml, "b": mailbox(mail(1), mail(2)), "c.eml": eml})
	enough := errors.New("enough")
	count := 0
	for name, v := range map[string]Visitor{
		"File":     {Message: func(Message) error { return nil }, File: func(*File) (int64, bool, error) { return 0, false, enough }},
		"Message":  {Message: func(Message) error { return enough }},
		"second":   {Message: func(Message) error { count++; return map[bool]error{true: enough}[count == 2] }},
		"FileDone": {Message: func(Message) error { return nil }, FileDone: func(*File, error) error { return enough }},
	} {
		if err := Walk(t.Context(), []string{dir}, v); !errors.Is(err, enough) || err.Error() != "enough" {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	seen := 0
	err := Walk(ctx, []string{dir}, Visitor{
		Message:  func(Message) error { seen++; cancel(); return nil },
		FileDone: func(f *File, err error) error { return err },
	})
	if !errors.Is(err, context.Canceled) || seen != 1 {
		t.Errorf("%v after %d messages", err, seen)
	}
}

// Whoever wants to stop does not wait for a file that unpacks for ever.
func TestStopWhileUnpacking(t *testing.T) {
	dir := tree(t, map[string]string{"bomb.gz": gzipped(t, separator+"Subject: x\n\n"+strings.Repeat("x", 2<<20))})
	ctx, cancel := context.WithCancel(t.Context())
	err := Walk(ctx, []string{dir}, Visitor{
		File:     func(*File) (int64, bool, error) { cancel(); return 0, false, nil },
		Message:  func(Message) error { t.Error("went on to the end"); return nil },
		FileDone: func(_ *File, err error) error { t.Errorf("blamed the file: %v", err); return nil },
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestStdin(t *testing.T) {
	box := mailbox(mail(1), mail(2))
	for name, c := range map[string]struct {
		content string
		want    sight
	}{
		"one":      {eml, sight{messages: []string{"-: " + eml}, done: []string{"-"}}},
		"mbox":     {box, sight{messages: []string{"-: " + mail(1), "-@" + strconv.Itoa(len(mailbox(mail(1)))) + ": " + mail(2)}, done: []string{"-"}}},
		"packed":   {gzipped(t, eml), sight{messages: []string{"-: " + eml}, done: []string{"-"}}},
		"nothing":  {"", sight{failed: []string{"-: " + ErrNotMail.Error()}}},
		"not mail": {"hello\n", sight{failed: []string{"-: " + ErrNotMail.Error()}}},
	} {
		got := look(t, "", Visitor{Stdin: strings.NewReader(c.content)}, Stdin)
		if d := cmp.Diff(c.want, got, cmp.AllowUnexported(sight{})); d != "" {
			t.Errorf("%s (-want +got)\n%s", name, d)
		}
	}
}

// A pipe that says nothing does not hold who wants to stop.
func TestSilentStdin(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	got := make(chan string, 10)
	go func() {
		done <- Walk(ctx, []string{Stdin}, Visitor{Stdin: r, Message: func(m Message) error { got <- string(m.Raw); return nil }})
	}()
	// More than is looked at before anything is said, and then silence in the middle of the second message.
	first := "Subject: x\n\n" + strings.Repeat("Hello.\n", sniffSize/7+1)
	if _, err := io.WriteString(w, mailbox(first, "Subject: y\n\nHe")); err != nil {
		t.Fatal(err)
	}
	if m := <-got; m != first {
		t.Errorf("got %.50q", m)
	}
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("still waits for the pipe")
	}
}

// Whatever a file holds, something is said of it: messages, why there are none, or that it is not mail. An .eml with
// anything in it is one message.
func FuzzFile(f *testing.F) {
	for _, s := range []string{eml, mailbox(mail(1), mail(2)), gzipped(f, eml), zstded(f, mailbox(mail(3))), "", "\x1f\x8b", "\x28\xb5\x2f\xfd", "From x\n", "a: b\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, name := range []string{"x", "x.eml"} {
			v := walker{ctx: t.Context(), Visitor: Visitor{MaxSize: 1 << 10}}
			said, messages := 0, 0
			v.Message = func(m Message) error {
				messages++
				if (m.Err == nil) != (m.Raw != nil) || m.End <= m.Offset || len(m.Raw) > 1<<10 {
					t.Fatalf("message %+v", m)
				}
				return nil
			}
			v.NotMail = func(*File) { said++ }
			v.FileDone = func(_ *File, err error) error {
				if err != nil || messages > 0 {
					said++
				}
				return nil
			}
			file := &File{Path: name}
			if err := v.done(file, v.stream(file, strings.NewReader(string(content)), 0, found)); err != nil {
				t.Fatal(err)
			}
			if said == 0 && string(content) != "" && !isSeparator(content) {
				t.Fatalf("nothing was said of %q", content)
			}
			packed := strings.HasPrefix(string(content), "\x1f\x8b") || strings.HasPrefix(string(content), "\x28\xb5\x2f\xfd")
			if name == "x.eml" && len(content) > 0 && messages != 1 && !packed {
				t.Fatalf("%d messages in %q", messages, content)
			}
		}
	})
}
