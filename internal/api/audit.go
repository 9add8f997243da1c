package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tocsin/internal/audit"
	"tocsin/internal/auth"
)

func (s *Server) declareAudit() {
	add(s, auth.AuditRead, "GET /audit", asking, "Audit records, newest first", s.auditPage)
	add(s, auth.AuditRead, "GET /audit/actions", quick, "What a record can be about", s.auditActions)
	add(s, auth.AuditRead, "GET /audit/state", quick, "How the last check of the log ended, and the newest checkpoint", s.auditState)
	add(s, auth.AuditRead, "POST /audit/verify", checking, "Check the whole log now; audited", s.auditVerify)
	add(s, auth.AuditRead, "GET /audit/key", quick, "The public key that checkpoints and exports are checked with", s.auditKey, withFile("application/x-pem-file"))
	add(s, auth.AuditRead, "GET /audit/export", streaming, "Records as lines of JSON with their hashes, signed; audited", s.auditExport, withFile("application/x-ndjson"))
	add(s, auth.AuditRead, "GET /audit/{seq}", quick, "One record with everything that was written down", s.auditRecord)
}

// checking is how long a check of the whole log may take.
const checking = 10 * time.Minute

func (f *AuditFilter) filter() audit.Filter {
	out := audit.Filter{From: f.From, To: f.To, Operator: strings.TrimSpace(f.Operator), Subject: strings.TrimSpace(f.Subject), Text: strings.TrimSpace(f.Text)}
	for _, a := range f.Actions {
		out.Actions = append(out.Actions, auth.Action(a))
	}
	return out
}

func (s *Server) auditPage(ctx context.Context, in *auditInput) (*Reply[AuditPage], error) {
	f := in.filter()
	f.Limit, f.Below = in.Limit, in.Cursor
	page, err := s.deps.Audit.Page(ctx, f)
	if err != nil {
		return nil, err
	}
	out := AuditPage{Records: make([]AuditLine, len(page))}
	for i := range page {
		out.Records[i] = auditLine(&page[i])
	}
	if n := len(page); n == in.Limit {
		out.Next = page[n-1].Seq
	}
	return &Reply[AuditPage]{out}, nil
}

func auditLine(l *audit.Link) AuditLine {
	return AuditLine{
		Seq: l.Seq, At: l.At.UTC(), OperatorID: l.OperatorID, Operator: l.Operator, Via: l.Via, Address: l.Address, Action: string(l.Action),
		Subject: l.Subject, Recipient: l.Recipient, Reason: l.Reason,
	}
}

func (s *Server) auditRecord(ctx context.Context, in *auditRecordInput) (*Reply[AuditRecord], error) {
	l, err := s.deps.Audit.Record(ctx, in.Seq)
	if err != nil {
		return nil, err
	}
	out := AuditRecord{AuditLine: auditLine(&l), Prev: l.Prev.String(), Hash: l.Hash.String(), Fits: !l.Bare && audit.Hash(l.Prev, &l.Record) == l.Hash}
	if out.Detail = json.RawMessage(bytes.TrimSpace(l.Detail)); !json.Valid(out.Detail) {
		out.Detail, _ = json.Marshal(string(l.Detail)) // cannot fail
	}
	return &Reply[AuditRecord]{out}, nil
}

func (s *Server) auditActions(context.Context, *Nothing) (*Reply[[]string], error) {
	return &Reply[[]string]{texts(auth.Actions())}, nil
}

func (s *Server) auditState(ctx context.Context, _ *Nothing) (*Reply[AuditState], error) {
	return s.auditStateOf(ctx, s.deps.Audit.State())
}

func (s *Server) auditVerify(ctx context.Context, _ *Nothing) (*Reply[AuditState], error) {
	st, err := s.deps.Audit.Verify(ctx)
	if err != nil {
		return nil, err
	}
	found := struct {
		Records int64 `json:"records"`
		Last    int64 `json:"last"`
		OK      bool  `json:"ok"`
		Wrong   int   `json:"wrong"`
	}{st.Report.Records, st.Report.Last.Seq, st.Report.OK(), st.Report.Wrong}
	if err := s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActAuditVerified}, found); err != nil {
		return nil, err
	}
	return s.auditStateOf(ctx, st)
}

func (s *Server) auditStateOf(ctx context.Context, st audit.State) (*Reply[AuditState], error) {
	head, err := s.deps.Audit.Head(ctx)
	if err != nil {
		return nil, err
	}
	last, err := s.deps.Audit.LastCheckpoint(ctx)
	if err != nil {
		return nil, err
	}
	out := AuditState{State: "unchecked", Last: head.Seq, Key: s.deps.Audit.Public().ID(), Problems: []AuditProblem{}, Notes: s.deps.Audit.FileProblems(), Error: st.Err, KeptDays: int(s.deps.AuditKept / (24 * time.Hour))}
	if last.Number > 0 {
		out.Checkpoint = &AuditCheckpoint{Number: last.Number, Seq: last.Seq, At: last.At}
	}
	if !st.Checked.IsZero() {
		out.Checked, out.TookMS = &st.Checked, st.Took.Milliseconds()
	}
	if r := st.Report; r != nil {
		out.State = "whole"
		if !r.OK() {
			out.State = "damaged"
		}
		out.Records, out.First, out.Verified, out.Anchor, out.Wrong, out.Checkpoints, out.Holding = r.Records, r.First.Seq, r.Last.Seq, r.Anchor, r.Wrong, r.Checkpoints, r.Holding
		if r.Records > 0 {
			out.From, out.To = &r.From, &r.To
		}
		for _, p := range r.Problems {
			shape := AuditProblem{Kind: p.Kind, Seq: p.Seq, Action: string(p.Action), Text: p.Text}
			if !p.At.IsZero() {
				shape.At = &p.At
			}
			out.Problems = append(out.Problems, shape)
		}
	} else if st.Err != "" {
		out.State = "failed"
	}
	return &Reply[AuditState]{out}, nil
}

func (s *Server) auditKey(context.Context, *Nothing) (*huma.StreamResponse, error) {
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		_, w := humago.Unwrap(hctx)
		w.Header().Set("Content-Type", "application/x-pem-file")
		w.Header().Set("Content-Disposition", `attachment; filename="`+audit.PublicName+`"`)
		_, _ = w.Write(s.deps.Audit.Public().PEM()) // a client that went away is nobody's trouble
	}}, nil
}

// auditExport writes down that it exports, and then exports as the records are read; the record of itself is in it. What goes wrong on
// the way cuts the connection, and the file has no signed end.
func (s *Server) auditExport(ctx context.Context, in *auditExportInput) (*huma.StreamResponse, error) {
	f := in.filter()
	if err := s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActAuditExported, Subject: cmp.Or(f.Words(), "all records")}, nil); err != nil {
		return nil, err
	}
	by := auth.From(ctx).Operator.Email
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		r, w := humago.Unwrap(hctx)
		name := "tocsin-audit-" + s.deps.Now().UTC().Format("20060102-150405") + ".jsonl"
		w.Header().Set("Content-Type", "application/x-ndjson")
		w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
		out := patient(w)
		err := s.deps.Audit.Export(r.Context(), s.deps.Audit.Exporter(out), f, by)
		if err == nil {
			err = out.flush()
		}
		if err != nil {
			if r.Context().Err() == nil {
				s.deps.Log.Error("export of the audit log broke off", "err", err)
			}
			panic(http.ErrAbortHandler)
		}
	}}, nil
}

// Resolve refuses actions that there are not; the list is longer than a tag should be.
func (f *AuditFilter) Resolve(huma.Context) []error {
	for i, a := range f.Actions {
		known := false
		for _, k := range auth.Actions() {
			known = known || string(k) == a
		}
		if !known {
			return []error{&huma.ErrorDetail{Message: "there is no such action; GET /audit/actions lists them", Location: "query.action[" + strconv.Itoa(i) + "]", Value: a}}
		}
	}
	if !f.From.IsZero() && !f.To.IsZero() && !f.From.Before(f.To) {
		return []error{&huma.ErrorDetail{Message: "the end must be after the beginning", Location: "query.to", Value: f.To}}
	}
	return nil
}
