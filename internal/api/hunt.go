package api

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"tocsin/internal/auth"
	"tocsin/internal/hunt"
	"tocsin/internal/kql"
)

// huntAsk is a run that somebody asks for, however it came: typed in, saved, from the command line.
type huntAsk struct {
	hunt.Ask
	id    string // "": make one
	saved string // id of the saved query, for the record
}

// hunt answers a query. What is wrong with it is a problem before the first line.
func (s *Server) hunt(ctx context.Context, in *huntInput) (*huma.StreamResponse, error) {
	b := &in.Body
	ask := hunt.Ask{Query: b.Query, From: b.From, To: b.To, Rows: int64(b.Limit), Check: b.Check, Content: auth.From(ctx).May(auth.EmailPreview)}
	if b.Check {
		return s.huntCheck(ctx, ask)
	}
	return s.huntRun(ctx, huntAsk{Ask: ask, id: b.ID})
}

// prepare compiles; what is wrong besides the query's text stands in the body.
func (s *Server) prepare(ctx context.Context, ask hunt.Ask) (*hunt.Hunt, error) {
	h, err := s.deps.Hunter.Prepare(ctx, ask)
	var input *hunt.InputError
	if errors.As(err, &input) && input.Err == nil {
		return nil, &refused{location: "body." + input.Field, msg: input.Msg}
	}
	return h, err
}

// huntCheck only compiles.
func (s *Server) huntCheck(ctx context.Context, ask hunt.Ask) (*huma.StreamResponse, error) {
	h, err := s.prepare(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		_, w := humago.Unwrap(hctx)
		w.Header().Set("Content-Type", "application/x-ndjson")
		_ = json.NewEncoder(patient(w)).Encode(huntHead(h)) // a client that went away is nobody's trouble
	}}, nil
}

// huntRun checks a query, takes the run in, writes it down, and only then reads the lists that it names, runs it and sends its rows
// as they come.
func (s *Server) huntRun(ctx context.Context, ask huntAsk) (*huma.StreamResponse, error) {
	check := ask.Ask
	check.Check = true
	if _, err := s.prepare(ctx, check); err != nil {
		return nil, err
	}
	if ask.id == "" {
		ask.id = uuid.NewString()
	}
	who := auth.From(ctx)
	// The run lives as long as the request; ctx is the same request's.
	run := &hunt.Run{ID: ask.id, OperatorID: who.Operator.ID, Operator: who.Operator.Email, Query: ask.Query}
	within, end, err := s.runs.Begin(ctx, run)
	if err != nil {
		return nil, err
	}
	if err := s.recordQuery(ctx, run, ask); err != nil {
		end()
		return nil, err
	}
	h, err := s.prepare(within, ask.Ask)
	if err != nil { // a list that could not be read, or somebody stopped it
		_, past := s.huntEnd(within, nil, hunt.Done{}, err)
		end()
		s.recordEnd(ctx, run, past)
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer end() // however this ends
		_, w := humago.Unwrap(hctx)
		w.Header().Set("Content-Type", "application/x-ndjson")
		w.Header().Set("X-Accel-Buffering", "no") // nginx would hold the first line back
		lines := newHuntLines(w, run)
		defer func() { _ = lines.client.flush() }() // a client that went away is nobody's trouble
		head := huntHead(h)
		head.ID = run.ID
		var done hunt.Done
		err := lines.begin(head)
		if err == nil {
			err = run.Turn(within)
		}
		if err == nil {
			done, err = s.deps.Hunter.Run(within, h, lines)
		}
		last, past := s.huntEnd(within, lines.gone, done, err)
		end() // before anybody hears of it: who has the last line may ask again at once
		s.recordEnd(ctx, run, past)
		if lines.gone == nil {
			_ = lines.send(last)
		}
	}}, nil
}

// huntHead is the first line: what is known before a row is read.
func huntHead(h *hunt.Hunt) HuntLine {
	head := HuntLine{Columns: HuntColumns(h.Statement.Columns), Tables: list(h.Statement.Tables), Withheld: h.Statement.Withheld, Notes: h.Notes}
	if c, ok := h.Query.Chart(); ok {
		head.Render = huntRender(c)
	}
	head.Explorer = hunt.ExplorerFilter(h.Query)
	return head
}

func huntRender(c kql.Chart) *HuntRender {
	one := func(name string) string {
		if v := c.Properties[name]; len(v) > 0 {
			return v[0]
		}
		return ""
	}
	return &HuntRender{Kind: c.Kind, Title: one("title"), Properties: HuntProperties{
		Kind: one("kind"), XColumn: one("xcolumn"), YColumns: c.Properties["ycolumns"], Series: c.Properties["series"],
		XTitle: one("xtitle"), YTitle: one("ytitle"), XAxis: one("xaxis"), YAxis: one("yaxis"), Legend: one("legend"),
		Accumulate: one("accumulate"), YMin: one("ymin"), YMax: one("ymax"), YSplit: one("ysplit"),
	}}
}

// huntEnd tells apart how a run ended: its last line, and what is kept of it.
func (s *Server) huntEnd(ctx context.Context, gone error, done hunt.Done, err error) (HuntLine, hunt.Past) {
	past := hunt.Past{Took: done.Took, Outcome: hunt.RunFailed}
	fail := func(reason, text string) (HuntLine, hunt.Past) {
		past.Error = text
		return HuntLine{Error: text, Reason: reason}, past
	}
	var (
		stopped *hunt.Cancelled
		limit   *hunt.LimitError
	)
	switch cause := context.Cause(ctx); {
	case err == nil && done.Cut != "":
		past.Outcome = hunt.RunCut
	case err == nil:
		past.Outcome = hunt.RunDone
	case errors.As(cause, &stopped):
		past.Outcome = hunt.RunCancelled
		return fail("cancelled", stopped.Error())
	case errors.Is(cause, ErrStopping), errors.Is(err, ErrStopping):
		return fail("stopping", ErrStopping.Error())
	case gone != nil, ctx.Err() != nil:
		past.Outcome = hunt.RunCancelled
		return fail("cancelled", "whoever asked went away")
	case errors.As(err, &limit):
		return fail(string(limit.Limit), limit.Msg)
	default:
		text := err.Error()
		var status huma.StatusError
		if p := s.problem(ctx, "post-hunt", err); errors.As(p, &status) {
			text = p.Error()
		}
		return fail("failed", text)
	}
	return HuntLine{Done: &HuntDone{Rows: done.Rows, Cut: done.Cut, TookMS: done.Took.Milliseconds()}}, past
}

// recordQuery writes a query down before it runs. A query that is not on record does not run.
func (s *Server) recordQuery(ctx context.Context, run *hunt.Run, ask huntAsk) error {
	return s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActQuery, Subject: ask.Query}, struct {
		ID    string    `json:"id"`
		Saved string    `json:"saved,omitempty"`
		From  time.Time `json:"from,omitzero"`
		To    time.Time `json:"to,omitzero"`
	}{run.ID, ask.saved, ask.From, ask.To})
}

// recordTime is how long the record of an end may take; by then its client may be gone.
const recordTime = 10 * time.Second

// recordEnd writes down how a run ended, in the audit log and in the operator's history.
func (s *Server) recordEnd(ctx context.Context, run *hunt.Run, p hunt.Past) {
	p.ID, p.OperatorID, p.At, p.Query, p.Rows = run.ID, run.OperatorID, run.Started, run.Query, run.Rows()
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer done()
	err := s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActQueryEnded, Subject: p.ID}, struct {
		Outcome string `json:"outcome"`
		Rows    int64  `json:"rows"`
		TookMS  int64  `json:"took_ms"`
		Error   string `json:"error,omitempty"`
	}{p.Outcome, p.Rows, p.Took.Milliseconds(), p.Error})
	if p.OperatorID != "" { // the command line of this machine is nobody's history
		err = errors.Join(err, s.deps.History.AddPast(ctx, p))
	}
	if err != nil {
		s.deps.Log.Error("the end of a query is not on record", "id", p.ID, "err", err)
	}
}
