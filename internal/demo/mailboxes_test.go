package demo

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"tocsin/internal/remediate"
)

func TestMailboxesKeepWhatIsDoneToThem(t *testing.T) {
	ctx := context.Background()
	one := People()[0].Address
	raw := []byte("Subject: one\r\n\r\nbody\r\n")
	m := &Mailboxes{
		Event: func(_ context.Context, message, address string) (Lies, bool, error) {
			return Lies{Place: remediate.Inbox, SHA256: "sum", Time: time.Unix(1e9, 5)}, message == "one" && address == one, nil
		},
		Raw: func(context.Context, string) ([]byte, error) { return raw, nil },
	}
	if _, err := m.Open(ctx, "nobody@"+Domain); !errors.Is(err, remediate.ErrNoMailbox) {
		t.Error(err)
	}
	look := func(message string) []remediate.Copy {
		t.Helper()
		b, err := m.Open(ctx, one)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		list, err := b.Find(ctx, remediate.Message{NetworkMessageID: message})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if list := look("two"); len(list) != 0 {
		t.Errorf("%+v", list)
	}
	list := look("one")
	if len(list) != 1 || list[0].Folder != "INBOX" || list[0].Received != time.Unix(1e9, 0).UTC() {
		t.Fatalf("%+v", list)
	}
	b, _ := m.Open(ctx, one)
	if _, err := b.Find(ctx, remediate.Message{NetworkMessageID: "one"}); err != nil {
		t.Fatal(err)
	}
	got, as, err := b.Fetch(ctx, list[0])
	if err != nil || !bytes.Equal(got, raw) || as.Size != int64(len(raw)) || as.SHA256 != "sum" {
		t.Errorf("%q %+v %v", got, as, err)
	}
	if _, err := b.Move(ctx, as, remediate.Junk, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Stat(ctx, as); !errors.Is(err, remediate.ErrGone) {
		t.Error(err)
	}
	list = look("one")
	if len(list) != 1 || list[0].Folder != "Junk" || list[0].Place != remediate.Junk {
		t.Fatalf("%+v", list)
	}
	if err := b.Remove(ctx, list[0]); err != nil {
		t.Fatal(err)
	}
	if list := look("one"); len(list) != 0 { // it does not arrive again
		t.Errorf("%+v", list)
	}
	if _, err := b.Append(ctx, raw, remediate.Inbox, "", []string{`\Seen`}, time.Unix(1e9, 0)); err != nil {
		t.Fatal(err)
	}
	if list := look("one"); len(list) != 1 || list[0].Flags[0] != `\Seen` {
		t.Errorf("%+v", list)
	}
	if _, err := b.Move(ctx, list[0], remediate.Quarantined, ""); !errors.Is(err, remediate.ErrCannot) {
		t.Error(err)
	}
}
