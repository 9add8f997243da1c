package api

import (
	"encoding/json"
	"net/http"

	"tocsin/internal/hunt"
	"tocsin/internal/kql"
)

// huntLines sends an answer as lines of JSON.
type huntLines struct {
	client *patientWriter
	out    *json.Encoder
	run    *hunt.Run
	row    huntRow
	gone   error // the client went away
}

var _ hunt.Sink = (*huntLines)(nil)

func newHuntLines(w http.ResponseWriter, run *hunt.Run) *huntLines {
	l := &huntLines{client: patient(w), run: run}
	l.out = json.NewEncoder(l.client)
	l.out.SetEscapeHTML(false)
	return l
}

// begin sends the first line at once: who waits for a turn, or for the first row, knows the columns and the id meanwhile.
func (l *huntLines) begin(head HuntLine) error {
	l.row.Row = make([]any, len(head.Columns))
	if l.send(head) == nil {
		l.gone = l.client.flush()
	}
	return l.gone
}

// Head comes when the query has its turn; the columns are sent already.
func (l *huntLines) Head([]kql.Column) error { return nil }

func (l *huntLines) Row(values []any) error {
	for i, v := range values {
		l.row.Row[i] = Value(v)
	}
	l.run.Count()
	return l.send(&l.row)
}

func (l *huntLines) send(line any) error {
	l.gone = l.out.Encode(line)
	return l.gone
}

// HuntColumns heads the rows of an answer.
func HuntColumns(columns []kql.Column) []HuntColumn {
	out := make([]HuntColumn, len(columns))
	for i, c := range columns {
		out[i] = HuntColumn{Name: c.Name, Type: string(c.Type)}
	}
	return out
}
