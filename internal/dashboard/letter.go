package dashboard

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"
	"time"
)

// Letter is the figures of a time as mail.
type Letter struct{ Subject, Text, HTML string }

// LetterAbout is what a letter says beside the figures.
type LetterAbout struct {
	Organisation string
	Name         string // of the letter; stands in the subject
	Audience     string // who the figures are about, when that is not everybody
	URL          string // of this installation, without a slash at the end; "": no links
	Zone         *time.Location
	Period       string // what the figures are of: day, week, month; "": week
}

// LetterWidgets are those that a letter shows.
func LetterWidgets() []string {
	return []string{NeedsWidget, SummaryWidget, WeeklyWidget, InsightsWidget}
}

// letterFindings is how many findings a letter tells.
const letterFindings = 6

// letterView is a letter before it is text.
type letterView struct {
	LetterAbout
	Span, Headline string
	Needs          []letterLine
	Week, Threats  []letterLine
	Findings       []letterLine
	More           int
	Gaps           []string
}

// letterLine is one number, or one finding.
type letterLine struct{ Number, Label, Change, Text, Link string }

// Compose writes a letter of an answer that has LetterWidgets.
func Compose(b *Board, about LetterAbout) (Letter, error) {
	if about.Zone == nil {
		about.Zone = time.UTC
	}
	if about.Period == "" {
		about.Period = "week"
	}
	v := letterView{LetterAbout: about, Span: b.From.In(about.Zone).Format("Monday, 2 January 15:04") + " to " + b.To.In(about.Zone).Format("Monday, 2 January 2006 15:04 MST")}
	link := func(path string) string {
		if about.URL == "" || path == "" {
			return ""
		}
		return about.URL + path
	}
	if b.Needs != nil {
		for _, n := range b.Needs.Items {
			v.Needs = append(v.Needs, letterLine{Number: thousands(n.Figure.Value), Label: n.Label, Link: link("/dashboard")})
		}
	}
	card := func(c Card) letterLine {
		return letterLine{Number: thousands(c.Figure.Value), Label: c.Label, Change: change(c.Figure), Text: c.Says}
	}
	var stoppedNow, deliveredNow int64
	if b.Weekly != nil {
		for _, c := range b.Weekly.Cards {
			v.Week = append(v.Week, card(c))
			switch c.Key {
			case "stopped":
				stoppedNow = c.Figure.Value
			case "delivered":
				deliveredNow = c.Figure.Value
			}
		}
	}
	if b.Summary != nil {
		for _, c := range b.Summary.Cards {
			v.Threats = append(v.Threats, card(c))
		}
	}
	if b.Insights != nil {
		for i, f := range b.Insights.Findings {
			if i == letterFindings {
				v.More = len(b.Insights.Findings) - i
				break
			}
			v.Findings = append(v.Findings, letterLine{Number: thousands(f.Figure.Value), Label: f.Title, Text: f.Text, Link: link("/dashboard")})
		}
	}
	for _, g := range b.Coverage.Gaps {
		v.Gaps = append(v.Gaps, g.Text)
	}
	v.Headline = fmt.Sprintf("%s stopped, %s in inboxes", many(stoppedNow, "threat was", "threats were"), many(deliveredNow, "lies", "lie"))
	if deliveredNow == 0 {
		v.Headline = fmt.Sprintf("%s stopped, none lies in an inbox", many(stoppedNow, "threat was", "threats were"))
	}
	var page bytes.Buffer
	if err := letterPage.Execute(&page, &v); err != nil {
		return Letter{}, fmt.Errorf("letter: %w", err)
	}
	return Letter{Subject: about.Name + ": " + v.Headline, Text: v.text(), HTML: page.String()}, nil
}

// change is a figure against the period before, in words; "" where nothing is compared.
func change(f Figure) string {
	switch {
	case f.Previous == nil:
		return ""
	case f.Value == *f.Previous:
		return "as before"
	case *f.Previous == 0:
		return "none before"
	}
	return thousands(*f.Previous) + " before"
}

func (v *letterView) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", v.Headline, v.Span)
	if v.Audience != "" {
		fmt.Fprintf(&b, "Only mail to %s\n", v.Audience)
	}
	part := func(title string, lines []letterLine, none string) {
		fmt.Fprintf(&b, "\n%s\n", strings.ToUpper(title))
		for _, l := range lines {
			fmt.Fprintf(&b, "  %s  %s", l.Number, l.Label)
			if l.Change != "" {
				fmt.Fprintf(&b, " (%s)", l.Change)
			}
			b.WriteString("\n")
		}
		if len(lines) == 0 {
			b.WriteString("  " + none + "\n")
		}
	}
	part("Needs a person now", v.Needs, "Nothing waits.")
	part("The "+v.Period, v.Week, "There was no mail.")
	part("Threats", v.Threats, "There was no mail.")
	b.WriteString("\nWHAT TO LOOK AT\n")
	for _, l := range v.Findings {
		fmt.Fprintf(&b, "  %s\n    %s\n", l.Label, l.Text)
	}
	switch {
	case len(v.Findings) == 0:
		b.WriteString("  Nothing stands out.\n")
	case v.More > 0:
		fmt.Fprintf(&b, "  And %d more on the dashboard.\n", v.More)
	}
	for i, g := range v.Gaps {
		if i == 0 {
			b.WriteString("\nWHAT THESE FIGURES DO NOT KNOW\n")
		}
		b.WriteString("  " + g + "\n")
	}
	if v.URL != "" {
		b.WriteString("\nThe dashboard: " + v.URL + "/dashboard\n")
	}
	b.WriteString("\nEach number counts recipients: a message to three people is three. Whoever looks after Tocsin at " + v.Organisation + " chose you to get this letter.\n")
	return b.String()
}

var letterPage = template.Must(template.New("letter").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Name}}</title></head>
<body style="font-family:sans-serif;font-size:15px;line-height:1.45;color:#1b1b1f;max-width:44em">
<h1 style="font-size:20px;margin:0">{{.Headline}}</h1>
<p style="color:#55555f;margin-top:4px">{{.Span}}{{if .Audience}}; only mail to <bdi>{{.Audience}}</bdi>{{end}}</p>
{{define "lines"}}<table style="border-collapse:collapse">{{range .}}<tr><td style="padding:3px 12px 3px 0;text-align:right;font-weight:bold;vertical-align:top">{{.Number}}</td><td style="padding:3px 0">{{.Label}}{{if .Change}} <span style="color:#55555f">({{.Change}})</span>{{end}}</td></tr>{{end}}</table>{{end}}
<h2 style="font-size:16px">Needs a person now</h2>{{if .Needs}}{{template "lines" .Needs}}{{else}}<p>Nothing waits.</p>{{end}}
<h2 style="font-size:16px">The {{.Period}}</h2>{{template "lines" .Week}}
<h2 style="font-size:16px">Threats</h2>{{template "lines" .Threats}}
<h2 style="font-size:16px">What to look at</h2>{{range .Findings}}<div style="border-top:1px solid #c9c9d0;padding:8px 0"><b>{{.Label}}</b><br>{{.Text}}</div>{{else}}<p>Nothing stands out.</p>{{end}}
{{if .More}}<p>And {{.More}} more on the dashboard.</p>{{end}}
{{if .Gaps}}<h2 style="font-size:16px">What these figures do not know</h2>{{range .Gaps}}<p style="margin:4px 0">{{.}}</p>{{end}}{{end}}
{{if .URL}}<p><a href="{{.URL}}/dashboard">Open the dashboard</a></p>{{end}}
<p style="border-top:1px solid #c9c9d0;padding-top:10px;color:#55555f">Each number counts recipients: a message to three people is three. Whoever looks after Tocsin at {{.Organisation}} chose you to get this letter.</p>
</body></html>
`))
