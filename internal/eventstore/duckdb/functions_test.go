package duckdb_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"tocsin/internal/eventstore/duckdb"
	"tocsin/internal/kql"
	"tocsin/internal/kql/native"
)

func ask(s *duckdb.Store, t *testing.T, query string) (string, error) {
	t.Helper()
	q, err := kql.Parse(query)
	if err != nil {
		t.Fatal(err)
	}
	st, err := kql.Compile(q, kql.Options{}, s.Dialect())
	if err != nil {
		t.Fatal(err)
	}
	out := ""
	err = s.Query(t.Context(), st, func(row []any) error {
		if raw, ok := row[0].(json.RawMessage); ok {
			row[0] = string(raw)
		}
		out += fmt.Sprintln(row...)
		return nil
	})
	return strings.TrimSpace(out), err
}

// Functions written in Go are there on every connection of a store, after it is opened again too, and under many queries at once.
func TestFunctionsInGo(t *testing.T) {
	dir := t.TempDir()
	const place = `print geo_info_from_ip_address("192.0.2.1")`
	s := open(t, dir)
	if got, err := ask(s, t, place); err != nil || got != "<nil>" {
		t.Errorf("without a GeoIP file an address is at %s %v", got, err)
	}
	s.Close()
	o := small
	o.Locate = func(addr string) (native.Place, bool) { return native.Place{Country: "Austria"}, addr == "192.0.2.1" }
	s, err := duckdb.Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got, err := ask(s, t, place); err != nil || got != `{"country":"Austria","state":"","city":""}` {
		t.Errorf("got %s %v", got, err)
	}
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			q := fmt.Sprintf(`print x = range(1, 3000) | mv-expand x | extend y = tostring(x) | summarize countif(set_has_element(dynamic(["7", "%d"]), y))`, i+8)
			if got, err := ask(s, t, q); err != nil || got != "2" {
				t.Errorf("got %s %v", got, err)
			}
		})
	}
	all.Wait()
	if _, err := ask(s, t, `print x = repeat(strrep("a", 1024), 1000000)`); err == nil || !strings.Contains(err.Error(), "repeat would give a value of more than 16 MB") {
		t.Errorf("a value that is too large: %v", err)
	}
}
