package preview

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"tocsin/internal/email"

	nethtml "golang.org/x/net/html"
)

// checkPreview fails when a Preview breaks what every one must hold, whatever the message. It reads the document with an HTML parser,
// as a browser would, and knows nothing of how it was written.
func checkPreview(t testing.TB, p Preview, o Options) {
	t.Helper()
	if o.MaxBytes <= 0 || o.MaxBytes > defaultMax {
		o.MaxBytes = defaultMax
	}
	if o.MaxBytes = max(o.MaxBytes, leastMax); len(p.HTML) > o.MaxBytes {
		t.Errorf("the document has %d octets, more than %d", len(p.HTML), o.MaxBytes)
	}
	if !utf8.ValidString(p.HTML) || !utf8.ValidString(p.Plain) {
		t.Error("not valid UTF-8")
	}
	if strings.ContainsRune(p.HTML, 0) {
		t.Error("the document holds a NUL")
	}
	if len(p.Plain) > maxPlain+1024 {
		t.Errorf("the plain text has %d octets", len(p.Plain))
	}
	if i := strings.IndexFunc(p.Plain, isInvisible); i >= 0 {
		t.Errorf("the plain text holds an invisible character: %q", p.Plain[max(0, i-10):min(len(p.Plain), i+10)])
	}
	for i, l := range p.Links {
		if l.N != i+1 || l.URL == "" || l.Target == "" || l.Defanged == "" || len(l.Text) > maxLabel+len("…") {
			t.Errorf("link %d is wrong: %+v", i+1, l)
		}
	}
	if !strings.HasPrefix(p.HTML, frameHead) || !strings.HasSuffix(p.HTML, frameTail) {
		t.Error("the frame around the message is not whole")
	}
	checkDocument(t, p.HTML)
}

// ownMetas are the only meta elements of a document.
var ownMetas = strings.Count(frameHead, "<meta ")

func checkDocument(t testing.TB, doc string) {
	t.Helper()
	root, err := nethtml.Parse(strings.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	metas, sheets := 0, 0
	var body *nethtml.Node
	for n := range root.Descendants() {
		if n.Type == nethtml.CommentNode {
			t.Errorf("a comment: %q", n.Data)
		}
		if n.Type != nethtml.ElementNode {
			continue
		}
		if n.Namespace != "" {
			t.Errorf("a foreign element %s:%s", n.Namespace, n.Data)
		}
		switch n.Data {
		case "html", "head", "title":
		case "meta":
			metas++
		case "style":
			sheets++
			if n.Parent.Data != "head" || n.FirstChild != nil && n.FirstChild.NextSibling != nil {
				t.Error("a style element outside of the head")
			}
		case "body":
			body = n
		default:
			checkElement(t, n)
		}
	}
	if metas != ownMetas {
		t.Errorf("%d meta elements, want %d", metas, ownMetas)
	}
	if sheets != 3 {
		t.Errorf("%d style elements, want 3", sheets)
	}
	css := doc[strings.Index(doc, "</style><style>")+len("</style><style>"):]
	checkSheet(t, css[:strings.Index(css, "</style>")])
	if body == nil || body.FirstChild == nil || body.FirstChild != body.LastChild || class(body.FirstChild) != "tocsin-mail" {
		t.Fatal("something stands beside the message's own element")
	}
	mail := body.FirstChild
	for n := mail.FirstChild; n != nil; n = n.NextSibling {
		if first := n == mail.FirstChild; first != strings.Contains(" "+class(n)+" ", " tocsin-body ") || !first && class(n) != "tocsin-note" {
			t.Fatalf("<%s class=%q> got out of the message", n.Data, class(n))
		}
	}
	checkTree(t, doc[strings.Index(doc, "<body>"):], body)
}

func class(n *nethtml.Node) string { return attributeOf(n, "class") }

func attributeOf(n *nethtml.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

var (
	allowedTag = regexp.MustCompile(`^(?:table|thead|tbody|tfoot|tr|td|th|caption|colgroup|col|div|p|span|center|blockquote|pre|h[1-6]|ul|ol|li|dl|dt|dd|` +
		`b|strong|i|em|u|s|strike|big|small|code|tt|font|del|ins|sub|sup|br|hr|wbr|img)$`)
	allowedKey = regexp.MustCompile(`^(?:class|id|style|title|dir|lang|hidden|width|height|align|valign|bgcolor|border|bordercolor|cellpadding|cellspacing|` +
		`colspan|rowspan|nowrap|size|color|face|noshade|clear|alt|hspace|vspace|start|type|value|span|src)$`)
	picture = regexp.MustCompile(`^data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+=*$`)
	// never is what no style may hold, however it is written.
	never = regexp.MustCompile(`(?i)(?:url|expression|image|image-set|cross-fade|element|src|paint|var|attr|env|counters?)\s*\(|[@\\<&]|/\*|javascript:|` +
		`(?:^|[;{])\s*(?:position|z-index|top|left|right|bottom|inset|transform|translate|scale|rotate|animation|transition|content|behavio|-|filter|` +
		`backdrop|clip|mask|cursor|outline|counter|quotes|unicode|zoom)[a-z-]*\s*:`)
	ours    = regexp.MustCompile(`^(?:(?:width|height):\d{2,4}px!important;?)+$`)
	negated = regexp.MustCompile(`(?:margin|padding)[a-z-]*:(?:[^;]*[ (,])?-\.?[0-9]`)
)

func checkElement(t testing.TB, n *nethtml.Node) {
	t.Helper()
	if !allowedTag.MatchString(n.Data) {
		t.Errorf("element <%s>", n.Data)
	}
	for _, a := range n.Attr {
		switch {
		case strings.HasPrefix(a.Key, "on"), !allowedKey.MatchString(a.Key), a.Namespace != "":
			t.Errorf("attribute %s=%q on <%s>", a.Key, a.Val, n.Data)
		case a.Key == "src" && (n.Data != "img" || !picture.MatchString(a.Val)):
			t.Errorf("src=%q on <%s>", a.Val[:min(len(a.Val), 60)], n.Data)
		case a.Key == "style" && (never.MatchString(a.Val) || negated.MatchString(a.Val)),
			a.Key == "style" && strings.Contains(a.Val, "!") && !(class(n) == "tocsin-box" && ours.MatchString(a.Val)):
			t.Errorf("style %q", a.Val)
		case a.Key == "id" && !strings.HasPrefix(a.Val, idPrefix):
			t.Errorf("id %q", a.Val)
		case a.Key == "class":
			for name := range strings.FieldsSeq(a.Val) {
				if isOurs(name) && !slices.Contains([]string{"tocsin-mail", "tocsin-body", "tocsin-text", "tocsin-link", "tocsin-n", "tocsin-box", "tocsin-control", "tocsin-note"}, name) {
					t.Errorf("class %q", a.Val)
				}
			}
		case a.Key == "title" && strings.ContainsFunc(a.Val, isInvisible):
			t.Errorf("invisible characters in a title: %q", a.Val)
		}
	}
}

var (
	ownWords  = strings.NewReplacer("div:where(:not(.tocsin-body))", "", "div:where(.tocsin-body)", "", "span:where(:not(.tocsin-link))", "", "span:where(.tocsin-link)", "")
	condition = regexp.MustCompile(`^@media (?:(?:only|screen|all|and|\((?:min|max)-width:[0-9.]+(?:px|r?em)?\))[ ,]?)+$`)
)

// checkSheet reads the rules that came from the message. They are written without comments, escapes or braces in strings, so a few cuts
// are enough to see their parts.
func checkSheet(t testing.TB, css string) {
	t.Helper()
	if strings.Count(css, "{") != strings.Count(css, "}") {
		t.Error("braces do not match")
	}
	for block := range strings.SplitAfterSeq(css, "}") {
		head, decls, ok := strings.Cut(strings.TrimLeft(block, "}"), "{")
		if strings.HasPrefix(head, "@") {
			if !condition.MatchString(head) {
				t.Errorf("at-rule %q", head)
			}
			head, decls, ok = strings.Cut(decls, "{")
		}
		for ok && strings.HasPrefix(head, "@") {
			head, decls, ok = strings.Cut(decls, "{")
		}
		if !ok {
			if head != "" {
				t.Errorf("text outside of a rule: %q", block)
			}
			continue
		}
		for sel := range strings.SplitSeq(head, ",") {
			rest, ok := strings.CutPrefix(sel, ".tocsin-mail ")
			if !ok || strings.Contains(ownWords.Replace(rest), "tocsin") || strings.Contains(rest, "::") {
				t.Errorf("selector %q", sel)
			}
		}
		if decls = strings.TrimSuffix(decls, "}"); never.MatchString(decls) || negated.MatchString(decls) {
			t.Errorf("declarations %q", decls)
		}
	}
}

type place struct {
	tag   string
	depth int
}

// checkTree compares the tags as they stand in the text with the tree that the parser made of them. They are the same only when the
// parser had nothing to mend: that is what keeps two readers of the document from seeing two documents.
func checkTree(t testing.TB, text string, body *nethtml.Node) {
	t.Helper()
	var written, parsed []place
	var open []string
	z := nethtml.NewTokenizer(strings.NewReader(text))
	for kind := z.Next(); kind != nethtml.ErrorToken; kind = z.Next() {
		name, _ := z.TagName()
		tag := string(name)
		switch kind {
		case nethtml.StartTagToken:
			written = append(written, place{tag, len(open)})
			if !slices.Contains(voidElements[:], tag) {
				open = append(open, tag)
			}
		case nethtml.EndTagToken:
			if tag == "html" {
				continue
			}
			if len(open) == 0 || open[len(open)-1] != tag {
				t.Fatalf("</%s> closes %v", tag, open)
			}
			open = open[:len(open)-1]
		}
	}
	if len(written) > maxElements+maxDepth {
		t.Errorf("%d elements", len(written))
	}
	var walk func(n *nethtml.Node, depth int)
	walk = func(n *nethtml.Node, depth int) {
		if n.Type == nethtml.ElementNode {
			if len(n.Attr) == 0 && (n.Data == "colgroup" || n.Data == "tbody" && (len(parsed) >= len(written) || written[len(parsed)].tag != "tbody")) {
				depth-- // the parser puts these in
			} else {
				parsed = append(parsed, place{n.Data, depth})
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c, depth+1)
		}
	}
	walk(body, 0)
	if !reflect.DeepEqual(written, parsed) {
		for i := range written {
			if i >= len(parsed) || written[i] != parsed[i] {
				t.Fatalf("the parser mended the document at tag %d: %v was written, then %v; read was %v", i, written[max(0, i-3):i],
					written[i], parsed[min(i, len(parsed)):min(i+1, len(parsed))])
			}
		}
		t.Fatalf("the parser read %d elements, %d were written", len(parsed), len(written))
	}
}

// checkSecondFilter fails when the second filter took anything out: it is there for mistakes of the writer, and this finds them.
func checkSecondFilter(t testing.TB, m *email.Message, o Options) {
	t.Helper()
	o.MaxBytes, o.MaxImage = defaultMax, defaultImage
	before := newRenderer(m, o, defaultMax/2).body()
	after := policy().Sanitize(before)
	x, y := nethtml.NewTokenizer(strings.NewReader(before)), nethtml.NewTokenizer(strings.NewReader(after))
	for {
		kind := x.Next()
		if y.Next() != kind {
			t.Fatalf("the second filter changed %q", x.Raw())
		}
		if kind == nethtml.ErrorToken {
			return
		}
		if a, b := x.Token(), y.Token(); !reflect.DeepEqual(a, b) {
			t.Fatalf("the second filter made %v of %v", b, a)
		}
	}
}
