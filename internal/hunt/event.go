package hunt

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/event"
	"tocsin/internal/kql"
)

// ErrNotFound means that the store holds no such message, or not for that recipient.
var ErrNotFound = errors.New("no such email event")

// storedColumns are all stored columns of EmailEvents.
var storedColumns = func() (names []string) {
	for _, c := range emailEvents.Columns {
		if c.Field != nil {
			names = append(names, c.Name)
		}
	}
	return names
}()

// idTime is the range of time that a UUIDv7 stands for (RFC 9562, section 5.7): its millisecond. Other ids say nothing.
func idTime(id string) (from, to time.Time) {
	if len(id) != 36 || id[14] != '7' {
		return time.Time{}, time.Time{}
	}
	var ms int64
	if _, err := fmt.Sscanf(id[:8]+id[9:13], "%012x", &ms); err != nil || ms > 253402300799999 { // the year 9999
		return time.Time{}, time.Time{}
	}
	from = time.UnixMilli(ms).UTC()
	return from, from.Add(time.Millisecond)
}

// Event returns one email event with every column. An empty recipient stands for the first one in alphabetical order. The
// error is ErrNotFound when there is none. A UUID may come in either case (RFC 9562 section 4).
func (x *Explorer) Event(ctx context.Context, id, recipient string) (*event.EmailEvent, error) {
	id = strings.ToLower(id)
	where := "| where NetworkMessageId == " + kql.Quote(id)
	if recipient != "" {
		where += " and RecipientEmailAddress == " + kql.Quote(recipient)
	}
	rows, err := x.events(ctx, id, where+" | sort by RecipientEmailAddress asc | take 1")
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%w: message %q", ErrNotFound, id)
	}
	return &rows[0], nil
}

// Recipients returns the events of one message, at most limit, in the order of their recipients.
func (x *Explorer) Recipients(ctx context.Context, id string, limit int) ([]event.EmailEvent, error) {
	id = strings.ToLower(id)
	return x.events(ctx, id, fmt.Sprintf("| where NetworkMessageId == %s | sort by RecipientEmailAddress asc | take %d", kql.Quote(id), limit))
}

func (x *Explorer) events(ctx context.Context, id, ops string) ([]event.EmailEvent, error) {
	from, to := idTime(id)
	base, err := x.base(Request{From: from, To: to})
	if err != nil {
		return nil, err
	}
	q, err := pipe(base, "%s | project %s", ops, joinColumns(storedColumns))
	if err != nil {
		return nil, err
	}
	decode := decoderFor[event.EmailEvent](storedColumns)
	var out []event.EmailEvent
	err = x.run(ctx, q, func(row []any) error {
		var e event.EmailEvent
		decode(&e, row)
		out = append(out, e)
		return nil
	})
	return out, err
}

// Similar is mail that resembles one event.
type Similar struct {
	Emails
	By    string `json:"by"` // "cluster", "subject and sender", or "" when the event has nothing to compare by
	Count int64  `json:"count"`
	Query string `json:"-"` // the filter, to open in Explorer
}

// Similar returns the newest limit messages like e, other than e's own: of the same cluster of content, or without one, with
// the same subject from the same sender.
func (x *Explorer) Similar(ctx context.Context, e *event.EmailEvent, limit int) (*Similar, error) {
	started := time.Now()
	s := &Similar{Emails: Emails{Rows: []EmailRow{}}}
	switch {
	case e.EmailClusterId != 0:
		s.By = "cluster"
		s.Query = fmt.Sprintf("EmailEvents | where EmailClusterId == long(%d)", e.EmailClusterId)
	case e.Subject != "" && e.SenderFromAddress != "":
		s.By = "subject and sender"
		s.Query = "EmailEvents | where Subject == " + kql.Quote(e.Subject) + " and SenderFromAddress == " + kql.Quote(e.SenderFromAddress)
	default:
		return s, nil
	}
	query := s.Query + " and NetworkMessageId != " + kql.Quote(e.NetworkMessageId)
	page, err := x.Emails(ctx, Request{Query: query}, Page{Limit: limit})
	if err != nil {
		return nil, err
	}
	s.Emails = *page
	count, err := x.Count(ctx, Request{Query: query})
	if err != nil {
		return nil, err
	}
	s.Count = count.Events
	s.TookMS = time.Since(started).Milliseconds()
	return s, nil
}
