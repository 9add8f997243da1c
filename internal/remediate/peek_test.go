package remediate_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"tocsin/internal/remediate"
	"tocsin/internal/remediate/providertest"
)

func TestPeekSaysWhatOwnersDid(t *testing.T) {
	m := providertest.NewMemory()
	m.Before = func(_ context.Context, op providertest.Op, address string) error {
		if address == "broken@harbour.test" {
			return errors.New("it is broken")
		}
		if op == providertest.OpMove || op == providertest.OpRemove || op == providertest.OpAppend {
			t.Errorf("%s on %s", op, address)
		}
		return nil
	}
	put := func(address, id string, flags ...string) remediate.Target {
		if flags != nil {
			m.Deliver(address, "INBOX", []byte("Message-Id: "+id+"\r\n\r\nx"), flags, time.Now())
		}
		return remediate.Target{Mailbox: address, Outcome: remediate.Todo, Message: remediate.Message{InternetMessageID: id}}
	}
	list := []remediate.Target{
		put("ann@harbour.test", "<a@x>", `\Seen`, `\Answered`), put("ann@harbour.test", "<b@x>", `$Forwarded`), put("bob@harbour.test", "<c@x>", `\Seen`),
		put("ann@harbour.test", "<gone@x>"), put("broken@harbour.test", "<a@x>", `\Seen`), put("no@elsewhere.test", "<a@x>"), put("ann@harbour.test", "<a@x>"),
	}
	m.Deliver("ann@harbour.test", "Junk", []byte("Message-Id: <a@x>\r\n\r\nx"), []string{`\Flagged`, `\Seen`}, time.Now())
	list[6].Outcome = remediate.Impossible
	for range remediate.MaxPeeked {
		list = append(list, put("bob@harbour.test", "<c@x>"))
	}
	for i := range list {
		list[i].Seq = i
	}
	reach := func(mailbox string) remediate.Provider {
		if mailbox == "no@elsewhere.test" {
			return nil
		}
		return m
	}
	p := remediate.Peek(t.Context(), reach, list)
	if got := fmt.Sprint(p.Flags[0], p.Flags[1], p.Flags[2], p.Flags[3]); got != `[\Answered \Flagged \Seen] [$Forwarded] [\Seen] []` {
		t.Error(got)
	}
	if p.Asked != remediate.MaxPeeked-2 || p.Nowhere != 1 || p.Unasked != 6+2 {
		t.Errorf("asked %d, nowhere %d, unasked %d", p.Asked, p.Nowhere, p.Unasked)
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if p := remediate.Peek(stopped, reach, list); p.Asked != 0 || p.Unasked != len(list)-1 {
		t.Errorf("%+v", p)
	}
}
