package intel

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// LineError is a line of a list that could not be taken in.
type LineError struct {
	List string
	Line int
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("%s:%d: %v", e.List, e.Line, e.Err) }
func (e *LineError) Unwrap() error { return e.Err }

// Load reads a list named source: one value a line with "#" comments, or CSV whose first line names columns out of type,
// value, threat, source, verdict ("bad" or "good"), state ("suspicious" or "confirmed"), confidence (0 to 100), from and expires (RFC 3339 or
// YYYY-MM-DD); only value is needed. Kinds
// are guessed where they are not given; defanged values are understood. Lines that cannot be read are left out and
// returned, at most 100 of them; err is set when the reader failed or the columns make no sense.
func (x *Indicators) Load(r io.Reader, source string) (added int, bad []*LineError, err error) {
	return ReadList(r, source, x.Add)
}

// ReadList is Load for whoever takes indicators in: take's error says that a line is none.
func ReadList(r io.Reader, source string, take func(Indicator) error) (added int, bad []*LineError, err error) {
	br := bufio.NewReaderSize(r, 64<<10)
	head, _ := br.Peek(512)
	first, _, _ := strings.Cut(string(head), "\n")
	note := func(line int, err error) {
		if len(bad) < 100 {
			bad = append(bad, &LineError{source, line, err})
		}
	}
	if isHeader(first) {
		return readCSV(br, source, take, note, &bad)
	}
	sc := bufio.NewScanner(br)
	sc.Buffer(nil, 2*maxIndicator)
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		if i := strings.Index(line, " #"); i >= 0 {
			line = strings.TrimSpace(line[:i])
		}
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if err := take(Indicator{Value: line, Source: source}); err != nil {
			note(n, err)
			continue
		}
		added++
	}
	if err := sc.Err(); err != nil {
		return added, bad, fmt.Errorf("%s: %w", source, err)
	}
	return added, bad, nil
}

func isHeader(line string) bool {
	for _, c := range strings.Split(strings.ToLower(line), ",") {
		if strings.Trim(strings.TrimSpace(c), `"`) == "value" {
			return true
		}
	}
	return false
}

func readCSV(r io.Reader, source string, take func(Indicator) error, note func(int, error), bad *[]*LineError) (int, []*LineError, error) {
	cr := csv.NewReader(r)
	cr.FieldsPerRecord, cr.ReuseRecord, cr.TrimLeadingSpace, cr.LazyQuotes = -1, true, true, true
	head, err := cr.Read()
	if err != nil {
		return 0, *bad, fmt.Errorf("%s: %w", source, err)
	}
	column := map[string]int{}
	for i, c := range head {
		column[strings.ToLower(strings.TrimSpace(c))] = i
	}
	added := 0
	for {
		row, err := cr.Read()
		if errors.Is(err, io.EOF) {
			return added, *bad, nil
		}
		var pe *csv.ParseError
		if errors.As(err, &pe) {
			note(pe.Line, pe.Err)
			continue
		}
		if err != nil {
			return added, *bad, fmt.Errorf("%s: %w", source, err)
		}
		line, _ := cr.FieldPos(0)
		cell := func(name string) string {
			if i, ok := column[name]; ok && i < len(row) {
				return strings.TrimSpace(row[i])
			}
			return ""
		}
		in, err := fromRow(cell, source)
		if err == nil {
			err = take(in)
		}
		if err != nil {
			note(line, err)
			continue
		}
		added++
	}
}

func fromRow(cell func(string) string, source string) (Indicator, error) {
	in := Indicator{Value: strings.Clone(cell("value")), Threat: strings.Clone(cell("threat")), Source: source}
	if s := cell("source"); s != "" {
		in.Source = strings.Clone(s)
	}
	switch v := strings.ToLower(cell("verdict")); v {
	case "", "bad", "malicious":
	case "good", "benign", "allow":
		in.Good = true
	default:
		return in, fmt.Errorf("verdict %q: want bad or good", v)
	}
	switch t := strings.ToLower(cell("type")); t {
	case "":
	default:
		kind, err := ParseKind(t)
		if err != nil {
			return in, fmt.Errorf("type %q: want url, domain, ip, hash, sender or subject", clip(t))
		}
		in.Kind = kind
	}
	switch v := strings.ToLower(cell("state")); v {
	case "", "confirmed":
	case "suspicious":
		in.Suspicious = true
	default:
		return in, fmt.Errorf("state %q: want suspicious or confirmed", clip(v))
	}
	if c := cell("confidence"); c != "" {
		n, err := strconv.ParseUint(c, 10, 8)
		if err != nil || n > 100 {
			return in, fmt.Errorf("confidence %q: want 0 to 100", clip(c))
		}
		in.Confidence = uint8(n)
	}
	for name, at := range map[string]*time.Time{"expires": &in.Expires, "from": &in.From} {
		e := cell(name)
		if e == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, e)
		if err != nil {
			t, err = time.Parse(time.DateOnly, e)
		}
		if err != nil {
			return in, fmt.Errorf("%s %q: want 2026-01-31 or 2026-01-31T00:00:00Z", name, clip(e))
		}
		*at = t
	}
	return in, nil
}
