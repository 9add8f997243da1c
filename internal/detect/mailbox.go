package detect

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/intel"
)

// Mailbox is what one person set for their own mail. It decides for that recipient alone, and never over malware, phish of high
// confidence or a block entry of the organisation.
type Mailbox struct {
	Address        string    `json:"address"`
	SafeSenders    []string  `json:"safe_senders"`    // addresses whose mail is never junk, when authentication proves them
	SafeDomains    []string  `json:"safe_domains"`    // the same for domains and what is below them
	BlockedSenders []string  `json:"blocked_senders"` // addresses whose mail goes to junk
	BlockedDomains []string  `json:"blocked_domains"`
	JunkOff        bool      `json:"junk_off"` // nothing is moved to the junk folder
	Updated        time.Time `json:"updated"`
	By             string    `json:"by"`
}

// MaxMailboxEntries bounds each list of a mailbox, as mail systems do.
const MaxMailboxEntries = 1024

// Validate says everything that is wrong, one error a field, joined.
func (m *Mailbox) Validate() error {
	var errs []error
	if strings.Count(m.Address, "@") != 1 || strings.ContainsAny(m.Address, " <>") {
		errs = append(errs, fmt.Errorf("address: %q: want an address like name@example.com", Clean(m.Address, maxValue)))
	}
	for _, l := range []struct {
		field string
		kind  OverrideKind
		list  []string
	}{{"safe_senders", OverrideSender, m.SafeSenders}, {"safe_domains", OverrideDomain, m.SafeDomains}, {"blocked_senders", OverrideSender, m.BlockedSenders}, {"blocked_domains", OverrideDomain, m.BlockedDomains}} {
		if len(l.list) > MaxMailboxEntries {
			errs = append(errs, fmt.Errorf("%s: %d values; at most %d", l.field, len(l.list), MaxMailboxEntries))
			continue
		}
		for i, v := range l.list {
			if err := (&Override{ID: "-", Kind: l.kind, Value: v, Reason: "-"}).Validate(); err != nil {
				errs = append(errs, fmt.Errorf("%s[%d]: %w", l.field, i, err))
			}
		}
	}
	for _, pair := range []struct {
		field         string
		safe, blocked []string
	}{{"blocked_senders", m.SafeSenders, m.BlockedSenders}, {"blocked_domains", m.SafeDomains, m.BlockedDomains}} {
		safe := lowerSet(pair.safe)
		for i, v := range pair.blocked {
			if safe[strings.ToLower(v)] {
				errs = append(errs, fmt.Errorf("%s[%d]: %q is on the safe list too", pair.field, i, Clean(v, maxValue)))
			}
		}
	}
	return errors.Join(errs...)
}

// Empty reports whether the settings change nothing.
func (m *Mailbox) Empty() bool {
	return len(m.SafeSenders)+len(m.SafeDomains)+len(m.BlockedSenders)+len(m.BlockedDomains) == 0 && !m.JunkOff
}

// mailbox is a Mailbox that is quick to ask.
type mailbox struct {
	address                                                  string
	safeSenders, safeDomains, blockedSenders, blockedDomains map[string]bool
	junkOff                                                  bool
}

func compileMailbox(m *Mailbox) *mailbox {
	return &mailbox{
		address: strings.ToLower(m.Address), safeSenders: lowerSet(m.SafeSenders), safeDomains: lowerSet(m.SafeDomains),
		blockedSenders: lowerSet(m.BlockedSenders), blockedDomains: lowerSet(m.BlockedDomains), junkOff: m.JunkOff,
	}
}

func lowerSet(list []string) map[string]bool {
	out := make(map[string]bool, len(list))
	for _, v := range list {
		out[strings.ToLower(v)] = true
	}
	return out
}

// Words of UserLevelPolicy.
const (
	userSafeSender    = "Safe senders"
	userSafeDomain    = "Safe domains"
	userBlockedSender = "Blocked senders"
	userBlockedDomain = "Blocked domains"
	userJunkOff       = "Junk email off"
)

// decide lets the settings of the mailbox change a decision. high says that the verdict is malware or phish of high confidence.
func (m *mailbox) decide(d *Decision, c *Context, high bool) {
	if policy, value := m.blocked(c); policy != "" {
		d.UserLevelAction, d.UserLevelPolicy = "Block", policy
		if d.Treatment != Deliver {
			return // it goes no further in anyway
		}
		d.Treatment = Junk
		d.Reason = fmt.Sprintf("The recipient blocked %s; without that: %s", value, lowerFirst(d.Reason))
		return
	}
	if d.Treatment == Deliver {
		return
	}
	policy, value, unproven := m.safe(c)
	switch {
	case policy == "" && (!m.junkOff || d.Treatment != Junk):
		return
	case policy == "":
		policy, value = userJunkOff, "turned the junk folder off"
	default:
		value = "trusts " + value
	}
	switch {
	case d.OrgLevelAction == "Block":
		d.Reason += "; the recipient " + value + ", which does not count against the organisation's block entry"
	case high:
		d.Reason += "; the recipient " + value + ", which does not reach malware or phish of high confidence"
	case unproven:
		d.Reason += "; the recipient " + value + ", which does not count, because nothing proves the sender"
	default:
		d.UserLevelAction, d.UserLevelPolicy, d.Treatment, d.Priority = "Allow", policy, Deliver, false
		d.Reason = fmt.Sprintf("The recipient %s; without that: %s", value, lowerFirst(d.Reason))
	}
}

// blocked says which list of the mailbox blocks the message, and what stands there. A block counts for From and for the envelope.
func (m *mailbox) blocked(c *Context) (policy, value string) {
	if len(m.blockedSenders)+len(m.blockedDomains) == 0 {
		return "", ""
	}
	addresses := []string{strings.ToLower(c.Envelope.MailFrom)}
	for _, a := range c.Message.From {
		addresses = append(addresses, strings.ToLower(a.Addr))
	}
	for _, a := range addresses {
		if a == "" {
			continue
		}
		if m.blockedSenders[a] {
			return userBlockedSender, Clean(a, maxValue)
		}
		if d := listed(m.blockedDomains, intel.DomainOf(a)); d != "" {
			return userBlockedDomain, Clean(d, maxValue)
		}
	}
	return "", ""
}

// safe says which list of the mailbox trusts the author, what stands there, and whether nothing proves that it is the author.
func (m *mailbox) safe(c *Context) (policy, value string, unproven bool) {
	if len(c.Message.From) == 0 {
		return "", "", false
	}
	a := strings.ToLower(c.Message.From[0].Addr)
	kind := OverrideSender
	switch {
	case a == "":
		return "", "", false
	case m.safeSenders[a]:
		policy, value = userSafeSender, a
	default:
		if value = listed(m.safeDomains, intel.DomainOf(a)); value == "" {
			return "", "", false
		}
		policy, kind = userSafeDomain, OverrideDomain
	}
	return policy, Clean(value, maxValue), !proven(kind, value, c)
}

// listed returns the domain or the one above it that is in the list, "" when none is.
func listed(list map[string]bool, domain string) string {
	for len(list) > 0 && domain != "" {
		if list[domain] {
			return domain
		}
		_, domain, _ = strings.Cut(domain, ".")
	}
	return ""
}
