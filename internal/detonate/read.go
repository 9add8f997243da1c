package detonate

import (
	"fmt"
	"strings"

	"tocsin/internal/email"
	"tocsin/internal/intel"
	"tocsin/internal/scan/page"
)

// pageEngine is who answers about links.
const pageEngine = "Visited page"

// read tells what is wrong with a page that a link of m led to, "" when nothing is. A page that asks for a password is an everyday thing; it
// deceives when it stands under a name that is not its owner's, or at a place where nobody's sign-in page would be.
func (l *Lab) read(s page.Seen, m *email.Message) string {
	host := email.HostOf(s.Final)
	if host == "" {
		return ""
	}
	from := ""
	if len(m.From) > 0 {
		from = intel.OrgDomain(m.From[0].Domain)
	}
	foreign := intel.OrgDomain(host) != from
	anybody := l.Hosts.Hosting.Match(host) != "" || l.Hosts.DynamicDNS.Match(host) != ""
	if s.Download != "" && foreign {
		if ext := s.Download[strings.LastIndexByte(s.Download, '.')+1:]; runs[strings.ToLower(ext)] {
			return "hands out a program: " + s.Download
		}
	}
	if s.Passwords == 0 {
		return ""
	}
	for _, text := range [...]string{s.Title, s.Text[:min(len(s.Text), 2000)]} {
		for _, b := range l.Brands.Match([]byte(intel.Fold(text)), false) {
			if !l.Brands.Official(b.Brand, host) || anybody {
				return fmt.Sprintf("asks for a password under the name of %s, at %s", b.Brand.Name, host)
			}
		}
	}
	if im, ok := l.Brands.Lookalikes().Find(host); ok {
		return fmt.Sprintf("asks for a password at %s, which imitates %s", host, im.Of)
	}
	for _, a := range s.Actions {
		if h := email.HostOf(a); h != "" && intel.OrgDomain(h) != intel.OrgDomain(host) && foreign {
			return fmt.Sprintf("sends a password typed at %s to %s", host, h)
		}
	}
	switch {
	case anybody && foreign:
		return "asks for a password at a page that anybody can put up: " + host
	case foreign && l.Hosts.RiskyTLDs.Match(intel.TLD(host)) != "":
		return "asks for a password at " + host
	}
	return ""
}

// runs are the names of files that a page should not hand out.
var runs = set("exe scr msi lnk js jse vbs vbe wsf hta ps1 bat cmd jar iso img vhd zip rar 7z")

// describe is what a visit saw, for people: where it went and what was there.
func describe(s page.Seen) string {
	out := fmt.Sprintf("%d steps to %s", len(s.Chain), s.Final)
	if s.Title != "" {
		out += fmt.Sprintf(", titled %q", s.Title)
	}
	if s.Passwords > 0 {
		out += ", asks for a password"
	}
	if s.Download != "" {
		out += fmt.Sprintf(", wants to hand out %q", s.Download)
	}
	return out
}
