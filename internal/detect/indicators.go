package detect

import (
	"net/netip"

	"tocsin/internal/intel"
)

// detectIndicators looks sender, servers, links and files up among known values. A value known as good silences the same
// value's listing as bad, nothing else.
func detectIndicators(f *Facts, raise Raise) {
	x := f.judge.indicators.Load()
	if x.Len() == 0 {
		return
	}
	hit := func(id, value string) func(intel.Indicator, bool) {
		return func(in intel.Indicator, ok bool) {
			if ok && !in.Good {
				raise(id, say("%s: %s from %s %s", value, in.Value, in.Source, in.Threat))
			}
		}
	}
	if _, good := good(x.FindSender(f.from.Addr, f.Now)); !good {
		hit("known-sender", f.from.Addr)(x.FindSender(f.from.Addr, f.Now))
		hit("known-sender", f.from.Domain)(x.FindHost(f.from.Domain, f.Now))
	}
	for _, ip := range f.outsideIPs() {
		hit("known-ip", ip.String())(x.FindIP(ip, f.Now))
	}
	for i := range f.links {
		l := &f.links[i]
		in, ok := x.FindURL(l.URL, f.Now)
		if !ok && l.Target != l.URL {
			in, ok = x.FindURL(l.Target, f.Now)
		}
		if ok {
			hit("known-url", l.URL)(in, ok)
			continue
		}
		hit("known-link-domain", l.host)(x.FindHost(l.host, f.Now))
		if a, err := netip.ParseAddr(l.host); err == nil {
			hit("known-link-domain", l.host)(x.FindIP(a, f.Now))
		}
	}
	for i := range f.beyond { // where redirects lead
		l := &f.beyond[i]
		if in, ok := x.FindURL(l.Target, f.Now); ok {
			hit("known-url", l.Target)(in, ok)
			continue
		}
		hit("known-link-domain", l.host)(x.FindHost(l.host, f.Now))
	}
	for _, a := range f.Message.Attachments {
		for _, h := range [...]string{a.SHA256, a.SHA1, a.MD5} {
			if in, ok := x.FindHash(h, f.Now); ok {
				if !in.Good {
					raise("known-file", say("%s (%s): %s from %s", a.Name, in.Value, in.Threat, in.Source))
					if in.Threat != "" {
						f.threatNames = append(f.threatNames, Clean(in.Threat, maxValue))
					}
				}
				break
			}
		}
	}
}

func good(in intel.Indicator, ok bool) (intel.Indicator, bool) { return in, ok && in.Good }

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
