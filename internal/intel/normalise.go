package intel

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

const maxIndicator = 4096 // octets of a value; longer ones are refused

// Refang undoes what people do to values so that nobody clicks on them: hxxp, [.].
func Refang(s string) string { return refang.Replace(strings.TrimSpace(s)) }

var refang = strings.NewReplacer("hxxp", "http", "hXXp", "http", "[.]", ".", "(.)", ".", "[:]", ":", "[://]", "://", "[@]", "@", "[at]", "@")

// Normalise gives kind (guessed when it is 0) and comparable value of an indicator, or says why it is none. IPs become prefixes of 128-bit addresses, so that one look-up path serves both families.
func Normalise(kind Kind, value string) (Kind, string, error) {
	v := refang.Replace(strings.TrimSpace(value))
	if v == "" {
		return 0, "", errors.New("empty value")
	}
	if len(v) > maxIndicator {
		return 0, "", fmt.Errorf("value of %d octets; at most %d", len(v), maxIndicator)
	}
	if kind == 0 {
		kind = guess(v)
	}
	switch kind {
	case URL:
		u, err := url.Parse(v)
		if err != nil || u.Host == "" {
			return 0, "", fmt.Errorf("%q is not a URL with a host", v)
		}
		u.Scheme, u.Host, u.Fragment, u.RawFragment, u.User = strings.ToLower(u.Scheme), strings.ToLower(u.Host), "", "", nil
		if u.Scheme == "http" || u.Scheme == "https" {
			u.Host = strings.TrimSuffix(strings.TrimSuffix(u.Host, ":80"), ":443")
			u.Scheme = "http" // the same page
		}
		if u.Path == "" {
			u.Path = "/"
		}
		return kind, u.String(), nil
	case Domain:
		v = strings.ToLower(strings.Trim(strings.TrimPrefix(v, "*"), "."))
		if !strings.Contains(v, ".") || strings.ContainsAny(v, " /@:") {
			return 0, "", fmt.Errorf("%q is not a domain", v)
		}
		return kind, v, nil
	case IP:
		p, err := netip.ParsePrefix(v)
		if err != nil {
			a, err := netip.ParseAddr(strings.Trim(v, "[]"))
			if err != nil {
				return 0, "", fmt.Errorf("%q is neither an IP address nor a network like 192.0.2.0/24", v)
			}
			a = a.WithZone("")
			p = netip.PrefixFrom(a, a.BitLen())
		}
		bits := p.Bits()
		if p.Addr().Is4() {
			bits += 96
		}
		return kind, netip.PrefixFrom(netip.AddrFrom16(p.Addr().As16()), bits).Masked().String(), nil
	case Hash:
		v = strings.ToLower(v)
		if len(v) != 32 && len(v) != 40 && len(v) != 64 || strings.Trim(v, "0123456789abcdef") != "" {
			return 0, "", fmt.Errorf("%q is not a file hash: want 32, 40 or 64 hex digits", v)
		}
		return kind, v, nil
	case Sender:
		v = strings.ToLower(strings.Trim(v, "<>"))
		if strings.Count(v, "@") != 1 {
			return 0, "", fmt.Errorf("%q is not a mail address", v)
		}
		return kind, v, nil
	case Subject:
		p, err := ReadPattern(v)
		if err != nil {
			return 0, "", err
		}
		return kind, p.String(), nil
	}
	return 0, "", fmt.Errorf("%q is no URL, domain, IP address, file hash or mail address", clip(value))
}

// prefixBits reads the length of a network in the form of Normalise (which netip.ParsePrefix refuses for mapped IPv4).
func prefixBits(value string) int {
	bits, _ := strconv.Atoi(value[strings.LastIndexByte(value, '/')+1:])
	return bits
}

// ShowNetwork writes a network of Normalise the way people do: 192.0.2.7, 192.0.2.0/24, 2001:db8::/32.
func ShowNetwork(value string) string {
	host, _, _ := strings.Cut(value, "/")
	bits := prefixBits(value)
	a, err := netip.ParseAddr(host)
	if err != nil {
		return value
	}
	if a.Is4In6() && bits >= 96 {
		a, bits = a.Unmap(), bits-96
	}
	if bits == a.BitLen() {
		return a.String()
	}
	return netip.PrefixFrom(a, bits).String()
}

func guess(v string) Kind {
	if strings.Contains(v, "://") {
		return URL
	}
	if _, err := netip.ParseAddr(strings.Trim(v, "[]")); err == nil {
		return IP
	}
	if _, err := netip.ParsePrefix(v); err == nil {
		return IP
	}
	if n := len(v); (n == 32 || n == 40 || n == 64) && strings.Trim(strings.ToLower(v), "0123456789abcdef") == "" {
		return Hash
	}
	if strings.Contains(v, "@") {
		return Sender
	}
	if strings.Contains(v, ".") && !strings.ContainsAny(v, " /") {
		return Domain
	}
	return 0
}

// clip shortens a value of somebody else's for a message.
func clip(s string) string {
	if len(s) > 120 {
		return strings.ToValidUTF8(s[:120], "") + "..."
	}
	return s
}
