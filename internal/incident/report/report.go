// Package report writes what is known of an incident as one page for people who were not there: what happened, who was hit, by what it is
// known again, what was done and who agreed, everything in order.
//
// One template makes both forms. HTML is one file that loads nothing. PDF is the same file laid out by a library in this process, with fonts
// of its own: nothing is installed or started for it. Subjects, names and notes are hostile: they are escaped, cut, set apart from the
// direction of the text around them, and characters that nobody sees are written out. Addresses of attackers are defanged.
package report

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"strings"
	"time"

	"tocsin/internal/email"
	"tocsin/internal/paper"
)

// Data is what a report says. Lists come bounded; the numbers beside them say what is left out.
type Data struct {
	Organisation string
	Made         time.Time
	By           string
	Version      string // of Tocsin

	Label, Name, Severity, Status, Owner, Classification, Determination string
	Tags                                                                []string
	Description, Closing                                                string
	Opened, Acknowledged, Resolved, First, Last                         time.Time
	OpenedBy, ResolvedBy                                                string
	AcknowledgeDue, ResolveDue                                          time.Time
	AcknowledgeLate, ResolveLate                                        bool
	Merged                                                              []string // labels and names of what was merged into it

	Events, Messages, People, Priority, Missing, Still int
	Outcomes                                           []Count
	Hit                                                []Person
	HitMore                                            int
	Indicators                                         []Group
	Mail                                               []Mail
	MailMore                                           int
	Actions                                            []Action
	ActionsMore                                        bool // older ones are left out
	Tasks                                              []Task
	Timeline                                           []Line // oldest first
	TimelineMore                                       bool   // older lines are left out
}

// Count is a word and how many.
type Count struct {
	Label string
	N     int
}

// Person is somebody who got the mail.
type Person struct {
	Address         string
	Priority        bool
	Messages, Still int
}

// Group is the values of one kind.
type Group struct {
	Title  string
	Values []Value
	More   int
}

// Value is one indicator.
type Value struct {
	Value, Label string
	Plain        bool // no address: shown as it is
	Messages     int
}

// Mail is one email event.
type Mail struct {
	At                                            time.Time
	Recipient, Sender, Subject, Outcome, Location string
}

// Action is what was done to mailboxes.
type Action struct {
	Name, Kind, State, By, Reason, Rule string
	Asked, Ended                        time.Time
	Targets, Mailboxes, Done, Failed    int
	NotFound, Skipped, Cancelled        int
	Drifted                             int
	Needs                               int
	Approvals                           []Approval
}

// Approval is one person's answer.
type Approval struct {
	By, Comment string
	At          time.Time
	Yes         bool
}

// Task is something that was to be done.
type Task struct {
	Title, Owner, DoneBy string
	Due, Done            time.Time
}

// Line is one line of the timeline.
type Line struct {
	At        time.Time
	By, Say   string
	Note      string // what was written
	Elsewhere string // label of the merged incident it is from
}

//go:embed report.html
var files embed.FS

// maxText is the longest text of one place, in characters, unless it was written for the report.
const maxText = 500

// HTML writes the report as one file.
func HTML(d *Data) ([]byte, error) {
	return execute(d, "screen", func(s string) template.HTML {
		return template.HTML(`<bdi>` + template.HTMLEscapeString(s) + `</bdi>`)
	}, "")
}

// PDF writes the report as a document.
func PDF(ctx context.Context, p *paper.Printer, d *Data) ([]byte, error) {
	return p.PDF(ctx, paper.Document{Title: d.Label + " " + d.Name, Author: d.Organisation, Elsewhere: "The report as HTML shows all of them.",
		Write: func(set func(string) template.HTML, style template.CSS) ([]byte, error) {
			return execute(d, "print", set, style)
		}})
}

// execute fills the template in. set marks a text up.
func execute(d *Data, medium string, set func(string) template.HTML, style template.CSS) ([]byte, error) {
	text := func(s string) template.HTML { return set(paper.Plain(s, maxText)) }
	t := template.New("report.html").Funcs(template.FuncMap{
		"t":    text,
		"long": func(s string) []template.HTML { return paragraphs(s, set) },
		"bad":  func(s string) template.HTML { return text(email.Defang(s)) },
		"time": func(t time.Time) string {
			if t.IsZero() {
				return "–"
			}
			return t.UTC().Format("2006-01-02 15:04:05")
		},
		"late":   func(late bool) string { return map[bool]string{true: "late", false: "in time"}[late] },
		"join":   func(list []string) template.HTML { return text(strings.Join(list, ", ")) },
		"medium": func() string { return medium },
		"style":  func() template.CSS { return style },
		"plural": func(n int, one string) string {
			if n == 1 {
				return "1 " + one
			}
			return fmt.Sprintf("%d %ss", n, one)
		},
		"hits":   paper.Chunks[Person],
		"values": paper.Chunks[Value],
		"mails":  paper.Chunks[Mail],
		"lines":  paper.Chunks[Line],
		"tasks":  paper.Chunks[Task],
	})
	t, err := t.ParseFS(files, "report.html")
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, d); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return out.Bytes(), nil
}

// maxLines bounds the lines of a text that somebody wrote for people.
const maxLines = 400

// paragraphs are the lines of a text.
func paragraphs(s string, set func(string) template.HTML) (out []template.HTML) {
	for line := range strings.Lines(s) {
		line = paper.Plain(line, 4000)
		if line == "" {
			continue
		}
		if len(out) == maxLines {
			return append(out, set("…"))
		}
		out = append(out, set(line))
	}
	return out
}
