package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"tocsin/internal/auth"
)

func (s *Server) importMail(ctx context.Context, in *importInput) (*Reply[Imported], error) {
	if err := s.recordImport(ctx, in); err != nil {
		return nil, err
	}
	got, err := s.deps.Intake.Take(ctx, in.RawBody, Envelope{Source: in.Source, MailFrom: strings.Trim(in.MailFrom, "<>"), Recipients: in.Recipients, Time: in.Time, FileTime: in.FileTime})
	if err != nil {
		return nil, err
	}
	return &Reply[Imported]{got}, nil
}

// recordImport writes down who brings a message in, before it is there: whoever may import can invent evidence. The subject is the
// RawSHA256 of its events. This machine's own command line takes whole archives in, and writes one record for all of it itself.
func (s *Server) recordImport(ctx context.Context, in *importInput) error {
	if auth.From(ctx).Via == "local" {
		return nil
	}
	sum := sha256.Sum256(in.RawBody)
	return s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActImport, Subject: hex.EncodeToString(sum[:])}, map[string]string{"source": in.Source})
}
