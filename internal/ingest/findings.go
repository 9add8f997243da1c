package ingest

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"tocsin/internal/campaign"
	"tocsin/internal/detect"
	"tocsin/internal/email"
	"tocsin/internal/event"
	"tocsin/internal/mailauth"
	"tocsin/internal/scan"
)

// maxHeaderRecipients bounds what the header of one message can make us write: a field of a megabyte must not become
// fifty thousand rows. (An envelope is bounded by who took it in.)
const maxHeaderRecipients = 500

// findings is everything known about one message while it is judged. The pipeline fills it from top to bottom.
type findings struct {
	job  Job
	org  detect.Organisation
	own  func(netip.Addr) bool
	geo  Geo
	now  time.Time // when the row is written
	size int

	m          *email.Message // nil when the message could not be read
	recipients []string       // never empty: [""] when nobody is named
	senderIP   netip.Addr
	senderHelo string
	mailFrom   string
	mailKnown  bool // mailFrom is the envelope's (or a Return-Path's, which is its record)
	inside     bool // sent by the organisation itself

	files     scan.Report
	auth      mailauth.Results
	authKnown bool
	past      detect.Past
	context   *detect.Context // nil until it is known
	answers   []scan.Answer
	print     *campaign.Print // nil when nobody compares, or there is nothing to go by
	kin       []campaign.Match
	family    int64 // of a message that was judged before
	placed    bool
	book      *campaign.Book   // what people decided about campaigns
	self      *campaign.Member // what is remembered of it; nil before it was asked for
	cluster   *int64           // nil before it was asked for
	verdict   detect.Verdict
	judged    bool                     // there is a verdict
	decisions []Decision               // one a recipient, in their order; nil: everything counts as delivered
	missed    []Decision               // what the policy decided when it was too late for it; nil: it was not
	defects   []string                 // of the road; those of the message are in m
	extra     event.Extra              // what has no column and all recipients share
	written   map[event.Decided]string // AdditionalFields by what was decided
}

// describe derives what follows from the message and its envelope alone.
func (f *findings) describe() {
	f.defects = append(f.defects, f.job.Defects...)
	f.findRecipients()
	f.findSender()
	f.mailFrom, f.mailKnown = f.job.MailFrom, f.job.MailFromKnown
	if !f.mailKnown && f.m != nil {
		if _, there := f.m.Lookup("Return-Path"); there {
			f.mailFrom, f.mailKnown = f.m.ReturnPath, true
		}
	}
}

// findRecipients takes the envelope's recipients, else those that headers name: the fields that a delivering server writes and
// the visible ones. A message that names nobody keeps one event, with the recipient "".
func (f *findings) findRecipients() {
	f.recipients = f.job.Recipients
	if len(f.recipients) > 0 {
		return
	}
	if f.m != nil {
		seen := map[string]bool{}
		add := func(a string) {
			a = strings.ToLower(strings.TrimSpace(strings.ToValidUTF8(a, "\uFFFD")))
			if a == "" || !strings.Contains(a, "@") || seen[a] {
				return
			}
			seen[a] = true
			f.recipients = append(f.recipients, a)
		}
		for _, h := range f.m.Headers {
			switch h.Key {
			case "Delivered-To", "X-Original-To", "X-Gm-Original-To", "Envelope-To", "X-Envelope-To":
				for a := range strings.SplitSeq(h.Value, ",") {
					add(address(a))
				}
			}
		}
		for _, list := range [][]email.Address{f.m.To, f.m.Cc, f.m.Bcc} {
			for _, a := range list {
				add(a.Addr)
			}
		}
	}
	if len(f.recipients) > maxHeaderRecipients {
		f.recipients = f.recipients[:maxHeaderRecipients]
		f.defects = append(f.defects, event.DefectRecipients)
	}
	slices.Sort(f.recipients)
	if len(f.recipients) == 0 {
		f.recipients = []string{""}
	}
}

// findSender finds the last server outside the organisation: the connecting client when it is a stranger, else the
// topmost Received field that names one. What stands below that field was written by strangers.
func (f *findings) findSender() {
	client := f.job.ClientIP.Unmap()
	if client.IsValid() && !f.job.OwnClient && !f.own(client) {
		f.senderIP, f.senderHelo = client, f.job.Helo
		return
	}
	if f.m != nil {
		for _, h := range f.m.Hops {
			ip := h.FromIP.Unmap()
			if ip.IsValid() && !f.own(ip) {
				f.senderIP, f.senderHelo = ip, h.From
				return
			}
		}
	}
	f.senderIP, f.senderHelo = client, f.job.Helo
	if !client.IsValid() && f.m != nil {
		// Mail that never left the organisation: the hop nearest to its origin.
		for _, h := range slices.Backward(f.m.Hops) {
			if h.FromIP.IsValid() {
				f.senderIP, f.senderHelo = h.FromIP.Unmap(), h.From
				return
			}
		}
	}
}

// envelope is what SPF may rely on: without a known path there is nothing to ask, and an invented one would be answered.
func (f *findings) envelope() mailauth.Envelope {
	if !f.mailKnown {
		return mailauth.Envelope{}
	}
	return mailauth.Envelope{ClientIP: f.senderIP, Helo: f.senderHelo, MailFrom: f.mailFrom}
}

// describeContext makes what the judge sees. Now is the time of the message, so that judging it again gives the same verdict.
func (f *findings) describeContext() {
	f.inside = f.fromInside()
	c := &detect.Context{
		Message:    f.m,
		Envelope:   mailauth.Envelope{ClientIP: f.senderIP, Helo: f.senderHelo, MailFrom: f.mailFrom},
		Recipients: f.recipients,
		Auth:       f.auth,
		Direction:  detect.Inbound,
		Org:        f.org,
		Files:      f.files,
		Past:       f.past,
		Engines:    f.answers,
		Now:        f.job.at(),
	}
	if f.inside {
		c.Direction = detect.IntraOrg
		for _, r := range f.recipients {
			if r != "" && !f.owns(domainOf(r)) {
				c.Direction = detect.Outbound
			}
		}
	}
	f.context = c
}

// decision is what was decided for the recipient at that place.
func (f *findings) decision(i int) Decision {
	if i < len(f.decisions) {
		return f.decisions[i]
	}
	return watched
}

// fromInside reports whether the organisation itself sent the message. The From field alone proves nothing: a message that
// claims an own domain and comes from a stranger's address without authentication for that domain is inbound.
func (f *findings) fromInside() bool {
	if f.m == nil || len(f.m.From) == 0 || !f.owns(f.m.From[0].Domain) {
		return false
	}
	if f.authKnown && (f.auth.DMARC.Result == mailauth.Pass || f.auth.Aligned) {
		return true
	}
	// Who signed in to the organisation's mail system is one of its people, wherever they are.
	return f.job.AuthUser != "" || f.senderIP.IsValid() && f.own(f.senderIP)
}

// owns reports whether a domain is one of the organisation's, or below one.
func (f *findings) owns(domain string) bool {
	domain = strings.ToLower(domain)
	for _, d := range f.org.Domains {
		if domain == d || strings.HasSuffix(domain, "."+d) {
			return true
		}
	}
	return false
}

func domainOf(addr string) string {
	if i := strings.LastIndexByte(addr, '@'); i >= 0 {
		return strings.ToLower(addr[i+1:])
	}
	return ""
}
