package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/internal/audit"
	"tocsin/internal/auth"
	"tocsin/internal/directory"
	"tocsin/internal/hunt"
	"tocsin/internal/kql"
	"tocsin/internal/policy"
	"tocsin/internal/rejudge"
	"tocsin/internal/rulebook"
	"tocsin/internal/threat"
)

// Errors that handlers return; problem gives them their status.
var (
	errNoEmail = errors.New("there is no such message, or it is older than what is kept")
	errNoGrant = errors.New("this look is over; open the content again")
	errFull    = errors.New("too many live views are open; close some")
)

// refused is an input that is well-formed and still wrong: 422 with the place.
type refused struct{ location, msg string }

func (e *refused) Error() string { return e.msg }

// forbidden names the permission that is missing.
type forbidden struct {
	need auth.Permission
	why  string
}

func (e *forbidden) Error() string { return e.why + " needs the permission " + string(e.need) }

// problem is the one place where an error becomes a status and a text that a client may see. What is not known here is
// written to the log and answered as 500 without a word about the inside.
func (s *Server) problem(ctx context.Context, op string, err error) error {
	var (
		status    huma.StatusError
		query     *kql.Error
		asked     *hunt.InputError
		limit     *hunt.LimitError
		tooMany   *hunt.TooMany
		outdated  *hunt.Outdated
		withheld  *hunt.Withheld
		soon      *auth.TooSoon
		invalid   *auth.Invalid
		input     *refused
		lacks     *forbidden
		stale     *policy.Outdated
		same      *policy.Same
		wrong     *policy.Wrong
		wrongRun  *rejudge.Wrong
		ruleStale *rulebook.Outdated
		ruleWrong *rulebook.Wrong
		tooLarge  *http.MaxBytesError
		withTheir = func(status int) error { return huma.NewError(status, err.Error()) }
	)
	if p := actionProblem(err); p != nil {
		return p
	}
	if p := incidentProblem(err); p != nil {
		return p
	}
	if p := quarantineProblem(err); p != nil {
		return p
	}
	if p := aidProblem(err); p != nil {
		return p
	}
	if p := feedProblem(err); p != nil {
		return p
	}
	if p := submissionProblem(err); p != nil {
		return p
	}
	if p := indicatorProblem(err); p != nil {
		return p
	}
	if p := campaignProblem(err); p != nil {
		return p
	}
	if p := reportProblem(err); p != nil {
		return p
	}
	if p := alertProblem(err); p != nil {
		return p
	}
	if p := trackerProblem(err); p != nil {
		return p
	}
	if p := indicatorProblem(err); p != nil {
		return p
	}
	if p := s.signInProblem(err); p != nil {
		return p
	}
	switch {
	case errors.As(err, &status):
		return err
	case errors.As(err, &query):
		where := "body.query"
		if errors.As(err, &asked) {
			where = "query." + asked.Field
		}
		return wrongQuery(query, where)
	case errors.As(err, &asked):
		return huma.NewError(http.StatusUnprocessableEntity, asked.Error(), &huma.ErrorDetail{Message: asked.Error(), Location: "query." + asked.Field})
	case errors.As(err, &limit):
		return limitProblem(limit)
	case errors.As(err, &tooMany):
		return huma.ErrorWithHeaders(withTheir(http.StatusTooManyRequests), http.Header{"Retry-After": {"5"}})
	case errors.As(err, &outdated), errors.Is(err, hunt.ErrSameName), errors.Is(err, hunt.ErrRunning), errors.Is(err, hunt.ErrFull):
		return withTheir(http.StatusConflict)
	case errors.As(err, &withheld):
		return withTheir(http.StatusForbidden)
	case errors.Is(err, audit.ErrNoRecord), errors.Is(err, hunt.ErrNoQuery), errors.Is(err, errNoRun), errors.Is(err, directory.ErrNoPerson):
		return withTheir(http.StatusNotFound)
	case errors.As(err, &stale), errors.As(err, &same), errors.Is(err, rejudge.ErrTooMany):
		return withTheir(http.StatusConflict)
	case errors.Is(err, policy.ErrNotFound), errors.Is(err, rejudge.ErrNotFound):
		return withTheir(http.StatusNotFound)
	case errors.As(err, &ruleStale):
		return withTheir(http.StatusConflict)
	case errors.Is(err, rulebook.ErrNotFound), errors.Is(err, threat.ErrNotFound):
		return withTheir(http.StatusNotFound)
	case errors.As(err, &wrongRun):
		return huma.NewError(http.StatusUnprocessableEntity, err.Error(), &huma.ErrorDetail{Message: err.Error(), Location: "body." + wrongRun.Field})
	case errors.As(err, &wrong):
		return huma.NewError(http.StatusUnprocessableEntity, err.Error(), &huma.ErrorDetail{Message: err.Error(), Location: "body." + wrong.Field})
	case errors.As(err, &ruleWrong):
		return wrongRule(ruleWrong)
	case errors.As(err, &input):
		return huma.NewError(http.StatusUnprocessableEntity, input.msg, &huma.ErrorDetail{Message: input.msg, Location: input.location})
	case errors.As(err, &invalid):
		return withTheir(http.StatusUnprocessableEntity)
	case errors.As(err, &lacks):
		return withTheir(http.StatusForbidden)
	case errors.As(err, &soon):
		seconds := strconv.Itoa(int(math.Ceil(soon.RetryAfter.Seconds())))
		return huma.ErrorWithHeaders(withTheir(http.StatusTooManyRequests), http.Header{"Retry-After": {seconds}})
	case errors.Is(err, auth.ErrCredentials):
		return challenge(auth.ErrCredentials)
	case errors.Is(err, auth.ErrNotSignedIn), errors.Is(err, auth.ErrDisabled):
		return challenge(err)
	case errors.Is(err, auth.ErrSetupLink), errors.Is(err, auth.ErrNotFound), errors.Is(err, errNoGrant):
		return withTheir(http.StatusNotFound)
	case errors.Is(err, hunt.ErrNotFound):
		return huma.NewError(http.StatusNotFound, errNoEmail.Error())
	case errors.Is(err, errNoPicture), errors.Is(err, ErrNoMessage), errors.Is(err, ErrNoModel):
		return withTheir(http.StatusNotFound)
	case errors.Is(err, ErrModelRefused):
		return withTheir(http.StatusConflict)
	case errors.Is(err, ErrRawGone):
		return huma.NewError(http.StatusGone, ErrRawGone.Error())
	case errors.Is(err, ErrRawDamaged):
		s.deps.Log.Error("stored message is damaged", "operation", op, "err", err)
		return huma.NewError(http.StatusInternalServerError, ErrRawDamaged.Error())
	case errors.Is(err, auth.ErrCode):
		return huma.NewError(http.StatusUnprocessableEntity, auth.ErrCode.Error(), &huma.ErrorDetail{Message: auth.ErrCode.Error(), Location: "body.code"})
	case errors.Is(err, auth.ErrFactorThere), errors.Is(err, auth.ErrNoFactor):
		return withTheir(http.StatusConflict)
	case errors.Is(err, auth.ErrInvitation), errors.Is(err, auth.ErrNoSession), errors.Is(err, auth.ErrNoToken):
		return withTheir(http.StatusNotFound)
	case errors.Is(err, auth.ErrExists), errors.Is(err, auth.ErrLastAdministrator):
		return withTheir(http.StatusConflict)
	case errors.Is(err, auth.ErrBusy), errors.Is(err, errFull):
		return huma.ErrorWithHeaders(withTheir(http.StatusServiceUnavailable), http.Header{"Retry-After": {"5"}})
	case errors.Is(err, ErrStopping):
		return huma.NewError(http.StatusServiceUnavailable, ErrStopping.Error())
	case errors.Is(err, ErrTooLarge):
		return withTheir(http.StatusRequestEntityTooLarge)
	case errors.Is(err, ErrDiskFull):
		return huma.NewError(http.StatusInsufficientStorage, ErrDiskFull.Error())
	case errors.As(err, &tooLarge):
		return huma.NewError(http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", tooLarge.Limit))
	case errors.Is(err, context.DeadlineExceeded):
		return huma.NewError(http.StatusGatewayTimeout, "this took too long and was stopped; ask for less time or fewer rows")
	case errors.Is(err, context.Canceled) && errors.Is(context.Cause(ctx), ErrStopping):
		return huma.NewError(http.StatusServiceUnavailable, ErrStopping.Error())
	case errors.Is(err, context.Canceled):
		return huma.NewError(statusClientGone, "the client went away")
	}
	s.deps.Log.Error("request failed", "operation", op, "err", err)
	return huma.NewError(http.StatusInternalServerError, "something went wrong inside; the server's log has the details")
}

// signInProblem gives the errors of providers and security keys their status, nil for others.
func (s *Server) signInProblem(err error) error {
	var (
		no   *auth.ProviderRefused
		down *auth.ProviderDown
	)
	switch {
	case errors.As(err, &no):
		return typed(typeNotLetIn, http.StatusForbidden, no.Msg)
	case errors.As(err, &down):
		s.deps.Log.Warn("the sign-in provider does not answer", "err", down.Err)
		return huma.ErrorWithHeaders(huma.NewError(http.StatusServiceUnavailable, down.Error()), http.Header{"Retry-After": {"10"}})
	case errors.Is(err, auth.ErrLocalOff):
		return typed(typeNotLetIn, http.StatusForbidden, auth.ErrLocalOff.Error())
	case errors.Is(err, auth.ErrKeySuspect):
		return typed(typeNotLetIn, http.StatusForbidden, auth.ErrKeySuspect.Error())
	case errors.Is(err, auth.ErrKeyRefused):
		return typed(typeNotLetIn, http.StatusForbidden, auth.ErrKeyRefused.Error())
	case errors.Is(err, errNoProvider), errors.Is(err, errNoKeys), errors.Is(err, auth.ErrNoKey), errors.Is(err, auth.ErrNoLink):
		return huma.NewError(http.StatusNotFound, err.Error())
	case errors.Is(err, auth.ErrKeyThere), errors.Is(err, auth.ErrLinked):
		return huma.NewError(http.StatusConflict, err.Error())
	}
	return nil
}

// QueryProblem is a problem of a query's text. It says the place twice: as members of its own, and as every other wrong input does.
type QueryProblem struct {
	huma.ErrorModel
	Line   int    `json:"line" doc:"From 1"`
	Column int    `json:"column" doc:"From 1, in characters"`
	Offset int    `json:"offset" doc:"From 0, in octets of UTF-8"`
	End    int    `json:"end,omitempty" doc:"Offset where the wrong part ends; absent when only its start is known"`
	Table  string `json:"table,omitempty" doc:"Set when the only thing wrong is that this installation lacks this table"`
}

func wrongQuery(e *kql.Error, where string) error {
	const status = http.StatusUnprocessableEntity
	return &QueryProblem{
		ErrorModel: huma.ErrorModel{
			Title: http.StatusText(status), Status: status, Detail: "the query is wrong: " + e.Error(),
			Errors: []*huma.ErrorDetail{{Message: e.Msg, Location: where, Value: defectOf(e)}},
		},
		Line: e.Line, Column: e.Column, Offset: e.Offset, End: e.End, Table: e.Table,
	}
}

// limitProblem tells a query that has to wait from one that has to become smaller.
func limitProblem(e *hunt.LimitError) error {
	switch e.Limit {
	case hunt.LimitBusy:
		return huma.ErrorWithHeaders(huma.NewError(http.StatusServiceUnavailable, e.Msg), http.Header{"Retry-After": {"5"}})
	case hunt.LimitTime:
		return huma.NewError(http.StatusGatewayTimeout, e.Msg)
	}
	return huma.NewError(http.StatusUnprocessableEntity, e.Msg)
}

// challenge answers 401 with the header that RFC 9110 section 15.5.2 asks for. "Bearer" opens no window in a browser.
func challenge(err error) error {
	return huma.ErrorWithHeaders(huma.NewError(http.StatusUnauthorized, err.Error()), http.Header{"Www-Authenticate": {"Bearer"}})
}

// statusClientGone is what logs show for requests that nobody waited for (nginx's 499).
const statusClientGone = 499

// writeProblem answers outside of huma: middleware, unknown paths.
func writeProblem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	body, err := json.Marshal(&huma.ErrorModel{Title: http.StatusText(status), Status: status, Detail: detail})
	if err == nil {
		_, _ = w.Write(body)
	}
}
