package detect

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"tocsin/internal/email"
	"tocsin/internal/intel"
)

// Action is what was done at delivery.
type Action string

const (
	Delivered Action = "Delivered"
	Junked    Action = "Junked"
	Blocked   Action = "Blocked"
	Replaced  Action = "Replaced" // a malicious attachment was exchanged for a notice
)

// Location is where the message went.
type Location string

const (
	Inbox      Location = "Inbox/folder"
	JunkFolder Location = "Junk folder"
	Quarantine Location = "Quarantine"
	Failed     Location = "Failed"  // refused: the sender knows
	Dropped    Location = "Dropped" // taken and thrown away
	External   Location = "On-premises/external"
)

// Treatment is what a policy says to do.
type Treatment string

const (
	Deliver      Treatment = "deliver"
	Junk         Treatment = "junk"
	ToQuarantine Treatment = "quarantine"
	Replace      Treatment = "replace" // only for malware
	Reject       Treatment = "reject"
	Drop         Treatment = "drop"
)

// treatments tells what each Treatment comes to: action, place, and EmailAction in the words of the hunting schema.
var treatments = map[Treatment]struct {
	action Action
	place  Location
	words  string
}{
	Deliver:      {Delivered, Inbox, "No action taken"},
	Junk:         {Junked, JunkFolder, "Move message to junk mail folder"},
	ToQuarantine: {Blocked, Quarantine, "Send to quarantine"},
	Replace:      {Replaced, Inbox, "Replace attachment"},
	Reject:       {Blocked, Failed, "Reject message"},
	Drop:         {Blocked, Dropped, "Delete message"},
}

// Mode of a policy.
type Mode string

const (
	Watch Mode = "watch" // judge and record; deliver everything
	Act   Mode = "act"
)

// Policy turns verdicts into actions. It is data: an administrator edits it, Validate says what is wrong with it.
type Policy struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Mode      Mode       `json:"mode"`
	Malware   Treatment  `json:"malware"`
	PhishHigh Treatment  `json:"phish_high"`
	Phish     Treatment  `json:"phish"`
	SpamHigh  Treatment  `json:"spam_high"` // score from HighScore on
	Spam      Treatment  `json:"spam"`
	Bulk      Treatment  `json:"bulk"`
	BulkFrom  int        `json:"bulk_from"` // bulk level from which Bulk applies, 1..9; 0: never
	Overrides []Override `json:"overrides"`
}

// DefaultPolicy is the policy of a new installation: it knows what it would do, and only watches.
func DefaultPolicy() Policy {
	return Policy{ID: "default", Name: "Default", Mode: Watch, Malware: ToQuarantine, PhishHigh: ToQuarantine, Phish: Junk, SpamHigh: Junk, Spam: Junk, Bulk: Deliver}
}

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

// Decision is what happens to the message, in the words of the EmailEvents table.
type Decision struct {
	Action         Action    `json:"action"`
	Location       Location  `json:"location"`
	EmailAction    string    `json:"email_action"`
	Policy         string    `json:"policy"` // kind of policy that decided; "" when nothing had to be decided
	PolicyID       string    `json:"policy_id"`
	OrgLevelAction string    `json:"org_level_action"` // "Allow", "Block" or ""
	OrgLevelPolicy string    `json:"org_level_policy"`
	Treatment      Treatment `json:"treatment"` // what the policy says; in watch mode it is not what was done
	Watched        bool      `json:"watched"`   // treated as delivered only because the policy watches
	Reason         string    `json:"reason"`    // one sentence for people
}

// Decide applies the policy. It depends on its arguments alone; c.Now decides about expiry.
func (p Policy) Decide(v Verdict, c *Context) Decision {
	d := p.decideVerdict(v)
	if o, note := p.override(v, c); o != nil {
		d.OrgLevelPolicy = fmt.Sprintf("Allow/block list (%s)", o.Kind)
		what := "block"
		if o.Allow {
			what, d.OrgLevelAction, d.Treatment = "allow", "Allow", Deliver
		} else {
			d.OrgLevelAction = "Block"
			if d.Treatment == Deliver || d.Treatment == Junk {
				d.Treatment = ToQuarantine
			}
		}
		d.Policy, d.PolicyID = "Allow/block list", o.ID
		d.Reason = fmt.Sprintf("The %s entry for %s %s decides (%s); the verdict alone: %s", what, o.Kind, Clean(o.Value, maxValue), Clean(o.Reason, maxValue), lowerFirst(d.Reason))
	} else if note != "" {
		d.Reason += "; " + note
	}
	if p.Mode != Act && d.Treatment != Deliver {
		d.Watched = true
		d.Reason += "; delivered all the same, because the policy only watches"
	}
	t := treatments[d.Treatment]
	if d.Watched || t.action == "" {
		t = treatments[Deliver]
	}
	d.Action, d.Location, d.EmailAction = t.action, t.place, t.words
	if d.Action == Delivered && c.Direction == Outbound {
		d.Location = External
	}
	return d
}

// decideVerdict chooses by what the verdict names: malware before phish before spam before bulk.
func (p Policy) decideVerdict(v Verdict) Decision {
	d := Decision{PolicyID: p.ID}
	named := func(what string, score int) string { return fmt.Sprintf("%s, score %d", what, score) }
	switch {
	case v.Is(Malware):
		d.Treatment, d.Policy, d.Reason = p.Malware, "Antimalware", named("Malware", v.Scores[Malware])
		if p.Malware == Replace {
			d.Policy = "Safe Attachments"
		}
	case v.Is(Phish) && v.Confidence == High:
		d.Treatment, d.Policy, d.Reason = p.PhishHigh, phishPolicy(v), named("Phish with high confidence", v.Scores[Phish])
	case v.Is(Phish):
		d.Treatment, d.Policy, d.Reason = p.Phish, phishPolicy(v), named("Phish", v.Scores[Phish])
	case v.Is(Spam) && v.Scores[Spam] >= HighScore:
		d.Treatment, d.Policy, d.Reason = p.SpamHigh, "Antispam high-confidence", named("Spam with high confidence", v.Scores[Spam])
	case v.Is(Spam):
		d.Treatment, d.Policy, d.Reason = p.Spam, "Antispam", named("Spam", v.Scores[Spam])
	case p.BulkFrom > 0 && v.BulkLevel >= p.BulkFrom:
		d.Treatment, d.Policy, d.Reason = p.Bulk, "Antispam bulk mail", fmt.Sprintf("Bulk level %d, from %d on", v.BulkLevel, p.BulkFrom)
	default:
		return Decision{Treatment: Deliver, Reason: fmt.Sprintf("No threat is named: score %d, under %d", v.Score, FlagScore)}
	}
	return d
}

// phishPolicy names the kind of policy by the technology that weighed most.
func phishPolicy(v Verdict) string {
	for _, s := range v.Signals {
		if s.Threat != Phish || s.Weight <= 0 {
			continue
		}
		switch s.Technology {
		case ImpersonationDomain:
			return "Anti-phishing domain impersonation"
		case ImpersonationUser:
			return "Anti-phishing user impersonation"
		case MailboxIntelligenceImpersonation:
			return "Anti-phishing graph impersonation"
		case SpoofDMARC, SpoofExternalDomain, SpoofIntraOrg:
			return "Anti-phishing spoof"
		}
		break
	}
	return "Antispam phishing"
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// override finds the entry that decides, and else says why an entry that fits does not count.
func (p Policy) override(v Verdict, c *Context) (*Override, string) {
	if len(p.Overrides) == 0 {
		return nil, ""
	}
	have := subjectsOf(c)
	var allow *Override
	note := ""
	for i := range p.Overrides {
		o := &p.Overrides[i]
		if !o.live(c.Now) || !have.match(o) {
			continue
		}
		if !o.Allow {
			return o, ""
		}
		if why := p.unreached(o, v, c); why != "" {
			note = fmt.Sprintf("the allow entry for %s %s %s", o.Kind, Clean(o.Value, maxValue), why)
		} else if allow == nil {
			allow = o
		}
	}
	if allow != nil {
		note = ""
	}
	return allow, note
}

// live reports whether the entry is in force.
func (o *Override) live(now time.Time) bool { return o.Expires.IsZero() || now.Before(o.Expires) }

// unreached says why an allow entry that fits does not count, "" when it does. A stranger can put anything that is allowed into a
// message: the address of a partner, a link to a known site, a known file. So an entry speaks only for what it names.
func (p Policy) unreached(o *Override, v Verdict, c *Context) string {
	switch {
	case v.Is(Malware) && !(o.Kind == OverrideFile && p.allFilesAllowed(c)):
		return "does not reach malware"
	case o.Kind == OverrideFile && (v.Is(Phish) || v.Is(Spam)):
		return "speaks for the file only"
	case o.Kind == OverrideURL && !p.allLinksAllowed(c):
		return "does not count, because the message has other links"
	case (o.Kind == OverrideSender || o.Kind == OverrideDomain) && !o.Unproven && !proven(o, c):
		return "does not count, because nothing proves the sender"
	}
	return ""
}

// proven reports whether the entry names the one author and authentication proves the author's domain. Envelope sender and
// Return-Path are other names, which DMARC says nothing about.
func proven(o *Override, c *Context) bool {
	if !c.Auth.Aligned || len(c.Message.From) != 1 {
		return false
	}
	addr, value := strings.ToLower(c.Message.From[0].Addr), strings.ToLower(o.Value)
	if o.Kind == OverrideSender {
		return addr == value
	}
	domain := intel.DomainOf(addr)
	return domain == value || strings.HasSuffix(domain, "."+value)
}

// allLinksAllowed reports whether every link leads where an entry allows it.
func (p Policy) allLinksAllowed(c *Context) bool {
	for i := range c.Message.Links {
		one := subjects{keys: map[string]bool{}}
		one.addLink(&c.Message.Links[i])
		ok := false
		for k := range p.Overrides {
			o := &p.Overrides[k]
			ok = ok || o.live(c.Now) && o.Allow && o.Kind == OverrideURL && one.match(o)
		}
		if !ok {
			return false
		}
	}
	return true
}

// allFilesAllowed reports whether every attachment is on the list as allowed.
func (p Policy) allFilesAllowed(c *Context) bool {
	for _, a := range c.Message.Attachments {
		ok := false
		for i := range p.Overrides {
			o := &p.Overrides[i]
			ok = ok || o.live(c.Now) && o.Allow && o.Kind == OverrideFile && (strings.EqualFold(o.Value, a.SHA256) || strings.EqualFold(o.Value, a.SHA1) || strings.EqualFold(o.Value, a.MD5))
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

func (s subjects) match(o *Override) bool {
	switch o.Kind {
	case OverrideIP:
		if p, err := netip.ParsePrefix(o.Value); err == nil {
			return s.ip.IsValid() && p.Contains(s.ip.Unmap())
		}
		a, err := netip.ParseAddr(o.Value)
		return err == nil && s.ip.IsValid() && a == s.ip.Unmap()
	case OverrideURL:
		return s.keys["url "+o.Value] || !strings.Contains(o.Value, "/") && s.keys["url "+strings.ToLower(o.Value)]
	}
	return s.keys[string(o.Kind)+" "+strings.ToLower(o.Value)]
}

// Validate says everything that is wrong, one error a field ("overrides[2].value: ..."), joined; nil when the policy is fit.
func (p Policy) Validate() error {
	var errs []error
	fail := func(field, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", field, fmt.Sprintf(format, args...)))
	}
	if p.ID == "" {
		fail("id", "is missing")
	}
	if p.Mode != Watch && p.Mode != Act {
		fail("mode", "%q: want %q or %q", p.Mode, Watch, Act)
	}
	for _, t := range []struct {
		field string
		value Treatment
	}{{"malware", p.Malware}, {"phish_high", p.PhishHigh}, {"phish", p.Phish}, {"spam_high", p.SpamHigh}, {"spam", p.Spam}, {"bulk", p.Bulk}} {
		if _, ok := treatments[t.value]; !ok {
			fail(t.field, "%q: want deliver, junk, quarantine, reject, drop or (malware only) replace", t.value)
		} else if t.value == Replace && t.field != "malware" {
			fail(t.field, "replace exchanges a malicious attachment, so it is for malware only")
		}
	}
	if p.BulkFrom < 0 || p.BulkFrom > 9 {
		fail("bulk_from", "%d: want a bulk level from 1 to 9, or 0 for never", p.BulkFrom)
	}
	seen := map[string]int{}
	for i := range p.Overrides {
		o := &p.Overrides[i]
		at := fmt.Sprintf("overrides[%d]", i)
		if err := o.validate(); err != nil {
			fail(at, "%v", err)
		}
		key := string(o.Kind) + " " + strings.ToLower(o.Value)
		if j, have := seen[key]; have {
			fail(at, "%s %s stands in overrides[%d] too", o.Kind, Clean(o.Value, maxValue), j)
		}
		seen[key] = i
	}
	return errors.Join(errs...)
}

func (o *Override) validate() error {
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
