//go:build unix

package smtp

import (
	"net"
	"syscall"
)

// atEnd looks into the socket without taking anything out: true when the peer has closed its side and nothing is left
// to read.
func atEnd(c net.Conn) bool {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return false
	}
	rc, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	end := false
	_ = rc.Read(func(fd uintptr) bool {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		end = err == nil && n == 0
		return true // whatever it was: do not wait
	})
	return end
}
