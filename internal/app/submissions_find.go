package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/detect"
	"tocsin/internal/detect/model"
	"tocsin/internal/event"
	"tocsin/internal/ingest"
	"tocsin/internal/kql"
	"tocsin/internal/mailauth"
	"tocsin/internal/rejudge"
	"tocsin/internal/submission"
)

// reportedMail looks for the delivered messages that reports are about.
type reportedMail struct{ app *App }

var _ submission.Finder = reportedMail{}

// ByMessageID returns events with this Message-ID.
func (f reportedMail) ByMessageID(ctx context.Context, id string, limit int) ([]submission.Found, error) {
	return f.find(ctx, fmt.Sprintf("| where InternetMessageId == %s", kql.Quote(id)), limit)
}

// BySender returns events of a sender in a range of time.
func (f reportedMail) BySender(ctx context.Context, address, name, recipient string, since, until time.Time, limit int) ([]submission.Found, error) {
	where := fmt.Sprintf("| where Timestamp >= datetime(%s) and Timestamp < datetime(%s)", since.UTC().Format(time.RFC3339Nano), until.UTC().Format(time.RFC3339Nano))
	if address != "" {
		where += " and SenderFromAddress =~ " + kql.Quote(address)
	} else {
		where += " and SenderDisplayName =~ " + kql.Quote(name)
	}
	if recipient != "" {
		where += " and RecipientEmailAddress == " + kql.Quote(recipient)
	}
	return f.find(ctx, where, limit)
}

func (f reportedMail) find(ctx context.Context, where string, limit int) (out []submission.Found, err error) {
	err = laterEvents{f.app.events}.ask(ctx, fmt.Sprintf("EmailEvents %s | sort by Timestamp desc, NetworkMessageId asc, RecipientEmailAddress asc | take %d | project NetworkMessageId, InternetMessageId, RecipientEmailAddress, RawSHA256, SenderFromAddress, SenderDisplayName, Subject, Timestamp", where, limit), func(row []any) {
		s := func(i int) string { v, _ := row[i].(string); return v }
		at, _ := row[7].(time.Time)
		out = append(out, submission.Found{NetworkMessageID: s(0), InternetMessageID: s(1), Recipient: s(2), RawSHA256: s(3), Sender: s(4), SenderName: s(5), Subject: s(6), At: at})
	})
	return out, err
}

// Raw returns the bytes of a message as it came in.
func (f reportedMail) Raw(ctx context.Context, sum string) ([]byte, error) {
	return f.app.blobs.Get(ctx, sum)
}

// judgeNow asks what Tocsin thinks of messages now.
type judgeNow struct{ app *App }

var _ submission.Judge = judgeNow{}

// Delivered judges a delivered message again, as a run that judges again does.
func (j judgeNow) Delivered(ctx context.Context, id string) (submission.Judged, error) {
	a := j.app
	m, err := a.cases.MessageByID(ctx, id)
	if err != nil {
		return submission.Judged{}, err
	}
	known, err := laterEvents{a.events}.Delivered(ctx, []string{id})
	if err != nil {
		return submission.Judged{}, err
	}
	d := known[id]
	if d == nil || len(d.Events) == 0 {
		return submission.Judged{}, submission.ErrNoBytes
	}
	var x event.Extra
	_ = json.Unmarshal([]byte(d.Events[0].AdditionalFields), &x)
	var auth *mailauth.Results
	if len(x.Auth) > 0 {
		auth = new(mailauth.Results)
		if json.Unmarshal(x.Auth, auth) != nil {
			auth = nil
		}
	}
	got, err := rereader{a}.Examine(ctx, rejudge.Message{SHA256: m.SHA256, NetworkMessageID: m.NetworkMessageID, Time: m.Time, Source: m.Source}, d, auth, &x)
	if errors.Is(err, rejudge.ErrNoBytes) {
		// What was found when it came is all there is.
		e := &d.Events[0]
		return submission.Judged{At: e.Timestamp, Threats: e.LatestThreatTypes, Score: int(e.ThreatScore), Note: "its bytes are not kept any more; this is what was found before"}, nil
	}
	if err != nil {
		return submission.Judged{}, err
	}
	return judged(a.opt.Now(), &got.Verdict), nil
}

// Alone judges bytes that nobody took in.
func (j judgeNow) Alone(ctx context.Context, raw []byte, recipient string) (submission.Judged, error) {
	x := j.app.pipeline.Examiner()
	env := ingest.Envelope{Source: "submission"}
	if recipient != "" {
		env.Recipients = []string{recipient}
	}
	got, err := x.Examine(ctx, raw, env)
	if err != nil {
		return submission.Judged{}, err
	}
	return judged(j.app.opt.Now(), &got.Verdict), nil
}

// mostSignals is how many reasons a submission keeps.
const mostSignals = 8

func judged(at time.Time, v *detect.Verdict) submission.Judged {
	threats := make([]string, len(v.Threats))
	for i, t := range v.Threats {
		threats[i] = string(t)
	}
	out := submission.Judged{At: at.UTC(), Threats: strings.Join(threats, ", "), Score: v.Score}
	for _, s := range v.Signals[:min(len(v.Signals), mostSignals)] {
		out.Signals = append(out.Signals, submission.Signal{ID: s.ID, Claim: s.Claim, Evidence: s.Evidence, Weight: s.Weight})
	}
	return out
}

// labelReported tells the local model what a reporter says of a message. It learns nothing of malware.
func (a *App) labelReported(ctx context.Context, id string, says submission.Type, reporter string) error {
	label := map[submission.Type]string{submission.Phish: model.LabelPhish, submission.Spam: model.LabelSpam, submission.NotJunk: model.LabelGood}[says]
	if label == "" {
		return nil
	}
	if auth.From(ctx) == nil {
		ctx = auth.With(ctx, &auth.Principal{Operator: auth.Operator{Email: "Tocsin"}, Via: "automatic"})
	}
	return a.learner.Label(ctx, id, label, reporter)
}
