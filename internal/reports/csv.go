package reports

import (
	"encoding/csv"
	"fmt"
	"io"

	"tocsin/internal/dashboard"
	"tocsin/internal/email"
	"tocsin/internal/hunt"
)

// TableOf finds a table by its key; "" is the first.
func (r *Report) TableOf(key string) (*ReportTable, error) {
	for i := range r.Tables {
		if key == "" || r.Tables[i].Key == key {
			return &r.Tables[i], nil
		}
	}
	return nil, &dashboard.WrongError{Field: "table", Say: fmt.Sprintf("the report %s has no table %q", r.Name, key)}
}

// CSV writes a table as RFC 4180 with a header line, in UTF-8. Links are defanged, and what a spreadsheet would run as a formula is made text (see
// hunt.Cell).
func (t *ReportTable) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	line := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		line[i] = c.Label
	}
	if err := out.Write(line); err != nil {
		return err
	}
	for _, r := range t.Rows {
		for i, c := range t.Columns {
			line[i] = hunt.Cell(shown(c.Kind, r.Cells[i]))
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// shown is a cell for people: nobody opens a link by accident.
func shown(kind, text string) string {
	if kind == "link" {
		return email.Defang(text)
	}
	return text
}
