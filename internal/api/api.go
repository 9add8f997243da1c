// Package api is Tocsin over HTTP: everything the screens do, as documented routes.
//
// It is the only package that knows status codes. Each route is declared once, with the permission it needs, its shapes
// and its limits; from that one declaration come the check at the door, the validation of what arrives and the OpenAPI
// document from which the user interface generates its client. Errors leave through one function as problem+json
// (RFC 9457) and never carry inner details. The same server hands out the embedded interface under a strict content
// security policy.
package api

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/alexedwards/scs/v2"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tocsin/internal/auth"
	"tocsin/internal/hunt"
)

// Prefix of every route but the health checks and metrics.
const Prefix = "/api/v1"

// Server answers HTTP. Make one with New.
type Server struct {
	deps     Deps
	mux      *http.ServeMux
	api      huma.API
	routes   []Route
	sessions *scs.SessionManager
	hub      *Hub
	grants   *grants
	flows    *flows
	runs     *hunt.Runs
	requests *requests
	guesses  *auth.Throttle // of links that need no sign-in
	asks     pace
}

// New declares every route. It starts nothing.
func New(d Deps) *Server {
	s := &Server{deps: d.withDefaults(), mux: http.NewServeMux(), hub: newHub(maxSubscribers)}
	s.grants = newGrants(s.deps.Now)
	s.flows = newFlows(s.deps.Now)
	s.runs = hunt.NewRuns(s.deps.HuntMost, s.deps.HuntTurns, s.deps.Now)
	s.requests = newRequests(s.deps.Metrics)
	s.guesses = auth.NewThrottle(s.deps.Now)
	s.sessions = s.newSessions()
	config := huma.DefaultConfig("Tocsin", s.deps.Version)
	config.Info.Description = "Email threat investigation and response. Sign in with POST /session, or send an API token as `Authorization: Bearer`."
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Servers = []*huma.Server{{URL: Prefix}}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: sessionCookie},
		"token":   {Type: "http", Scheme: "bearer"},
	}
	s.api = humago.NewWithPrefix(s.mux, Prefix, config)
	s.declare()
	tidySchemas(s.api.OpenAPI().Components.Schemas.Map())
	tidyAnswers(s.api.OpenAPI().Paths)
	return s
}

// schemaName names a shape after its type. The dashboard's shapes are its own package's, so its name stands before theirs.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() == reflect.Struct && strings.HasSuffix(t.PkgPath(), "internal/dashboard") {
		return "Dashboard" + name
	}
	return name
}

// Routes lists what the server answers, with the permission each route needs.
func (s *Server) Routes() []Route { return s.routes }

// Hub tells open live views that mail arrived.
func (s *Server) Hub() *Hub { return s.hub }

// OpenAPI returns the OpenAPI 3.1 document as indented JSON.
func (s *Server) OpenAPI() ([]byte, error) {
	return indent(s.api.OpenAPI())
}

// tidySchemas takes "or null" off every list: Tocsin never answers null where a list belongs.
func tidySchemas(schemas map[string]*huma.Schema) {
	for _, schema := range schemas {
		for _, p := range schema.Properties {
			if p.Type == huma.TypeArray {
				p.Nullable = false
			}
		}
	}
}

// tidyAnswers does the same for answers that are lists themselves.
func tidyAnswers(paths map[string]*huma.PathItem) {
	for _, p := range paths {
		for _, op := range []*huma.Operation{p.Get, p.Post, p.Put, p.Delete} {
			if op == nil {
				continue
			}
			for _, answer := range op.Responses {
				for _, c := range answer.Content {
					if c.Schema != nil && c.Schema.Type == huma.TypeArray {
						c.Schema.Nullable = false
					}
				}
			}
		}
	}
}

// Version of the product and of the API document.
const Version = "0.1.0"
