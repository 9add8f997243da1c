package directory

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"tocsin/internal/outbound"
)

// Bounds of one conversation with an LDAP server.
const (
	ldapPage    = 500
	ldapOctets  = 512 << 20        // read in one sync
	ldapAnswer  = 60 * time.Second // for one answer
	ldapConnect = 10 * time.Second
)

// LDAP reads people from one LDAP server (RFC 4511): it binds, searches below Base in pages (RFC 2696), and reads the attributes that
// are named. It talks to the configured host alone; referrals are not followed.
type LDAP struct {
	URL      string // ldaps://host, or ldap://host, which is upgraded with StartTLS
	Plain    bool   // ldap:// without TLS; for servers on this machine
	CA       string // PEM file of the authority that signed the server's certificate; "": those of the system
	BindDN   string // "": anonymous
	Password string
	Base     string
	Filter   string // default "(&(objectClass=person)(mail=*))"
	Page     int    // entries a page; default 500
	// Attributes by field: address, name, title, department, manager, groups, aliases, private. Absent ones have a default.
	Attributes     map[string]string
	PriorityGroups []string // names (CN) or DNs of groups whose members are priority accounts
}

var _ Source = (*LDAP)(nil)

// DefaultFilter finds everybody with an address.
const DefaultFilter = "(&(objectClass=person)(mail=*))"

var ldapDefaults = map[string]string{
	"address": "mail", "name": "displayName", "title": "title", "department": "department", "manager": "manager", "groups": "memberOf",
	"aliases": "proxyAddresses", "private": "",
}

// LDAPFields are the fields that Attributes may name.
func LDAPFields() map[string]string { return ldapDefaults }

// Name is "ldap" and the host.
func (l *LDAP) Name() string {
	if u, err := url.Parse(l.URL); err == nil && u.Hostname() != "" {
		return "ldap " + u.Hostname()
	}
	return "ldap"
}

// Validate says what is wrong with the settings.
func (l *LDAP) Validate() error {
	u, err := url.Parse(l.URL)
	if err != nil || u.Scheme != "ldap" && u.Scheme != "ldaps" || u.Hostname() == "" {
		return fmt.Errorf("url: %q is not the address of an LDAP server; write ldaps://dc.example.com", l.URL)
	}
	if l.Base == "" {
		return errors.New("base: the DN to search below is needed; write ou=people,dc=example,dc=com")
	}
	if _, err := ldap.ParseDN(l.Base); err != nil {
		return fmt.Errorf("base: %q is no DN; write ou=people,dc=example,dc=com", l.Base)
	}
	if _, err := ldap.CompileFilter(l.filter()); err != nil {
		return fmt.Errorf("filter: %q is no LDAP filter; write %s", l.Filter, DefaultFilter)
	}
	for field := range l.Attributes {
		if _, ok := ldapDefaults[field]; !ok {
			return fmt.Errorf("attributes: there is no field %q; the fields are address, name, title, department, manager, groups, aliases, private", field)
		}
	}
	return nil
}

func (l *LDAP) filter() string {
	if l.Filter == "" {
		return DefaultFilter
	}
	return l.Filter
}

func (l *LDAP) attribute(field string) string {
	if a, ok := l.Attributes[field]; ok {
		return a
	}
	return ldapDefaults[field]
}

// People asks the server for everybody.
func (l *LDAP) People(ctx context.Context) ([]Person, error) {
	conn, err := l.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	entries, err := l.search(ctx, conn)
	if err != nil {
		return nil, cause(ctx, err)
	}
	return l.read(entries), nil
}

// Try connects, binds and asks for one entry: what doctor does.
func (l *LDAP) Try(ctx context.Context) error {
	conn, err := l.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	_, err = conn.Search(ldap.NewSearchRequest(l.Base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 1, 10, true, l.filter(), []string{l.attribute("address")}, nil))
	if err != nil && !ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) {
		return cause(ctx, fmt.Errorf("search below %s: %w", l.Base, err))
	}
	return nil
}

// cause prefers the reason why ctx ended to the broken connection that followed from it.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (l *LDAP) connect(ctx context.Context) (*ldap.Conn, error) {
	u, err := url.Parse(l.URL)
	if err != nil {
		return nil, err
	}
	secure, port := u.Scheme == "ldaps", u.Port()
	if port == "" {
		port = "389"
		if secure {
			port = "636"
		}
	}
	config := &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}
	if l.CA != "" {
		if config.RootCAs, err = outbound.Roots(l.CA); err != nil {
			return nil, err
		}
	}
	raw, err := (&net.Dialer{Timeout: ldapConnect}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return nil, err
	}
	var nc net.Conn = &limited{Conn: raw, left: ldapOctets}
	if secure {
		t := tls.Client(nc, config)
		hello, cancel := context.WithTimeout(ctx, ldapConnect)
		defer cancel()
		if err := t.HandshakeContext(hello); err != nil {
			return nil, errors.Join(fmt.Errorf("TLS: %w", err), raw.Close())
		}
		nc = t
	}
	conn := ldap.NewConn(nc, secure)
	conn.SetTimeout(ldapAnswer)
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < ldapAnswer {
		conn.SetTimeout(max(time.Until(deadline), time.Millisecond))
	}
	conn.Start()
	if !secure && !l.Plain {
		if err := conn.StartTLS(config); err != nil {
			return nil, errors.Join(fmt.Errorf("StartTLS: %w", err), conn.Close())
		}
	}
	if l.BindDN != "" {
		if err := conn.Bind(l.BindDN, l.Password); err != nil {
			return nil, errors.Join(fmt.Errorf("sign in as %s: %w", l.BindDN, err), conn.Close())
		}
	}
	return conn, nil
}

// limited ends a connection that sends more than a directory can be.
type limited struct {
	net.Conn
	left int64
}

func (c *limited) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, fmt.Errorf("the server sent more than %d MB", ldapOctets>>20)
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.Conn.Read(p)
	c.left -= int64(n)
	return n, err
}

// search reads every page. A server that limits the answer has not told everything, which is an error.
func (l *LDAP) search(ctx context.Context, conn *ldap.Conn) ([]*ldap.Entry, error) {
	wanted := []string{"cn", "userAccountControl"}
	for field := range ldapDefaults {
		if a := l.attribute(field); a != "" {
			wanted = append(wanted, a)
		}
	}
	size := uint32(ldapPage)
	if l.Page > 0 {
		size = uint32(l.Page)
	}
	paging := ldap.NewControlPaging(size)
	var all []*ldap.Entry
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		res, err := conn.Search(ldap.NewSearchRequest(l.Base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, l.filter(), wanted, []ldap.Control{paging}))
		if err != nil {
			return nil, fmt.Errorf("search below %s: %w", l.Base, err)
		}
		if all = append(all, res.Entries...); len(all) > MaxPeople {
			return nil, fmt.Errorf("search below %s finds more than %d people; narrow the filter", l.Base, MaxPeople)
		}
		next, ok := ldap.FindControl(res.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
		if !ok || len(next.Cookie) == 0 {
			return all, nil
		}
		paging.SetCookie(next.Cookie)
	}
}

// read turns entries into people. Managers and groups are DNs: the one becomes the manager's address, the other the group's name.
func (l *LDAP) read(entries []*ldap.Entry) []Person {
	byDN := make(map[string]string, len(entries))
	for _, e := range entries {
		byDN[dnKey(e.DN)] = addressOf(e.GetAttributeValue(l.attribute("address")))
	}
	chosen := map[string]bool{}
	for _, g := range l.PriorityGroups {
		chosen[dnKey(g)] = true
	}
	people := make([]Person, 0, len(entries))
	for _, e := range entries {
		if disabled(e.GetAttributeValue("userAccountControl")) {
			continue
		}
		p := Person{Name: e.GetAttributeValue(l.attribute("name")), Title: e.GetAttributeValue(l.attribute("title")), Department: e.GetAttributeValue(l.attribute("department"))}
		if p.Name == "" {
			p.Name = e.GetAttributeValue("cn")
		}
		addresses := e.GetAttributeValues(l.attribute("address"))
		for _, a := range append(addresses, l.values(e, "aliases")...) {
			scheme, _, _ := strings.Cut(a, ":")
			switch a = addressOf(a); {
			case a == "":
			case p.Address == "" || scheme == "SMTP": // Exchange writes the primary address in capitals
				if p.Address != "" {
					p.Aliases = append(p.Aliases, p.Address)
				}
				p.Address = a
			default:
				p.Aliases = append(p.Aliases, a)
			}
		}
		p.Private = l.values(e, "private")
		if m := e.GetAttributeValue(l.attribute("manager")); m != "" {
			if p.Manager = byDN[dnKey(m)]; p.Manager == "" {
				p.Manager = addressOf(m)
			}
		}
		for _, g := range l.values(e, "groups") {
			name := groupName(g)
			p.Groups = append(p.Groups, name)
			p.Priority = p.Priority || chosen[dnKey(g)] || chosen[dnKey(name)]
		}
		if p.Address != "" {
			people = append(people, p)
		}
	}
	return people
}

func (l *LDAP) values(e *ldap.Entry, field string) []string {
	if a := l.attribute(field); a != "" {
		return e.GetAttributeValues(a)
	}
	return nil
}

// dnKey makes DNs comparable, which differ in case and space.
func dnKey(s string) string {
	dn, err := ldap.ParseDN(s)
	if err != nil {
		return strings.ToLower(strings.TrimSpace(s))
	}
	return strings.ToLower(dn.String())
}

// groupName is the first value of a DN ("CN=Board,OU=Groups,DC=example,DC=com" is "Board"), or what is no DN as it is.
func groupName(s string) string {
	dn, err := ldap.ParseDN(s)
	if err != nil || len(dn.RDNs) == 0 || len(dn.RDNs[0].Attributes) == 0 {
		return s
	}
	return dn.RDNs[0].Attributes[0].Value
}

// disabled reads ACCOUNTDISABLE of Active Directory ([MS-ADTS] section 2.2.16).
func disabled(control string) bool {
	n, err := strconv.ParseInt(control, 10, 64)
	return err == nil && n&2 != 0
}
