package native

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// addressFunctions work on IPv4 and IPv6 addresses in text, with or without the length of a prefix: 10.0.0.0/8. What is no
// address gives null, or empty text.
var addressFunctions = map[string]function{
	"ipv4_compare":            pure('l', func(a args) any { return compareAddresses(a, 32) }),
	"ipv4_is_match":           pure('b', func(a args) any { return matchAddresses(a, 32) }),
	"ipv6_compare":            pure('l', func(a args) any { return compareAddresses(a, 128) }),
	"ipv6_is_match":           pure('b', func(a args) any { return matchAddresses(a, 128) }),
	"ipv4_is_in_any_range":    memo('b', func(a args, m *kept) any { return inAnyRange(a, m, 32) }),
	"ipv6_is_in_any_range":    memo('b', func(a args, m *kept) any { return inAnyRange(a, m, 128) }),
	"ipv4_netmask_suffix":     pure('l', netmaskSuffix),
	"ipv4_range_to_cidr_list": pure('d', rangeToCIDR),
	"parse_ipv4":              pure('l', parseIPv4),
	"parse_ipv4_mask":         pure('l', parseIPv4Mask),
	"format_ipv4":             pure('s', func(a args) any { return formatIPv4(a, false) }),
	"format_ipv4_mask":        pure('s', func(a args) any { return formatIPv4(a, true) }),
	"parse_ipv6":              pure('s', parseIPv6),
	"has_ipv4":                pure('b', hasIPv4),
	"has_ipv4_prefix":         pure('b', hasIPv4Prefix),
}

// network is an address of 128 bits with the length of its prefix; IPv4 addresses are ::ffff:a.b.c.d.
type network struct {
	addr [16]byte
	bits int64
}

// parseNetwork reads an address. With 32 bits it must be an IPv4 address.
func parseNetwork(s string, bits int64) (n network, ok bool) {
	s, suffix, found := strings.Cut(strings.TrimSpace(s), "/")
	addr, err := netip.ParseAddr(s)
	if err != nil || addr.Zone() != "" || bits == 32 && !addr.Is4() {
		return n, false
	}
	n.addr, n.bits = addr.As16(), 128
	// ::192.168.1.1 is IPv4 too, as Kusto's documentation has it.
	if v := n.addr; addr.Is6() && strings.Contains(s, ".") && [12]byte(v[:12]) == [12]byte{} {
		n.addr[10], n.addr[11] = 0xff, 0xff
		addr = netip.AddrFrom16(n.addr).Unmap()
	}
	if found {
		most := int64(128)
		if addr.Is4() {
			most = 32
		}
		length, err := strconv.ParseInt(suffix, 10, 64)
		if err != nil || length < 0 || length > most {
			return n, false
		}
		n.bits = 128 - most + length
	}
	return n, true
}

// masked keeps the first bits of the address.
func (n network) masked(bits int64) [16]byte {
	out := n.addr
	for i := range out {
		switch keep := bits - int64(i)*8; {
		case keep <= 0:
			out[i] = 0
		case keep < 8:
			out[i] &= 0xff << (8 - keep)
		}
	}
	return out
}

// comparison compares two addresses by the shortest of their prefixes and that of argument 2. ok is false when one is no
// address.
func comparison(a args, bits int64) (c int64, ok bool) {
	x, ok1 := parseNetwork(a.text(0), bits)
	y, ok2 := parseNetwork(a.text(1), bits)
	prefix, ok3 := a.longOr(2, bits)
	if !ok1 || !ok2 || !ok3 || prefix < 0 || prefix > bits {
		return 0, false
	}
	keep := min(x.bits, y.bits, 128-bits+prefix)
	p, q := x.masked(keep), y.masked(keep)
	return int64(strings.Compare(string(p[:]), string(q[:]))), true
}

func compareAddresses(a args, bits int64) any {
	if c, ok := comparison(a, bits); ok {
		return c
	}
	return nil
}

func matchAddresses(a args, bits int64) any {
	if c, ok := comparison(a, bits); ok {
		return c == 0
	}
	return nil
}

// inAnyRange tests an address against ranges: an array of them as JSON. What is no range holds no address.
func inAnyRange(a args, m *kept, bits int64) any {
	x, ok := parseNetwork(a.text(0), bits)
	if !ok {
		return nil
	}
	ranges := m.of(a.json(1), func(s string) any {
		var out []network
		list, isArray := elements(s)
		if !isArray {
			list = []string{s}
		}
		for _, v := range list {
			if n, ok := parseNetwork(plainText(v), bits); ok {
				n.addr = n.masked(n.bits)
				out = append(out, n)
			}
		}
		return out
	}).([]network)
	for _, n := range ranges {
		keep := min(n.bits, x.bits)
		if x.masked(keep) == n.masked(keep) {
			return true
		}
	}
	return false
}

func netmaskSuffix(a args) any {
	n, ok := parseNetwork(a.text(0), 32)
	if !ok {
		return nil
	}
	return n.bits - 96
}

// value4 is the IPv4 address as a number.
func (n network) value4() uint32 { return binary.BigEndian.Uint32(n.addr[12:]) }

func rangeToCIDR(a args) any {
	x, ok1 := parseNetwork(a.text(0), 32)
	y, ok2 := parseNetwork(a.text(1), 32)
	if !ok1 || !ok2 {
		return nil
	}
	at, end := int64(x.value4()), int64(y.value4())
	var out []string
	for at <= end {
		bits := 32
		for bits > 0 && at%(1<<(33-bits)) == 0 && at+1<<(33-bits)-1 <= end {
			bits--
		}
		out = append(out, quote(dotted(uint32(at))+"/"+strconv.Itoa(bits)))
		at += 1 << (32 - bits)
	}
	return array(out)
}

func dotted(v uint32) string {
	return fmt.Sprintf("%d.%d.%d.%d", v>>24, v>>16&255, v>>8&255, v&255)
}

func mask4(v uint32, bits int64) uint32 { return uint32(uint64(v) >> (32 - bits) << (32 - bits)) }

func parseIPv4(a args) any {
	n, ok := parseNetwork(a.text(0), 32)
	if !ok {
		return nil
	}
	return int64(mask4(n.value4(), n.bits-96))
}

func parseIPv4Mask(a args) any {
	n, ok := parseNetwork(a.text(0), 32)
	prefix, given := a.long(1)
	if !ok || !given || prefix < 0 || prefix > 32 {
		return nil
	}
	return int64(mask4(n.value4(), min(n.bits-96, prefix)))
}

// formatIPv4 takes an address as text or as a number.
func formatIPv4(a args, withMask bool) any {
	var v uint32
	bits := int64(32)
	if n, ok := a.long(0); ok {
		if n < 0 || n > 1<<32-1 {
			return ""
		}
		v = uint32(n)
	} else {
		n, ok := parseNetwork(a.text(0), 32)
		if !ok {
			return ""
		}
		v, bits = n.value4(), n.bits-96
	}
	prefix, ok := a.longOr(1, 32)
	if !ok || prefix < 0 || prefix > 32 {
		return ""
	}
	bits = min(bits, prefix)
	if withMask {
		return dotted(mask4(v, bits)) + "/" + strconv.FormatInt(bits, 10)
	}
	return dotted(mask4(v, bits))
}

// parseIPv6 writes an address with all its digits; a second argument is a prefix of the 128 bits.
func parseIPv6(a args) any {
	n, ok := parseNetwork(a.text(0), 128)
	prefix, given := a.longOr(1, 128)
	if !ok || !given || prefix < 0 || prefix > 128 {
		return ""
	}
	v := n.masked(min(n.bits, prefix))
	var out []string
	for i := 0; i < 16; i += 2 {
		out = append(out, fmt.Sprintf("%02x%02x", v[i], v[i+1]))
	}
	return strings.Join(out, ":")
}

// hasIPv4 looks for addresses that stand in a text between characters that are no letters and digits. The addresses are the
// further arguments, or an array among them, as JSON.
func hasIPv4(a args) any {
	wanted, _ := elements(a.json(1))
	for _, w := range wanted {
		addr := plainText(w)
		if n, ok := parseNetwork(addr, 32); !ok || n.bits != 128 || strings.Contains(addr, "/") {
			continue
		}
		if hasAddress(a.text(0), func(found string) bool { return found == addr }) {
			return true
		}
	}
	return false
}

func hasIPv4Prefix(a args) any {
	wanted, _ := elements(a.json(1))
	for _, w := range wanted {
		prefix := plainText(w)
		_, whole := parseNetwork(prefix, 32)
		whole = whole && !strings.Contains(prefix, "/")
		if !whole && !octetPrefix(prefix) {
			continue
		}
		if hasAddress(a.text(0), func(found string) bool {
			return found == prefix || !whole && strings.HasPrefix(found, prefix)
		}) {
			return true
		}
	}
	return false
}

// octetPrefix tells whether s is the beginning of an address that ends with a dot: "192.168."
func octetPrefix(s string) bool {
	parts := strings.Split(s, ".")
	if len(parts) < 2 || len(parts) > 4 || parts[len(parts)-1] != "" {
		return false
	}
	for _, p := range parts[:len(parts)-1] {
		if n, err := strconv.ParseUint(p, 10, 8); err != nil || strconv.FormatUint(n, 10) != p {
			return false
		}
	}
	return true
}

// hasAddress calls test with every IPv4 address in a text until one passes.
func hasAddress(s string, test func(addr string) bool) bool {
	isPart := func(c byte) bool { return c >= '0' && c <= '9' || c == '.' }
	isWord := func(c byte) bool {
		return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
	}
	for i := 0; i < len(s); {
		if !isPart(s[i]) {
			i++
			continue
		}
		end := i
		for end < len(s) && isPart(s[end]) {
			end++
		}
		from := i
		i = end
		found := strings.Trim(s[from:end], ".")
		if len(found) < 7 || len(found) > 15 {
			continue
		}
		if from > 0 && s[from] != '.' && isWord(s[from-1]) || end < len(s) && s[end-1] != '.' && isWord(s[end]) {
			continue
		}
		if addr, err := netip.ParseAddr(found); err == nil && addr.Is4() && test(found) {
			return true
		}
	}
	return false
}

// geoInfo says where an address is, as geo_info_from_ip_address does.
func geoInfo(locate func(addr string) (Place, bool)) function {
	return pure('d', func(a args) any {
		if locate == nil {
			return nil
		}
		p, ok := locate(strings.TrimSpace(a.text(0)))
		if !ok {
			return nil
		}
		list := []member{{"country", quote(p.Country)}, {"state", quote(p.State)}, {"city", quote(p.City)}}
		if p.Coordinates {
			list = append(list, member{"latitude", realText(p.Latitude)}, member{"longitude", realText(p.Longitude)})
		}
		return bag(list)
	})
}
