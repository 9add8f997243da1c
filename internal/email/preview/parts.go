package preview

import (
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"

	"tocsin/internal/email"
)

// anchor writes an inert stand-in for a link: its content, underlined, with the address as its tip and a number behind it.
func (r *renderer) anchor(tag string, attr attributes) {
	href := attr["href"]
	if href == "" {
		href = attr["xlink:href"]
	}
	n := r.link(href)
	if tag == "area" {
		if n > 0 {
			r.place(box("area of a picture: "+clip(attr["alt"], 80)) + badge(n))
		}
		return
	}
	if n > 0 {
		attr[ownClass] = "tocsin-link"
		attr[ownTitle] = clip(r.p.Links[n-1].Defanged, 300)
	}
	r.push("a", "span", attr, n)
}

func (r *renderer) frame(attr attributes) {
	r.p.Removed.Frames++
	if attr["srcdoc"] != "" && attr["src"] == "" {
		r.place(box("frame with a document of its own, not shown"))
		return
	}
	r.place(box("frame, not loaded: " + r.tell(attr["src"])))
	if n := r.link(attr["src"]); n > 0 {
		r.place(badge(n))
	}
}

func (r *renderer) object(tag string, attr attributes) {
	r.p.Removed.Objects++
	src := attr["src"]
	for _, name := range [...]string{"data", "code", "archive"} {
		if src == "" {
			src = attr[name]
		}
	}
	r.place(box(tag + ", not loaded: " + r.tell(src)))
}

// tell is an address as it may be shown, shortened.
func (r *renderer) tell(u string) string {
	if u = clean(u); u == "" {
		return "no address"
	}
	return clip(email.Defang(r.resolve(u)), 120)
}

// headElement counts elements of a document's head; none of them is kept.
func (r *renderer) headElement(tag string, attr attributes) {
	switch {
	case tag == "meta" && strings.EqualFold(strings.TrimSpace(attr["http-equiv"]), "refresh"):
		r.redirect(attr["content"])
	case tag == "link" && attr["href"] != "":
		r.p.Removed.RemoteStyles++
	case tag == "base" && r.base == nil:
		if u, err := url.Parse(clean(attr["href"])); err == nil && u.IsAbs() && u.Host != "" {
			r.base = u
		}
	case tag == "source" && attr["srcset"] != "":
		r.p.Removed.RemoteImages++
	case tag == "bgsound" || tag == "source" || tag == "track":
		r.p.Removed.Objects++
	}
}

// redirect shows where a meta refresh leads: "5; url='https://...'".
func (r *renderer) redirect(content string) {
	r.p.Removed.Redirects++
	to := ""
	if at := strings.IndexAny(content, ";,"); at >= 0 {
		to = strings.TrimSpace(content[at+1:])
		if name, value, ok := strings.Cut(to, "="); ok && strings.EqualFold(strings.TrimSpace(name), "url") {
			to = strings.TrimSpace(value)
		}
		to = strings.Trim(to, `"'`)
	}
	r.place(box("redirect to: " + r.tell(to)))
	if n := r.link(to); n > 0 {
		r.place(badge(n))
	}
}

func (r *renderer) formStart(attr attributes) {
	r.p.Removed.Forms++
	r.push("form", "div", attr, 0)
	r.place(box("form, sends to: " + r.tell(attr["action"])))
	if n := r.link(attr["action"]); n > 0 {
		r.place(badge(n))
	}
}

// field shows a form's field as a box that says what it asked for.
func (r *renderer) field(tag string, attr attributes) (raw string) {
	if tag != "option" {
		r.p.Removed.Fields++
	}
	switch tag {
	case "input":
		r.input(attr)
	case "textarea":
		r.place(box("text field: " + clip(attr["placeholder"], 120)))
		return "textarea"
	case "select":
		r.place(box("choice: " + clip(attr["name"], 60)))
		r.push(tag, "span", nil, 0)
	case "option":
		r.place(" ")
		r.plain.text(" ")
	case "button":
		n := r.link(attr["formaction"])
		r.push(tag, "span", attributes{ownClass: "tocsin-box"}, n)
	}
	return ""
}

func (r *renderer) input(attr attributes) {
	kind, what := strings.ToLower(strings.TrimSpace(attr["type"])), "field"
	label := attr["placeholder"]
	if label == "" {
		label = attr["value"]
	}
	switch kind {
	case "hidden":
		return
	case "image":
		r.p.Removed.RemoteImages++
		what, label = "picture button", attr["alt"]
	case "submit", "button", "reset":
		what = "button"
	case "checkbox", "radio":
		what, label = kind, ""
	case "":
		what = "text field"
	default:
		what = clip(kind, 20) + " field"
	}
	if label = clip(label, 120); label != "" {
		r.plain.text(" [" + label + "] ")
		what += ": " + label
	}
	r.place(box(what))
	if n := r.link(attr["formaction"]); n > 0 {
		r.place(badge(n))
	}
}

// image shows a picture that came with the message, and a box for any other.
func (r *renderer) image(attr attributes) {
	src := clean(attr["src"])
	low := strings.ToLower(src[:min(len(src), 16)])
	alt := clip(strings.TrimSpace(attr["alt"]), 200)
	if alt != "" {
		r.plain.text("[" + alt + "]")
		r.label("[" + alt + "]")
	}
	if attr["srcset"] != "" && low != "" {
		r.p.Removed.RemoteImages++
	}
	switch {
	case strings.HasPrefix(low, "cid:"), strings.HasPrefix(low, "data:"):
		data, why := r.inline(attr["src"])
		if why != "" {
			r.p.Removed.InlineImages++
			r.place(sized(strings.TrimSpace("inline picture not shown ("+why+") "+alt), attr))
			return
		}
		r.place("<img" + r.kept("img", attr) + ` src="` + data + `">`)
	case src == "" && attr["srcset"] == "":
		if alt != "" {
			r.place(box(alt))
		}
	default:
		r.p.Removed.RemoteImages++
		if isTracker(attr) {
			r.p.Removed.Trackers++
			return
		}
		r.place(sized(strings.TrimSpace("remote image not loaded "+alt), attr))
	}
}

func isTracker(attr attributes) bool {
	w, wok := pixels(attr, "width")
	h, hok := pixels(attr, "height")
	return wok && hok && w <= 3 && h <= 3
}

// pixels reads a size from the attribute or the style.
func pixels(attr attributes, name string) (int, bool) {
	v := strings.TrimSuffix(strings.ToLower(strings.TrimSpace(attr[name])), "px")
	if n, err := strconv.Atoi(v); err == nil {
		return n, true
	}
	for decl := range strings.SplitSeq(attr["style"][:min(len(attr["style"]), 2000)], ";") {
		k, v, _ := strings.Cut(decl, ":")
		if strings.EqualFold(strings.TrimSpace(k), name) {
			v, _, _ = strings.Cut(strings.TrimSpace(v), "!")
			n, err := strconv.Atoi(strings.TrimSuffix(strings.ToLower(strings.TrimSpace(v)), "px"))
			return n, err == nil
		}
	}
	return 0, false
}

// sized is a box of the picture's size when that is sane. The size is important because our sheet resets everything else of a box.
func sized(text string, attr attributes) string {
	var style strings.Builder
	for _, side := range [...]string{"width", "height"} {
		if n, ok := pixels(attr, side); ok && n >= 16 && n <= 1200 {
			fmt.Fprintf(&style, "%s:%dpx!important;", side, n)
		}
	}
	if style.Len() == 0 {
		return box(text)
	}
	text = html.EscapeString(text)
	return `<span class="tocsin-box" style="` + strings.TrimSuffix(style.String(), ";") + `" title="` + text + `">` + text + `</span>`
}

// clip shortens s for a label and keeps it on one line, with invisible characters written out.
func clip(s string, n int) string {
	s = visibleLine(s)
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
