package api

import (
	"context"
	"strconv"

	"tocsin/internal/auth"
	"tocsin/internal/hunt"
)

// request turns the shared parameters into hunt's, with what whoever asks may read.
func (s Scope) request(ctx context.Context) hunt.Request {
	return hunt.Request{View: hunt.View(s.View), Query: s.Q, From: s.From, To: s.To, Content: auth.From(ctx).May(auth.EmailPreview)}
}

func (s *Server) fields(ctx context.Context, _ *Nothing) (*Reply[FieldList], error) {
	fields, splits := hunt.Fields(), hunt.Splits()
	out := FieldList{Fields: make([]Field, 0, len(fields)), Splits: make([]Split, len(splits))}
	content := auth.From(ctx).May(auth.EmailPreview)
	for _, f := range fields {
		if f.Content && !content {
			continue
		}
		out.Fields = append(out.Fields, Field{Name: f.Name, Label: f.Label, Type: string(f.Type), Doc: f.Doc, Group: f.Group, Values: texts(f.Values), Facet: f.Facet, List: f.List, IP: f.IP, Operators: texts(f.Operators)})
	}
	for i, sp := range splits {
		out.Splits[i] = Split{Key: sp.Key, Label: sp.Label}
	}
	return &Reply[FieldList]{out}, nil
}

func (s *Server) chart(ctx context.Context, in *chartInput) (*Reply[Chart], error) {
	c, err := s.deps.Explorer.Chart(ctx, in.request(ctx), in.Split)
	if err != nil {
		return nil, err
	}
	return &Reply[Chart]{chartOf(c)}, nil
}

func (s *Server) facet(ctx context.Context, in *facetInput) (*Reply[Facet], error) {
	f, err := s.deps.Explorer.Facet(ctx, in.request(ctx), in.Field, in.Order == "rare", in.Limit)
	if err != nil {
		return nil, err
	}
	out := Facet{Field: f.Field, Values: make([]FacetValue, len(f.Values)), Distinct: f.Distinct, Asked: asked(f.Answer)}
	for i, v := range f.Values {
		out.Values[i] = FacetValue{Value: v.Value, Count: v.Count}
	}
	return &Reply[Facet]{out}, nil
}

func (s *Server) emails(ctx context.Context, in *emailsInput) (*Reply[EmailPage], error) {
	p, err := s.deps.Explorer.Emails(ctx, in.request(ctx), hunt.Page{Sort: in.Sort, Asc: !in.Desc, Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	return &Reply[EmailPage]{EmailPage{Rows: rows(p.Rows), Next: p.Next, Asked: asked(p.Answer)}}, nil
}

func (s *Server) count(ctx context.Context, in *scopeInput) (*Reply[Count], error) {
	c, err := s.deps.Explorer.Count(ctx, in.request(ctx))
	if err != nil {
		return nil, err
	}
	return &Reply[Count]{Count{Events: c.Events, Mailboxes: c.Mailboxes, Messages: c.Messages, Estimated: c.Estimated, TookMS: c.TookMS}}, nil
}

func (s *Server) value(ctx context.Context, in *valueInput) (*Reply[ValueCount], error) {
	v, err := s.deps.Explorer.Value(ctx, in.request(ctx), in.Field, in.Value)
	if err != nil {
		return nil, err
	}
	return &Reply[ValueCount]{ValueCount{Field: v.Field, Value: v.Value, Events: v.Events, Total: v.Total, Mailboxes: v.Mailboxes}}, nil
}

func (s *Server) coverage(ctx context.Context, _ *Nothing) (*Reply[Coverage], error) {
	c, err := s.deps.Coverage(ctx)
	if err != nil {
		return nil, err
	}
	c.Sources = list(c.Sources)
	return &Reply[Coverage]{c}, nil
}

func asked(a hunt.Answer) Asked { return Asked{TookMS: a.TookMS, KQL: a.KQL} }

// list is the same list, never nil.
func list[T any](in []T) []T {
	if in == nil {
		return []T{}
	}
	return in
}

func rows(in []hunt.EmailRow) []EmailRow {
	out := make([]EmailRow, len(in))
	for i, r := range in {
		out[i] = EmailRow{
			Timestamp: r.Timestamp, NetworkMessageId: r.NetworkMessageId, RecipientEmailAddress: r.RecipientEmailAddress,
			Subject: r.Subject, SenderFromAddress: r.SenderFromAddress, SenderDisplayName: r.SenderDisplayName,
			SenderFromDomain: r.SenderFromDomain, SenderMailFromAddress: r.SenderMailFromAddress,
			SenderIPv4: r.SenderIPv4, SenderIPv6: r.SenderIPv6, SenderCountry: r.SenderCountry, EmailDirection: r.EmailDirection,
			ThreatTypes: r.ThreatTypes, LatestThreatTypes: r.LatestThreatTypes, PhishConfidence: r.PhishConfidence, ThreatScore: int64(r.ThreatScore), ThreatNames: r.ThreatNames,
			DetectionTechnologies: r.DetectionTechnologies, FirstSignal: r.FirstSignal,
			DeliveryAction: r.DeliveryAction, DeliveryLocation: r.DeliveryLocation,
			LatestDeliveryAction: r.LatestDeliveryAction, LatestDeliveryLocation: r.LatestDeliveryLocation,
			AttachmentCount: int64(r.AttachmentCount), UrlCount: int64(r.UrlCount), EmailLanguage: r.EmailLanguage, EmailSize: r.EmailSize,
			IsPriorityAccount: r.IsPriorityAccount, AuthSPF: r.AuthSPF, AuthDKIM: r.AuthDKIM, AuthDMARC: r.AuthDMARC,
			Connectors: r.Connectors, InternetMessageId: r.InternetMessageId,
			EmailClusterId: strconv.FormatInt(r.EmailClusterId, 10), Outcome: string(r.Outcome),
		}
	}
	return out
}

func (s *Server) urls(ctx context.Context, in *urlsInput) (*Reply[URLPage], error) {
	u, err := s.deps.Explorer.URLs(ctx, in.request(ctx), in.Limit)
	if err != nil {
		return nil, err
	}
	out := URLPage{Rows: make([]URLRow, len(u.Rows)), Distinct: u.Distinct, Estimated: u.Estimated, Asked: asked(u.Answer)}
	for i, r := range u.Rows {
		out.Rows[i] = URLRow{Url: r.Url, UrlDomain: r.UrlDomain, UrlLocation: r.UrlLocation, Messages: r.Messages, Events: r.Events, Blocked: r.Blocked, Junked: r.Junked, Removed: r.Removed, Delivered: r.Delivered}
	}
	return &Reply[URLPage]{out}, nil
}
