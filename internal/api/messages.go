package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"tocsin/internal/auth"
	"tocsin/internal/mailout"
)

// maxAddressees is how many people one message of an operator goes to.
const maxAddressees = 500

func (s *Server) declareMessages() {
	add(s, auth.EmailRemove, "POST /messages/plan", planning, "Who would get a message to the recipients of mail; nothing is kept", s.planMessage, withLongBody)
	add(s, auth.EmailRemove, "POST /messages", planning, "Write to the recipients of mail; audited", s.sendMessage, withLongBody)
	add(s, auth.ActionRead, "GET /messages", asking, "Messages that operators sent to recipients, one for each person, newest first", s.messages)
}

// MessageAsk is a message to the recipients of mail, or asks who they are. Give a query or events.
type MessageAsk struct {
	Query   *ActionQuery  `json:"query,omitempty"`
	Events  []ActionEvent `json:"events,omitempty" maxItems:"10000"`
	Subject string        `json:"subject,omitempty" maxLength:"200" doc:"Needed to send it"`
	Text    string        `json:"text,omitempty" maxLength:"20000" doc:"Plain text; needed to send it"`
	Reason  string        `json:"reason,omitempty" maxLength:"2000" doc:"Why; needed to send it"`
}

type messageInput struct{ Body MessageAsk }

// MessagePlan says who gets a message.
type MessagePlan struct {
	ID       string   `json:"id" doc:"Of what was sent; empty in a plan"`
	To       []string `json:"to" doc:"Addresses of mailboxes, each once"`
	Outside  int      `json:"outside" doc:"Recipients outside the organisation; they get nothing"`
	TooMany  bool     `json:"too_many" doc:"More than 500: choose fewer"`
	Off      bool     `json:"off" doc:"Tocsin sends no mail: outgoing.server is not set"`
	Messages int      `json:"messages" doc:"Different messages that they got"`
}

type messagesInput struct {
	Cursor string `query:"cursor" maxLength:"64" doc:"'next' of the page before; only older ones"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

// addressees are the people of the organisation who got the mail.
func (s *Server) addressees(ctx context.Context, in *MessageAsk) (MessagePlan, error) {
	out := MessagePlan{To: []string{}}
	ask, err := s.asked(ctx, &ActionAsk{Query: in.Query, Events: in.Events})
	if err != nil {
		return out, err
	}
	seen, messages := map[string]bool{}, map[string]bool{}
	for i := range ask.Events {
		e := &ask.Events[i]
		messages[e.NetworkMessageID] = true
		to := s.deps.Acting.Planner.Mailboxes.Mailbox(e.Recipient)
		if seen[to] {
			continue
		}
		seen[to] = true
		if !s.own(to) {
			out.Outside++
			continue
		}
		out.To = append(out.To, to)
	}
	slices.Sort(out.To)
	out.Messages, out.TooMany = len(messages), len(out.To) > maxAddressees
	switch err := s.deps.Outgoing.Queue(ctx); {
	case errors.Is(err, mailout.ErrOff):
		out.Off = true
	case err != nil:
		return out, err
	}
	return out, nil
}

// own reports whether an address is one of the organisation's.
func (s *Server) own(address string) bool {
	_, domain, found := strings.Cut(address, "@")
	return found && slices.ContainsFunc(s.deps.Organisation.Domains, func(d string) bool { return strings.EqualFold(d, domain) })
}

func (s *Server) planMessage(ctx context.Context, in *messageInput) (*Reply[MessagePlan], error) {
	out, err := s.addressees(ctx, &in.Body)
	if err != nil {
		return nil, err
	}
	out.To = out.To[:min(len(out.To), maxAddressees)]
	return &Reply[MessagePlan]{out}, nil
}

// sendMessage queues one letter for each person. All of them are durable before it answers.
func (s *Server) sendMessage(ctx context.Context, in *messageInput) (*Reply[MessagePlan], error) {
	b := &in.Body
	b.Subject, b.Text, b.Reason = strings.TrimSpace(b.Subject), strings.TrimSpace(b.Text), strings.TrimSpace(b.Reason)
	for _, f := range []struct{ at, text, say string }{
		{"body.subject", b.Subject, "a message needs a subject"}, {"body.text", b.Text, "a message needs a text"}, {"body.reason", b.Reason, "say why: whoever looks at it later reads the reason"},
	} {
		if f.text == "" {
			return nil, &refused{location: f.at, msg: f.say}
		}
	}
	out, err := s.addressees(ctx, b)
	switch {
	case err != nil:
		return nil, err
	case out.Off:
		return nil, &refused{location: "body", msg: "Tocsin sends no mail: outgoing.server is not set in the settings"}
	case len(out.To) == 0:
		return nil, &refused{location: "body.query", msg: "nobody of the organisation got this mail"}
	case out.TooMany:
		return nil, &refused{location: "body.query", msg: fmt.Sprintf("%d people got this mail; a message goes to %d at most", len(out.To), maxAddressees)}
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("id: %w", err)
	}
	out.ID = id.String()
	letters := make([]mailout.Letter, len(out.To))
	for i, to := range out.To {
		letters[i] = mailout.Letter{Key: "message/" + out.ID + "/" + to, Purpose: mailout.ToRecipients, To: to, Subject: b.Subject, Text: strings.ReplaceAll(b.Text, "\r\n", "\n") + "\n"}
		if len(letters[i].Key) > 200 {
			letters[i].Key = fmt.Sprintf("message/%s/%d", out.ID, i)
		}
		if err := letters[i].Check(); err != nil {
			return nil, &refused{location: "body", msg: err.Error()}
		}
	}
	// The record first: nothing is sent that is not written down.
	err = s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActMessageSent, Subject: out.ID, Reason: b.Reason}, struct {
		Subject string   `json:"subject"`
		Text    string   `json:"text"`
		To      []string `json:"to"`
	}{b.Subject, b.Text, out.To})
	if err != nil {
		return nil, err
	}
	if err := s.deps.Outgoing.Queue(ctx, letters...); err != nil {
		return nil, err
	}
	return &Reply[MessagePlan]{out}, nil
}

func (s *Server) messages(ctx context.Context, in *messagesInput) (*Reply[LetterPage], error) {
	return s.letters(ctx, &lettersInput{Purpose: mailout.ToRecipients, Cursor: in.Cursor, Limit: in.Limit})
}
