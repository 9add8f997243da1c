package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/event"
	"tocsin/internal/eventstore"
	"tocsin/internal/kql"
)

// hunter asks through Hunt.
type hunter struct{ eventstore.Store }

func (h hunter) Query(ctx context.Context, st *kql.Statement, each func(row []any) error) error {
	return h.Hunt(ctx, st, each)
}

// hunt: what people write is answered as everything else is.
func (s *suite) hunt() {
	var b event.Batch
	for i := range 5000 {
		b.Emails = append(b.Emails, Mail(i))
	}
	s.append(b)
	for _, src := range []string{
		"EmailEvents | summarize count() by SenderFromDomain | sort by SenderFromDomain asc",
		"EmailEvents | sort by Timestamp asc | take 3 | project Timestamp, Subject, To, IsFirstContact",
		"DeviceFileEvents | count", // nothing fills it, and nothing stores it
		"EmailEvents | where RecipientEmailAddress in ((IdentityInfo | project AccountUpn)) | project Subject",
	} {
		got, err := Ask(s.Context(), hunter{s.store}, src)
		if err != nil {
			s.Fatalf("%s: %v", src, err)
		}
		if d := cmp.Diff(s.ask(src), got); d != "" {
			s.Errorf("%s (-query +hunt):\n%s", src, d)
		}
	}
	stop := errors.New("enough")
	q, err := kql.Parse("EmailEvents")
	if err != nil {
		s.Fatal(err)
	}
	st, err := kql.Compile(q, kql.Options{Now: Base}, s.store.Dialect())
	if err != nil {
		s.Fatal(err)
	}
	if err := s.store.Hunt(s.Context(), st, func([]any) error { return stop }); !errors.Is(err, stop) {
		s.Errorf("got %v; want the callback's own error", err)
	}
	ctx, cancel := context.WithTimeout(s.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = Ask(ctx, hunter{s.store}, "EmailEvents | extend k = 1 | join kind=inner (EmailEvents | extend k = 1) on k | join kind=inner (EmailEvents | extend k = 1) on k | where strcat(Subject, Subject1, Subject2) contains 'zzz' | count")
	if !errors.Is(err, context.DeadlineExceeded) {
		s.Errorf("a query that takes for ever returned %v", err)
	}
	if err := s.store.Close(); err != nil {
		s.Fatal(err)
	}
	if err := s.store.Hunt(s.Context(), st, func([]any) error { return nil }); !errors.Is(err, eventstore.ErrClosed) {
		s.Errorf("after the end: %v", err)
	}
}
