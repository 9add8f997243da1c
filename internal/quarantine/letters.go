package quarantine

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Item is a line of a digest.
type Item struct {
	Sender   string // address, and name when there is one; hostile
	Subject  string // hostile
	Since    time.Time
	Expires  time.Time
	Why      string // "Phish", "Spam"
	Link     string // asks for release; "" when it may not be asked for
	Priority bool
}

// Digest is what one person is told.
type Digest struct {
	Organisation string
	Day          time.Time
	Zone         *time.Location
	Items        []Item // oldest first
	More         int    // further ones that are not listed
	Malware      int    // held and never offered
}

// Letter is a text in both forms that mail has.
type Letter struct{ Subject, Text, HTML string }

const (
	maxShown   = 150 // characters of a sender or a subject
	timeLayout = "2 January 2006, 15:04"
)

// Inert makes a stranger's text harmless in mail: no mail program makes a link of it, no control character or change of direction moves
// other text, and it is short.
func Inert(s string) string {
	var runes []rune
	for _, r := range s { // first away with what nobody sees: it hides a host name from the second pass, and from no mail program
		switch {
		case len(runes) > maxShown:
		case unicode.IsSpace(r):
			runes = append(runes, ' ')
		case unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Co, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) || r == utf8.RuneError:
		default:
			runes = append(runes, r)
		}
	}
	var b strings.Builder
	for i, r := range runes {
		last := i+1 == len(runes)
		switch {
		case i == maxShown:
			b.WriteString("…")
		case isDot(r) && !last && !unicode.IsSpace(runes[i+1]) && i > 0 && !unicode.IsSpace(runes[i-1]):
			b.WriteString("[.]") // example.com, also behind a name
		case (r == ':' || r == '：') && !last && !unicode.IsSpace(runes[i+1]):
			b.WriteString("[:]") // https://, mailto:
		default:
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String())
}

// isDot: browsers take the others for full stops in host names (UTS #46, section 4).
func isDot(r rune) bool { return r == '.' || r == '。' || r == '．' || r == '｡' }

// Compose writes a digest.
func (d *Digest) Compose() (Letter, error) {
	n := len(d.Items) + d.More + d.Malware
	what := fmt.Sprintf("%d messages", n)
	if n == 1 {
		what = "1 message"
	}
	view := digestView{Organisation: d.Organisation, What: what, More: d.More, Malware: d.Malware}
	for _, i := range d.Items {
		view.Items = append(view.Items, itemView{
			Sender: orElse(Inert(i.Sender), "(no sender)"), Subject: orElse(Inert(i.Subject), "(no subject)"), Why: i.Why,
			Since: i.Since.In(d.Zone).Format(timeLayout), Expires: i.Expires.In(d.Zone).Format("2 January 2006"), Link: template.URL(i.Link), //nolint:gosec // made by this installation
		})
	}
	return compose(fmt.Sprintf("%s held for you at %s", what, d.Organisation), digestText(&view), digestPage, &view)
}

type digestView struct {
	Organisation, What string
	Items              []itemView
	More, Malware      int
}

type itemView struct {
	Sender, Subject, Why, Since, Expires string
	Link                                 template.URL
}

const digestEnd = "You need not do anything: what nobody asks for is deleted by itself. This mail asks for no password and has no attachment."

func digestText(v *digestView) string {
	var b strings.Builder
	fmt.Fprintf(&b, "The mail protection of %s has held %s that were sent to you, because they look unwanted or harmful.\n", v.Organisation, v.What)
	b.WriteString("If you expected one of them, ask for it. A person of your security team looks at it and answers you.\n")
	for _, i := range v.Items {
		fmt.Fprintf(&b, "\n%s\n  from %s\n  held %s as %s, kept until %s\n", i.Subject, i.Sender, i.Since, i.Why, i.Expires)
		if i.Link != "" {
			fmt.Fprintf(&b, "  ask for it: %s\n", i.Link)
		}
	}
	if v.More > 0 {
		fmt.Fprintf(&b, "\nAnd %d more that are not listed here. Ask your security team about them.\n", v.More)
	}
	if v.Malware > 0 {
		fmt.Fprintf(&b, "\n%d with malware are not listed and cannot be asked for.\n", v.Malware)
	}
	b.WriteString("\n" + digestEnd + "\n")
	return b.String()
}

var digestPage = template.Must(template.New("digest").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Held mail</title></head>
<body style="font-family:sans-serif;font-size:15px;line-height:1.45;color:#1b1b1f;max-width:44em">
<p>The mail protection of {{.Organisation}} has held {{.What}} that were sent to you, because they look unwanted or harmful.</p>
<p>If you expected one of them, ask for it. A person of your security team looks at it and answers you.</p>
{{range .Items}}<div style="border-top:1px solid #c9c9d0;padding:10px 0"><div><b><bdi>{{.Subject}}</bdi></b></div>
<div>from <bdi>{{.Sender}}</bdi></div>
<div style="color:#55555f">held {{.Since}} as {{.Why}}, kept until {{.Expires}}</div>
{{if .Link}}<div style="padding-top:6px"><a href="{{.Link}}">Ask for this message</a></div>{{end}}</div>
{{end}}{{if .More}}<p>And {{.More}} more that are not listed here. Ask your security team about them.</p>{{end}}
{{if .Malware}}<p>{{.Malware}} with malware are not listed and cannot be asked for.</p>{{end}}
<p style="border-top:1px solid #c9c9d0;padding-top:10px;color:#55555f">` + digestEnd + `</p>
</body></html>
`))

// Answer writes what a person is told who asked for a message.
func Answer(organisation string, r Request, sender, subject string) (Letter, error) {
	v := answerView{Organisation: organisation, Sender: orElse(Inert(sender), "(no sender)"), Subject: orElse(Inert(subject), "(no subject)")}
	switch r.State {
	case Released:
		v.Say = "It is in your inbox now, with the time at which it was sent to you. Be careful with it all the same: answer and open links only when you are sure who wrote it."
	case Refused:
		v.Say, v.Reason = "It stays held.", r.Reason
	default:
		v.Say = "It is not there any more: it was deleted, or held too long. Ask its sender to send it again if you need it."
	}
	text := fmt.Sprintf("You asked for a message that the mail protection of %s holds for you:\n\n%s\n  from %s\n\n%s\n", v.Organisation, v.Subject, v.Sender, v.Say)
	if v.Reason != "" {
		text += "Your security team says: " + v.Reason + "\n"
	}
	subjects := map[State]string{Released: "Released: the message you asked for", Refused: "Not released: the message you asked for"}
	return compose(orElse(subjects[r.State], "Gone: the message you asked for"), text, answerPage, &v)
}

type answerView struct{ Organisation, Sender, Subject, Say, Reason string }

var answerPage = template.Must(template.New("answer").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Answer</title></head>
<body style="font-family:sans-serif;font-size:15px;line-height:1.45;color:#1b1b1f;max-width:44em">
<p>You asked for a message that the mail protection of {{.Organisation}} holds for you:</p>
<p><b><bdi>{{.Subject}}</bdi></b><br>from <bdi>{{.Sender}}</bdi></p>
<p>{{.Say}}</p>
{{if .Reason}}<p>Your security team says: {{.Reason}}</p>{{end}}
</body></html>
`))

func compose(subject, text string, page *template.Template, view any) (Letter, error) {
	var b bytes.Buffer
	if err := page.Execute(&b, view); err != nil {
		return Letter{}, fmt.Errorf("letter: %w", err)
	}
	return Letter{strings.ToValidUTF8(subject, ""), strings.ToValidUTF8(text, ""), strings.ToValidUTF8(b.String(), "")}, nil
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
