package intel

import (
	"bufio"
	"embed"
	"fmt"
	"io"
	"strings"
	"sync"
)

//go:embed data/*.txt
var data embed.FS

// HostSet is a set of hosts; a host is in it when it or a parent of it is.
type HostSet map[string]struct{}

// Match returns the entry that holds host, "" when there is none. host is lower case.
func (s HostSet) Match(host string) string {
	for host != "" {
		if _, ok := s[host]; ok {
			return host
		}
		_, host, _ = strings.Cut(host, ".")
	}
	return ""
}

// ReadHosts reads one host a line; "#" starts a comment. A line that is no host is an error that names it.
func ReadHosts(r io.Reader, name string) (HostSet, error) {
	set := HostSet{}
	sc := bufio.NewScanner(r)
	for n := 1; sc.Scan(); n++ {
		line, _, _ := strings.Cut(sc.Text(), "#")
		line = strings.ToLower(strings.TrimSpace(line))
		if line == "" {
			continue
		}
		if strings.ContainsAny(line, " \t/@:") {
			return nil, fmt.Errorf("%s:%d: %q is not a host name: write one host a line, like example.com", name, n, line)
		}
		set[line] = struct{}{}
	}
	if err := sc.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return set, nil
}

// Hosts are the kinds of places that anybody may use. The zero value knows none.
type Hosts struct {
	FreeMail   HostSet // mail addresses for everybody
	Shorteners HostSet // links that hide where they go
	Hosting    HostSet // pages and files under the provider's name
	DynamicDNS HostSet
	Trackers   HostSet // click counters of mailing services: a different link target is normal there
	Large      HostSet // public sites that a large part of all mail links to
	CDN        HostSet // networks that serve the content of everybody under their own name
	RiskyTLDs  HostSet // top-level domains with little else than abuse in mail
}

// Shared reports whether anybody can send from host or put something there: that two messages use it says nothing about their senders.
func (h *Hosts) Shared(host string) bool {
	return h.Shorteners.Match(host) != "" || h.Hosting.Match(host) != "" || h.Trackers.Match(host) != "" || h.FreeMail.Match(host) != "" ||
		h.DynamicDNS.Match(host) != ""
}

// ShippedHosts are the lists that come with Tocsin. The result is shared: do not change it.
var ShippedHosts = sync.OnceValue(func() *Hosts {
	read := func(name string) HostSet {
		f, err := data.Open("data/" + name)
		if err != nil {
			panic(err) // embedded at build time; TestShipped reads them all
		}
		defer f.Close()
		set, err := ReadHosts(f, name)
		if err != nil {
			panic(err)
		}
		return set
	}
	return &Hosts{FreeMail: read("freemail.txt"), Shorteners: read("shorteners.txt"), Hosting: read("hosting.txt"),
		DynamicDNS: read("dyndns.txt"), Trackers: read("trackers.txt"), RiskyTLDs: read("tlds.txt"),
		Large: read("large.txt"), CDN: read("cdn.txt")}
})
