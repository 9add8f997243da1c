package submission

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/internal/event"
)

// Events takes rows for hunting. Appending the same rows again changes nothing.
type Events interface {
	AppendSubmissions(ctx context.Context, rows []event.UserSubmission) error
}

// Letters sends answers. A second letter with the same key is not sent. ErrNoMail: Tocsin sends none.
type Letters interface {
	Send(ctx context.Context, key string, a Answer) error
}

// ErrNoMail says that no mail goes out.
var ErrNoMail = errors.New("Tocsin sends no mail") //nolint:staticcheck // begins with a name

// Teller tells the event store and the reporters what is new. Everything that it says is durable before it is marked as said, and said under a
// key of its own: after a crash it is said again, and heard once.
type Teller struct {
	Store        Store
	Events       Events
	Letters      Letters
	Organisation string
	Now          func() time.Time
}

// tellAtOnce is how many reports one round tells.
const tellAtOnce = 200

// Round tells what is new, at most a few hundred of each, and reports whether there was something.
func (t *Teller) Round(ctx context.Context) (more bool, err error) {
	list, err := t.Store.Untold(ctx, tellAtOnce)
	if err != nil {
		return false, err
	}
	if len(list) > 0 {
		rows := make([]event.UserSubmission, len(list))
		for i := range list {
			rows[i] = row(&list[i])
		}
		if err := t.Events.AppendSubmissions(ctx, rows); err != nil {
			return false, fmt.Errorf("append submissions: %w", err)
		}
		if err := t.Store.Told(ctx, list); err != nil {
			return false, err
		}
	}
	answers, err := t.Store.Unanswered(ctx, tellAtOnce)
	if err != nil {
		return false, err
	}
	var settings Settings
	if len(answers) > 0 {
		if settings, err = InForce(ctx, t.Store); err != nil {
			return false, err
		}
	}
	for i := range answers {
		x, r := &answers[i].Submission, &answers[i].Report
		a, why := settings.Compose(t.Organisation, x, r)
		var at time.Time // zero: nobody was written to
		if why == "" {
			switch err := t.Letters.Send(ctx, "submission/"+x.ID+"/"+r.Key+"/"+string(x.Result), a); {
			case errors.Is(err, ErrNoMail):
			case err != nil:
				return false, fmt.Errorf("answer a reporter: %w", err)
			default:
				at = t.Now().UTC()
			}
		}
		if err := t.Store.Answered(ctx, r.Key, x.Result, at); err != nil {
			return false, err
		}
	}
	return len(list)+len(answers) > 0, nil
}

// InForce are the settings as edited, else as shipped.
func InForce(ctx context.Context, s Store) (Settings, error) {
	out, err := s.Settings(ctx)
	if errors.Is(err, ErrNotFound) {
		return DefaultSettings(), nil
	}
	return out, err
}

// row is what hunting sees of a report or a closing.
func row(t *Telling) event.UserSubmission {
	x, r := &t.Submission, &t.Report
	out := event.UserSubmission{
		SubmissionId: x.ID, MatchLevel: string(x.Match), NetworkMessageId: x.NetworkMessageID, RecipientEmailAddress: x.Recipient, InternetMessageId: x.InternetMessageID,
		SenderFromAddress: x.Sender, Subject: x.Subject, ThreatTypes: x.Judged.Threats,
	}
	if t.Closing {
		out.Timestamp, out.ActionType, out.SubmissionType, out.ReporterEmailAddress, out.IsReporterProven, out.Result = x.Closed, "UserSubmissionTriage", string(x.Type), x.ClosedBy, true, string(x.Result)
		out.ReportId = event.RowID(x.ID, "closed", fmt.Sprint(x.Closed.UnixMicro()))
		return out
	}
	out.Timestamp, out.ActionType, out.SubmissionType, out.SubmissionSource, out.ReporterEmailAddress, out.IsReporterProven = r.At, "UserSubmission", string(r.Type), string(r.Via), r.Reporter, r.Proven
	if r.Via == ByAPI {
		out.ActionType = "AdminSubmission"
	}
	out.ReportId = event.RowID(x.ID, r.Key)
	return out
}
