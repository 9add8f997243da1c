package scan

import (
	"bytes"
	"strconv"
	"strings"

	"tocsin/internal/email"
)

const maxLinkFile = 256 << 10 // octets of a file that only says where something lies

// openLinkFile reads the files that lead somewhere when they are opened: .url and .website (an INI file with URL=), .desktop, .scf,
// .library-ms and .search-ms (a folder that lies on a server), .settingcontent-ms (a command), .application (where a program is
// installed from).
func openLinkFile(s *session, f *file) {
	text := plainText(f.content[:min(len(f.content), maxLinkFile)])
	var targets []string
	command := false
	switch f.Kind {
	case "url", "desktop", "scf":
		for line := range strings.SplitSeq(text, "\n") {
			key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
			if !ok {
				continue
			}
			switch strings.ToLower(strings.TrimSpace(key)) {
			case "url", "baseurl", "origurl", "iconfile", "workingdirectory":
				targets = append(targets, strings.TrimSpace(value))
			case "exec", "command":
				targets = append(targets, strings.TrimSpace(value))
				first, _, _ := strings.Cut(strings.TrimSpace(value), " ")
				command = command || f.Kind == "desktop" && !strings.Contains(text, "Type=Link") && first != ""
			}
		}
	default:
		for _, tag := range [...]string{"url", "deeplink", "deploymentprovider", "deploymentProvider", "simpleLocation"} {
			targets = append(targets, elements(text, tag)...)
		}
		command = f.Kind == "settingcontent-ms"
	}
	for i, t := range targets {
		if i == 20 {
			break
		}
		if host := remoteHost(t); host != "" {
			s.fact(f, "link-file-remote", strconv.Quote(shortText(t)))
		}
		if program := programOf(firstWord(t)); command && runners[program] || strings.HasPrefix(strings.ToLower(t), "file:") && extensionRuns(t) {
			s.fact(f, "link-file-runs", strconv.Quote(shortText(t)))
		}
		s.linksIn(f, t)
	}
	if len(targets) > 0 {
		s.fact(f, "link-file-target", strconv.Quote(shortText(targets[0])))
	}
}

func extensionRuns(t string) bool {
	return programNames[extension(t)] || toolNames[extension(t)] && extension(t) != "url"
}

func firstWord(s string) string {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, `"`) {
		s, _, _ = strings.Cut(s[1:], `"`)
		return s
	}
	if f := strings.Fields(s); len(f) > 0 {
		return f[0]
	}
	return ""
}

// plainText is text without its byte order; UTF-16 becomes UTF-8.
func plainText(b []byte) string {
	if bytes.HasPrefix(b, []byte("\xFF\xFE")) {
		return utf16LE(b[2:])
	}
	return strings.ToValidUTF8(string(bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF"))), "\uFFFD")
}

// elements returns what stands in the elements and codebase attributes of a small XML file; no entity is resolved but &amp;.
func elements(text, tag string) []string {
	var out []string
	low := strings.ToLower(text)
	tag = strings.ToLower(tag)
	for at := 0; len(out) < 20; {
		i := strings.Index(low[at:], "<"+tag)
		if i < 0 {
			break
		}
		at += i + 1 + len(tag)
		end := strings.IndexByte(low[at:], '>')
		if end < 0 {
			break
		}
		if head := text[at : at+end]; strings.Contains(strings.ToLower(head), `codebase="`) {
			_, v, _ := strings.Cut(head[strings.Index(strings.ToLower(head), `codebase="`):], `"`)
			v, _, _ = strings.Cut(v, `"`)
			out = append(out, strings.ReplaceAll(v, "&amp;", "&"))
			continue
		}
		at += end + 1
		stop := strings.IndexByte(low[at:], '<')
		if stop < 0 {
			break
		}
		if v := strings.TrimSpace(text[at : at+stop]); v != "" {
			out = append(out, strings.ReplaceAll(v, "&amp;", "&"))
		}
	}
	return out
}

// linksIn keeps the web addresses in a text as links of f.
func (s *session) linksIn(f *file, text string) {
	low := strings.ToLower(text)
	for at, n := 0, 0; n < 10; n++ {
		i := strings.Index(low[at:], "http")
		if i < 0 {
			return
		}
		at += i
		if !strings.HasPrefix(low[at:], "http://") && !strings.HasPrefix(low[at:], "https://") {
			at += 4
			continue
		}
		end := strings.IndexAny(text[at:], " \t\r\n\"'<>|`)")
		if end < 0 {
			end = len(text) - at
		}
		address := text[at : at+min(end, 2048)]
		at += end
		target := email.Unwrap(address)
		s.link(f, email.InAttachment, email.Link{URL: address, Target: target, Host: email.HostOf(target), Tag: "text"})
	}
}
