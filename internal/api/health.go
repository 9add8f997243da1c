package api

import (
	"encoding/json"
	"net/http"
)

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) { writeHealth(w, nil) }

func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	writeHealth(w, s.deps.Ready(r.Context()))
}

func writeHealth(w http.ResponseWriter, failed []string) {
	h := Health{Status: "ok", Failed: []string{}}
	status := http.StatusOK
	if len(failed) > 0 {
		h, status = Health{Status: "not ready", Failed: failed}, http.StatusServiceUnavailable
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if body, err := json.Marshal(h); err == nil {
		_, _ = w.Write(body)
	}
}

func (s *Server) openapi(w http.ResponseWriter, _ *http.Request) {
	doc, err := s.OpenAPI()
	if err != nil {
		s.deps.Log.Error("OpenAPI document", "err", err)
		writeProblem(w, http.StatusInternalServerError, "the document could not be written")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(doc)
}
