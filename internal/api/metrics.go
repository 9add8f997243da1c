package api

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tocsin/internal/auth"
)

// requests counts what the server answers and answered.
type requests struct {
	running prometheus.Gauge
	took    *prometheus.HistogramVec
}

func newRequests(reg prometheus.Registerer) *requests {
	r := &requests{running: prometheus.NewGauge(prometheus.GaugeOpts{Name: "tocsin_http_requests_running", Help: "HTTP requests that are being answered."}), took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "tocsin_http_request_seconds",
		Help:    "Time to answer HTTP requests, by the first two parts of the path and the status.",
		Buckets: []float64{0.005, 0.02, 0.1, 0.5, 2, 10, 60},
	}, []string{"area", "status"})}
	reg.MustRegister(r.running, r.took)
	return r
}

func (r *requests) observe(req *http.Request, status int, took time.Duration) {
	r.took.WithLabelValues(area(req.URL.Path), strconv.Itoa(status)).Observe(took.Seconds())
}

// area has few values, whatever paths clients invent.
func area(path string) string {
	rest, isAPI := strings.CutPrefix(path, Prefix+"/")
	if !isAPI {
		switch path {
		case "/healthz", "/readyz", "/metrics":
			return path
		}
		return "interface"
	}
	first, _, _ := strings.Cut(rest, "/")
	switch first {
	case "session", "setup", "preferences", "explorer", "coverage", "search", "emails", "hunt", "import":
		return first
	}
	return "unknown"
}

// metrics answers whoever asks from this machine without a proxy between, or has the permission.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request) {
	who := auth.From(r.Context())
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	direct := err == nil && peer.Addr().Unmap().IsLoopback() && r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("Forwarded") == ""
	switch {
	case direct || who.May(auth.MetricsRead):
		promhttp.HandlerFor(s.deps.Metrics, promhttp.HandlerOpts{}).ServeHTTP(w, r)
	case who == nil:
		w.Header().Set("WWW-Authenticate", "Bearer")
		writeProblem(w, http.StatusUnauthorized, "metrics are for this machine, or for a token with the permission "+string(auth.MetricsRead))
	default:
		writeProblem(w, http.StatusForbidden, "this needs the permission "+string(auth.MetricsRead))
	}
}
