package api

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"
)

// csp of the interface. The nonce lets the style sheets in that the components make at run time (Griffel), and nothing else.
func csp(nonce string) string {
	return "default-src 'self'; style-src 'self' 'nonce-" + nonce + "'; img-src 'self' data:; frame-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}

// noncePlace is what index.html holds where the nonce belongs.
const noncePlace = "__CSP_NONCE__"

// ui serves the built interface: files as they are, index.html for everything else that looks like a page.
func (s *Server) ui() http.Handler {
	files := s.deps.UI
	packed := packer()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			writeProblem(w, http.StatusMethodNotAllowed, "only GET and HEAD work here")
			return
		}
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		if files == nil {
			s.page(w, r, []byte(unbuiltPage))
			return
		}
		if name != "" && name != "index.html" {
			if f, err := files.Open(name); err == nil {
				defer f.Close()
				if serveFile(packed, w, r, name, f) {
					return
				}
			}
		}
		// A missing file is not a page: a stale tab that asks for an old script must get an error, not HTML.
		if ext := path.Ext(name); name != "index.html" && (strings.HasPrefix(name, "assets/") || ext != "" && mime.TypeByExtension(ext) != "") {
			writeProblem(w, http.StatusNotFound, "there is no "+r.URL.Path)
			return
		}
		index, err := fs.ReadFile(files, "index.html")
		if err != nil {
			index = []byte(unbuiltPage)
		}
		s.page(w, r, index)
	})
}

// packer compresses what it is put around, where that helps. Only files of the build go through it: they are the same for
// everybody, so their length tells nothing.
func packer() func(http.Handler) http.HandlerFunc {
	packed, err := gzhttp.NewWrapper(gzhttp.MinSize(1024), gzhttp.ContentTypes([]string{"text/javascript", "text/css", "image/svg+xml"}))
	if err != nil {
		panic(err) // only for options out of bounds
	}
	return packed
}

// serveFile serves one built file; false when it is a folder.
func serveFile(packed func(http.Handler) http.HandlerFunc, w http.ResponseWriter, r *http.Request, name string, f fs.File) bool {
	info, err := f.Stat()
	body, seekable := f.(io.ReadSeeker)
	if err != nil || info.IsDir() || !seekable {
		return false
	}
	cache := "no-cache"
	if strings.HasPrefix(name, "assets/") { // the build puts a hash of the content into these names
		cache = "public, max-age=31536000, immutable"
	}
	w.Header().Set("Cache-Control", cache)
	packed(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, name, time.Time{}, body)
	})).ServeHTTP(w, r)
	return true
}

// page serves a document of the interface with a nonce of its own.
func (s *Server) page(w http.ResponseWriter, r *http.Request, html []byte) {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	nonce := base64.RawURLEncoding.EncodeToString(b)
	html = bytes.ReplaceAll(html, []byte(noncePlace), []byte(nonce))
	if !bytes.Contains(html, []byte(`name="csp-nonce"`)) {
		html = bytes.Replace(html, []byte("<head>"), []byte(`<head><meta name="csp-nonce" content="`+nonce+`">`), 1)
	}
	h := w.Header()
	h.Set("Content-Security-Policy", csp(nonce))
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(html)
}

const unbuiltPage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Tocsin</title><meta name="csp-nonce" content="__CSP_NONCE__">
<style nonce="__CSP_NONCE__">body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}code{background:#eee;padding:.1em .3em}</style>
</head><body><h1>Tocsin is running, without its interface</h1>
<p>This binary was built before the interface was. In the source folder run</p>
<p><code>cd ui &amp;&amp; npm ci --ignore-scripts &amp;&amp; npm run build</code></p>
<p>then build the binary again. The HTTP API works: its description is at <a href="/api/openapi.json">/api/openapi.json</a>.</p>
</body></html>
`
