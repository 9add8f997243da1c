package directory

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxFile bounds a CSV file, in octets.
const MaxFile = 64 << 20

// maxProblems bounds what is said about one file.
const maxProblems = 10

// Problem is a line of a file that cannot be used.
type Problem struct {
	Line int // from 1
	Text string
}

// FileError is a file with lines that cannot be used: nothing of it was.
type FileError struct {
	Name     string
	Problems []Problem // at most maxProblems
	More     int
}

func (e *FileError) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%s:%d: %s", e.Name, p.Line, p.Text)
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "; and %d more", e.More)
	}
	return b.String()
}

// columns are the names that a column of each field goes by, in lower case and without what is no letter or digit.
var columns = map[string][]string{
	"address":    {"email", "mail", "address", "emailaddress", "primaryemail", "primarysmtpaddress", "userprincipalname", "upn", "workemail", "primaryemailaddress", "emailaddressrequired"},
	"name":       {"name", "displayname", "fullname", "cn", "anzeigename"},
	"first":      {"firstname", "givenname", "vorname", "prenom", "nombre", "firstnamerequired"},
	"last":       {"lastname", "surname", "sn", "familyname", "nachname", "nom", "apellido", "lastnamerequired"},
	"title":      {"title", "jobtitle", "position", "employeetitle", "titel", "stelle"},
	"department": {"department", "dept", "division", "abteilung", "orgunitpath"},
	"manager":    {"manager", "manageremail", "vorgesetzter"},
	"groups":     {"groups", "group", "memberof", "gruppen"},
	"aliases":    {"aliases", "alias", "proxyaddresses", "emailaliases", "otheraddresses", "emailaddresses"},
	"private":    {"private", "privateaddresses", "privateemail", "personalemail", "homeemail", "secondaryemail", "alternateemail", "othermails"},
	"priority":   {"priority", "priorityaccount", "vip"},
}

// ReadCSV reads people from CSV (RFC 4180) with a head line. Columns may stand in any order and go by several names; unknown ones are
// passed over. Fields are parted by commas, semicolons or tabs, as the head line shows; several values in one field by ";" or "|".
// A file with a line that cannot be used is a *FileError, and nobody is returned.
func ReadCSV(r io.Reader, name string) ([]Person, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	case len(raw) > MaxFile:
		return nil, fmt.Errorf("%s: larger than %d MB", name, MaxFile>>20)
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if i := invalid(raw); i >= 0 {
		return nil, &FileError{Name: name, Problems: []Problem{{1 + bytes.Count(raw[:i], []byte("\n")), "is not UTF-8; save the file as UTF-8"}}}
	}
	c := csv.NewReader(bytes.NewReader(raw))
	c.Comma, c.FieldsPerRecord, c.ReuseRecord = separator(raw), -1, true
	head, err := c.Read()
	if err != nil {
		return nil, wrongLine(name, err)
	}
	at, err := readHead(head)
	if err != nil {
		return nil, &FileError{Name: name, Problems: []Problem{{1, err.Error()}}}
	}
	return readRows(c, name, at)
}

func readRows(c *csv.Reader, name string, at map[string]int) ([]Person, error) {
	var (
		people []Person
		bad    FileError
		lines  = map[string]int{}
	)
	complain := func(line int, format string, args ...any) {
		if len(bad.Problems) == maxProblems {
			bad.More++
			return
		}
		bad.Problems = append(bad.Problems, Problem{line, fmt.Sprintf(format, args...)})
	}
	for {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, wrongLine(name, err)
		}
		number, _ := c.FieldPos(0)
		if strings.TrimSpace(strings.Join(row, "")) == "" {
			continue
		}
		p, wrong := readPerson(row, at)
		switch first, twice := lines[p.Address]; {
		case wrong != "":
			complain(number, "%s", wrong)
		case twice:
			complain(number, "%s stands in line %d already", p.Address, first)
		case len(people) == MaxPeople:
			return nil, fmt.Errorf("%s: more than %d people", name, MaxPeople)
		default:
			lines[p.Address] = number
			people = append(people, p)
		}
	}
	if len(bad.Problems) > 0 {
		bad.Name = name
		return nil, &bad
	}
	return people, nil
}

// invalid returns where broken UTF-8 stands, -1 for nowhere.
func invalid(raw []byte) int {
	if utf8.Valid(raw) {
		return -1
	}
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRune(raw[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
	return -1
}

// separator is the most frequent of the three in the head line.
func separator(raw []byte) rune {
	head, _, _ := bytes.Cut(raw, []byte("\n"))
	best, most := ',', 0
	for _, r := range [...]rune{',', ';', '\t'} {
		if n := bytes.Count(head, []byte(string(r))); n > most {
			best, most = r, n
		}
	}
	return best
}

// readHead finds the columns.
func readHead(head []string) (map[string]int, error) {
	at := map[string]int{}
	for i, title := range head {
		key := strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return unicode.ToLower(r)
			}
			return -1
		}, title)
		for field, names := range columns {
			for _, n := range names {
				if _, have := at[field]; n == key && !have {
					at[field] = i
				}
			}
		}
	}
	if _, ok := at["address"]; !ok {
		return nil, fmt.Errorf("no column for the address; the head line needs one named email, and may have name, title, department, manager, groups, aliases, private, priority")
	}
	return at, nil
}

func readPerson(row []string, at map[string]int) (p Person, wrong string) {
	get := func(field string) string {
		if i, ok := at[field]; ok && i < len(row) {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	several := func(field string) []string {
		return strings.FieldsFunc(get(field), func(r rune) bool { return r == ';' || r == '|' || r == '\n' })
	}
	p = Person{
		Address: addressOf(get("address")), Name: line(get("name")), Title: line(get("title")), Department: line(get("department")), Manager: addressOf(get("manager")),
		Groups: each(several("groups"), line), Aliases: each(several("aliases"), addressOf), Private: each(several("private"), addressOf),
	}
	if p.Address == "" {
		return p, fmt.Sprintf("%q is no address", line(get("address")))
	}
	if p.Name == "" {
		p.Name = line(get("first") + " " + get("last"))
	}
	switch v := strings.ToLower(get("priority")); v {
	case "", "no", "false", "0", "n", "nein", "non":
	case "yes", "true", "1", "y", "x", "ja", "oui", "si", "sí":
		p.Priority = true
	default:
		return p, fmt.Sprintf("priority is %q; write yes or no", line(v))
	}
	return p, ""
}

// wrongLine tells where CSV is broken.
func wrongLine(name string, err error) error {
	var at *csv.ParseError
	switch {
	case errors.As(err, &at):
		return &FileError{Name: name, Problems: []Problem{{at.Line, at.Err.Error()}}}
	case errors.Is(err, io.EOF):
		return &FileError{Name: name, Problems: []Problem{{1, "the file is empty"}}}
	}
	return fmt.Errorf("%s: %w", name, err)
}

// File is a CSV file that is read again on every sync.
type File struct{ Path string }

var _ Source = File{}

// Name is "file" and its path.
func (f File) Name() string { return "file " + f.Path }

// People reads the file.
func (f File) People(context.Context) ([]Person, error) {
	file, err := os.Open(f.Path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return ReadCSV(bufio.NewReader(file), f.Path)
}
