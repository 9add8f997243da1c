package lists

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path"
	"strings"
)

// approval is an address below which lists may be read.
type approval struct {
	scheme, host string // host with its port
	path         string // escaped; "/" at its end: everything below
}

// ParseApproved checks an entry of hunting.external_data: https://host/, https://host/folder/ or https://host/list.txt. Only
// loopback addresses may be asked without TLS.
func ParseApproved(s string) error {
	_, err := parseApproval(s)
	return err
}

func parseApproval(s string) (approval, error) {
	u, err := url.Parse(s)
	wrong := func(why string) (approval, error) {
		return approval{}, fmt.Errorf("%q %s; write https://lists.example.com/folder/", s, why)
	}
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return wrong("is no address")
	case u.User != nil:
		return wrong("holds a name or password, which would be sent in every query")
	case u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(u.Host, "*"):
		return wrong("holds more than a host and a path")
	case u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())):
		return wrong("does not begin with https")
	case !plainPath(u):
		return wrong("has a path that is no plain path")
	}
	p := u.EscapedPath()
	if p == "" {
		p = "/"
	}
	return approval{u.Scheme, hostOf(u), p}, nil
}

// hostOf is the host in one spelling, with its port.
func hostOf(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return net.JoinHostPort(strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), port)
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

// plainPath tells whether the path of u means where it seems to lead: no "..", no hidden slashes.
func plainPath(u *url.URL) bool {
	p := u.EscapedPath()
	low := strings.ToLower(p)
	if strings.Contains(low, "%2f") || strings.Contains(low, "%5c") || strings.Contains(low, "%2e") || strings.Contains(p, `\`) {
		return false
	}
	return p == "" || path.Clean(p) == strings.TrimSuffix(p, "/") || p == "/"
}

// address reads what a query names, and says why it may not be read.
func (r *Reader) address(uri string) (*url.URL, error) {
	uri, key, keyed := strings.Cut(uri, ";")
	u, err := url.Parse(strings.TrimSpace(uri))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("a list is named by its address, such as https://lists.example/urls.txt")
	}
	if keyed && key != "" || u.User != nil {
		return nil, fmt.Errorf("%s: no keys or passwords are sent; leave out what is before @ and behind ;", u.Host)
	}
	u.Fragment = ""
	if err := r.allows(u); err != nil {
		return nil, err
	}
	return u, nil
}

// allows says why u is not approved.
func (r *Reader) allows(u *url.URL) error {
	if u.User == nil && plainPath(u) {
		for _, a := range r.approved {
			if a.scheme == u.Scheme && a.host == hostOf(u) && below(u.EscapedPath(), a.path) {
				return nil
			}
		}
	}
	return fmt.Errorf("lists of %s are not approved; an administrator can add https://%s/ to hunting.external_data", u.Host, u.Host)
}

// below tells whether p is the approved path, or a path below it.
func below(p, approved string) bool {
	if p == "" {
		p = "/"
	}
	return p == approved || strings.HasPrefix(p, strings.TrimSuffix(approved, "/")+"/")
}
