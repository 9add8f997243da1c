package alert

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"tocsin/internal/event"
)

// Events takes rows for hunting. Appending the same rows again changes nothing.
type Events interface {
	AppendAlerts(ctx context.Context, alerts []event.Alert, evidence []event.AlertEvidence) error
}

// Desk raises alerts and keeps what people do with them. Its methods are safe for concurrent use.
type Desk struct {
	Store  Store
	Events Events
	NewID  func(at time.Time) string
	Now    func() time.Time
	Log    *slog.Logger
}

// Raise keeps an alert, or adds to the open one with its key: the newest query, range, count and reason stand, the graver severity, and the
// evidence of all. It returns when that is durable; the rows for hunting follow (Tell).
func (d *Desk) Raise(ctx context.Context, a Alert) (id string, isNew bool, err error) {
	now := d.Now()
	if err := a.Tidy(now); err != nil {
		return "", false, err
	}
	a.ID = d.NewID(now)
	got, isNew, err := d.Store.Raise(ctx, a)
	if err != nil {
		return "", false, fmt.Errorf("raise alert: %w", err)
	}
	if isNew {
		d.Log.Info("alert raised", "alert", got.ID, "severity", got.Severity, "source", got.Source, "title", got.Title)
	}
	if _, err := d.Tell(ctx); err != nil {
		d.Log.Warn("an alert waits to be told to hunting", "alert", got.ID, "err", err)
	}
	return got.ID, isNew, nil
}

// Rest notes that what raised the open alert with the key is no longer so. The alert stays open: a person resolves it.
func (d *Desk) Rest(ctx context.Context, key string) (bool, error) {
	return d.Store.Rest(ctx, key, micro(d.Now()))
}

// tellAtOnce is how many alerts one round tells.
const tellAtOnce = 100

// Tell writes what is new into the hunting tables and reports whether there was something. After a crash it is written again, which changes
// nothing: the rows are the same.
func (d *Desk) Tell(ctx context.Context) (more bool, err error) {
	list, err := d.Store.Untold(ctx, tellAtOnce)
	if err != nil || len(list) == 0 {
		return false, err
	}
	var infos []event.Alert
	var evidence []event.AlertEvidence
	for i := range list {
		a := &list[i].Alert
		if list[i].Info {
			infos = append(infos, Info(a))
		}
		evidence = append(evidence, Pieces(a)...)
	}
	if err := d.Events.AppendAlerts(ctx, infos, evidence); err != nil {
		return false, fmt.Errorf("append alerts: %w", err)
	}
	return true, d.Store.Told(ctx, list)
}

// Info is the row of AlertInfo.
func Info(a *Alert) event.Alert {
	return event.Alert{
		Timestamp: a.Time, AlertId: a.ID, Title: a.Title, Category: a.Category, Severity: string(a.Severity), ServiceSource: service, DetectionSource: a.Source,
		AttackTechniques: list(a.Techniques), ReportId: event.RowID(a.ID),
	}
}

const service = "Tocsin"

// Pieces are the rows of AlertEvidence. They carry the time of the alert, so that the same piece is the same row.
func Pieces(a *Alert) []event.AlertEvidence {
	out := make([]event.AlertEvidence, 0, len(a.Evidence))
	for i := range a.Evidence {
		e := &a.Evidence[i]
		row := event.AlertEvidence{
			Timestamp: a.Time, AlertId: a.ID, Title: a.Title, Categories: list([]string{a.Category}), AttackTechniques: list(a.Techniques), ServiceSource: service, DetectionSource: a.Source,
			EntityType: e.Type, EvidenceRole: "Related", FileName: e.FileName, SHA256: e.SHA256, ThreatFamily: e.Family, RemoteIP: e.IP, RemoteUrl: e.URL,
			AccountUpn: e.Account, NetworkMessageId: e.NetworkMessageID, EmailSubject: e.Subject, Severity: string(a.Severity), ReportId: event.RowID(a.ID, e.Key()),
		}
		if e.Impacted {
			row.EvidenceRole = "Impacted"
		}
		row.AccountName, row.AccountDomain, _ = strings.Cut(e.Account, "@")
		if raw, err := json.Marshal(e); err == nil {
			row.AdditionalFields = string(raw)
		}
		out = append(out, row)
	}
	return out
}

// list is a JSON array; never null.
func list(in []string) string {
	if len(in) == 0 {
		return "[]"
	}
	raw, err := json.Marshal(in)
	if err != nil {
		return "[]"
	}
	return string(raw)
}
