package imap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"tocsin/internal/remediate"
)

// signIn opens the mailbox in the name of its owner.
func (m *mailbox) signIn(ctx context.Context) error {
	var caps goimap.CapSet
	err := m.link.do(ctx, "asking what the server can", small, m.p.o.Timeout, func(c *imapclient.Client) error {
		if caps = c.Caps(); caps == nil {
			return errors.New("it does not say what it can")
		}
		return nil
	})
	if err != nil {
		return err
	}
	if m.p.o.SignIn == SignOAuth2 {
		return m.signInByToken(ctx, caps)
	}
	authzid, user, password, err := m.credentials()
	if err != nil {
		return err
	}
	return m.authenticate(ctx, func(c *imapclient.Client) error {
		switch {
		case caps.Has(goimap.AuthCap(sasl.Plain)):
			return c.Authenticate(sasl.NewPlainClient(authzid, user, password))
		case authzid == "" && !caps.Has(goimap.CapLoginDisabled):
			return c.Login(user, password).Wait()
		}
		return &remediateError{m.p.o.Name + " offers no sign-in with a password here; does it want TLS?", remediate.ErrRefused, nil}
	})
}

// credentials are those of the user who opens all mailboxes, for this one.
func (m *mailbox) credentials() (authzid, user, password string, err error) {
	if password = m.p.o.Password; password == "" {
		if password, err = secret(m.p.o.PasswordFile); err != nil {
			return "", "", "", &remediateError{fmt.Sprintf("there is no password for %s (password_file: %s)", m.p.o.Name, err), remediate.ErrRefused, nil}
		}
	}
	if m.p.o.SignIn == SignAuthzid {
		return m.login, m.p.o.User, password, nil
	}
	return "", m.login + m.p.o.Separator + m.p.o.User, password, nil
}

// secret reads the only line of a file.
func secret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return "", err
	}
	s := strings.TrimRight(string(raw), "\r\n")
	if s == "" || strings.ContainsAny(s, "\r\n\x00") {
		return "", fmt.Errorf("%s does not hold one line", path)
	}
	return s, nil
}

// signInByToken tries a second token when the first is refused: it may be one that was taken back.
func (m *mailbox) signInByToken(ctx context.Context, caps goimap.CapSet) error {
	token, err := m.token(ctx, false)
	if err != nil {
		return err
	}
	refusal := m.bearer(ctx, caps, token)
	if !errors.Is(refusal, remediate.ErrRefused) || !refused(refusal) {
		return refusal
	}
	other, err := m.token(ctx, true)
	if err != nil || other == token {
		return refusal
	}
	m.link.close()
	again, err := m.p.dial(ctx)
	if err != nil {
		return err
	}
	m.link = again
	return m.bearer(ctx, caps, other)
}

func (m *mailbox) token(ctx context.Context, fresh bool) (string, error) {
	token, err := m.p.o.Token(ctx, m.address, fresh)
	if err != nil {
		return "", &remediateError{fmt.Sprintf("there is no access token for %s (%.200s)", m.p.o.Name, err), remediate.ErrRefused, nil}
	}
	return token, nil
}

func (m *mailbox) bearer(ctx context.Context, caps goimap.CapSet, token string) error {
	return m.authenticate(ctx, func(c *imapclient.Client) error {
		switch {
		case caps.Has(goimap.AuthCap(sasl.OAuthBearer)):
			return c.Authenticate(bearer{sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{Username: m.login, Token: token})})
		case caps.Has(goimap.AuthCap("XOAUTH2")):
			return c.Authenticate(&xoauth2{m.login, token})
		}
		return &remediateError{m.p.o.Name + " offers no sign-in with OAuth2", remediate.ErrRefused, nil}
	})
}

// authenticate tells the reasons of a refusal apart. AUTHORIZATIONFAILED (RFC 5530) says that the password was right and the mailbox is
// not to be had: Dovecot says so of mailboxes that it does not know.
func (m *mailbox) authenticate(ctx context.Context, f func(c *imapclient.Client) error) error {
	err := m.link.do(ctx, "signing in to "+m.address, small, m.p.o.Timeout, f)
	var no *goimap.Error
	switch {
	case err == nil || errors.Is(err, remediate.ErrOverloaded) || !errors.As(err, &no):
		return err
	case no.Code == goimap.ResponseCodeAuthorizationFailed || no.Code == goimap.ResponseCodeNonExistent:
		return &remediateError{fmt.Sprintf("%s has no mailbox %s, or %s may not open it", m.p.o.Name, m.address, m.p.o.who()), remediate.ErrNoMailbox, no}
	}
	return &remediateError{fmt.Sprintf("%s refuses %s: %q", m.p.o.Name, m.p.o.who(), cut(no.Text)), remediate.ErrRefused, no}
}

// who signs in, for sentences.
func (o Options) who() string {
	if o.SignIn == SignOAuth2 {
		return "the access token"
	}
	return "the user " + o.User
}

// xoauth2 is the mechanism that came before OAUTHBEARER; Dovecot, Exchange and Google describe it alike.
type xoauth2 struct{ user, token string }

func (x *xoauth2) Start() (string, []byte, error) {
	return "XOAUTH2", []byte("user=" + x.user + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

// Next answers the reason of a refusal with nothing, upon which the server says NO.
func (x *xoauth2) Next([]byte) ([]byte, error) { return nil, nil }

// bearer answers the reason of a refusal as RFC 7628 section 3.2.3 asks, so that the server's NO is what is reported.
type bearer struct{ sasl.Client }

func (bearer) Next([]byte) ([]byte, error) { return []byte{1}, nil }
