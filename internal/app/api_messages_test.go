package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"tocsin/internal/api"
	"tocsin/internal/auth"
	"tocsin/internal/mailout/mailouttest"
)

func TestMessageToRecipients(t *testing.T) {
	t.Parallel()
	b := mailouttest.Start(t)
	s := open(t, mailing(b))
	asker, reader := s.as(t, auth.SecurityOperator, auth.SearchAndPurge), s.as(t, auth.SecurityReader)
	s.take(t, simple("one"), "cat@harbour.test", "bob@harbour.test", "far@else.test")
	s.take(t, simple("two"), "bob@harbour.test")
	ask := api.MessageAsk{Query: &api.ActionQuery{Q: `EmailEvents | where Subject in ("one", "two")`}}
	reader.post(t, "/messages/plan", ask).problem(http.StatusForbidden)
	reader.post(t, "/messages", ask).problem(http.StatusForbidden)
	p := ok[api.MessagePlan](asker.post(t, "/messages/plan", ask))
	if fmt.Sprint(p.To) != "[bob@harbour.test cat@harbour.test]" || p.Outside != 1 || p.Messages != 2 || p.Off || p.TooMany {
		t.Errorf("%+v", p)
	}
	ask.Subject, ask.Text = "That was a forgery", "Somebody imitated our payroll.\r\nDelete it.\r\n"
	if p := asker.post(t, "/messages", ask).problem(http.StatusUnprocessableEntity); p.Errors[0].Location != "body.reason" {
		t.Errorf("%+v", p)
	}
	ask.Reason = "ticket 9"
	broken := ask
	broken.Subject = "two\r\nBcc: everybody@else.test"
	asker.post(t, "/messages", broken).problem(http.StatusUnprocessableEntity)
	sent := ok[api.MessagePlan](asker.post(t, "/messages", ask))
	comes(t, "they are not sent", func() bool { return len(b.Letters()) == 2 })
	for _, l := range b.Letters() {
		if raw := string(l.Raw); !strings.Contains(raw, "Subject: That was a forgery") || !strings.Contains(raw, "imitated our payroll") {
			t.Errorf("%s", raw)
		}
	}
	comes(t, "they are not listed as sent", func() bool {
		list := ok[api.LetterPage](reader.get(t, "/messages")).Letters
		return len(list) == 2 && list[0].State == "Sent" && list[1].State == "Sent"
	})
	if r := s.audited(t, auth.ActMessageSent); len(r) != 1 || r[0].Subject != sent.ID || r[0].Reason != "ticket 9" || !strings.Contains(string(r[0].Detail), "cat@harbour.test") || !strings.Contains(string(r[0].Detail), "payroll") {
		t.Errorf("%+v", r)
	}
}

func TestMessageWithoutAMailServer(t *testing.T) {
	t.Parallel()
	s := open(t)
	asker := s.as(t, auth.SecurityOperator, auth.SearchAndPurge)
	id := s.take(t, simple("one"), "bob@harbour.test")
	ask := api.MessageAsk{Events: []api.ActionEvent{{NetworkMessageID: id, Recipient: "bob@harbour.test"}}, Subject: "x", Text: "y", Reason: "z"}
	if p := ok[api.MessagePlan](asker.post(t, "/messages/plan", ask)); !p.Off || len(p.To) != 1 {
		t.Errorf("%+v", p)
	}
	if p := asker.post(t, "/messages", ask).problem(http.StatusUnprocessableEntity); !strings.Contains(p.Detail, "outgoing.server") {
		t.Errorf("%+v", p)
	}
	if r := s.audited(t, auth.ActMessageSent); len(r) != 0 {
		t.Errorf("%+v", r)
	}
}
