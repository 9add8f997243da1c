package reports

import (
	"bytes"
	"fmt"
	"html/template"
	"net/url"
	"strings"
	"time"

	"tocsin/internal/dashboard"
)

// LetterLink is the page of a report with its range of time and its filter, below the address of this installation.
func LetterLink(base string, r *Report, f dashboard.Filter) string {
	if base == "" {
		return ""
	}
	q := url.Values{"from": {r.From.UTC().Format(time.RFC3339)}, "to": {r.To.UTC().Format(time.RFC3339)}}
	for k, v := range map[string]string{"department": f.Department, "group": f.Group, "domain": f.Domain} {
		if v != "" {
			q.Set(k, v)
		}
	}
	return base + "/reports/" + r.Name + "?" + q.Encode()
}

// Compose writes the letter of a report: its figures, and what they do not know. The tables come as files.
func Compose(r *Report, name, link string, about About) (dashboard.Letter, error) {
	if about.Zone == nil {
		about.Zone = time.UTC
	}
	v := letter{Report: r, About: about, Span: span(r.From, r.To, about.Zone), Link: link}
	var page bytes.Buffer
	if err := letterPage.Execute(&page, &v); err != nil {
		return dashboard.Letter{}, fmt.Errorf("letter: %w", err)
	}
	subject := name
	if len(r.Figures) > 0 {
		subject += ": " + value(r.Figures[0]) + " " + strings.ToLower(r.Figures[0].Label)
	}
	return dashboard.Letter{Subject: subject, Text: v.text(), HTML: page.String()}, nil
}

type letter struct {
	*Report
	About
	Span, Link string
}

const closing = "The tables are in the files. Whoever looks after Tocsin at %s chose you to get this letter."

// Foot is the last line.
func (v *letter) Foot() string { return fmt.Sprintf(closing, v.Organisation) }

func (v *letter) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", v.Title, v.Span)
	if v.Whom != "" {
		fmt.Fprintf(&b, "Only %s\n", v.Whom)
	}
	b.WriteString("\n")
	for _, n := range v.Figures {
		fmt.Fprintf(&b, "  %s  %s\n", value(n), n.Label)
	}
	for i, g := range v.Coverage.Gaps {
		if i == 0 {
			b.WriteString("\nWHAT THESE FIGURES DO NOT KNOW\n")
		}
		b.WriteString("  " + g.Text + "\n")
	}
	if v.Link != "" {
		b.WriteString("\nThe report: " + v.Link + "\n")
	}
	b.WriteString("\n" + v.Foot() + "\n")
	return b.String()
}

var letterPage = template.Must(template.New("letter").Funcs(template.FuncMap{"value": value}).Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Title}}</title></head>
<body style="font-family:sans-serif;font-size:15px;line-height:1.45;color:#1b1b1f;max-width:44em">
<h1 style="font-size:20px;margin:0">{{.Title}}</h1>
<p style="color:#55555f;margin-top:4px">{{.Span}}{{if .Whom}}; only <bdi>{{.Whom}}</bdi>{{end}}</p>
<table style="border-collapse:collapse">{{range .Figures}}<tr><td style="padding:3px 12px 3px 0;text-align:right;font-weight:bold;vertical-align:top">{{value .}}</td><td style="padding:3px 0">{{.Label}}<br><span style="color:#55555f;font-size:13px">{{.Says}}</span></td></tr>{{end}}</table>
{{if .Coverage.Gaps}}<h2 style="font-size:16px">What these figures do not know</h2>{{range .Coverage.Gaps}}<p style="margin:4px 0">{{.Text}}</p>{{end}}{{end}}
{{if .Link}}<p><a href="{{.Link}}">Open the report</a></p>{{end}}
<p style="border-top:1px solid #c9c9d0;padding-top:10px;color:#55555f">{{.Foot}}</p>
</body></html>
`))
