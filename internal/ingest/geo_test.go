package ingest

import (
	"encoding/binary"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
)

// The few types of the MaxMind DB format (https://maxmind.github.io/MaxMind-DB/) that a file of one network needs.

func head(kind, size int) []byte {
	if kind > 7 {
		return []byte{byte(size), byte(kind - 7)}
	}
	if size >= 29 {
		return []byte{byte(kind<<5 | 29), byte(size - 29)}
	}
	return []byte{byte(kind<<5 | size)}
}

func utf(s string) []byte { return append(head(2, len(s)), s...) }

func double(f float64) []byte {
	return binary.BigEndian.AppendUint64(head(3, 8), math.Float64bits(f))
}

func number(kind, size int, n uint64) []byte {
	all := binary.BigEndian.AppendUint64(nil, n)
	return append(head(kind, size), all[8-size:]...)
}

func object(pairs ...any) []byte {
	out := head(7, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		out = append(append(out, utf(pairs[i].(string))...), pairs[i+1].([]byte)...)
	}
	return out
}

func array(items ...[]byte) []byte {
	out := head(11, len(items))
	for _, it := range items {
		out = append(out, it...)
	}
	return out
}

// geoFile writes a file that knows 20.0.0.0/8.
func geoFile(t *testing.T, record []byte) string {
	t.Helper()
	const nodes = 8
	var out []byte
	for i := range nodes {
		next := uint32(i + 1)
		if i == nodes-1 {
			next = nodes + 16 // the first record
		}
		pair := [2]uint32{nodes, nodes} // nothing there
		pair[20>>(7-i)&1] = next
		for _, p := range pair {
			out = append(out, byte(p>>16), byte(p>>8), byte(p))
		}
	}
	out = append(append(out, make([]byte, 16)...), record...)
	out = append(out, "\xab\xcd\xefMaxMind.com"...)
	out = append(out, object(
		"binary_format_major_version", number(5, 2, 2), "binary_format_minor_version", number(5, 2, 0), "build_epoch", number(9, 8, 1700000000),
		"database_type", utf("Test"), "description", object("en", utf("a test")), "ip_version", number(5, 2, 4), "languages", array(utf("en")),
		"node_count", number(6, 4, nodes), "record_size", number(5, 2, 24),
	)...)
	name := filepath.Join(t.TempDir(), "geo.mmdb")
	if err := os.WriteFile(name, out, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestGeoFile(t *testing.T) {
	names := func(s string) []byte { return object("names", object("en", utf(s))) }
	for _, c := range []struct {
		name   string
		record []byte
		want   Place
	}{
		{"a city", object(
			"country", object("iso_code", utf("AU"), "names", object("en", utf("Australia"))), "subdivisions", array(names("New South Wales")),
			"city", names("Sydney"), "location", object("latitude", double(-33.8715), "longitude", double(151.2006)),
		), Place{"Australia", "New South Wales", "Sydney", -33.8715, 151.2006, true}},
		{"a code alone", object("country", object("iso_code", utf("AU"))), Place{Country: "AU"}},
		{"where it is registered", object("registered_country", object("iso_code", utf("AU"), "names", object("en", utf("Australia")))), Place{Country: "Australia"}},
	} {
		g, err := OpenGeo(geoFile(t, c.record))
		if err != nil {
			t.Fatal(c.name, err)
		}
		defer g.Close()
		if p, ok := g.Place(netip.MustParseAddr("20.53.203.50")); !ok || p != c.want {
			t.Errorf("%s: %+v %v", c.name, p, ok)
		}
		if p, ok := g.Place(netip.MustParseAddr("21.53.203.50")); ok {
			t.Errorf("%s: an address that is not in it is at %+v", c.name, p)
		}
		if p, ok := g.Place(netip.MustParseAddr("2001:db8::1")); ok {
			t.Errorf("%s: an IPv6 address is at %+v", c.name, p)
		}
		if code := g.Country(netip.MustParseAddr("20.1.1.1")); code != "AU" {
			t.Errorf("%s: the country is %q", c.name, code)
		}
	}
}
