package api

import (
	"context"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tocsin/internal/auth"
	"tocsin/internal/email"
	"tocsin/internal/email/preview"
	"tocsin/internal/event"
)

// sourceLimit bounds the HTML source that travels to a browser as text, in octets.
const sourceLimit = 1 << 20

// previewCSP lets the granted document draw itself and do nothing else. It is the second of three walls: the document holds
// only what preview.Render wrote, and the interface shows it in a sandboxed frame.
const previewCSP = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

func (s *Server) emailContent(ctx context.Context, in *reasonInput) (*Reply[Content], error) {
	e, raw, err := s.open(ctx, in, auth.ActContent)
	if err != nil {
		return nil, err
	}
	m := email.Parse(raw, email.Limits{})
	p := preview.Render(m, preview.Options{})
	out := Content{
		Grant:    s.grants.issue(auth.From(ctx).Operator.ID, e.NetworkMessageId, e.RawSHA256),
		Plain:    p.Plain,
		Source:   cutText(m.HTML, sourceLimit),
		Links:    make([]ContentLink, len(p.Links)),
		Recorded: s.recorded(ctx, in.Body.Reason),
		Removed: Removed{
			Scripts: p.Removed.Scripts, Forms: p.Removed.Forms, Fields: p.Removed.Fields, Frames: p.Removed.Frames,
			RemoteImages: p.Removed.RemoteImages, Trackers: p.Removed.Trackers, InlineImages: p.Removed.InlineImages,
			RemoteStyles: p.Removed.RemoteStyles, Styles: p.Removed.Styles, Events: p.Removed.EventHandlers,
			Objects: p.Removed.Objects, Redirects: p.Removed.Redirects, Controls: p.Removed.Controls,
		},
		FromText:  p.FromText,
		Truncated: p.Truncated,
	}
	for i, l := range p.Links {
		out.Links[i] = ContentLink{N: l.N, URL: l.URL, Defanged: l.Defanged, Text: l.Text, Domain: l.Domain}
	}
	return &Reply[Content]{out}, nil
}

// emailPreview answers with the document of a look that was granted before. The grant names operator, message and bytes, so
// nothing is opened here that was not written down.
func (s *Server) emailPreview(ctx context.Context, in *previewInput) (*huma.StreamResponse, error) {
	all, err := s.deps.Explorer.Recipients(ctx, in.ID, maxRecipients)
	if err != nil {
		return nil, err
	}
	raw, err := s.granted(ctx, in, all)
	if err != nil {
		return nil, err
	}
	document := preview.Render(email.Parse(raw, email.Limits{}), preview.Options{}).HTML
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		_, w := humago.Unwrap(hctx)
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", previewCSP)
		_, _ = w.Write([]byte(document)) // a client that went away is nobody's trouble
	}}, nil
}

func (s *Server) granted(ctx context.Context, in *previewInput, all []event.EmailEvent) ([]byte, error) {
	for i := range all {
		if sum := all[i].RawSHA256; sum != "" && s.grants.check(in.Grant, auth.From(ctx).Operator.ID, all[i].NetworkMessageId, sum) {
			return s.deps.Raw.Get(ctx, sum)
		}
	}
	return nil, errNoGrant
}

// cutText is the start of s, at most n octets and whole characters.
func cutText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
