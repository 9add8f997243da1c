package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/internal/auth"
)

// Route is one method and path, and what it takes to get in.
type Route struct {
	Method     string
	Path       string // with Prefix
	Permission auth.Permission
}

// Time and size limits of routes. Longer ones are named at the route.
const (
	quick     = 15 * time.Second // look-ups by id, session, preferences
	asking    = 60 * time.Second // questions to the event store
	learning  = 10 * time.Minute // training on all examples
	streaming = 0                // as long as the client listens
	smallBody = 64 << 10
	longBody  = 2 << 20 // queries and lists of values, at the most that their shapes allow
)

// declare is the table of all routes: permission, method and path, time limit, what it does, who does it.
func (s *Server) declare() {
	add(s, auth.Public, "GET /session", quick, "Who is signed in", s.getSession)
	add(s, auth.Public, "POST /session", quick, "Sign in", s.postSession)
	add(s, auth.Enrol, "DELETE /session", quick, "Sign out", s.deleteSession, with204)
	add(s, auth.Public, "GET /setup/{token}", quick, "Is the one-time link of the first administrator good", s.getSetup)
	add(s, auth.Public, "POST /setup/{token}", quick, "Make the first administrator and sign in", s.postSetup)
	add(s, auth.SignedIn, "GET /preferences", quick, "Preferences of the operator", s.getPreferences)
	add(s, auth.SignedIn, "PUT /preferences", quick, "Keep preferences of the operator", s.putPreferences)

	add(s, auth.ExplorerRead, "GET /explorer/fields", quick, "Columns to filter and to split by", s.fields)
	add(s, auth.ExplorerRead, "GET /explorer/chart", asking, "Email events over time", s.chart)
	add(s, auth.ExplorerRead, "GET /explorer/facet", asking, "Values of a column with counts", s.facet)
	add(s, auth.ExplorerRead, "GET /explorer/emails", asking, "Email events, page by page", s.emails)
	add(s, auth.ExplorerRead, "GET /explorer/count", asking, "How much a filter matches", s.count)
	add(s, auth.ExplorerRead, "GET /explorer/value", asking, "How common a value is", s.value)
	add(s, auth.ExplorerRead, "GET /explorer/urls", asking, "URLs in the filtered mail", s.urls)
	add(s, auth.ExplorerExport, "GET /explorer/export", streaming, "Email events as a file", s.export, withFile("text/csv", "application/json"))
	add(s, auth.ExplorerRead, "POST /explorer/filter", quick, "Turn KQL into chips and chips into KQL", s.filter, withLongBody)
	add(s, auth.ExplorerRead, "GET /explorer/live", streaming, "Server-sent events while mail arrives: new, ping", s.live, withEvents)
	add(s, auth.ExplorerRead, "GET /coverage", asking, "Sources of mail, and gaps", s.coverage)
	add(s, auth.ExplorerRead, "GET /search", asking, "What the global search opens", s.search)

	add(s, auth.EmailRead, "GET /emails/{nmid}", asking, "One email event", s.email)
	add(s, auth.EmailRead, "GET /emails/{nmid}/headers", asking, "Header fields and hops", s.emailHeaders)
	add(s, auth.EmailRead, "GET /emails/{nmid}/timeline", asking, "Everything that happened to it", s.emailTimeline)
	add(s, auth.EmailRead, "GET /emails/{nmid}/urls", asking, "Links in it", s.emailURLs)
	add(s, auth.EmailRead, "GET /emails/{nmid}/attachments", asking, "Files in it", s.emailAttachments)
	add(s, auth.EmailRead, "GET /emails/{nmid}/similar", asking, "Mail like it", s.emailSimilar)
	add(s, auth.EmailContent, "POST /emails/{nmid}/content", asking, "Look into it; mail its recipient has needs email.preview; audited", s.emailContent)
	add(s, auth.EmailContent, "GET /emails/{nmid}/preview/{grant}", asking, "The inert document of a granted look", s.emailPreview, withFile("text/html"))
	add(s, auth.EmailContent, "POST /emails/{nmid}/download", asking, "The message in a zip with the password infected; mail its recipient has needs email.preview; audited", s.emailDownload, withFile("application/zip"))
	add(s, auth.EmailContent, "POST /emails/{nmid}/picture", asking, "What the page of one of its links looked like when it was opened; mail its recipient has needs email.preview; audited", s.emailPicture, withLongBody)
	add(s, auth.EmailLabel, "POST /emails/{nmid}/label", quick, "Say what it is, for the local model to learn from; audited", s.emailLabel, with204)

	add(s, auth.EmailRead, "GET /learning", quick, "The local model: what there is to learn from, and what was learned", s.learning)
	add(s, auth.LearningManage, "POST /learning/train", learning, "Train now; the result stays in shadow", s.learningTrain)
	add(s, auth.LearningManage, "POST /learning/activate", learning, "Let the model in shadow speak, if it passes its false-positive check; audited", s.learningActivate)
	add(s, auth.LearningManage, "POST /learning/reset", quick, "Silence and forget the local model; audited", s.learningReset, with204)

	add(s, auth.HuntRun, "POST /hunt", streaming, "Run a KQL query over the event tables; rows as lines of JSON", s.hunt, s.withLines, withLongBody)
	add(s, auth.HuntRun, "GET /hunt/running", quick, "Queries that are being answered: one's own; with hunt.manage everybody's", s.huntRunning)
	add(s, auth.HuntRun, "DELETE /hunt/running/{id}", quick, "Stop a query: one's own; with hunt.manage anybody's, audited", s.huntCancel, with204)
	add(s, auth.HuntRun, "GET /hunt/schema", quick, "Tables, columns, functions and limits", s.huntSchema)
	add(s, auth.HuntRun, "GET /hunt/samples", quick, "Values that a column has", s.huntSamples)
	add(s, auth.HuntRun, "GET /hunt/library", quick, "Queries that ship with Tocsin", s.huntLibrary)
	add(s, auth.HuntRun, "GET /hunt/queries", quick, "Saved queries: one's own and those that are shared", s.huntQueries)
	add(s, auth.HuntSave, "POST /hunt/queries", quick, "Save a query", s.huntSave, withLongBody)
	add(s, auth.HuntSave, "PUT /hunt/queries/{id}", quick, "Change a saved query: one's own; with hunt.manage anybody's", s.huntChange, withLongBody)
	add(s, auth.HuntSave, "DELETE /hunt/queries/{id}", quick, "Remove a saved query: one's own; with hunt.manage anybody's", s.huntRemove, with204)
	add(s, auth.HuntRun, "POST /hunt/queries/{id}/run", streaming, "Run a saved query; answers as POST /hunt does; audited", s.huntSavedRun, s.withLines)
	add(s, auth.HuntRun, "GET /hunt/history", quick, "What the operator ran, newest first", s.huntHistory)
	add(s, auth.HuntRun, "DELETE /hunt/history", quick, "Clear the operator's history; the audit log stays", s.huntForget, with204)
	add(s, auth.DirectoryRead, "GET /directory/people", quick, "People of the organisation, page by page", s.directoryPeople)
	add(s, auth.DirectoryRead, "GET /directory/people/{address}", quick, "One of them", s.directoryPerson)
	add(s, auth.DirectoryManage, "PUT /directory/people/{address}", quick, "Mark a priority account, or take the mark away; audited", s.directoryMark)
	add(s, auth.DirectoryRead, "GET /directory/sources", quick, "Where people come from, and how the last try went", s.directorySources)
	add(s, auth.DirectoryManage, "POST /directory/sync", asking, "Ask the sources that can be asked; audited", s.directorySync)
	s.declarePolicy()
	s.declareJudging()
	s.declareRules()
	s.declareThreats()
	s.declareOperators()
	s.declareAccount()
	s.declareFactor()
	s.declareKeys()
	s.declareProvider()
	s.declareActions()
	s.declareIncidents()
	s.declareIncidentsOf()
	s.declareQuarantine()
	s.declareAid()
	s.declareSubmissions()
	s.declareAlerts()
	s.declareTrackers()
	s.declareAudit()
	s.declareLetters()
	s.declareFeeds()
	s.declareMessages()
	s.declareReports()
	s.declareIndicators()
	s.declareCampaigns()
	s.declareDashboard()
	add(s, auth.MailImport, "POST /import", quick*4, "Take one message into the stores as if delivered", s.importMail, s.withMail)
}

// option changes the declaration of a route.
type option func(*huma.Operation)

func with204(op *huma.Operation) { op.DefaultStatus = http.StatusNoContent }

func withLongBody(op *huma.Operation) { op.MaxBodyBytes = longBody }

// withMail takes what the intake takes: huma refuses a body that reaches the limit. The time to send it grows with it.
func (s *Server) withMail(op *huma.Operation) {
	op.MaxBodyBytes = s.deps.MaxMail + 1
	op.BodyReadTimeout = time.Minute + time.Duration(s.deps.MaxMail>>20)*time.Second
}

func withFile(types ...string) option {
	return func(op *huma.Operation) {
		content := map[string]*huma.MediaType{}
		for _, t := range types {
			content[t] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
		}
		op.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: content}}
	}
}

// withLines describes a stream of HuntLine.
func (s *Server) withLines(op *huma.Operation) {
	op.Responses = map[string]*huma.Response{"200": {Description: "OK: one HuntLine a line", Content: map[string]*huma.MediaType{
		"application/x-ndjson": {Schema: s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[HuntLine](), true, "HuntLine")},
	}}, "422": {Description: "The query or the request is wrong", Content: map[string]*huma.MediaType{
		"application/problem+json": {Schema: s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[QueryProblem](), true, "QueryProblem")},
	}}}
}

func withEvents(op *huma.Operation) { withFile("text/event-stream")(op) }

// add declares one route. The handler sees only requests whose principal has the permission, within the time limit.
func add[I, O any](s *Server, need auth.Permission, at string, limit time.Duration, summary string, handle func(context.Context, *I) (*O, error), options ...option) {
	method, path, _ := strings.Cut(at, " ")
	op := huma.Operation{
		Method: method, Path: path, Summary: summary,
		OperationID:     operationID(method, path),
		Tags:            []string{tag(path)},
		MaxBodyBytes:    smallBody,
		BodyReadTimeout: 10 * time.Second,
		Extensions:      map[string]any{"x-permission": string(need)},
		Errors:          []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusInternalServerError},

		RejectUnknownQueryParameters: true,
	}
	if need != auth.Public {
		op.Security = []map[string][]string{{"session": {}}, {"token": {}}}
	}
	for _, o := range options {
		o(&op)
	}
	op.Middlewares = huma.Middlewares{s.guard(need, op.Metadata["step-up"] == true)}
	s.routes = append(s.routes, Route{Method: method, Path: Prefix + path, Permission: need})
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		deadlines(ctx, limit)
		if limit > 0 {
			var done context.CancelFunc
			ctx, done = context.WithTimeout(ctx, limit)
			defer done()
		}
		out, err := handle(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, op.OperationID, err)
		}
		if method != http.MethodGet && !slices.Contains(nobodyElses, tag(path)) {
			s.hub.Worked()
		}
		return out, nil
	})
}

// nobodyElses are the areas in which a change concerns nobody but whoever makes it, so that open dashboards need not ask again.
var nobodyElses = []string{"session", "setup", "account", "preferences", "explorer", "hunt", "whatif", "dashboard", "emails", "import"}

// guard turns away who lacks the permission, and who has to show a second factor first.
func (s *Server) guard(need auth.Permission, stepUp bool) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		who := auth.From(ctx.Context())
		switch {
		case who.May(need) && stepUp && s.stale(who):
			s.refuse(ctx, errStepUp())
		case who.May(need):
			next(ctx)
		case who == nil:
			ctx.SetHeader("WWW-Authenticate", "Bearer")
			_ = huma.WriteErr(s.api, ctx, http.StatusUnauthorized, auth.ErrNotSignedIn.Error())
		case who.MustEnrol:
			s.refuse(ctx, typed(typeEnrol, http.StatusForbidden, "set a second factor up first; this installation wants one of you"))
		default:
			_ = huma.WriteErr(s.api, ctx, http.StatusForbidden, "this needs the permission "+string(need)+", which your roles do not give")
		}
	}
}

// refuse answers a problem with a type.
func (s *Server) refuse(ctx huma.Context, p *huma.ErrorModel) {
	ctx.SetHeader("Content-Type", "application/problem+json")
	ctx.SetStatus(p.Status)
	if body, err := json.Marshal(p); err == nil {
		_, _ = ctx.BodyWriter().Write(body)
	}
}

// operationID names the generated client function: "GET /emails/{nmid}/urls" is get-emails-nmid-urls.
func operationID(method, path string) string {
	return strings.ToLower(method) + strings.NewReplacer("/", "-", "{", "", "}", "").Replace(path)
}

func tag(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first
}

func indent(v json.Marshaler) ([]byte, error) {
	raw, err := v.MarshalJSON()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}
