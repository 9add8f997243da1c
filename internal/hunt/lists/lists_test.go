package lists

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/internal/event"
	"tocsin/internal/kql"
)

// host serves lists on loopback and counts what it is asked for.
type host struct {
	*httptest.Server
	asked atomic.Int64
}

func serve(t *testing.T, pages map[string]http.HandlerFunc) *host {
	t.Helper()
	h := &host{}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.asked.Add(1)
		if page := pages[r.URL.Path]; page != nil {
			page(w, r)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(h.Close)
	return h
}

func text(s string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(s)) }
}

func reader(t *testing.T, approved ...string) *Reader {
	t.Helper()
	r, err := New(approved)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var twoColumns = []kql.Column{{Name: "a", Type: event.String}, {Name: "b", Type: event.Long}}

// show writes rows so that text, JSON and nothing can be told apart.
func show(rows [][]any) string {
	var out []string
	for _, row := range rows {
		var cells []string
		for _, c := range row {
			switch c := c.(type) {
			case nil:
				cells = append(cells, "-")
			case json.RawMessage:
				cells = append(cells, "json:"+string(c))
			default:
				cells = append(cells, fmt.Sprint(c))
			}
		}
		out = append(out, strings.Join(cells, ","))
	}
	return strings.Join(out, " / ")
}

func TestFormats(t *testing.T) {
	var packed, zipped, two bytes.Buffer
	g := gzip.NewWriter(&packed)
	_, _ = g.Write([]byte("x,1\ny,2\n"))
	g.Close()
	for _, z := range []struct {
		to    *bytes.Buffer
		names []string
	}{{&zipped, []string{"list.csv"}}, {&two, []string{"a", "b"}}} {
		w := zip.NewWriter(z.to)
		for _, n := range z.names {
			f, _ := w.Create(n)
			_, _ = f.Write([]byte("x,1\ny,2\n"))
		}
		w.Close()
	}
	lines := "{\"a\":\"x\",\"b\":1,\"c\":9}\n\n{\"b\":null}\n"
	h := serve(t, map[string]http.HandlerFunc{
		"/list.csv": text("\ufeffa,b\n\"x, \"\"y\"\"\",1\r\n\nz\nw,2,3\nbro\"ken,4\n"), "/list.tsv": text("x\t1\ny\t2\n"), "/list.psv": text("x|1\n"), "/list.scsv": text("x;1\n"),
		"/list.txt": text("# head\n\none, two\r\nthree\n"), "/list": text("x,1\n"), "/page.html": text("x,1\n"), "/list.raw": text("a\nb\n"),
		"/list.json": text(lines), "/list.multijson": text("[{\"a\":\"x\"},\n{\"b\":\n2}]"), "/stream.multijson": text("{\"a\":{\"k\":[1]}} {\"b\":2}"),
		"/list.csv.gz": text(packed.String()), "/list.csv.zip": text(zipped.String()), "/two.zip": text(two.String()),
		"/bad.json": text("{\"a\":1}\n{\"a\":"), "/bad.multijson": text("[{\"a\":1}, 5]"), "/latin.txt": text("caf\xe9\n"),
	})
	r := reader(t, h.URL+"/")
	for _, c := range []struct {
		path, format string
		skip         bool
		want, err    string
	}{
		{"/list.csv", "", false, `a,b / x, "y",1 / z / w,2 / bro"ken,4`, ""},
		{"/list.csv", "csv", true, `x, "y",1 / z / w,2 / bro"ken,4`, ""},
		{"/list.tsv", "", false, "x,1 / y,2", ""},
		{"/list.psv", "", false, "x,1", ""},
		{"/list.scsv", "", false, "x,1", ""},
		{"/list.txt", "", false, "# head / one, two / three", ""},
		{"/list.txt", "txt", true, "one, two / three", ""},
		{"/list.txt", "csv", false, "# head / one, two / three", ""},
		{"/list", "", false, "x,1", ""},
		{"/page.html", "", false, "x,1", ""},
		{"/list.raw", "", false, "a\nb\n", ""},
		{"/list.json", "", false, `json:"x",json:1 / -,json:null`, ""},
		{"/list.multijson", "", false, `json:"x",- / -,json:2`, ""},
		{"/stream.multijson", "", false, `json:{"k":[1]},- / -,json:2`, ""},
		{"/list.csv.gz", "", false, "x,1 / y,2", ""},
		{"/list.csv.zip", "", true, "y,2", ""},
		{"/latin.txt", "", false, "caf\ufffd", ""},
		{"/two.zip", "csv", false, "", "its zip holds 2 files; one is read"},
		{"/bad.json", "", false, "", "line 2 is no JSON object"},
		{"/bad.multijson", "", false, "", "record 2 is no JSON object"},
		{"/list.csv", "parquet", false, "", `lists of the format "parquet" are not read`},
		{"/none", "", false, "", "it answered 404 Not Found"},
	} {
		rows, err := r.Read(t.Context(), kql.ExternalRef{URIs: []string{h.URL + c.path}, Columns: twoColumns, Format: c.format, SkipFirst: c.skip})
		switch {
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%s as %q: %v, want %q", c.path, c.format, err, c.err)
		case c.err == "" && (err != nil || show(rows) != c.want):
			t.Errorf("%s as %q: %q %v\nwant %q", c.path, c.format, show(rows), err, c.want)
		}
	}
	rows, err := r.Read(t.Context(), kql.ExternalRef{URIs: []string{h.URL + "/list.psv", h.URL + "/list.tsv"}, Columns: twoColumns})
	if err != nil || show(rows) != "x,1 / x,1 / y,2" {
		t.Errorf("two lists: %q %v", show(rows), err)
	}
}

func TestApproved(t *testing.T) {
	r := reader(t, "https://lists.example.com", "https://raw.example.org/team/feeds/", "https://one.example/list.txt", "https://Ports.example:8443/")
	for _, c := range []struct{ uri, err string }{
		{"https://lists.example.com/a/b.txt?x=1#y", ""},
		{"https://LISTS.example.com./a", ""},
		{"https://lists.example.com:443/a", ""},
		{"https://raw.example.org/team/feeds/a.txt", ""},
		{"https://one.example/list.txt", ""},
		{"https://ports.example:8443/a", ""},
		{"https://lists.example.com/a;", ""},
		{"https://ports.example/a", "lists of ports.example are not approved; an administrator can add https://ports.example/ to hunting.external_data"},
		{"https://raw.example.org/team/other/a.txt", "not approved"},
		{"https://raw.example.org/team/feeds-of-others/a.txt", "not approved"},
		{"https://raw.example.org/team/feeds/../other/a.txt", "not approved"},
		{"https://raw.example.org/team/feeds/%2e%2e/other/a.txt", "not approved"},
		{"https://raw.example.org/team/feeds/..%2fother/a.txt", "not approved"},
		{"https://raw.example.org/team/feeds/..\\other", "not approved"},
		{"https://one.example/list.txt.more", "not approved"},
		{"https://lists.example.com.evil.example/a", "not approved"},
		{"https://evil.example/https://lists.example.com/", "not approved"},
		{"https://lists.example.com@evil.example/a", "no keys or passwords are sent"},
		{"http://lists.example.com/a", "not approved"},
		{"https://lists.example.com/a;secretkey", "no keys or passwords are sent"},
		{"ftp://lists.example.com/a", "a list is named by its address"},
		{"file:///etc/passwd", "a list is named by its address"},
		{"/etc/passwd", "a list is named by its address"},
		{"", "a list is named by its address"},
	} {
		err := r.Check(kql.ExternalRef{URIs: []string{c.uri}, Columns: twoColumns})
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v, want %q", c.uri, err, c.err)
		}
		if err != nil && strings.Contains(err.Error(), "secretkey") {
			t.Errorf("a key is in the error: %v", err)
		}
	}
	for _, s := range []string{"", "lists.example", "http://lists.example/", "https://", "https://*.example/", "https://u:p@lists.example/", "https://lists.example/?x=1", "https://lists.example/a/../b", "ftp://lists.example/", "file:///x", "http://localhost/"} {
		if err := ParseApproved(s); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", s, err)
		}
	}
	for _, s := range []string{"https://lists.example", "https://lists.example/a/", "http://127.0.0.1:8080/", "http://[::1]/x", "https://10.0.0.5/"} {
		if err := ParseApproved(s); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// TestPrivate: a name that leads inside is not followed there, whatever was approved beside it.
func TestPrivate(t *testing.T) {
	h := serve(t, map[string]http.HandlerFunc{"/": text("secret")})
	u, _ := url.Parse(h.URL)
	r := reader(t, h.URL+"/", "https://localhost:"+u.Port()+"/")
	_, err := r.Read(t.Context(), kql.ExternalRef{URIs: []string{"https://localhost:" + u.Port() + "/"}, Columns: twoColumns})
	if err == nil || !strings.Contains(err.Error(), "its name leads to a private address") || h.asked.Load() != 0 {
		t.Errorf("%v, asked %d times", err, h.asked.Load())
	}
}

func TestRedirects(t *testing.T) {
	elsewhere := serve(t, map[string]http.HandlerFunc{"/x": text("theirs")})
	var h *host
	to := func(where func() string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, where(), http.StatusFound) }
	}
	var referer atomic.Value
	h = serve(t, map[string]http.HandlerFunc{
		"/lists/here": to(func() string { return h.URL + "/lists/real" }),
		"/lists/real": func(w http.ResponseWriter, r *http.Request) {
			referer.Store(r.Header.Get("Referer"))
			text("ours")(w, r)
		},
		"/lists/away":   to(func() string { return elsewhere.URL + "/x" }),
		"/lists/up":     to(func() string { return h.URL + "/private" }),
		"/lists/around": to(func() string { return h.URL + "/lists/around" }),
		"/private":      text("private"),
	})
	r := reader(t, h.URL+"/lists/")
	read := func(path string) (string, error) {
		rows, err := r.Read(t.Context(), kql.ExternalRef{URIs: []string{h.URL + path}, Columns: twoColumns})
		return show(rows), err
	}
	if got, err := read("/lists/here?key=1"); err != nil || got != "ours" || referer.Load() != "" {
		t.Errorf("%q %v, referer %q", got, err, referer.Load())
	}
	for path, want := range map[string]string{"/lists/away": "are not approved", "/lists/up": "are not approved", "/lists/around": "redirects too often"} {
		if got, err := read(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q %v", path, got, err)
		}
	}
	if elsewhere.asked.Load() != 0 {
		t.Error("a redirect was followed to where nothing is approved")
	}
}

func TestLimits(t *testing.T) {
	var bomb bytes.Buffer
	g := gzip.NewWriter(&bomb)
	for range 30 {
		_, _ = g.Write(bytes.Repeat([]byte("x"), 1<<20))
	}
	g.Close()
	h := serve(t, map[string]http.HandlerFunc{
		"/large":   func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, maxBytes+1)) },
		"/bomb.gz": text(bomb.String()),
		"/rows":    text(strings.Repeat("x\n", maxRows+1)),
		"/most":    text(strings.Repeat("x\n", maxRows)),
		"/wide":    text(strings.Repeat("x\n", 3000)),
		"/slow":    func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	})
	r := reader(t, h.URL+"/")
	wide := make([]kql.Column, 1000)
	for path, want := range map[string]string{"/large": "larger than 20 MB", "/bomb.gz": "larger than 20 MB", "/rows": "too long; at most 200000 rows", "/wide": "too long"} {
		columns := twoColumns
		if path == "/wide" {
			columns = wide
		}
		if rows, err := r.Read(t.Context(), kql.ExternalRef{URIs: []string{h.URL + path}, Columns: columns}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %d rows, %v", path, len(rows), err)
		}
	}
	if rows, err := r.Read(t.Context(), kql.ExternalRef{URIs: []string{h.URL + "/most"}, Columns: twoColumns}); err != nil || len(rows) != maxRows {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := r.Read(ctx, kql.ExternalRef{URIs: []string{h.URL + "/slow"}, Columns: twoColumns}); err == nil || !strings.Contains(err.Error(), "did not send the list within") {
		t.Error(err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if _, err := r.Read(ctx, kql.ExternalRef{URIs: []string{h.URL + "/slow"}, Columns: twoColumns}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestKept: a list is read once in ten minutes, also when several ask at the same time.
func TestKept(t *testing.T) {
	h := serve(t, map[string]http.HandlerFunc{"/a": text("x\n"), "/b": text("y\n")})
	r := reader(t, h.URL+"/")
	at := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	r.now = func() time.Time { return at }
	ref := kql.ExternalRef{URIs: []string{h.URL + "/a"}, Columns: twoColumns}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if rows, err := r.Read(t.Context(), ref); err != nil || show(rows) != "x" {
				t.Errorf("%q %v", show(rows), err)
			}
		})
	}
	all.Wait()
	if h.asked.Load() != 1 {
		t.Errorf("asked %d times", h.asked.Load())
	}
	at = at.Add(keepTime - time.Second)
	_, _ = r.Read(t.Context(), ref)
	if h.asked.Load() != 1 {
		t.Errorf("asked %d times before the list was old", h.asked.Load())
	}
	at = at.Add(time.Second)
	_, _ = r.Read(t.Context(), ref)
	if h.asked.Load() != 2 {
		t.Errorf("asked %d times when the list was old", h.asked.Load())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range 5 {
		at = at.Add(time.Second)
		r.keep(fmt.Sprint(i), make([]byte, 15<<20))
	}
	if len(r.kept) != 4 || r.kept["0"].data != nil {
		t.Errorf("%d lists are kept", len(r.kept))
	}
}

// TestAsked: what a server sees of the asker is its name, and nothing else of Tocsin.
func TestAsked(t *testing.T) {
	var head http.Header
	h := serve(t, map[string]http.HandlerFunc{"/a": func(_ http.ResponseWriter, r *http.Request) { head = r.Header }})
	if _, err := reader(t, h.URL+"/").Read(t.Context(), kql.ExternalRef{URIs: []string{h.URL + "/a"}, Columns: twoColumns}); err != nil {
		t.Fatal(err)
	}
	if len(head) != 2 || head.Get("User-Agent") != "Tocsin" || head.Get("Accept-Encoding") != "gzip" {
		t.Errorf("%v", head)
	}
}

// FuzzFormats: no list makes reading it fail in another way than with a sentence.
func FuzzFormats(f *testing.F) {
	for _, s := range []string{"a,b\n\"x", "{\"a\":1}\n", "[{},", "\"", "a\t\"b\"\"c", "\x00\r\n", "[[[["} {
		for _, format := range []string{"csv", "tsv", "txt", "json", "multijson", "raw"} {
			f.Add(format, s)
		}
	}
	f.Fuzz(func(t *testing.T, format, data string) {
		if !known(format) {
			return
		}
		r := &rowReader{columns: twoColumns}
		if err := r.read(format, []byte(data)); err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
		for _, row := range r.rows {
			if len(row) > max(len(twoColumns), 1) {
				t.Errorf("a row of %d cells", len(row))
			}
		}
	})
}
