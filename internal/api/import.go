package api

import (
	"context"
	"strings"
)

func (s *Server) importMail(ctx context.Context, in *importInput) (*Reply[Imported], error) {
	if len(in.RawBody) == 0 {
		return nil, &refused{location: "body", msg: "the body is empty; send one message (message/rfc822)"}
	}
	got, err := s.deps.Intake.Take(ctx, in.RawBody, Envelope{Source: in.Source, MailFrom: strings.Trim(in.MailFrom, "<>"), Recipients: in.Recipients, Time: in.Time, FileTime: in.FileTime})
	if err != nil {
		return nil, err
	}
	return &Reply[Imported]{got}, nil
}
