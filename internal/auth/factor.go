package auth

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

// Errors of second factors. They are safe to show.
var (
	ErrFactorNeeded = errors.New("show your second factor too")
	ErrCode         = errors.New("this code is wrong, too old or used already; wait for the next one")
	ErrFactorThere  = errors.New("a second factor is set up already; remove it first")
	ErrNoFactor     = errors.New("no second factor is set up")
)

// TOTP is what is kept of a time-based one-time password (RFC 6238: SHA-1, six digits, 30 seconds, as every app knows it).
type TOTP struct {
	Sealed    string    // the secret, sealed with the gate's key
	Confirmed time.Time // zero: not proven yet
	Step      int64     // of the last code taken
}

// factors is the part of Store that keeps second factors.
type factors interface {
	PutTOTP(ctx context.Context, operatorID, sealed string) error
	TOTP(ctx context.Context, operatorID string) (TOTP, error)
	ConfirmTOTP(ctx context.Context, operatorID, sealed string, at time.Time, step int64, hashes []string) error
	UseStep(ctx context.Context, operatorID string, step int64) (bool, error)
	PutRecoveryCodes(ctx context.Context, operatorID string, hashes []string) error
	UseRecoveryCode(ctx context.Context, operatorID, hash string) (bool, error)
	RecoveryCodesLeft(ctx context.Context, operatorID string) (int, error)
	// RemoveFactor forgets app, keys and recovery codes; RemoveTOTP the app, and the codes when there is no key.
	RemoveFactor(ctx context.Context, operatorID string) error
	RemoveTOTP(ctx context.Context, operatorID string) error
}

// Whose sign-in needs a second factor.
const (
	FactorOptional       = "optional"
	FactorAdministrators = "administrators"
	FactorEverybody      = "everybody"
)

const (
	period = 30 // seconds of a time step
	skew   = 1  // steps that a clock may be off, either way

	recoveryCodes = 10
	recoverySize  = 10 // octets of chance: 80 bits, 16 letters

	// FactorFresh is how long a second factor opens what is critical.
	FactorFresh = 15 * time.Minute
)

// SetFactors gives the gate the key that seals secrets and says whose sign-in needs a second factor. Without it nobody can set one up.
func (g *Gate) SetFactors(key [32]byte, whom string) { g.key, g.hasKey, g.whom = key, true, whom }

// NeedsFactor reports whether the operator must have a second factor.
func (g *Gate) NeedsFactor(o Operator) bool {
	switch g.whom {
	case FactorEverybody:
		return true
	case FactorAdministrators:
		return slices.Contains(o.Roles, GlobalAdministrator) || slices.Contains(o.Roles, SecurityAdministrator)
	}
	return false
}

// Enrolment is a secret on its way into an authenticator app. It is shown once.
type Enrolment struct {
	Secret string // base32
	URL    string // otpauth://totp/..., for a QR code
}

// EnrolTOTP makes a secret. It counts once a code of it was shown (ConfirmTOTP). The password is asked for, so that a session
// left open cannot be given a stranger's factor.
func (g *Gate) EnrolTOTP(ctx context.Context, p *Principal, issuer, password string) (Enrolment, error) {
	o, err := g.checkOwn(ctx, p, password)
	if err != nil {
		return Enrolment{}, err
	}
	raw := make([]byte, 20) // the size of the hash, as RFC 4226 section 4 recommends
	_, _ = rand.Read(raw)   // never fails
	secret := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw)
	sealed, err := g.seal(o.ID, secret)
	if err != nil {
		return Enrolment{}, err
	}
	if err := g.store.PutTOTP(ctx, o.ID, sealed); err != nil {
		return Enrolment{}, err
	}
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + o.Email}
	u.RawQuery = "secret=" + secret + "&issuer=" + url.PathEscape(issuer) + "&algorithm=SHA1&digits=6&period=30"
	return Enrolment{Secret: secret, URL: u.String()}, nil
}

// ConfirmTOTP takes the first code of an enrolment and returns the recovery codes, which are not kept; none when a key was there before,
// and they with it.
func (g *Gate) ConfirmTOTP(ctx context.Context, p *Principal, code string) ([]string, error) {
	o := p.Operator
	t, err := g.store.TOTP(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	if !t.Confirmed.IsZero() {
		return nil, ErrFactorThere
	}
	if err := g.throttle.Try(codeKey(o), p.Address); err != nil {
		return nil, err
	}
	step, err := g.match(o, t, code)
	if err != nil {
		return nil, err
	}
	g.throttle.Succeeded(codeKey(o), p.Address)
	codes, hashes := g.newCodes()
	if o.Factor {
		codes, hashes = []string{}, nil
	}
	if err := g.store.ConfirmTOTP(ctx, o.ID, t.Sealed, g.now(), step, hashes); err != nil {
		return nil, err
	}
	return codes, g.Write(ctx, Record{Action: ActFactorSet, Subject: o.Email}, map[string]string{"factor": "authenticator app"})
}

// CheckFactor takes a code of the operator's app, or a recovery code; each counts once. Guessing is slowed down as for passwords.
func (g *Gate) CheckFactor(ctx context.Context, o Operator, code, address string) error {
	t, err := g.store.TOTP(ctx, o.ID)
	if err != nil && !errors.Is(err, ErrNoFactor) {
		return err
	}
	if !o.Factor {
		return ErrNoFactor
	}
	if err := g.throttle.Try(codeKey(o), address); err != nil {
		return err
	}
	flat := strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(code))
	recovery := len(flat) == recoverySize*8/5
	used := false
	err = nil // without an app a recovery code does
	if recovery {
		used, err = g.store.UseRecoveryCode(ctx, o.ID, g.codeHash(flat))
	} else if !t.Confirmed.IsZero() {
		var step int64
		if step, err = g.match(o, t, flat); err == nil {
			used, err = g.store.UseStep(ctx, o.ID, step)
		}
	}
	if err != nil {
		return err
	}
	if !used {
		return ErrCode
	}
	g.throttle.Succeeded(codeKey(o), address)
	if recovery {
		by := Record{OperatorID: o.ID, Operator: o.Email, Via: "session", Address: address, Action: ActRecoveryUsed, Subject: o.Email}
		return g.Write(ctx, by, nil)
	}
	return nil
}

// StepUp takes a code from somebody who is signed in.
func (g *Gate) StepUp(ctx context.Context, p *Principal, code string) error {
	if err := g.CheckFactor(ctx, p.Operator, code, p.Address); err != nil {
		return errors.Join(err, g.refusedCode(ctx, p.Operator, p.Address, err))
	}
	return g.Write(ctx, Record{Action: ActStepUp, Subject: p.Operator.Email}, nil)
}

func (g *Gate) refusedCode(ctx context.Context, o Operator, address string, err error) error {
	if !errors.Is(err, ErrCode) {
		return nil
	}
	return g.Write(ctx, Record{OperatorID: o.ID, Operator: o.Email, Via: "session", Address: address, Action: ActCodeRefused, Subject: o.Email}, nil)
}

// RenewRecoveryCodes replaces the codes; the earlier ones stop working. The code is "" when a factor was shown just now.
func (g *Gate) RenewRecoveryCodes(ctx context.Context, p *Principal, code string) ([]string, error) {
	if !p.Operator.Factor {
		return nil, ErrNoFactor
	}
	if code != "" {
		if err := g.StepUp(ctx, p, code); err != nil {
			return nil, err
		}
	}
	codes, hashes := g.newCodes()
	if err := g.store.PutRecoveryCodes(ctx, p.Operator.ID, hashes); err != nil {
		return nil, err
	}
	return codes, g.Write(ctx, Record{Action: ActRecoveryMade, Subject: p.Operator.Email}, nil)
}

// RemoveOwnTOTP removes the app after a code of it, or a recovery code, was shown.
func (g *Gate) RemoveOwnTOTP(ctx context.Context, p *Principal, code string) error {
	if err := g.StepUp(ctx, p, code); err != nil {
		return err
	}
	if err := g.store.RemoveTOTP(ctx, p.Operator.ID); err != nil {
		return err
	}
	return g.Write(ctx, Record{Action: ActFactorRemoved, Subject: p.Operator.Email}, map[string]string{"factor": "authenticator app"})
}

// RemoveFactor is for somebody who lost app, keys and recovery codes. Their sessions end.
func (g *Gate) RemoveFactor(ctx context.Context, operatorID string) error {
	o, err := g.store.OperatorByID(ctx, operatorID)
	if err != nil {
		return err
	}
	if err := g.store.RemoveFactor(ctx, o.ID); err != nil {
		return err
	}
	if p := From(ctx); p == nil || p.Operator.ID != o.ID {
		if err := g.store.EndSessions(ctx, o.ID, ""); err != nil {
			return err
		}
	}
	return g.Write(ctx, Record{Action: ActFactorRemoved, Subject: o.Email}, nil)
}

// Factor says since when an operator has an authenticator app (zero: none) and how many recovery codes are left.
func (g *Gate) Factor(ctx context.Context, operatorID string) (since time.Time, left int, err error) {
	t, err := g.store.TOTP(ctx, operatorID)
	if err != nil && !errors.Is(err, ErrNoFactor) {
		return time.Time{}, 0, err
	}
	left, err = g.store.RecoveryCodesLeft(ctx, operatorID)
	return t.Confirmed, left, err
}

// match finds the time step whose code this is: the present one or a neighbour, and none that is used up.
func (g *Gate) match(o Operator, t TOTP, code string) (int64, error) {
	secret, err := g.unseal(o.ID, t.Sealed)
	if err != nil {
		return 0, err
	}
	code = strings.ReplaceAll(code, " ", "")
	now := g.now().Unix() / period
	for _, step := range []int64{now, now - skew, now + skew} {
		ok, err := hotp.ValidateCustom(code, uint64(step), secret, hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil && !errors.Is(err, otp.ErrValidateInputInvalidLength) {
			return 0, fmt.Errorf("one-time password: %w", err)
		}
		if ok && step > t.Step {
			return step, nil
		}
	}
	return 0, ErrCode
}

func (g *Gate) newCodes() (codes, hashes []string) {
	for range recoveryCodes {
		raw := make([]byte, recoverySize)
		_, _ = rand.Read(raw) // never fails
		c := base32.StdEncoding.EncodeToString(raw)
		codes = append(codes, strings.Join([]string{c[:4], c[4:8], c[8:12], c[12:]}, "-"))
		hashes = append(hashes, g.codeHash(c))
	}
	return codes, hashes
}

func (g *Gate) codeHash(code string) string {
	m := hmac.New(sha256.New, g.key[:])
	m.Write([]byte("recovery code " + code))
	return hex.EncodeToString(m.Sum(nil))
}

// codeKey is under what wrong codes of an operator are counted. Who guesses codes knows the password already, so the wait may grow long.
func codeKey(o Operator) string { return codePrefix + o.ID }

// seal encrypts with AES-256-GCM, bound to the operator: a row that is copied to another operator does not open.
func (g *Gate) seal(operatorID, text string) (string, error) {
	box, err := g.box()
	if err != nil {
		return "", err
	}
	nonce := make([]byte, box.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return base64.RawStdEncoding.EncodeToString(box.Seal(nonce, nonce, []byte(text), []byte("totp "+operatorID))), nil
}

func (g *Gate) unseal(operatorID, sealed string) (string, error) {
	box, err := g.box()
	if err != nil {
		return "", err
	}
	raw, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil || len(raw) < box.NonceSize() {
		return "", errSealed
	}
	text, err := box.Open(nil, raw[:box.NonceSize()], raw[box.NonceSize():], []byte("totp "+operatorID))
	if err != nil {
		return "", errSealed
	}
	return string(text), nil
}

var errSealed = errors.New("the secret of a second factor does not open with the key of this data folder")

func (g *Gate) box() (cipher.AEAD, error) {
	if !g.hasKey {
		return nil, errors.New("this gate has no key for second factors")
	}
	block, err := aes.NewCipher(g.key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
