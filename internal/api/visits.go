package api

import (
	"context"
	"errors"
	"slices"

	"tocsin/internal/auth"
	"tocsin/internal/email"
	"tocsin/internal/scan"
)

// maxVisits is how many links of one message are looked up.
const maxVisits = 1000

// errNoPicture is the answer for a link whose page was not opened, or that the message does not have.
var errNoPicture = errors.New("there is no picture of this page: it was not opened, nothing was drawn, or the message has no such link")

// visits returns what was seen at the pages of a message's links, by target.
func (s *Server) visits(ctx context.Context, m *email.Message) (map[string]*LinkVisit, error) {
	var about []string
	for i := range m.Links {
		if t := m.Links[i].Target; t != "" && len(about) < maxVisits {
			about = append(about, t)
		}
	}
	slices.Sort(about)
	known, err := s.deps.Visits.Answers(ctx, slices.Compact(about))
	if err != nil {
		return nil, err
	}
	out := map[string]*LinkVisit{}
	for _, k := range known {
		if k.Kind == scan.KindPage && k.Task == "" {
			out[k.About] = &LinkVisit{At: k.At, Way: list(k.Way), Threat: k.Threat, Details: k.Details, Failed: k.Failed, Picture: k.Drawn}
		}
	}
	return out, nil
}

// emailPicture shows what the page of a link looked like. A page made for one reader shows who that is, so it is content like the message.
func (s *Server) emailPicture(ctx context.Context, in *pictureInput) (*Reply[PagePicture], error) {
	var png []byte
	asked := reasonInput{ID: in.ID, Recipient: in.Recipient, Body: in.Body.Reason}
	_, _, err := s.openFor(ctx, &asked, auth.ActContent, func(raw []byte) (map[string]string, error) {
		m := email.Parse(raw, email.Limits{})
		scan.Open(ctx, m, scan.Limits{})
		if !slices.ContainsFunc(m.Links, func(l email.Link) bool { return l.Target == in.Body.Target }) {
			return nil, errNoPicture
		}
		var err error
		if png, err = s.deps.Visits.PagePicture(ctx, in.Body.Target); err == nil && len(png) == 0 {
			err = errNoPicture
		}
		return map[string]string{"page": in.Body.Target}, err
	})
	if err != nil {
		return nil, err
	}
	return &Reply[PagePicture]{PagePicture{PNG: png, Recorded: s.recorded(ctx, in.Body.Reason.Reason)}}, nil
}
