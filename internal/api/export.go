package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tocsin/internal/auth"
	"tocsin/internal/hunt"
)

// export sends the rows as they are read. What goes wrong before the first octet is a problem as always; afterwards the
// connection is cut, so that half a file never looks like a whole one.
func (s *Server) export(ctx context.Context, in *exportInput) (*huma.StreamResponse, error) {
	// A wrong filter or column must be an error, not an empty file: ask for nothing first.
	o := hunt.ExportOptions{Format: hunt.Format(in.Format), Columns: in.Columns, Max: 1}
	if _, err := s.deps.Explorer.Export(ctx, io.Discard, in.request(ctx), o); err != nil {
		return nil, err
	}
	detail := struct {
		Format  string    `json:"format"`
		View    string    `json:"view"`
		From    time.Time `json:"from,omitzero"`
		To      time.Time `json:"to,omitzero"`
		Columns []string  `json:"columns,omitempty"`
	}{in.Format, in.View, in.From, in.To, in.Columns}
	if err := s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActExport, Subject: in.Q}, detail); err != nil {
		return nil, err
	}
	o.Max = 0
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		r, w := humago.Unwrap(hctx)
		kind := "text/csv; charset=utf-8"
		if o.Format == hunt.JSON {
			kind = "application/json"
		}
		name := "tocsin-emails-" + s.deps.Now().UTC().Format("20060102-150405") + "." + in.Format
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
		out := patient(w)
		_, err := s.deps.Explorer.Export(r.Context(), out, in.request(ctx), o)
		if err == nil {
			err = out.flush()
		}
		if err != nil {
			if r.Context().Err() == nil {
				s.deps.Log.Error("export broke off", "err", err)
			}
			panic(http.ErrAbortHandler)
		}
	}}, nil
}
