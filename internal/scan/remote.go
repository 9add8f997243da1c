package scan

import (
	"net/netip"
	"strings"

	"tocsin/internal/email"
)

// What a document points to. A link that a reader has to click is a link; what the program loads by itself is told apart by where it
// lies: the open internet, a share that answers over the internet, or the places where offices keep their files.

// runSchemes are addresses that start a program of the system, with the flaws that made them known.
var runSchemes = []string{"ms-msdt:", "search-ms:", "search:", "ms-search:", "ms-officecmd:", "ms-appinstaller:", "ms-cxh", "mhtml:", "script:", "javascript:",
	"vbscript:", "mk:@msitstore", "its:", "ms-its:", "hcp:", "x-usc:", "jar:", "shell:"}

// clickSchemes are those of them that count on a link or picture too. The others stand there in honest documents that were pasted from pages
// and help files ("javascript:void(0)").
var clickSchemes = []string{"ms-msdt:", "search-ms:", "ms-search:", "ms-officecmd:", "ms-appinstaller:", "ms-cxh"}

// officeHosts keep the files of organisations; a document made from a template there names it.
var officeHosts = []string{"sharepoint.com", "office.com", "office.net", "officeapps.live.com", "d.docs.live.net", "microsoft.com", "sharepoint.de", "sharepoint.cn"}

// remote reports what a document loads by itself. what is "template", "object", "frame", "document", "workbook", "data" or "picture".
func (s *session) remote(f *file, what, target string) {
	target = strings.TrimSpace(target)
	if target == "" {
		return
	}
	low := strings.ToLower(target)
	if startsProgram(low, what) {
		s.fact(f, "program-address", what+": "+target)
		return
	}
	if strings.HasPrefix(low, "http://") || strings.HasPrefix(low, "https://") || strings.HasPrefix(low, "ftp://") {
		l := linkOf(target, "", "remote")
		s.link(f, email.InAttachment, l)
		switch {
		case what == "picture":
			s.fact(f, "remote-picture", target)
		case what == "workbook", what == "data", officeHost(l.Host):
			s.fact(f, "linked-file", what+": "+target)
		case what == "template":
			s.fact(f, "remote-template", target)
		default:
			s.fact(f, "remote-object", what+": "+target)
		}
		return
	}
	if server := shareHost(target); server != "" {
		if what != "workbook" && what != "data" && internetShare(server) {
			s.fact(f, "remote-share", what+": "+target)
		} else {
			s.fact(f, "linked-file", what+": "+target)
		}
	}
}

// startsProgram reports whether an address of a document, in small letters, starts a program.
func startsProgram(low, what string) bool {
	schemes := runSchemes
	if what == "picture" || what == "link" {
		schemes = clickSchemes
	}
	for _, p := range schemes {
		if strings.HasPrefix(low, p) {
			return true
		}
	}
	return what == "object" && strings.HasPrefix(low, "file:") && strings.Contains(low, "mhtml:")
}

// shareHost returns the server of a path on a network share: \\server\share, file://server/share.
func shareHost(target string) string {
	p := strings.ReplaceAll(target, `\`, "/")
	if len(p) > 5 && strings.EqualFold(p[:5], "file:") {
		p = p[5:]
		if strings.HasPrefix(p, "///") && !strings.HasPrefix(p, "////") {
			return "" // a local path
		}
		p = "//" + strings.TrimLeft(p, "/")
	}
	if !strings.HasPrefix(p, "//") {
		return ""
	}
	host, _, _ := strings.Cut(p[2:], "/")
	if len(host) > 253 || len(host) == 2 && host[1] == ':' {
		return ""
	}
	return strings.ToLower(host)
}

// internetShare reports whether a server answers over the internet: a public address, or WebDAV ("server@SSL", "server@8080").
func internetShare(server string) bool {
	if strings.Contains(server, "@") {
		return true
	}
	a, err := netip.ParseAddr(server)
	return err == nil && !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast()
}

func officeHost(host string) bool {
	for _, h := range officeHosts {
		if host == h || strings.HasSuffix(host, "."+h) {
			return true
		}
	}
	return false
}

// linkOf describes an address in a file.
func linkOf(url, text, tag string) email.Link {
	url = url[:min(len(url), 8<<10)]
	target := email.Unwrap(url)
	return email.Link{URL: url, Target: target, Host: email.HostOf(target), Text: text[:min(len(text), 500)], Tag: tag}
}

// hyperlink keeps an address that a reader can click; text is what stands on it.
func (s *session) hyperlink(f *file, url, text string) {
	url = strings.TrimSpace(url)
	low := strings.ToLower(url[:min(len(url), 64)])
	switch {
	case strings.HasPrefix(low, "http://"), strings.HasPrefix(low, "https://"), strings.HasPrefix(low, "ftp://"):
		s.link(f, email.InAttachment, linkOf(url, strings.ToValidUTF8(text, "\uFFFD"), "a"))
	case startsProgram(low, "link"):
		s.fact(f, "program-address", "link: "+url)
	}
}

// commandWords stand in what starts a program.
var commandWords = []string{"cmd", "powershell", "mshta", "system32", ".exe", "rundll", "regsvr", "wscript", "cscript", "certutil", "bitsadmin", "http:", "https:", "mshtml", "msiexec"}

// dde reports a link by dynamic data exchange: harmless between documents, an attack when it names a program.
func (s *session) dde(f *file, instruction string) {
	low := strings.ToLower(instruction)
	for _, w := range commandWords {
		if strings.Contains(low, w) {
			s.fact(f, "dde-program", instruction)
			return
		}
	}
	s.fact(f, "linked-file", instruction)
}
