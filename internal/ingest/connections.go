package ingest

import (
	"errors"
	"log/slog"
	"net"
	"time"
)

// Connections hands every connection of l to meet, which must not block, until stopping returns true: then it returns nil. A failure that
// passes (no file descriptor is left, a client was gone before it was let in) is logged, and tried again after a pause that grows from 5 ms to
// a second; the pause ends when stop is closed. A listener that somebody else closed is an error.
func Connections(l net.Listener, source string, log *slog.Logger, stop <-chan struct{}, stopping func() bool, meet func(net.Conn)) error {
	const first, longest = 5 * time.Millisecond, time.Second
	pause := first
	for {
		nc, err := l.Accept()
		switch {
		case err == nil:
			pause = first
			meet(nc)
			continue
		case stopping():
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		}
		log.Warn("no connection could be accepted", "source", source, "err", err, "again_in", pause)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-stop:
			timer.Stop()
			return nil
		}
		pause = min(2*pause, longest)
	}
}
