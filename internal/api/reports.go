package api

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tocsin/internal/auth"
	"tocsin/internal/dashboard"
	"tocsin/internal/paper"
	"tocsin/internal/reports"
)

// Reports is what the reports need.
type Reports struct {
	Reports *reports.Reports
	Printer *paper.Printer
	Orders  reports.Orders
	Post    ReportPost
}

func (s *Server) declareReports() {
	add(s, auth.ExplorerRead, "GET /reports", quick, "The reports that there are", s.reportKinds)
	add(s, auth.ExplorerRead, "GET /reports/{name}", asking, "A report of a range of time: figures, a chart, tables", s.report)
	add(s, auth.ExplorerRead, "GET /reports/{name}/file", planning, "The same as PDF, or one of its tables as CSV; audited", s.reportFile, withFile("application/pdf", "text/csv"))
	s.declareReportOrders()
}

func (s *Server) reportKinds(ctx context.Context, _ *Nothing) (*Reply[ReportKinds], error) {
	out := ReportKinds{Reports: []reports.ReportKind{}}
	for _, k := range reports.Kinds() {
		if !k.Submitted || auth.From(ctx).May(auth.SubmissionRead) {
			out.Reports = append(out.Reports, k)
		}
	}
	return &Reply[ReportKinds]{out}, nil
}

// makeReport answers in, with so many rows a table.
func (s *Server) makeReport(ctx context.Context, in *ReportScope, rows int) (*reports.Report, error) {
	kind, ok := reports.KindOf(in.Name)
	if !ok {
		return nil, huma.Error404NotFound("there is no such report")
	}
	if kind.Submitted && !auth.From(ctx).May(auth.SubmissionRead) {
		return nil, &forbidden{need: auth.SubmissionRead, why: "what people reported"}
	}
	r, err := s.deps.Reports.Reports.Make(ctx, reports.Ask{
		Name: in.Name, From: in.From, To: in.To, Filter: dashboard.Filter{Department: in.Department, Group: in.Group, Domain: in.Domain}, Split: in.Split, Rows: rows,
	})
	var wrong *dashboard.WrongError
	if errors.As(err, &wrong) {
		return nil, &refused{location: "query." + wrong.Field, msg: wrong.Say}
	}
	return r, err
}

func (s *Server) report(ctx context.Context, in *ReportScope) (*Reply[reports.Report], error) {
	r, err := s.makeReport(ctx, in, reports.Screen)
	if err != nil {
		return nil, err
	}
	return &Reply[reports.Report]{*r}, nil
}

func (s *Server) reportFile(ctx context.Context, in *reportFileInput) (*huma.StreamResponse, error) {
	rows, kind := reports.Screen, "application/pdf"
	if in.Format == "csv" {
		rows, kind = reports.File, "text/csv; charset=utf-8"
	}
	zone, err := time.LoadLocation(in.Zone)
	if err != nil || in.Zone == "Local" {
		return nil, &refused{location: "query.zone", msg: "this is no time zone; write Europe/Berlin, or UTC"}
	}
	r, err := s.makeReport(ctx, &in.ReportScope, rows)
	if err != nil {
		return nil, err
	}
	var body []byte
	name := "tocsin-" + r.Name
	if in.Format == "csv" {
		t, err := r.TableOf(in.Table)
		if err != nil {
			return nil, &refused{location: "query.table", msg: err.Error()}
		}
		var out bytes.Buffer
		if err := t.CSV(&out); err != nil {
			return nil, err
		}
		body, name = out.Bytes(), name+"-"+t.Key
	} else {
		about := reports.About{Organisation: s.deps.Organisation.Name, By: auth.From(ctx).Operator.Email, Version: s.deps.Version, Zone: zone}
		if body, err = reports.PDF(ctx, s.deps.Reports.Printer, r, about); err != nil {
			return nil, err
		}
	}
	err = s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActExport, Subject: "report " + r.Name}, struct {
		Format string    `json:"format"`
		Table  string    `json:"table,omitempty"`
		From   time.Time `json:"from"`
		To     time.Time `json:"to"`
		Whom   string    `json:"whom,omitempty"`
	}{in.Format, in.Table, r.From, r.To, r.Whom})
	if err != nil {
		return nil, err
	}
	name += "-" + r.To.Format("20060102") + "." + in.Format
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		_, w := humago.Unwrap(hctx)
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
		_, _ = w.Write(body)
	}}, nil
}
