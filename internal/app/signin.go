package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/auth/oidc"
	"tocsin/internal/auth/passkey"
)

// OIDC is sign-in through an OpenID Connect provider. Without an issuer there is none.
type OIDC struct {
	Issuer       string      `koanf:"issuer"`
	ClientID     string      `koanf:"client_id"`
	SecretFile   string      `koanf:"client_secret_file"`
	Name         string      `koanf:"name"`
	Scopes       []string    `koanf:"scopes"`
	GroupsClaim  string      `koanf:"groups_claim"`
	Groups       []OIDCGroup `koanf:"groups"`
	SecondFactor []string    `koanf:"second_factor"` // values of acr or amr
	Create       bool        `koanf:"create"`
	TrustEmail   bool        `koanf:"trust_email"`
}

// OIDCGroup gives the members of a group their roles.
type OIDCGroup struct {
	Group string   `koanf:"group"`
	Roles []string `koanf:"roles"`
}

// Whom passwords and security keys are for.
const (
	localOn         = "on"
	localBreakGlass = "break-glass"
)

func defaultOIDC() OIDC {
	return OIDC{Scopes: []string{"openid", "profile", "email"}, GroupsClaim: "groups", Groups: []OIDCGroup{}, SecondFactor: []string{}}
}

func (c Config) validateSignIn() error {
	o := c.OIDC
	switch {
	case c.Auth.Local != localOn && c.Auth.Local != localBreakGlass:
		return fmt.Errorf("config: auth.local: %q is unknown; on or break-glass", c.Auth.Local)
	case c.Auth.Local == localBreakGlass && (o.Issuer == "" || len(c.Auth.BreakGlass) == 0):
		return errors.New("config: auth.local: break-glass needs oidc.issuer and an address in auth.break_glass; else nobody could sign in")
	case o.Issuer == "":
		return nil
	case o.ClientID == "":
		return errors.New("config: oidc.client_id is missing; the provider gives it when Tocsin is registered there")
	case c.HTTP.PublicURL == "":
		return errors.New("config: oidc needs http.public_url; the provider sends browsers back there")
	case o.Create && len(o.Groups) == 0:
		return errors.New("config: oidc.create needs oidc.groups; new operators have the roles of their groups")
	case len(o.Groups) > 0 && o.GroupsClaim == "":
		return errors.New("config: oidc.groups needs oidc.groups_claim; write groups")
	}
	if _, err := o.groups(); err != nil {
		return err
	}
	if _, err := c.provider(time.Now); err != nil {
		return fmt.Errorf("config: oidc.issuer: %w", err)
	}
	return nil
}

func (o OIDC) groups() ([]auth.GroupRoles, error) {
	var out []auth.GroupRoles
	for i, g := range o.Groups {
		m := auth.GroupRoles{Group: g.Group}
		for _, name := range g.Roles {
			r, err := auth.ParseRole(name)
			if err != nil {
				return nil, fmt.Errorf("config: oidc.groups: number %d: %w", i+1, err)
			}
			m.Roles = append(m.Roles, r)
		}
		if m.Group == "" || len(m.Roles) == 0 {
			return nil, fmt.Errorf("config: oidc.groups: number %d needs a group and its roles; write {group: soc, roles: [Security Operator]}", i+1)
		}
		out = append(out, m)
	}
	return out, nil
}

// publicOrigin is where browsers find this installation; "" when nobody said.
func (c Config) publicOrigin() string {
	u, err := url.Parse(c.HTTP.PublicURL)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + strings.ToLower(u.Host)
}

// provider of the settings, nil when there is none.
func (c Config) provider(now func() time.Time) (*oidc.Provider, error) {
	o := c.OIDC
	if o.Issuer == "" {
		return nil, nil
	}
	p := oidc.Config{
		Name: o.Name, Issuer: o.Issuer, ClientID: o.ClientID, Scopes: o.Scopes, GroupsClaim: o.GroupsClaim, SecondFactor: o.SecondFactor, TrustEmail: o.TrustEmail,
		Redirect: c.publicOrigin() + "/signin/provider", AfterSignOut: c.publicOrigin() + "/", Now: now,
	}
	if len(o.Groups) == 0 {
		p.GroupsClaim = ""
	}
	if o.SecretFile != "" {
		p.Secret = func() (string, error) {
			raw, err := os.ReadFile(o.SecretFile)
			if err != nil {
				return "", fmt.Errorf("oidc.client_secret_file: %w", err)
			}
			return strings.TrimRight(string(raw), "\r\n"), nil
		}
	}
	return oidc.New(p)
}

// federate tells the gate what the provider's identities may do.
func (c Config) federate(g *auth.Gate, p *oidc.Provider) error {
	if c.Auth.Local == localBreakGlass {
		g.SetBreakGlass(c.Auth.BreakGlass)
	}
	if p == nil {
		return nil
	}
	groups, err := c.OIDC.groups()
	g.SetFederation(auth.Federation{Name: p.Name(), Issuer: p.Issuer(), Groups: groups, Create: c.OIDC.Create})
	return err
}

// keySite is who security keys prove themselves to; nil when the public address has no host name, and then there are none.
func (c Config) keySite() *passkey.Site {
	s, err := passkey.New(c.publicOrigin(), "Tocsin")
	if err != nil {
		return nil
	}
	return s
}

func checkSignIn(ctx context.Context, c Config) []Finding {
	var out []Finding
	if c.keySite() == nil {
		out = append(out, Finding{"security keys", Warn, "off: keys and passkeys are bound to a host name that browsers reach over TLS", "set http.public_url to https and a host name"})
	} else {
		out = append(out, Finding{"security keys", Good, "bound to " + c.publicOrigin() + "; under another address those that were added do not work", ""})
	}
	p, err := c.provider(time.Now)
	if p == nil || err != nil { // a wrong one is told with the settings
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	about := "oidc " + c.OIDC.Issuer
	if err := p.Check(ctx); err != nil {
		return append(out, Finding{about, Bad, oneLine(err), "the provider's description has to be at " + strings.TrimSuffix(c.OIDC.Issuer, "/") + "/.well-known/openid-configuration and to name this issuer"})
	}
	return append(out, Finding{about, Good, "answers; register " + c.publicOrigin() + "/signin/provider there as the address to come back to", ""})
}
