package demo

import "net/netip"

// Countries says where the addresses of the invented mail are: blocks that are kept for documentation (RFC 5737), shared out among countries,
// in place of a GeoIP file, which knows nothing of them.
type Countries struct{}

// country of a block of addresses. Partners sit mostly in 198.51.100.0/24, strangers in 203.0.113.0/24.
var blocks = []struct {
	prefix  netip.Prefix
	country string
}{
	{netip.MustParsePrefix("192.0.2.0/24"), "PT"},
	{netip.MustParsePrefix("198.51.100.0/27"), "DE"}, {netip.MustParsePrefix("198.51.100.32/27"), "NL"},
	{netip.MustParsePrefix("198.51.100.64/27"), "ES"}, {netip.MustParsePrefix("198.51.100.96/27"), "FR"},
	{netip.MustParsePrefix("198.51.100.128/27"), "GB"}, {netip.MustParsePrefix("198.51.100.160/27"), "IT"},
	{netip.MustParsePrefix("198.51.100.192/27"), "PL"}, {netip.MustParsePrefix("198.51.100.224/27"), "US"},
	{netip.MustParsePrefix("203.0.113.0/27"), "BR"}, {netip.MustParsePrefix("203.0.113.32/27"), "VN"},
	{netip.MustParsePrefix("203.0.113.64/28"), "NL"}, {netip.MustParsePrefix("203.0.113.80/28"), "US"},
	{netip.MustParsePrefix("203.0.113.96/27"), "IN"}, {netip.MustParsePrefix("203.0.113.128/27"), "TR"},
	{netip.MustParsePrefix("203.0.113.160/27"), "NG"}, {netip.MustParsePrefix("203.0.113.192/27"), "ID"},
	{netip.MustParsePrefix("203.0.113.224/27"), "ZA"},
}

// Country is the ISO 3166-1 code of an address's block, "" outside of all.
func (Countries) Country(addr netip.Addr) string {
	for _, b := range blocks {
		if b.prefix.Contains(addr.Unmap()) {
			return b.country
		}
	}
	return ""
}
