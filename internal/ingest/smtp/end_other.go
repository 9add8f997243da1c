//go:build !unix

package smtp

import "net"

// atEnd can't look into a socket here; what Read saw must do.
func atEnd(net.Conn) bool { return false }
