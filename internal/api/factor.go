package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/encoder"

	"tocsin/internal/auth"
)

// Types of problems that a client answers by asking the person for something, and then asks again.
const (
	typeFactorNeeded = "urn:tocsin:problem:second-factor-needed" // at sign-in: send the code too
	typeStepUp       = "urn:tocsin:problem:step-up-needed"       // POST /session/step-up first
	typeEnrol        = "urn:tocsin:problem:enrolment-needed"     // set a second factor up first
	typeNotLetIn     = "urn:tocsin:problem:not-let-in"           // what somebody showed does not do; no role would help
)

// keyFactor is when the session last showed a second factor, in microseconds; 0 never.
const keyFactor = "factor"

func (s *Server) declareFactor() {
	add(s, auth.SignedIn, "POST /session/step-up", quick, "Show the second factor again, for what asks for a fresh one; the session gets another cookie; audited", s.stepUp)
	add(s, auth.Enrol, "GET /account", quick, "One's own password and second factor: what is set up", s.getAccount)
	add(s, auth.Enrol, "POST /account/totp", quick, "Begin to set an authenticator app up; the secret is shown once", s.enrolTOTP, withStepUp)
	add(s, auth.Enrol, "POST /account/totp/confirm", quick, "Show the first code; the answer has the recovery codes, which are shown once; audited", s.confirmTOTP)
	add(s, auth.SignedIn, "POST /account/totp/remove", quick, "Remove one's own authenticator app, with a code; audited", s.removeTOTP, with204)
	add(s, auth.SignedIn, "POST /account/recovery-codes", quick, "New recovery codes, with a code or right after a second factor was shown; the earlier ones stop working; audited", s.recoveryCodes)
	add(s, auth.OperatorManage, "DELETE /operators/{id}/factor", quick, "Remove the second factor of somebody who lost it; their sessions end; audited", s.removeFactor, with204, withStepUp)
}

// withStepUp asks a session whose operator has a second factor, or that began at the provider, to have shown in the last 15 minutes that it
// is still the same person. Tokens are not asked: making one
// asked already, and its scopes name what it may do.
func withStepUp(op *huma.Operation) {
	if op.Metadata == nil {
		op.Metadata = map[string]any{}
	}
	op.Metadata["step-up"] = true
	op.Extensions["x-step-up"] = true
}

// stale reports whether the principal has to show the second factor again.
func (s *Server) stale(p *auth.Principal) bool {
	return p != nil && p.Via == "session" && (p.Operator.Factor || p.Provider) && s.deps.Now().Sub(p.Shown) > auth.FactorFresh
}

// typed is a problem that a client can react to.
func typed(kind string, status int, detail string) *huma.ErrorModel {
	return &huma.ErrorModel{Type: kind, Title: http.StatusText(status), Status: status, Detail: detail}
}

func errStepUp() *huma.ErrorModel {
	return typed(typeStepUp, http.StatusForbidden, "show your second factor again: this asks for one of the last 15 minutes")
}

// Account is one's own ways to sign in.
type Account struct {
	Email         string     `json:"email"`
	Name          string     `json:"name"`
	Password      bool       `json:"password" doc:"There is one"`
	FactorSince   *time.Time `json:"factor_since" nullable:"true" doc:"An authenticator app is set up"`
	RecoveryCodes int        `json:"recovery_codes" doc:"That are not used"`
	Required      bool       `json:"required" doc:"This installation wants a second factor of you"`
	Keys          []KeyLine  `json:"keys" doc:"Security keys and passkeys, oldest first"`
	ByProvider    bool       `json:"by_provider" doc:"This session began at the provider"`
	Linked        *Linked    `json:"linked,omitempty" doc:"Who this is at the provider; absent: nobody"`
	FreshUntil    *time.Time `json:"fresh_until" nullable:"true" doc:"Until when what is critical asks for no code"`
}

// Linked is an operator's identity at the provider.
type Linked struct {
	Issuer  string    `json:"issuer"`
	Subject string    `json:"subject"`
	Since   time.Time `json:"since"`
}

// FactorNeeded says which second factors can be shown after a right password.
type FactorNeeded struct {
	huma.ErrorModel
	Key bool `json:"key" doc:"A security key: POST /session/key/begin"`
	App bool `json:"app" doc:"A code of an authenticator app; a recovery code always does"`
}

// factorNeeded is the answer to a right password without a right second factor.
func (s *Server) factorNeeded(ctx context.Context, email string, why error) error {
	_, key, app, err := s.deps.Gate.FactorsOf(ctx, email)
	if err != nil {
		return err
	}
	p := &FactorNeeded{ErrorModel: *typed(typeFactorNeeded, http.StatusUnauthorized, why.Error()), Key: key && s.deps.Keys != nil, App: app}
	return huma.ErrorWithHeaders(p, http.Header{"Www-Authenticate": {"Bearer"}})
}

// Code is a code of an authenticator app, or a recovery code.
type Code struct {
	Code string `json:"code" minLength:"6" maxLength:"40"`
}

type codeInput struct{ Body Code }

// CodeOrFresh is a code, or none right after a second factor was shown.
type CodeOrFresh struct {
	Code string `json:"code,omitempty" maxLength:"40"`
}

type codeOrFreshInput struct{ Body CodeOrFresh }

// OwnPassword is asked for before a factor is set up.
type OwnPassword struct {
	Password string `json:"password" minLength:"1" maxLength:"1024"`
}

type ownPasswordInput struct{ Body OwnPassword }

// TOTPEnrolment is a secret on its way into an app. It is shown once.
type TOTPEnrolment struct {
	Secret string   `json:"secret" doc:"Base32, to type in"`
	URL    string   `json:"url" doc:"otpauth://totp/..."`
	QR     []string `json:"qr" doc:"The URL as a QR code: rows of 1 (dark) and 0, without a margin"`
}

// RecoveryCodes are shown once. Each signs in once instead of a code of the app.
type RecoveryCodes struct {
	Codes []string `json:"codes"`
}

func (s *Server) getAccount(ctx context.Context, _ *Nothing) (*Reply[Account], error) {
	p := auth.From(ctx)
	o, err := s.deps.Gate.Operator(ctx, p.Operator.ID)
	if err != nil {
		return nil, err
	}
	since, left, err := s.deps.Gate.Factor(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	out := Account{Email: o.Email, Name: o.Name, Password: o.Password != "", FactorSince: optional(since), RecoveryCodes: left, Required: s.deps.Gate.NeedsFactor(o)}
	keys, err := s.deps.Gate.Keys(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	out.Keys, out.ByProvider = []KeyLine{}, p.Provider
	for _, k := range keys {
		out.Keys = append(out.Keys, keyLine(k))
	}
	switch l, err := s.deps.Gate.LinkOf(ctx, o.ID); {
	case err == nil && s.deps.Provider != nil:
		out.Linked = &Linked{Issuer: l.Issuer, Subject: l.Subject, Since: l.Since.UTC()}
	case err != nil && !errors.Is(err, auth.ErrNoLink):
		return nil, err
	}
	if (o.Factor || p.Provider) && !p.Shown.IsZero() && !s.stale(p) {
		out.FreshUntil = optional(p.Shown.Add(auth.FactorFresh))
	}
	return &Reply[Account]{out}, nil
}

func (s *Server) stepUp(ctx context.Context, in *codeInput) (*Reply[Session], error) {
	p, err := bySession(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.deps.Gate.StepUp(ctx, p, in.Body.Code); err != nil {
		return nil, err
	}
	return s.shown(ctx, p)
}

// shown notes that the session showed a second factor, under a fresh cookie: one that was taken before is not lifted too.
func (s *Server) shown(ctx context.Context, p *auth.Principal) (*Reply[Session], error) {
	if err := s.shownAt(ctx, s.deps.Now()); err != nil {
		return nil, err
	}
	return s.session(ctx, p.Operator, auth.Granted(p.Operator.Roles)), nil
}

func (s *Server) shownAt(ctx context.Context, at time.Time) error {
	if err := s.sessions.RenewToken(ctx); err != nil {
		return fmt.Errorf("renew session: %w", err)
	}
	s.sessions.Put(ctx, keyFactor, at.UnixMicro())
	return nil
}

func (s *Server) enrolTOTP(ctx context.Context, in *ownPasswordInput) (*Reply[TOTPEnrolment], error) {
	p, err := bySession(ctx)
	if err != nil {
		return nil, err
	}
	e, err := s.deps.Gate.EnrolTOTP(ctx, p, "Tocsin", in.Body.Password)
	if err != nil {
		return nil, err
	}
	qr, err := modules(e.URL)
	if err != nil {
		return nil, err
	}
	return &Reply[TOTPEnrolment]{TOTPEnrolment{Secret: e.Secret, URL: e.URL, QR: qr}}, nil
}

func (s *Server) confirmTOTP(ctx context.Context, in *codeInput) (*Reply[RecoveryCodes], error) {
	p, err := bySession(ctx)
	if err != nil {
		return nil, err
	}
	codes, err := s.deps.Gate.ConfirmTOTP(ctx, p, in.Body.Code)
	if err != nil {
		return nil, err
	}
	if _, err := s.shown(ctx, p); err != nil {
		return nil, err
	}
	return &Reply[RecoveryCodes]{RecoveryCodes{codes}}, nil
}

func (s *Server) removeTOTP(ctx context.Context, in *codeInput) (*struct{}, error) {
	p, err := bySession(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := s.deps.Gate.Keys(ctx, p.Operator.ID)
	if err != nil {
		return nil, err
	}
	if s.deps.Gate.NeedsFactor(p.Operator) && len(keys) == 0 {
		return nil, &refused{location: "body.code", msg: "this is your last second factor, and this installation wants one of you; add a security key first"}
	}
	return nil, s.deps.Gate.RemoveOwnTOTP(ctx, p, in.Body.Code)
}

func (s *Server) recoveryCodes(ctx context.Context, in *codeOrFreshInput) (*Reply[RecoveryCodes], error) {
	p, err := bySession(ctx)
	if err != nil {
		return nil, err
	}
	if in.Body.Code == "" && s.stale(p) {
		return nil, errStepUp()
	}
	codes, err := s.deps.Gate.RenewRecoveryCodes(ctx, p, in.Body.Code)
	if err != nil {
		return nil, err
	}
	return &Reply[RecoveryCodes]{RecoveryCodes{codes}}, nil
}

func (s *Server) removeFactor(ctx context.Context, in *idInput) (*struct{}, error) {
	if auth.From(ctx).Operator.ID == in.ID {
		return nil, &refused{location: "path.id", msg: "your own second factor is removed in your account, with a code"}
	}
	return nil, s.deps.Gate.RemoveFactor(ctx, in.ID)
}

// modules draws a QR code. The library panics on some inputs that it cannot write.
func modules(text string) (rows []string, err error) {
	defer func() {
		if p := recover(); p != nil {
			rows, err = nil, fmt.Errorf("QR code: %v", p)
		}
	}()
	code, werr := encoder.Encoder_encodeWithoutHint(text, decoder.ErrorCorrectionLevel_M)
	if werr != nil {
		return nil, fmt.Errorf("QR code: %w", werr)
	}
	m := code.GetMatrix()
	for y := range m.GetHeight() {
		row := make([]byte, m.GetWidth())
		for x := range row {
			row[x] = '0' + byte(m.Get(x, y))
		}
		rows = append(rows, string(row))
	}
	return rows, nil
}
