package detect

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"tocsin/internal/email"
	"tocsin/internal/intel"
)

// OverrideKind says what an override looks at.
type OverrideKind string

const (
	OverrideSender OverrideKind = "sender" // From or envelope address
	OverrideDomain OverrideKind = "domain" // of From or envelope, subdomains included
	OverrideIP     OverrideKind = "ip"     // address or network of the sending server
	OverrideURL    OverrideKind = "url"    // host with subdomains, or one URL
	OverrideFile   OverrideKind = "file"   // SHA-256, SHA-1 or MD5
)

// Override is an entry of the allow and block list. Block wins over allow. An allowed sender or domain counts only when
// authentication proves the sender, or else every forger could use the list; Unproven lifts that for senders who cannot sign. Malware
// passes only when every file that could carry it is allowed by its hash.
type Override struct {
	ID       string       `json:"id"`
	Kind     OverrideKind `json:"kind"`
	Value    string       `json:"value"`
	Allow    bool         `json:"allow"` // false: block
	Unproven bool         `json:"unproven,omitempty"`
	Reason   string       `json:"reason"`
	By       string       `json:"by"`
	Created  time.Time    `json:"created"`
	Expires  time.Time    `json:"expires"` // zero: never
}

// Entries are an allow and block list that is quick to ask, however long it is: what a message names is looked up in it, one value
// after the other. It is never changed after NewEntries; the zero value is an empty list.
type Entries struct {
	list     []entry
	exact    map[string]*entry       // by entryKey
	networks map[netip.Prefix]*entry // masked
	bits     []int                   // lengths of the networks, shortest first
}

type entry struct {
	Override
	at int // place in the list
}

// NewEntries indexes a list that Policy.Validate finds fit. Of two entries for one value the block counts.
func NewEntries(list []Override) *Entries {
	e := &Entries{list: make([]entry, len(list)), exact: make(map[string]*entry, len(list)), networks: map[netip.Prefix]*entry{}}
	for i := range list {
		e.list[i] = entry{list[i], i}
		o := &e.list[i]
		if o.Kind == OverrideIP {
			p, err := netip.ParsePrefix(o.Value)
			if err != nil {
				a, err := netip.ParseAddr(o.Value)
				if err != nil {
					continue
				}
				p = netip.PrefixFrom(a.Unmap().WithZone(""), a.Unmap().BitLen())
			}
			if have := e.networks[p.Masked()]; have == nil || have.Allow {
				e.networks[p.Masked()] = o
			}
			if !slices.Contains(e.bits, p.Bits()) {
				e.bits = append(e.bits, p.Bits())
			}
			continue
		}
		key := entryKey(o.Kind, o.Value)
		if have := e.exact[key]; have == nil || have.Allow {
			e.exact[key] = o
		}
	}
	slices.Sort(e.bits)
	return e
}

// With is the list with more entries, which win over those of the same value, and without those of some ids.
func (e *Entries) With(more []Override, without []string) *Entries {
	out := make([]Override, 0, len(e.list)+len(more))
	taken := map[string]bool{}
	for i := range more {
		taken[entryKey(more[i].Kind, more[i].Value)] = true
	}
	for i := range e.list {
		o := &e.list[i].Override
		if !taken[entryKey(o.Kind, o.Value)] && !slices.Contains(without, o.ID) {
			out = append(out, *o)
		}
	}
	return NewEntries(append(out, more...))
}

// Len is how many entries there are.
func (e *Entries) Len() int { return len(e.list) }

// entryKey is where an entry is filed. Addresses, hosts and hashes are compared in lower case, the rest of a URL as it stands.
func entryKey(kind OverrideKind, value string) string {
	if kind != OverrideURL || !strings.Contains(value, "/") {
		value = strings.ToLower(value)
	}
	return string(kind) + " " + value
}

// find returns the entry that decides, nil when none does, and else says why an entry that fits does not count. Block wins over
// allow; of several the first of the list.
func (e *Entries) find(have subjects, v Verdict, c *Context) (*Override, string) {
	var block, allow, vain *entry
	look := func(o *entry) {
		switch {
		case o == nil || !o.live(c.Now):
		case !o.Allow:
			block = first(block, o)
		case e.unreached(&o.Override, v, c) != "":
			vain = first(vain, o)
		default:
			allow = first(allow, o)
		}
	}
	for key := range have.keys {
		look(e.exact[key])
	}
	if have.ip.IsValid() {
		ip := have.ip.Unmap().WithZone("")
		for _, n := range e.bits {
			if p, err := ip.Prefix(n); err == nil {
				look(e.networks[p])
			}
		}
	}
	switch {
	case block != nil:
		return &block.Override, ""
	case allow != nil:
		return &allow.Override, ""
	case vain != nil:
		return nil, fmt.Sprintf("the allow entry for %s %s %s", vain.Kind, Clean(vain.Value, maxValue), e.unreached(&vain.Override, v, c))
	}
	return nil, ""
}

// first is the one of two entries that stands first in the list; a may be nil.
func first(a, b *entry) *entry {
	if a == nil || b.at < a.at {
		return b
	}
	return a
}

// live reports whether the entry is in force.
func (o *Override) live(now time.Time) bool { return o.Expires.IsZero() || now.Before(o.Expires) }

// unreached says why an allow entry that fits does not count, "" when it does. A stranger can put anything that is allowed into a
// message: the address of a partner, a link to a known site, a known file. So an entry speaks only for what it names.
func (e *Entries) unreached(o *Override, v Verdict, c *Context) string {
	switch {
	case v.Is(Malware) && !(o.Kind == OverrideFile && e.allFilesAllowed(c)):
		return "does not reach malware"
	case o.Kind == OverrideFile && (v.Is(Phish) || v.Is(Spam)):
		return "speaks for the file only"
	case o.Kind == OverrideURL && !e.allLinksAllowed(c):
		return "does not count, because the message has other links"
	case (o.Kind == OverrideSender || o.Kind == OverrideDomain) && !o.Unproven && !proven(o.Kind, o.Value, c):
		return "does not count, because nothing proves the sender"
	}
	return ""
}

// proven reports whether a value of an allow entry names the one author and authentication proves the author's domain. Envelope sender and
// Return-Path are other names, which DMARC says nothing about.
func proven(kind OverrideKind, value string, c *Context) bool {
	if !c.Auth.Aligned || len(c.Message.From) != 1 {
		return false
	}
	addr, value := strings.ToLower(c.Message.From[0].Addr), strings.ToLower(value)
	if kind == OverrideSender {
		return addr == value
	}
	domain := intel.DomainOf(addr)
	return domain == value || strings.HasSuffix(domain, "."+value)
}

// allLinksAllowed reports whether every link leads where an entry allows it.
func (e *Entries) allLinksAllowed(c *Context) bool {
	for i := range c.Message.Links {
		one := subjects{keys: map[string]bool{}}
		one.addLink(&c.Message.Links[i])
		ok := false
		for k := range one.keys {
			o := e.exact[k]
			ok = ok || o != nil && o.Allow && o.live(c.Now)
		}
		if !ok {
			return false
		}
	}
	return true
}

// allFilesAllowed reports whether every attachment is on the list as allowed.
func (e *Entries) allFilesAllowed(c *Context) bool {
	for i := range c.Message.Attachments {
		a := &c.Message.Attachments[i]
		ok := false
		for _, hash := range []string{a.SHA256, a.SHA1, a.MD5} {
			o := e.exact[entryKey(OverrideFile, hash)]
			ok = ok || hash != "" && o != nil && o.Allow && o.live(c.Now)
		}
		if !ok {
			return false
		}
	}
	return true
}

// subjects is everything of a message that an override can name, ready to be looked up.
type subjects struct {
	keys map[string]bool // kind, space, value
	ip   netip.Addr
}

func subjectsOf(c *Context) subjects {
	s := subjects{keys: map[string]bool{}}
	senders := []string{c.Envelope.MailFrom, c.Message.ReturnPath}
	for _, a := range c.Message.From {
		senders = append(senders, a.Addr)
	}
	for _, a := range senders {
		a = strings.ToLower(a)
		s.add(OverrideSender, a)
		s.addHost(OverrideDomain, intel.DomainOf(a))
	}
	for i := range c.Message.Links {
		s.addLink(&c.Message.Links[i])
	}
	for _, a := range c.Message.Attachments {
		s.add(OverrideFile, a.SHA256)
		s.add(OverrideFile, a.SHA1)
		s.add(OverrideFile, a.MD5)
	}
	s.ip = c.Envelope.ClientIP
	return s
}

func (s subjects) add(kind OverrideKind, value string) {
	if value != "" {
		s.keys[string(kind)+" "+value] = true
	}
}

// addHost adds a host and the domains above it.
func (s subjects) addHost(kind OverrideKind, h string) {
	for ; h != ""; _, h, _ = strings.Cut(h, ".") {
		s.add(kind, h)
	}
}

// addLink adds a link. A rewritten one is both what stands there and where it leads; only the latter decides its host.
func (s subjects) addLink(l *email.Link) {
	s.add(OverrideURL, l.URL)
	s.add(OverrideURL, l.Target)
	s.addHost(OverrideURL, l.Host)
}

// Validate says what is wrong with an entry, nil when it is fit.
func (o *Override) Validate() error {
	if o.ID == "" {
		return errors.New("id is missing")
	}
	if strings.TrimSpace(o.Reason) == "" {
		return errors.New("reason is missing: the next administrator will want to know")
	}
	if !o.Expires.IsZero() && !o.Created.IsZero() && !o.Expires.After(o.Created) {
		return errors.New("expires before it was created")
	}
	v := strings.TrimSpace(o.Value)
	if v != o.Value || v == "" {
		return fmt.Errorf("value %q is empty or has blanks around it", Clean(o.Value, maxValue))
	}
	switch o.Kind {
	case OverrideSender:
		if strings.Count(v, "@") != 1 || strings.ContainsAny(v, " <>") {
			return fmt.Errorf("value %q: want an address like name@example.com", Clean(v, maxValue))
		}
	case OverrideDomain:
		if !strings.Contains(v, ".") || strings.ContainsAny(v, "@/ :*") {
			return fmt.Errorf("value %q: want a domain like example.com; its subdomains are meant too", Clean(v, maxValue))
		}
	case OverrideIP:
		if _, err := netip.ParsePrefix(v); err != nil {
			if _, err := netip.ParseAddr(v); err != nil {
				return fmt.Errorf("value %q: want an address like 192.0.2.7 or a network like 192.0.2.0/24", Clean(v, maxValue))
			}
		}
	case OverrideURL:
		if !strings.Contains(v, ".") || strings.ContainsAny(v, " *") {
			return fmt.Errorf("value %q: want a host like example.com or a URL", Clean(v, maxValue))
		}
	case OverrideFile:
		if n := len(v); n != 32 && n != 40 && n != 64 || strings.Trim(strings.ToLower(v), "0123456789abcdef") != "" {
			return fmt.Errorf("value %q: want a hash of 32, 40 or 64 hex digits", Clean(v, maxValue))
		}
	default:
		return fmt.Errorf("kind %q: want sender, domain, ip, url or file", Clean(string(o.Kind), 40))
	}
	return nil
}
