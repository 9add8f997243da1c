// Package preview makes a message safe to look at.
//
// Mail is written by people who want the reader's browser to do something: load a picture that counts them, run a script, post a form,
// draw over the warning above it. An analyst has to see such mail as its reader would, and nothing may happen. Render therefore
// makes a new document out of the message instead of repairing the old one: it copies only elements, attributes and style
// declarations from short allow lists, turns links into numbered text, puts boxes where pictures, forms and frames stood, and counts
// what it left out. What it wrote goes through bluemonday as a second, independent filter. The result is meant for
// <iframe sandbox=""> and carries its own Content-Security-Policy, so that three walls stand between the mail and the analyst.
package preview

import (
	"fmt"
	"html"
	"net/url"
	"strings"

	"tocsin/internal/email"
)

// Options say how to render. Zero fields mean the default.
type Options struct {
	Text     bool // show the plain text part even when there is HTML
	MaxBytes int  // of the document; default and most 2 MiB, at least 64 KiB
	MaxImage int  // octets of one inline picture; default 512 KiB
}

// Preview is one rendered message.
type Preview struct {
	HTML      string  // a complete document, inert; UTF-8, at most Options.MaxBytes octets
	Plain     string  // all text, hidden text too, with control and invisible characters written as "[U+200B]"
	Links     []Link  // in order of appearance, those behind a cut too; N is the number in the document
	Removed   Removed // what is not in HTML any more
	FromText  bool    // made from the text part
	Truncated bool    // the message was longer than MaxBytes, or had too many elements; the document says so at its end
}

// Link is one address that the message wanted followed.
type Link struct {
	N        int
	URL      string // as written, white space inside removed
	Target   string // where it leads once known rewriters are undone; equals URL when not rewritten
	Defanged string // Target, safe to copy
	Text     string // what the reader saw on it; "" for a bare address
	Domain   string // host of Target, "" when unreadable
}

// Removed counts what was taken out.
type Removed struct {
	Scripts       int // script elements and script addresses
	EventHandlers int // on... attributes
	Forms         int // form elements, shown as boxes
	Fields        int // fields, shown as boxes
	Frames        int // iframe, frame
	Objects       int // object, embed, applet, audio, video, svg, canvas
	RemoteImages  int // pictures that would have been loaded, trackers included
	Trackers      int // of these, no larger than 3 by 3
	InlineImages  int // cid: and data: pictures that were not shown: missing, not a picture, too large
	RemoteStyles  int // style sheets, fonts and backgrounds that would have been loaded
	Styles        int // style declarations that are not allowed
	Redirects     int // meta refresh
	Controls      int // control and direction characters, shown as marks
}

const (
	defaultMax   = 2 << 20
	leastMax     = 64 << 10
	defaultImage = 512 << 10
	maxSource    = 16 << 20 // octets of HTML that are read at all
	maxLinks     = 2000
	maxLabel     = 300    // octets of a link's text
	maxElements  = 25_000 // of one document: large newsletters have a tenth; a browser takes seconds for many more
	maxDepth     = 200    // open elements; deeper ones keep their text only
	maxAgain     = 8      // format elements opened again after a block; HTML has a like limit for the same reason
)

// Render makes the preview. It never fails; a message without anything to show yields a document that says so.
func Render(m *email.Message, o Options) Preview {
	if o.MaxBytes <= 0 || o.MaxBytes > defaultMax {
		o.MaxBytes = defaultMax
	}
	o.MaxBytes = max(o.MaxBytes, leastMax)
	if o.MaxImage <= 0 {
		o.MaxImage = defaultImage
	}
	// What the writer does last, and what the second filter writes longer than it was, takes a little more than the limit. Should it
	// ever take more than there is room for, a shorter document is better than one that was cut.
	room := o.MaxBytes - len(frameHead) - len(frameDefaults) - len(frameStyle) - len(frameBody) - len(frameTail) - len(noteLonger) - 64
	for limit := room * 7 / 8; ; limit /= 2 {
		r := newRenderer(m, o, limit)
		body := policy().Sanitize(r.body())
		if len(body)+r.css.Len() > room {
			if limit > 0 {
				continue
			}
			body = ""
			r.css.Reset()
		}
		if r.p.Truncated {
			body += noteLonger
		}
		r.p.HTML = frameHead + "<style>" + frameDefaults + "</style><style>" + r.css.String() + "</style><style>" + frameStyle + "</style>" +
			frameBody + body + frameTail
		r.p.Plain = r.plain.String()
		return r.p
	}
}

// body writes the element that stands for the message's body.
func (r *renderer) body() string {
	switch m := r.m; {
	case m.HTML != "" && !r.o.Text:
		r.html(m.HTML)
	case m.Text != "" || m.Visible != "":
		text := m.Text
		if text == "" {
			text = m.Visible
		}
		r.p.FromText = true
		r.text(text)
	default:
		r.out.WriteString(`<div class="tocsin-note">This message has no text.</div>`)
	}
	r.closeTo(0)
	return "<div" + r.bodyAttributes() + ">" + r.out.String() + "</div>"
}

const frameHead = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">` +
	`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">` +
	`<meta name="referrer" content="no-referrer"><meta name="color-scheme" content="only light">` +
	`<meta name="viewport" content="width=device-width"><title>Message preview</title>`

// frameDefaults come first: the message may look otherwise.
const frameDefaults = `.tocsin-mail{color:#000;font:14px/1.4 Arial,Helvetica,sans-serif}.tocsin-body{padding:8px}.tocsin-link{color:#0b57d0}`

// frameStyle is what the message may not change. It stands in a cascade layer because there, and only there, an important rule wins
// over important ones that come later and are more specific; on the elements themselves no importance is kept. Our marks lie above
// all else, so that nothing of the message can be drawn over them.
const frameStyle = `@layer tocsin{html,body{background:#fff!important;margin:0!important;padding:0!important}` +
	`.tocsin-mail{display:block!important;background:#fff!important;overflow-wrap:anywhere;unicode-bidi:isolate!important;contain:paint!important;` +
	`overflow:auto!important}` +
	`.tocsin-body{display:flow-root!important;visibility:visible!important;opacity:1!important;height:auto!important;min-height:100vh!important;max-height:none!important;` +
	`box-sizing:border-box!important;overflow:visible!important}` +
	`.tocsin-text{white-space:pre-wrap!important;font-family:ui-monospace,Consolas,monospace!important}` +
	`.tocsin-link{text-decoration:underline!important;cursor:help!important}` +
	`.tocsin-box *{color:inherit!important;background:none!important}` +
	`.tocsin-n,.tocsin-box,.tocsin-control,.tocsin-note{all:initial!important;display:inline-block!important;font:12px/1.3 Arial,sans-serif!important;` +
	`color:#242424!important;background:#f5f5f5!important;unicode-bidi:isolate!important;position:relative!important;z-index:2147483647!important}` +
	`.tocsin-n{font-size:10px!important;padding:0 2px!important;border:1px solid #707070!important;border-radius:3px!important;vertical-align:super!important}` +
	`.tocsin-box{border:1px dashed #707070!important;padding:2px 4px!important;margin:1px!important;box-sizing:border-box!important;overflow:hidden!important;max-width:100%!important}` +
	`.tocsin-control{color:#a4262c!important;border:1px solid #a4262c!important;font-size:10px!important}` +
	`.tocsin-note{display:block!important;padding:8px!important;margin:8px!important;border:1px solid #707070!important}}`

const (
	frameBody  = `</head><body><div class="tocsin-mail" dir="auto">`
	frameTail  = `</div></body></html>`
	noteLonger = `<div class="tocsin-note">The message goes on. It is longer than a preview may be.</div>`
)

// link notes an address and returns its number; a repeated one keeps its number.
func (r *renderer) link(raw string) int {
	u := clean(raw)
	if u == "" || u[0] == '#' {
		return 0
	}
	u = r.resolve(u)
	if n, ok := r.numbers[u]; ok {
		return n
	}
	if len(r.p.Links) >= maxLinks {
		return 0
	}
	if isScript(u) {
		r.p.Removed.Scripts++
	}
	n := len(r.p.Links) + 1
	r.numbers[u] = n
	target := email.Unwrap(u)
	r.p.Links = append(r.p.Links, Link{N: n, URL: u, Target: target, Defanged: email.Defang(target), Domain: email.HostOf(target)})
	return n
}

// resolve makes a relative address absolute when the document names a base: "login.html" leads somewhere then.
func (r *renderer) resolve(u string) string {
	if r.base == nil {
		return u
	}
	rel, err := url.Parse(u)
	if err != nil || rel.IsAbs() {
		return u
	}
	return r.base.ResolveReference(rel).String()
}

// clean takes out what browsers ignore in an address and cuts what is too long to read.
func clean(s string) string {
	s = strings.Map(func(c rune) rune {
		if c == '\t' || c == '\n' || c == '\r' {
			return -1
		}
		return c
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.TrimFunc(s, func(c rune) bool { return c <= ' ' || c == 0xA0 })
	const most = 8 << 10
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

func isScript(u string) bool {
	low := strings.ToLower(u[:min(len(u), 16)])
	return strings.HasPrefix(low, "javascript:") || strings.HasPrefix(low, "vbscript:") || strings.HasPrefix(low, "livescript:")
}

// badge is the number behind a link.
func badge(n int) string {
	return fmt.Sprintf(`<sup class="tocsin-n">[%d]</sup>`, n)
}

// box is what stands where something was taken out.
func box(text string) string {
	return `<span class="tocsin-box">` + html.EscapeString(text) + `</span>`
}
