package feed

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/stix"
)

// maxLine is how long one line of a list may be.
const maxLine = 64 << 10

// readList reads lines, or lines of cells (RFC 4180, with any separator).
func readList(ctx context.Context, s *session) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		r, done, err := s.open(ctx, "text/csv, text/plain, */*;q=0.5")
		if err != nil {
			yield(Item{}, err)
			return
		}
		defer done()
		b := bufio.NewReaderSize(r, maxLine)
		if head, _ := b.Peek(64); looksLikeHTML(head) {
			yield(Item{}, &Failure{Why: "it is a web page and no list; look for the address of the list itself"})
			return
		}
		if s.f.Kind == Text {
			err = s.textLines(b, yield)
		} else {
			err = s.cells(b, yield)
		}
		if err != nil {
			yield(Item{}, err)
		}
	}
}

func looksLikeHTML(head []byte) bool {
	t := strings.ToLower(strings.TrimSpace(strings.TrimPrefix(string(head), "\ufeff")))
	return strings.HasPrefix(t, "<!doctype html") || strings.HasPrefix(t, "<html")
}

// lineReader yields lines without their ends; longer ones are told and left out.
type lineReader struct {
	b       *bufio.Reader
	comment string
	text    bool // lines that begin with a semicolon are comments too
	n       int
}

func (l *lineReader) next(s *session) (string, error) {
	for {
		raw, err := l.b.ReadSlice('\n')
		l.n++
		if errors.Is(err, bufio.ErrBufferFull) {
			s.refuse(l.n, string(raw[:100]), fmt.Errorf("the line is longer than %d KiB", maxLine>>10))
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = l.b.ReadSlice('\n')
			}
			if err == nil {
				continue
			}
			raw = nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		line := strings.TrimSpace(strings.ToValidUTF8(strings.TrimPrefix(string(raw), "\ufeff"), "\ufffd"))
		if line != "" && !strings.HasPrefix(line, l.comment) && !(l.text && line[0] == ';') {
			return line, nil
		}
		if err != nil {
			return "", io.EOF
		}
	}
}

func (s *session) lines(b *bufio.Reader) *lineReader {
	comment := s.f.Columns.Comment
	if comment == "" {
		comment = "#"
	}
	return &lineReader{b: b, comment: comment, text: s.f.Kind == Text && comment == "#"}
}

func (s *session) textLines(b *bufio.Reader, yield func(Item, error) bool) error {
	lines := s.lines(b)
	for {
		line, err := lines.next(s)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if at := strings.Index(line, " "+lines.comment); at > 0 {
			line = strings.TrimSpace(line[:at])
		}
		if f := strings.Fields(line); len(f) == 2 && (f[0] == "0.0.0.0" || f[0] == "127.0.0.1") { // a hosts file
			line = f[1]
		}
		if !yield(Item{Wanted: stix.Wanted{Kind: s.f.Columns.Of, Value: line}}, nil) {
			return nil
		}
	}
}

// cells reads lines of cells. A line that is broken is refused by itself: quotes do not go over the end of a line.
func (s *session) cells(b *bufio.Reader, yield func(Item, error) bool) error {
	c := &s.f.Columns
	lines := s.lines(b)
	var places map[string]int
	for {
		line, err := lines.next(s)
		if errors.Is(err, io.EOF) {
			if places == nil {
				s.note("the list is empty")
			}
			return nil
		}
		if err != nil {
			return err
		}
		row, err := cut(line, c.Separator)
		if err != nil {
			s.refuse(lines.n, line, errors.New("the line is no row of cells: a quote is out of place"))
			continue
		}
		if places == nil {
			if places, err = c.places(row); err != nil {
				return err
			}
			if c.Head {
				continue
			}
		}
		it, err := c.item(row, places)
		if err != nil {
			s.refuse(lines.n, line, err)
			continue
		}
		if !yield(it, nil) {
			return nil
		}
	}
}

func cut(line, separator string) ([]string, error) {
	r := csv.NewReader(strings.NewReader(line))
	r.FieldsPerRecord, r.LazyQuotes, r.TrimLeadingSpace = -1, true, true
	if separator != "" {
		r.Comma = []rune(separator)[0]
	}
	return r.Read()
}

// places finds the columns that the settings name. row is the first line.
func (c *Columns) places(row []string) (map[string]int, error) {
	out := map[string]int{}
	for what, name := range map[string]string{"value": c.Value, "type": c.Type, "threat": c.Threat, "confidence": c.Confidence, "tags": c.Tags, "until": c.Until, "about": c.About} {
		if name == "" {
			continue
		}
		if n, err := strconv.Atoi(name); err == nil {
			if n < 1 || n > 1000 {
				return nil, &Failure{Why: fmt.Sprintf("there is no column %d; they are counted from 1", n)}
			}
			out[what] = n - 1
			continue
		}
		if !c.Head {
			return nil, &Failure{Why: fmt.Sprintf("the list has no head, so the column %q cannot be found; give its number", name)}
		}
		at := -1
		for i, cell := range row {
			if strings.EqualFold(strings.TrimSpace(strings.TrimLeft(cell, "# ")), name) {
				at = i
			}
		}
		if at < 0 {
			return nil, &Failure{Why: fmt.Sprintf("the head has no column %q; it has %s", tidy(name, 60), tidy(strings.Join(row, ", "), 300))}
		}
		out[what] = at
	}
	return out, nil
}

// typeNames are what lists call kinds.
var typeNames = map[string]stix.Kind{
	"url": stix.URL, "uri": stix.URL, "domain": stix.Domain, "host": stix.Domain, "hostname": stix.Domain, "fqdn": stix.Domain, "domain-name": stix.Domain,
	"ip": stix.IP, "ipv4": stix.IP, "ipv6": stix.IP, "cidr": stix.IP, "network": stix.IP, "ip-dst": stix.IP, "ip-src": stix.IP, "ipv4-addr": stix.IP, "ipv6-addr": stix.IP,
	"hash": stix.Hash, "md5": stix.Hash, "sha1": stix.Hash, "sha256": stix.Hash, "sha-1": stix.Hash, "sha-256": stix.Hash, "md5_hash": stix.Hash, "sha1_hash": stix.Hash, "sha256_hash": stix.Hash, "file": stix.Hash,
	"sender": stix.Sender, "email": stix.Sender, "email-src": stix.Sender, "email-addr": stix.Sender, "subject": stix.Subject, "email-subject": stix.Subject,
}

func (c *Columns) item(row []string, places map[string]int) (Item, error) {
	cell := func(what string) string {
		if at, ok := places[what]; ok && at < len(row) {
			return strings.TrimSpace(row[at])
		}
		return ""
	}
	it := Item{Wanted: stix.Wanted{Kind: c.Of, Value: cell("value")}, Threat: cell("threat"), Description: cell("about")}
	if it.Value == "" {
		return it, errors.New("the line has no value")
	}
	if t := strings.ToLower(cell("type")); t != "" && it.Kind == "" {
		kind, known := typeNames[t]
		if !known {
			if _, host, port := strings.Cut(t, ":"); port && host == "port" { // "ip:port"
				kind, known = stix.IP, true
				it.Value, _, _ = strings.Cut(it.Value, ":")
			}
		}
		if !known {
			return it, fmt.Errorf("%s is no kind that is looked for in mail", tidy(t, 40))
		}
		it.Kind = kind
	}
	if v := cell("confidence"); v != "" {
		n, err := strconv.ParseFloat(strings.TrimSuffix(v, "%"), 64)
		if err != nil || n < 0 || n > 100 {
			return it, fmt.Errorf("the confidence %s is not between 0 and 100", tidy(v, 40))
		}
		it.Confidence = int(n)
	}
	for _, t := range strings.FieldsFunc(cell("tags"), func(r rune) bool { return r == ',' || r == ';' || r == '|' || r == ' ' }) {
		if tlp, ok := stix.ParseTLP(t); ok && strings.HasPrefix(strings.ToLower(t), "tlp") {
			it.TLP = stix.Narrower(it.TLP, tlp)
		} else if len(it.Tags) < 10 {
			it.Tags = append(it.Tags, tidy(t, 60))
		}
	}
	if v := cell("until"); v != "" {
		at, err := anyTime(v)
		if err != nil {
			return it, err
		}
		it.Until = at
	}
	return it, nil
}

// anyTime reads the times that lists have.
func anyTime(s string) (time.Time, error) {
	for _, form := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04:05 UTC", "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(form, s); err == nil {
			return t.UTC(), nil
		}
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > 0 && n < 1<<34 {
		return time.Unix(n, 0).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("%s is no time such as 2026-11-30 or 2026-11-30T12:00:00Z", tidy(s, 40))
}
