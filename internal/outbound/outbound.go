// Package outbound says whom the server may connect to when the address comes from outside.
//
// A list, a feed or a page may be named by somebody who does not run the server, and a name may lead anywhere once it is resolved: to the
// machine itself, to the network inside, to the address where a cloud keeps its keys. So a connection is looked at when its address is known,
// after the name was resolved and before anything is sent. Only public addresses are reached unless an administrator said otherwise. Beside it,
// whose certificates are believed there.
package outbound

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// ErrInside is a name that leads to an address that is not public.
var ErrInside = errors.New("its name leads to a private address; approve the address itself if that is wanted")

// Dialer connects to public addresses only, except where the address is itself a number: whoever wrote that knew where it leads. inside
// allows every address.
func Dialer(inside bool) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		d := &net.Dialer{Timeout: 5 * time.Second}
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		if _, err := netip.ParseAddr(host); err != nil && !inside {
			d.ControlContext = onlyPublic
		}
		return d.DialContext(ctx, network, address)
	}
}

// Strict connects to public addresses only, numbers too, unless inside allows every address.
func Strict(inside bool) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		d := &net.Dialer{Timeout: 5 * time.Second}
		if !inside {
			d.ControlContext = onlyPublic
		}
		return d.DialContext(ctx, network, address)
	}
}

func onlyPublic(_ context.Context, _, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !Public(at.Addr()) {
		return ErrInside
	}
	return nil
}

// reserved are networks that are global in form and not in fact: RFC 6890 and its kin.
var reserved = func() []netip.Prefix {
	var out []netip.Prefix
	for _, s := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10",
	} {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}()

// Public reports whether an address is one of the open Internet.
func Public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range reserved {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
