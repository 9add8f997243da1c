package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"tocsin/internal/auth"
)

// Handler is everything the server answers: API, health checks, metrics, interface.
func (s *Server) Handler() http.Handler {
	sessions := s.sessions
	guarded := sessions.LoadAndSave(s.identify(s.mux))
	root := http.NewServeMux()
	root.Handle("/api/", guarded)
	root.Handle("GET /metrics", guarded)
	root.Handle(taxiiPrefix, guarded)
	root.HandleFunc("GET /healthz", s.healthz)
	root.HandleFunc("GET /readyz", s.readyz)
	root.HandleFunc("GET /api/openapi.json", s.openapi)
	root.Handle("/", s.ui())
	s.mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, http.StatusNotFound, "there is no "+r.Method+" "+r.URL.Path+"; /api/openapi.json lists what there is")
	})
	s.mux.HandleFunc("GET /metrics", s.metrics)
	s.mux.HandleFunc(taxiiPrefix, s.taxii)

	cross := http.NewCrossOriginProtection()
	if s.deps.PublicOrigin != "" {
		if err := cross.AddTrustedOrigin(s.deps.PublicOrigin); err != nil {
			s.deps.Log.Error("public URL is not an origin", "url", s.deps.PublicOrigin, "err", err)
		}
	}
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, http.StatusForbidden, "this request came from another web site and was refused")
	}))
	return s.observe(s.headers(cross.Handler(root)))
}

// newSessions does without scs.New, which starts a store in memory with a goroutine that cannot be ended.
func (s *Server) newSessions() *scs.SessionManager {
	return &scs.SessionManager{
		Store:            s.deps.Sessions,
		HashTokenInStore: true,
		Codec:            scs.GobCodec{},
		Lifetime:         s.deps.SessionLife,
		Cookie:           scs.SessionCookie{Name: sessionCookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: s.deps.Secure, Persist: true},
		ErrorFunc: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() == nil {
				s.deps.Log.Error("session store", "err", err)
			}
			writeProblem(w, http.StatusInternalServerError, "something went wrong inside; the server's log has the details")
		},
	}
}

// controllerKey finds the response controller in a request's context.
type controllerKey struct{}

// deadlines gives a handler its time on the wire: no more read deadline (the body is read; net/http would take its passing
// for a client that went away), and a write deadline a little after the handler's own, or none for streams, which set
// theirs as they go (patientWriter).
func deadlines(ctx context.Context, limit time.Duration) {
	rc, ok := ctx.Value(controllerKey{}).(*http.ResponseController)
	if !ok {
		return
	}
	_ = rc.SetReadDeadline(time.Time{})
	var until time.Time
	if limit > 0 {
		until = time.Now().Add(limit + streamWrite)
	}
	_ = rc.SetWriteDeadline(until)
}

// identify finds out who asks: an API token when there is one, else the session cookie. A wrong token is an error even
// where nobody needs to be signed in; an ended session is nobody.
func (s *Server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := context.WithValue(r.Context(), controllerKey{}, http.NewResponseController(w))
		who, err := s.who(ctx, r)
		if err != nil {
			var status interface{ GetStatus() int }
			if p := s.problem(ctx, "identify", err); errors.As(p, &status) {
				if status.GetStatus() == http.StatusUnauthorized {
					w.Header().Set("WWW-Authenticate", "Bearer")
				}
				writeProblem(w, status.GetStatus(), p.Error())
			}
			return
		}
		if who != nil {
			who.Address = s.address(r)
			ctx = auth.With(ctx, who)
		}
		ctx = s.withFlows(context.WithValue(ctx, deviceKey{}, r.UserAgent()), r)
		next.ServeHTTP(w, r.WithContext(context.WithValue(ctx, addressKey{}, s.address(r))))
	})
}

type (
	addressKey struct{}
	deviceKey  struct{}
)

// device is what the client calls itself.
func device(ctx context.Context) string {
	d, _ := ctx.Value(deviceKey{}).(string)
	return d
}

// address of the client as the middleware found it.
func address(ctx context.Context) string {
	a, _ := ctx.Value(addressKey{}).(string)
	return a
}

func (s *Server) who(ctx context.Context, r *http.Request) (*auth.Principal, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		kind, secret, _ := strings.Cut(header, " ")
		if !strings.EqualFold(kind, "Bearer") {
			return nil, auth.ErrNotSignedIn
		}
		return s.deps.Gate.Bearer(ctx, strings.TrimSpace(secret))
	}
	id := s.sessions.GetString(ctx, keyOperator)
	if id == "" {
		return nil, nil
	}
	now := s.deps.Now()
	seen, since := time.Unix(s.sessions.GetInt64(ctx, keySeen), 0), time.UnixMicro(s.sessions.GetInt64(ctx, keySince))
	o, err := s.deps.Gate.Resume(ctx, id, since)
	// The store forgets a session at the life that it was made with; the setting may be shorter now.
	over := now.Sub(seen) > s.deps.SessionIdle || now.Sub(since) >= s.deps.SessionLife
	session, issuer := s.sessions.GetString(ctx, keySession), s.sessions.GetString(ctx, keyProvider)
	over = over || issuer != "" && (s.deps.Provider == nil || s.deps.Provider.Issuer() != issuer) // the settings name another now
	if err == nil && !over {
		var on bool
		on, err = s.deps.Gate.SessionGoesOn(ctx, session, id)
		over = !on
	}
	if errors.Is(err, auth.ErrNotSignedIn) || err == nil && over {
		return nil, s.sessions.Destroy(ctx)
	}
	if err != nil {
		return nil, err
	}
	if now.Sub(seen) > time.Minute { // once a minute is enough for an idle limit, and spares the store a write a request
		s.sessions.Put(ctx, keySeen, now.Unix())
		if err := s.deps.Gate.SeeSession(ctx, session, s.address(r)); err != nil {
			return nil, err
		}
	}
	p := &auth.Principal{Operator: o, Permissions: auth.Granted(o.Roles), Via: "session", Session: session, Provider: issuer != ""}
	if at := s.sessions.GetInt64(ctx, keyFactor); at > 0 {
		p.Shown = time.UnixMicro(at)
	}
	if s.mustEnrol(o, !p.Shown.IsZero()) {
		p.MustEnrol, p.Permissions = true, []auth.Permission{auth.Enrol}
	}
	return p, nil
}

// known reports whether the operator of a request that is still being answered may go on: a stream can outlast the token or the
// operator or the session that opened it.
func (s *Server) known(r *http.Request) bool {
	ctx := r.Context()
	var err error
	if header := r.Header.Get("Authorization"); header != "" {
		_, err = s.who(ctx, r)
	} else {
		id := s.sessions.GetString(ctx, keyOperator)
		if _, err = s.deps.Gate.Resume(ctx, id, time.UnixMicro(s.sessions.GetInt64(ctx, keySince))); err == nil {
			if on, broken := s.deps.Gate.SessionGoesOn(ctx, s.sessions.GetString(ctx, keySession), id); broken == nil && !on {
				return false
			}
		}
	}
	return !errors.Is(err, auth.ErrNotSignedIn)
}

// address of the client: what the connection says, or, when that is a proxy the administrator trusts, the last address
// in X-Forwarded-For that is not such a proxy.
func (s *Server) address(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	ip := peer.Addr().Unmap()
	if !s.trusted(ip) {
		return ip.String()
	}
	forwarded := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(forwarded) - 1; i >= 0; i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(forwarded[i]))
		if err != nil {
			break
		}
		ip = next.Unmap()
		if !s.trusted(ip) {
			break
		}
	}
	return ip.String()
}

func (s *Server) trusted(ip netip.Addr) bool {
	for _, p := range s.deps.TrustedProxies {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// headers that every answer carries. The interface's documents add their own policy; everything else may load nothing.
func (s *Server) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Frame-Options", "SAMEORIGIN") // for browsers that do not know frame-ancestors
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		if s.deps.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if strings.HasPrefix(r.URL.Path, "/api/") {
			h.Set("Cache-Control", "no-store")
		}
		next.ServeHTTP(w, r)
	})
}

// observe counts and logs requests, never their query or body, and turns a panic into a 500.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		seen := &statusWriter{ResponseWriter: w}
		s.requests.running.Inc()
		defer func() {
			s.requests.running.Dec()
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler { // by net/http's contract: drop the connection, log nothing
					panic(p)
				}
				s.deps.Log.Error("request panicked", "method", r.Method, "path", logPath(r), "panic", p, "stack", string(debug.Stack()))
				if seen.status == 0 {
					writeProblem(seen, http.StatusInternalServerError, "something went wrong inside; the server's log has the details")
				}
			}
			took := time.Since(began)
			s.requests.observe(r, seen.status, took)
			s.deps.Log.LogAttrs(r.Context(), slog.LevelDebug, "request", slog.String("method", r.Method), slog.String("path", logPath(r)), slog.Int("status", seen.status), slog.Duration("took", took))
		}()
		next.ServeHTTP(seen, r)
	})
}

// logPath is the path without secrets: what follows /setup/, /invitations/ and /quarantine/asks/ is one.
func logPath(r *http.Request) string {
	if strings.HasPrefix(r.URL.Path, Prefix+"/setup/") {
		return Prefix + "/setup/…"
	}
	if strings.HasPrefix(r.URL.Path, Prefix+"/invitations/") {
		return Prefix + "/invitations/…"
	}
	if strings.HasPrefix(r.URL.Path, Prefix+"/quarantine/asks/") {
		return Prefix + "/quarantine/asks/…"
	}
	if before, _, found := strings.Cut(r.URL.Path, "/preview/"); found {
		return before + "/preview/…"
	}
	return r.URL.Path
}

// statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
