package oidc

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"tocsin/internal/auth"
)

// Bounds of what a provider says of somebody.
const (
	maxGroups = 2000
	maxGroup  = 256 // octets
)

// claims of an ID token, or of the userinfo endpoint.
type claims struct {
	Email    string   `json:"email"`
	Verified truth    `json:"email_verified"`
	Name     string   `json:"name"`
	Party    string   `json:"azp"`
	Level    string   `json:"acr"`
	Methods  list     `json:"amr"`
	Proven   moment   `json:"auth_time"`
	Groups   []string `json:"-"`
	said     bool     // the groups claim was there
}

// claims reads the token, and asks the userinfo endpoint for what it lacks (OpenID Connect Core 5.3): the subject there must be the same.
func (p *Provider) claims(ctx context.Context, k *known, t *oidc.IDToken, token *oauth2.Token) (claims, error) {
	c, err := p.read(t.Claims)
	if err != nil {
		return c, p.refuse("the ID token of %s cannot be read", p.cfg.Name)
	}
	if k.provider.UserInfoEndpoint() == "" || c.Email != "" && (c.said || p.cfg.GroupsClaim == "") {
		return c, nil
	}
	info, err := k.provider.UserInfo(oidc.ClientContext(ctx, p.client), oauth2.StaticTokenSource(token))
	if err != nil {
		return c, &auth.ProviderDown{Name: p.cfg.Name, Err: err}
	}
	if info.Subject != t.Subject {
		return c, p.refuse("%s answers for somebody else (userinfo)", p.cfg.Name)
	}
	more, err := p.read(info.Claims)
	if err != nil {
		return c, p.refuse("what %s says of you cannot be read (userinfo)", p.cfg.Name)
	}
	if c.Email == "" {
		c.Email, c.Verified = more.Email, more.Verified
	}
	if c.Name == "" {
		c.Name = more.Name
	}
	if !c.said {
		c.Groups = more.Groups
	}
	return c, nil
}

func (p *Provider) read(into func(any) error) (claims, error) {
	var c claims
	if err := into(&c); err != nil {
		return c, err
	}
	all := map[string]json.RawMessage{}
	if err := into(&all); err != nil {
		return c, err
	}
	raw, there := walk(all, p.cfg.GroupsClaim)
	if !there || p.cfg.GroupsClaim == "" {
		return c, nil
	}
	var groups list
	if err := json.Unmarshal(raw, &groups); err != nil {
		return c, nil // in no form that names groups: none
	}
	c.said = true
	for _, g := range groups {
		if len(g) <= maxGroup && len(c.Groups) < maxGroups {
			c.Groups = append(c.Groups, g)
		}
	}
	return c, nil
}

// walk finds a claim by its name, else by a path with dots ("realm_access.roles").
func walk(all map[string]json.RawMessage, path string) (json.RawMessage, bool) {
	if raw, ok := all[path]; ok {
		return raw, true
	}
	first, rest, more := strings.Cut(path, ".")
	raw, ok := all[first]
	if !ok || !more {
		return nil, false
	}
	var inner map[string]json.RawMessage
	if json.Unmarshal(raw, &inner) != nil {
		return nil, false
	}
	return walk(inner, rest)
}

func (p *Provider) identity(subject string, c claims) auth.Identity {
	id := auth.Identity{
		Issuer: p.cfg.Issuer, Subject: subject, Email: strings.ToLower(strings.TrimSpace(c.Email)), Name: plain(c.Name, 200), Groups: c.Groups,
		EmailVerified: bool(c.Verified) || p.cfg.TrustEmail, Proven: time.Time(c.Proven),
	}
	if now := p.cfg.Now(); id.Proven.After(now) {
		id.Proven = now
	}
	for _, v := range p.cfg.SecondFactor {
		id.Factor = id.Factor || v == AnySecondFactor || v == c.Level || slices.Contains(c.Methods, v)
	}
	return id
}

// list is one text or several.
type list []string

func (l *list) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*l = list{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(l))
}

// truth is true, or "true" as some providers write it.
type truth bool

func (t *truth) UnmarshalJSON(raw []byte) error {
	*t = string(raw) == "true" || string(raw) == `"true"`
	return nil
}

// moment is seconds since 1970.
type moment time.Time

func (m *moment) UnmarshalJSON(raw []byte) error {
	var n float64
	if err := json.Unmarshal(raw, &n); err != nil || n <= 0 || n > 1e11 {
		return err
	}
	*m = moment(time.Unix(int64(n), 0))
	return nil
}
