package api

import (
	"context"

	"tocsin/internal/auth"
	"tocsin/internal/event"
	"tocsin/internal/hunt"
	"tocsin/internal/kql"
)

// huntSchema lists what can be asked: tables, columns, functions, and how much at a time.
func (s *Server) huntSchema(ctx context.Context, _ *Nothing) (*Reply[HuntSchema], error) {
	content := auth.From(ctx).May(auth.EmailPreview)
	out := HuntSchema{Tables: []HuntTable{}, Functions: []HuntFunction{}}
	for _, t := range event.Schema() {
		table := HuntTable{Name: t.Name, Doc: t.Doc, Group: t.Group, Collected: t.Collected, Legacy: t.AliasOf != "", Columns: make([]HuntTableColumn, 0, len(t.Columns)+len(t.Legacy))}
		for i, columns := range [][]event.Column{t.Columns, t.Legacy} {
			for _, c := range columns {
				table.Columns = append(table.Columns, HuntTableColumn{Name: c.Name, Type: string(c.Type), Doc: c.Doc, Values: c.Values, Legacy: i == 1, Content: c.Content, May: content || !c.Content})
			}
		}
		out.Tables = append(out.Tables, table)
	}
	for _, f := range kql.Functions() {
		out.Functions = append(out.Functions, HuntFunction{Name: f.Name, Signature: f.Signature, Aggregate: f.Aggregate})
	}
	limits := s.deps.Hunter.Limits()
	out.Limits = HuntLimits{Concurrent: s.runs.Most(), Seconds: int(limits.Time.Seconds()), Rows: limits.Rows}
	return &Reply[HuntSchema]{out}, nil
}

// huntSamples are values to choose from while writing.
func (s *Server) huntSamples(ctx context.Context, in *huntSamplesInput) (*Reply[HuntSamples], error) {
	values, err := s.deps.Samples.Values(ctx, in.Table, in.Column, auth.From(ctx).May(auth.EmailPreview))
	if err != nil {
		return nil, err
	}
	return &Reply[HuntSamples]{HuntSamples{Table: in.Table, Column: in.Column, Values: list(values)}}, nil
}

// huntLibrary lists the queries that ship with Tocsin.
func (s *Server) huntLibrary(context.Context, *Nothing) (*Reply[[]HuntLibraryQuery], error) {
	all := hunt.Library()
	out := make([]HuntLibraryQuery, len(all))
	for i, q := range all {
		out[i] = HuntLibraryQuery{Folder: q.Folder, Name: q.Name, Description: q.Description, Query: q.Query, Technique: q.Technique}
	}
	return &Reply[[]HuntLibraryQuery]{out}, nil
}
