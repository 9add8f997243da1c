package app

import (
	"context"
	"log/slog"
	"time"

	"tocsin/internal/audit"
	"tocsin/internal/auth"
	"tocsin/internal/casestore"
)

// notary signs the audit log with the key of the data folder, which it makes when there is none.
func (c Config) notary(ctx context.Context, s *casestore.Store, gate *auth.Gate, now func() time.Time, log *slog.Logger) (*audit.Notary, error) {
	key, made, err := audit.OpenKey(c.Data)
	if err != nil {
		return nil, err
	}
	if made {
		// A key that was exchanged is on record, under the chain that the key before signed.
		if err := gate.Write(ctx, auth.Record{Operator: "tocsin", Via: "console", Action: auth.ActAuditKey, Subject: key.Public().ID()}, nil); err != nil {
			return nil, err
		}
	}
	files := []string{c.path(audit.FileName)}
	if c.Audit.Checkpoints != "" {
		files = append(files, c.Audit.Checkpoints)
	}
	return audit.NewNotary(s, key, audit.NotaryOptions{Files: files, Now: now, Log: log, Record: gate.Write}), nil
}

// signLast makes the checkpoint of the end, after which nothing is written down.
func (a *App) signLast() error {
	if a.notary == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return a.notary.Checkpoint(ctx)
}
