package api

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

// Large files of the interface travel compressed to whoever takes that, and as they are to others.
func TestFilesAreCompressed(t *testing.T) {
	script := strings.Repeat("const bell = 'tocsin';\n", 1000)
	s := New(Deps{UI: fstest.MapFS{"assets/a.js": {Data: []byte(script)}, "assets/b.woff2": {Data: []byte(script)}}})
	for _, c := range []struct{ path, accept, encoding string }{
		{"/assets/a.js", "gzip", "gzip"}, {"/assets/a.js", "", ""}, {"/assets/b.woff2", "gzip", ""},
	} {
		req := httptest.NewRequest(http.MethodGet, c.path, nil)
		req.Header.Set("Accept-Encoding", c.accept)
		w := httptest.NewRecorder()
		s.ui().ServeHTTP(w, req)
		if w.Code != http.StatusOK || w.Header().Get("Content-Encoding") != c.encoding || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Fatalf("%+v: %d %v", c, w.Code, w.Header())
		}
		var body io.Reader = w.Body
		if c.encoding == "gzip" {
			if w.Body.Len() > len(script)/10 {
				t.Errorf("%d octets of %d", w.Body.Len(), len(script))
			}
			z, err := gzip.NewReader(body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		}
		if got, err := io.ReadAll(body); err != nil || string(got) != script {
			t.Errorf("%+v: %d octets, %v", c, len(got), err)
		}
	}
}
