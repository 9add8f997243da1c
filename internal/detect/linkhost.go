package detect

import (
	"strings"
	"unicode/utf8"

	"tocsin/internal/intel"
)

// detectLinkDisguise looks for hosts that people cannot read or would not choose, and for pages in folders of other people's sites that
// hold no pages for readers.
func detectLinkDisguise(f *Facts, l *link, raise Raise) {
	if l.org == f.fromOrg || f.list || f.reply || l.scheme != "http" && l.scheme != "https" {
		return
	}
	target := l.Target
	if target == "" {
		target = l.URL
	}
	shown := authorityOf(target)
	if shown != "" && disguised(shown, l.host) {
		raise("link-disguised-host", say("%q means %s", shown, l.host))
	}
	if p := brokenInto(target); p != "" {
		raise("link-broken-into", say("%s: %s", host(l.host), p))
	}
	if label, _, _ := strings.Cut(l.org, "."); f.judge.hosts.Trackers.Match(l.host) == "" && f.judge.rented(l.host) == "" && (looksRandom(label) || unpronounceable(label)) {
		raise("link-random-host", say("%s", host(l.host)))
	}
}

// authorityOf returns host and port of u as written.
func authorityOf(u string) string {
	_, rest, ok := strings.Cut(cut(u, 600), "://")
	if !ok {
		return ""
	}
	if i := strings.IndexAny(rest, "/?#\\"); i >= 0 {
		rest = rest[:i]
	}
	return rest[strings.LastIndexByte(rest, '@')+1:]
}

// disguised says that a host is written so that readers do not see it: an address as one number, in octal or hex, percent signs, or
// letters from the mathematical and enclosed blocks. Names in other scripts are not disguised.
func disguised(shown, host string) bool {
	if strings.IndexByte(shown, '%') >= 0 {
		return true
	}
	if isAddress(host) {
		h, _, _ := strings.Cut(shown, ":")
		return h != host && h != "" && h[0] != '[' && (strings.IndexByte(h, '.') < 0 || h[0] == '0' || strings.Contains(h, ".0"))
	}
	for i := 0; i < len(shown); {
		if shown[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(shown[i:])
		if styled(r) || intel.Invisible(r) && r != 0xad {
			return true
		}
		i += n
	}
	return false
}

func isAddress(host string) bool {
	return host != "" && strings.Trim(host, "0123456789.") == "" || strings.Contains(host, ":")
}

// brokenInto returns the part of the path that no site shows to readers, yet pages of intruders stand in: the folders of a web program's
// code, and the folder for proofs of ownership.
func brokenInto(u string) string {
	if len(u) > 2000 {
		u = u[:2000]
	}
	if strings.IndexByte(u, '/') < 0 {
		return ""
	}
	u = strings.ToLower(u)
	if i := strings.IndexAny(u, "?#"); i >= 0 {
		u = u[:i]
	}
	for _, folder := range [...]string{"/wp-includes/", "/wp-admin/", "/.well-known/", "/wp-content/plugins/", "/wp-content/themes/", "/cgi-bin/", "/vendor/", "/node_modules/", "/administrator/components/"} {
		i := strings.Index(u, folder)
		if i < 0 {
			continue
		}
		switch last := u[strings.LastIndexByte(u, '/')+1:]; {
		case last == "" || !strings.Contains(last, "."), strings.HasSuffix(last, ".php"), strings.HasSuffix(last, ".html"), strings.HasSuffix(last, ".htm"), strings.HasSuffix(last, ".js"):
			if folder == "/cgi-bin/" && last != "" {
				continue // programs of old sites live there
			}
			return folder
		}
	}
	return ""
}
