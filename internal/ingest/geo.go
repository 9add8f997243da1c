package ingest

import (
	"fmt"
	"net/netip"

	"github.com/oschwald/maxminddb-golang/v2"
)

// GeoFile looks countries up in a MaxMind DB file (GeoLite2-Country, GeoLite2-City, DB-IP and others share the format,
// https://maxmind.github.io/MaxMind-DB/). It is safe for concurrent use.
type GeoFile struct {
	db *maxminddb.Reader
}

var _ Geo = (*GeoFile)(nil)

// OpenGeo opens a database of countries or cities.
func OpenGeo(path string) (*GeoFile, error) {
	db, err := maxminddb.Open(path)
	if err != nil {
		return nil, fmt.Errorf("GeoIP file %s: %w", path, err)
	}
	return &GeoFile{db: db}, nil
}

// Country returns the ISO 3166-1 code of where an address is used, else of where it is registered, else "".
func (g *GeoFile) Country(addr netip.Addr) string {
	r := g.db.Lookup(addr.Unmap().WithZone(""))
	for _, key := range []string{"country", "registered_country"} {
		var code string
		// A damaged record, or one without the field, is an unknown country: the event is worth more than its flag.
		if err := r.DecodePath(&code, key, "iso_code"); err == nil && len(code) == 2 {
			return code
		}
	}
	return ""
}

// Place is where an address is, as far as the file knows it: names in English.
type Place struct {
	Country, State, City string
	Latitude, Longitude  float64
	Coordinates          bool // whether the latter two are known
}

// Place says where an address is; false when the file does not know its country.
func (g *GeoFile) Place(addr netip.Addr) (p Place, ok bool) {
	r := g.db.Lookup(addr.Unmap().WithZone(""))
	for _, key := range []string{"country", "registered_country"} {
		if p.Country == "" {
			if r.DecodePath(&p.Country, key, "names", "en") != nil {
				p.Country = ""
			}
		}
	}
	if p.Country == "" { // files without names have the code
		p.Country = g.Country(addr)
	}
	// As in Country, what can't be read is not known.
	for _, f := range []struct {
		into *string
		path []any
	}{{&p.State, []any{"subdivisions", 0, "names", "en"}}, {&p.City, []any{"city", "names", "en"}}} {
		if r.DecodePath(f.into, f.path...) != nil {
			*f.into = ""
		}
	}
	lat, lon := r.DecodePath(&p.Latitude, "location", "latitude"), r.DecodePath(&p.Longitude, "location", "longitude")
	p.Coordinates = lat == nil && lon == nil && (p.Latitude != 0 || p.Longitude != 0)
	return p, p.Country != ""
}

// Close releases the file.
func (g *GeoFile) Close() error { return g.db.Close() }
