package detect

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/intel"
)

// indicatorHits raises what indicators say of one message, each indicator once for each kind of signal.
type indicatorHits struct {
	f    *Facts
	seen map[string]bool
}

// hit raises known-WHAT or suspected-WHAT for a value that an indicator names.
func (h *indicatorHits) hit(what, value string, in intel.Indicator, ok bool) {
	if !ok || in.Good {
		return
	}
	id := "known-" + what
	if in.Suspicious {
		id = "suspected-" + what
	}
	if key := id + "\x00" + in.Value; h.seen[key] {
		return
	} else if h.seen == nil {
		h.seen = map[string]bool{key: true}
	} else {
		h.seen[key] = true
	}
	k := kinds[id]
	claim := k.Claim + " (" + Clean(in.Source, 60)
	if in.Threat != "" {
		claim += ": " + Clean(in.Threat, 60)
	}
	h.f.listed = append(h.f.listed, Signal{ID: id, Technology: k.Technology, Threat: k.Threat, Weight: trusted(k.Weight, in.Confidence), Claim: claim + ")",
		Evidence: say("%s: %s from %s %s", value, in.Value, in.Source, in.Threat) + validity(in)})
	if !in.Suspicious && isName(in.Threat) {
		h.f.listedNames = append(h.f.listedNames, listedName{k.Threat, Clean(in.Threat, maxValue)})
	}
}

// listedName is a threat's name from an indicator. It belongs to a verdict that the indicator's kind of threat belongs to.
type listedName struct {
	threat Threat
	name   string
}

// trusted is a weight as its source is believed: in full from 80 on and where nobody said, and never below three fifths.
func trusted(weight int, confidence uint8) int {
	if confidence == 0 || confidence >= 80 {
		return weight
	}
	return weight * (60 + int(confidence)/2) / 100
}

// validity says how sure a source is and for how long.
func validity(in intel.Indicator) string {
	out := "; valid without end"
	if !in.Expires.IsZero() {
		out = "; valid until " + in.Expires.Format(time.DateOnly)
	}
	if in.Confidence > 0 {
		out += ", confidence " + strconv.Itoa(int(in.Confidence))
	}
	return out
}

// kindsOfThreat are words that sources write for a threat and that name none.
var kindsOfThreat = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`phish phishing malware spam bec botnet c2 cc scam fraud malicious suspicious bad abuse trojan ransomware stealer loader rat
		backdoor worm virus unknown generic malware_download payload payload_delivery botnet_cc exploit spyware adware dropper downloader credential compromised`) {
		m[w] = true
	}
	return m
}()

// isName reports whether a source's word is the name of a threat and not a kind of threats.
func isName(threat string) bool {
	return threat != "" && !kindsOfThreat[strings.ReplaceAll(strings.ToLower(threat), " ", "_")]
}

// detectIndicators looks sender, servers, subject, links and files up among known values. A value known as good silences the same
// value's listing as bad, nothing else.
func detectIndicators(f *Facts, _ Raise) {
	x := f.judge.indicators.Load()
	if x.Len() == 0 {
		return
	}
	h := indicatorHits{f: f}
	if in, ok := x.FindSender(f.from.Addr, f.Now); !ok || !in.Good {
		h.hit("sender", f.from.Addr, in, ok)
		in, ok = x.FindHost(f.from.Domain, f.Now)
		h.hit("sender", f.from.Domain, in, ok)
	}
	for _, ip := range f.outsideIPs() {
		in, ok := x.FindIP(ip, f.Now)
		h.hit("ip", ip.String(), in, ok)
	}
	in, ok := x.FindSubject(f.Message.Subject, f.Now)
	h.hit("subject", f.Message.Subject, in, ok)
	for i := range f.links {
		l := &f.links[i]
		in, ok := x.FindURL(l.URL, f.Now)
		if !ok && l.Target != l.URL {
			in, ok = x.FindURL(l.Target, f.Now)
		}
		if ok {
			h.hit("url", l.URL, in, ok)
			continue
		}
		in, ok = x.FindHost(l.host, f.Now)
		h.hit("link-domain", l.host, in, ok)
		if a, err := netip.ParseAddr(strings.Trim(l.host, "[]")); err == nil {
			in, ok = x.FindIP(a, f.Now)
			h.hit("link-domain", l.host, in, ok)
		}
	}
	for i := range f.beyond { // where redirects lead
		l := &f.beyond[i]
		if in, ok := x.FindURL(l.Target, f.Now); ok {
			h.hit("url", l.Target, in, ok)
			continue
		}
		in, ok := x.FindHost(l.host, f.Now)
		h.hit("link-domain", l.host, in, ok)
	}
	for _, a := range f.Message.Attachments {
		for _, sum := range [...]string{a.SHA256, a.SHA1, a.MD5} {
			if in, ok := x.FindHash(sum, f.Now); ok {
				h.hit("file", a.Name+" ("+sum+")", in, ok)
				break
			}
		}
	}
}

// outsideIPs are the servers that handed the message over: the SMTP client when known, else the topmost public address a
// Received field names.
func (f *Facts) outsideIPs() []netip.Addr {
	if ip := f.Envelope.ClientIP; ip.IsValid() && !ip.IsPrivate() && !ip.IsLoopback() {
		return []netip.Addr{ip}
	}
	for _, h := range f.Message.Hops {
		if ip := h.FromIP; ip.IsValid() && !ip.IsPrivate() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() {
			return []netip.Addr{ip}
		}
	}
	return nil
}
