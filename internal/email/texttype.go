package email

import (
	"bytes"
	"strings"
)

const textSample = 64 << 10 // octets of a text file that are looked at

// textKind tells the kinds of text apart that someone can be attacked with. Where the content alone does not say (a script
// without telling words), the extension does, as it does for Windows.
func textKind(content []byte, ext, declared string) string {
	sample, ok := plainSample(content)
	if !ok {
		return derKind(content, ext, declared)
	}
	low := strings.ToLower(sample)
	start := strings.TrimLeft(low, " \t\r\n\f\ufeff")
	if k := calendarOrMail(start, low, ext); k != "" {
		return k
	}
	if k := markupKind(start, low, ext); k != "" {
		return k
	}
	if k := scriptKind(start, low, ext); k != "" {
		return k
	}
	switch ext {
	case "js", "jse", "vbs", "vbe", "ps1", "bat", "cmd", "wsf", "sct", "hta", "reg", "inf", "scf", "url", "iqy", "slk", "rdp", "html", "svg", "xhtml", "xml", "sh", "py", "pl", "php", "applescript", "desktop":
		return ext
	case "htm", "shtml", "xht":
		return "html"
	case "mjs":
		return "js"
	case "psm1", "psd1":
		return "ps1"
	case "p7s", "p7m":
		if strings.HasPrefix(start, "mii") {
			return ext
		}
	case "smime":
		return "p7m"
	}
	if strings.HasPrefix(declared, "text/html") && strings.Contains(low, "<") {
		return "html"
	}
	return ""
}

// derKind recognises S/MIME: a DER sequence with the signed or enveloped data identifier (RFC 5652), or what the sender says it is.
func derKind(content []byte, ext, declared string) string {
	if len(content) < 20 || content[0] != 0x30 {
		return ""
	}
	pkcs7 := bytes.Contains(content[:20], []byte("\x2A\x86\x48\x86\xF7\x0D\x01\x07"))
	switch {
	case !pkcs7:
		return ""
	case ext == "mobileconfig" || bytes.Contains(content[:min(len(content), textSample)], []byte("PayloadContent")):
		return "mobileconfig" // a signed profile: one tap installs mail, VPN or certificates on an iPhone
	case ext == "p7s" || strings.Contains(declared, "signature"):
		return "p7s"
	}
	return "p7m"
}

// plainSample is the beginning of content as text; false when it is not text. UTF-16 with a byte order mark is brought to ASCII.
func plainSample(content []byte) (string, bool) {
	b := content[:min(len(content), textSample)]
	if len(b) >= 2 && (b[0] == 0xFF && b[1] == 0xFE || b[0] == 0xFE && b[1] == 0xFF) {
		even := 0
		if b[0] == 0xFE {
			even = 1
		}
		out := make([]byte, 0, len(b)/2)
		for i := 2; i+1 < len(b); i += 2 {
			if b[i+1-even] == 0 {
				out = append(out, b[i+even])
			} else {
				out = append(out, '?')
			}
		}
		return string(out), true
	}
	odd := 0
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1B {
			odd++
		}
	}
	// A few stray bytes do not stop a browser or a script host.
	if odd > len(b)/50 {
		return "", false
	}
	return string(b), true
}

func calendarOrMail(start, low, ext string) string {
	switch {
	case strings.HasPrefix(start, "begin:vcalendar"):
		return "ics"
	case strings.HasPrefix(start, "begin:vcard"):
		return "vcf"
	case strings.HasPrefix(start, "[internetshortcut]") || strings.HasPrefix(start, "[{000214a0-") || ext == "url" && strings.Contains(low, "[internetshortcut]"):
		return "url"
	case strings.HasPrefix(start, "[shell]"):
		return "scf"
	case strings.HasPrefix(start, "[desktop entry]"):
		return "desktop"
	case strings.HasPrefix(start, "windows registry editor") || strings.HasPrefix(start, "regedit4"):
		return "reg"
	case strings.HasPrefix(start, "web\r\n1\r\n") || strings.HasPrefix(start, "web\n1\n"):
		return "iqy"
	case strings.HasPrefix(start, "id;p"):
		return "slk"
	case strings.HasPrefix(start, "{\\rt"):
		return "rtf"
	case strings.HasPrefix(start, "full address:s:") || strings.Contains(low, "\nfull address:s:") || strings.HasPrefix(start, "screen mode id:"):
		return "rdp"
	case looksLikeMail(start):
		if strings.Contains(low[:min(len(low), 8192)], "multipart/related") && (ext == "mht" || ext == "mhtml" || strings.Contains(low[:min(len(low), 2048)], "saved by")) {
			return "mht"
		}
		return "eml"
	}
	return ""
}

// looksLikeMail reports at least two fields of a message header at the start.
func looksLikeMail(start string) bool {
	found := 0
	for line := range strings.SplitSeq(start[:min(len(start), 8192)], "\n") {
		line = strings.TrimRight(line, "\r")
		if line == "" {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			continue
		}
		name, _, ok := strings.Cut(line, ":")
		if !ok {
			if strings.HasPrefix(line, "from ") && found == 0 {
				continue
			}
			return false
		}
		switch name {
		case "received", "from", "to", "subject", "date", "message-id", "mime-version", "return-path", "delivered-to", "dkim-signature", "content-type", "authentication-results":
			found++
		}
		if strings.ContainsAny(name, " \t{}<>()=") {
			return false
		}
	}
	return found >= 2
}

func markupKind(start, low, ext string) string {
	if !strings.HasPrefix(start, "<") && ext != "html" && ext != "htm" && ext != "hta" && ext != "svg" && ext != "shtml" {
		// Text before the first tag does not stop a browser, but only these say page rather than text that mentions tags.
		if !strings.Contains(low[:min(len(low), 4096)], "<!doctype html") && !strings.Contains(low[:min(len(low), 4096)], "<html") {
			return ""
		}
	}
	has := func(s string) bool { return strings.Contains(low, s) }
	switch {
	case has("<hta:application") || ext == "hta" && has("<"):
		return "hta"
	case strings.HasPrefix(start, "<?xml") || strings.HasPrefix(start, "<!--") || strings.HasPrefix(start, "<svg") || strings.HasPrefix(start, "<!doctype"):
		return xmlKind(start, low, ext)
	case has("<job") && has("<script") && ext != "html", has("<package") && has("<script") && ext == "wsf":
		return "wsf"
	case has("<scriptlet"):
		return "sct"
	case has("<librarydescription"):
		return "library-ms"
	case has("<searchconnectordescription"):
		return "searchconnector-ms"
	}
	for _, tag := range [...]string{"<html", "<head", "<body", "<script", "<iframe", "<table", "<div", "<a ", "<p>", "<p ", "<h1", "<form", "<meta", "<style", "<title", "<img", "<br", "<font", "<center", "<b>", "<embed", "<object", "<noscript"} {
		if has(tag) {
			return "html"
		}
	}
	return ""
}

// xmlKind decides by the root element.
func xmlKind(start, low, ext string) string {
	root := rootElement(start)
	switch {
	case root == "svg" || strings.HasSuffix(root, ":svg"):
		return "svg"
	case root == "html":
		if strings.HasPrefix(start, "<?xml") && strings.Contains(low[:min(len(low), 2048)], "http://www.w3.org/1999/xhtml") {
			return "xhtml"
		}
		return "html"
	case root == "job" || root == "package" && strings.Contains(low, "<script"):
		return "wsf"
	case root == "scriptlet" || root == "component":
		return "sct"
	case root == "librarydescription":
		return "library-ms"
	case root == "searchconnectordescription":
		return "searchconnector-ms"
	case root == "pcsettings":
		return "settingcontent-ms"
	case strings.HasSuffix(root, "assembly") && ext == "application":
		return "application"
	case root == "plist" && (ext == "mobileconfig" || strings.Contains(low, "payloadcontent")):
		return "mobileconfig"
	case strings.HasPrefix(start, "<!doctype html"):
		return "html"
	case strings.HasPrefix(start, "<?xml"):
		if ext == "html" || ext == "htm" || ext == "svg" {
			return ext[:min(len(ext), 4)]
		}
		return "xml"
	case strings.Contains(low, "<html") || strings.Contains(low, "<script") || strings.Contains(low, "<body") || root != "":
		return "html"
	}
	return ""
}

// rootElement is the name of the first element behind declarations and comments.
func rootElement(s string) string {
	for range 64 {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			return ""
		}
		s = s[i+1:]
		var end string
		switch {
		case strings.HasPrefix(s, "!--"):
			end = "-->"
		case strings.HasPrefix(s, "?"), strings.HasPrefix(s, "!"):
			end = ">"
		default:
			n := strings.IndexAny(s, " \t\r\n/>")
			if n < 0 || n > 64 {
				return ""
			}
			return s[:n]
		}
		at := strings.Index(s, end)
		if at < 0 {
			return ""
		}
		s = s[at+len(end):]
	}
	return ""
}

// scriptKind tells scripts by words that hardly stand in anything else; two are needed unless the extension agrees.
func scriptKind(start, low, ext string) string {
	if strings.HasPrefix(start, "#!") {
		line, _, _ := strings.Cut(start, "\n")
		for _, k := range [...][2]string{{"python", "py"}, {"perl", "pl"}, {"php", "php"}, {"osascript", "applescript"}, {"sh", "sh"}, {"node", "js"}, {"pwsh", "ps1"}} {
			if strings.Contains(line, k[0]) {
				return k[1]
			}
		}
	}
	if strings.HasPrefix(start, "<?php") {
		return "php"
	}
	if strings.HasPrefix(start, "@echo off") {
		return "bat"
	}
	if ext == "eml" || ext == "md" || ext == "log" || ext == "diff" || ext == "patch" || ext == "csv" {
		return ""
	}
	best, most := "", 1
	for _, lang := range scriptWords {
		n := 0
		for _, w := range lang.words {
			if strings.Contains(low, w) {
				n++
			}
		}
		if n > most {
			best, most = lang.kind, n
		}
	}
	switch ext {
	case "txt", "":
		if most < 3 {
			return ""
		}
	case "cmd":
		if best == "bat" {
			return "cmd"
		}
	case "js", "jse", "vbs", "vbe", "ps1", "bat", "sh", "py", "pl":
		return ext
	}
	return best
}

var scriptWords = []struct {
	kind  string
	words []string
}{
	{"js", []string{"activexobject(", "wscript.shell", "wscript.createobject", "eval(", "document.write(", "string.fromcharcode(", "var ", "function(", "=> {", "unescape("}},
	{"vbs", []string{"createobject(", "wscript.shell", "on error resume next", "end sub", "end function", "dim ", "executeglobal", "chr("}},
	{"ps1", []string{"new-object ", "invoke-expression", "invoke-webrequest", "downloadstring(", "[system.convert]::", "param(", "-encodedcommand", "start-process ", "write-host ", "$env:"}},
	{"bat", []string{"@echo ", "\nset ", "\ngoto ", "%~dp0", "powershell -", "cmd /c", "\nstart ", "errorlevel", "%comspec%"}},
}

// extensionOf is the part of name behind its last dot, in lower case; "" when it has none. Characters that hide the end (spaces, direction
// controls) are left out, as file systems and viewers do.
func extensionOf(name string) string {
	name = strings.Map(func(r rune) rune {
		if noWidth(r) || r < ' ' {
			return -1
		}
		return r
	}, name[max(0, len(name)-512):])
	name = strings.TrimRight(name, " .")
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 || len(name)-dot > 24 {
		return ""
	}
	return strings.ToLower(name[dot+1:])
}
