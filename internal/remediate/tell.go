package remediate

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/event"
)

// Words of EmailPostDeliveryEvents.
const (
	typeManual    = "Manual remediation"
	typeAutomated = "Automated remediation"
	typeRelease   = "Quarantine release"
	typeMoved     = "User moved"

	resultSuccess = "Success"
	resultError   = "Error"
)

// Words is what EmailPostDeliveryEvents.Action says of a kind.
func (k Kind) Words() string {
	switch k {
	case MoveToJunk:
		return "Moved to junk folder"
	case MoveToDeleted:
		return "Moved to deleted items"
	case MoveToInbox:
		return "Moved to inbox"
	case Quarantine:
		return "Moved to quarantine"
	case SoftDelete:
		return "Soft deleted"
	case HardDelete:
		return "Hard deleted"
	case Release:
		return "Quarantine release"
	}
	return "Put back"
}

// Type is the ActionType of an action's rows.
func (a *Action) Type() string {
	switch {
	case a.Automatic && strings.HasSuffix(a.By, " ZAP"):
		return a.By
	case a.Automatic:
		return typeAutomated
	case a.Kind == Release:
		return typeRelease
	}
	return typeManual
}

// tell lets the event store know what became of targets, and notes that it does.
func (r *round) tell(ctx context.Context, open []Target) error {
	var list []Noted
	var seqs []int
	after := false
	for i := range open {
		t := &open[i]
		if t.Told || !t.Outcome.Final() {
			continue
		}
		seqs = append(seqs, t.Seq)
		after = after || t.Receipt != nil
		if n, some := r.noted(t); some {
			list = append(list, n)
		}
	}
	if len(seqs) == 0 {
		return nil
	}
	if len(list) > 0 {
		if err := r.w.Events.Note(ctx, list); err != nil {
			return err
		}
	}
	var check time.Time
	if after && len(r.w.after()) > 0 && r.a.Kind.checked() {
		check = r.now().Add(r.w.after()[0])
	}
	if err := r.w.Store.Told(ctx, r.a.ID, r.mailbox, seqs, r.now(), check); err != nil {
		return err
	}
	for i := range open {
		open[i].Told = open[i].Told || open[i].Outcome.Final()
	}
	return nil
}

// noted is the row of a target. What was never begun has none.
func (r *round) noted(t *Target) (Noted, bool) {
	if t.Outcome == CancelledOut {
		return Noted{}, false
	}
	row := r.row(t)
	row.Timestamp, row.Action, row.ActionType, row.ActionResult = t.At, r.a.Kind.Words(), r.a.Type(), resultError
	row.SourceLocation, row.DeliveryLocation = string(t.Message.Place), string(t.Message.Place)
	n := Noted{}
	if t.Receipt != nil && t.Outcome != FailedTarget {
		row.SourceLocation, row.DeliveryLocation = string(t.Receipt.From), string(t.Receipt.To)
		n.Location, n.Action = t.Receipt.To, string(r.a.Kind)
	} else if t.Outcome == AlreadySo {
		n.Location, n.Action = r.a.Kind.Goal(), string(r.a.Kind)
		row.DeliveryLocation = string(n.Location)
	}
	if t.Outcome == Succeeded || t.Outcome == AlreadySo {
		row.ActionResult = resultSuccess
	}
	row.AdditionalFields = text(r.acted(t))
	// The outcome and its time are part of the name: what failed and is tried again is told again.
	row.ReportId = event.RowID(t.Message.NetworkMessageID, "act", r.a.ID, t.Recipient, string(t.Outcome), fmt.Sprint(t.At.UnixMicro()))
	n.Row = row
	return n, true
}

// row is what all rows about a target have.
func (r *round) row(t *Target) event.PostDelivery {
	trigger := r.a.By
	if r.a.Automatic {
		trigger = r.a.Reason
	}
	return event.PostDelivery{
		NetworkMessageId: t.Message.NetworkMessageID, InternetMessageId: t.Message.InternetMessageID, RecipientEmailAddress: t.Recipient,
		ActionTrigger: trigger, ThreatTypes: t.Message.Threats, SenderFromAddress: t.Message.SenderFrom, EmailDirection: t.Message.Direction,
	}
}

func (r *round) acted(t *Target) event.Acted {
	x := event.Acted{Action: r.a.ID, Kind: string(r.a.Kind), Name: r.a.Name, Reason: r.a.Reason, Outcome: string(t.Outcome), Error: t.Error, Mailbox: t.Mailbox, Undoes: r.a.Undoes}
	if t.Receipt == nil {
		return x
	}
	for _, s := range t.Receipt.Steps {
		if s.Stay {
			continue
		}
		if x.Copies++; x.Copies == 1 {
			x.From, x.To = s.From.Folder, s.To.Folder
		}
		x.Held = x.Held || s.Held != "" && s.To.Place == "" && s.From.ID != ""
	}
	return x
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("remediate: %T as JSON: %v", v, err))
	}
	return string(b)
}
