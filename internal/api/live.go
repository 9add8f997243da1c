package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

const (
	maxSubscribers = 200
	livePace       = time.Second
	livePing       = 15 * time.Second
	liveWrite      = 10 * time.Second // a client that takes nothing for so long is gone
)

// Hub tells open live views that mail arrived. Each view has room for one sum of arrivals, to which later ones are
// added until it is read: a slow view costs nothing and misses nothing but intermediate figures.
type Hub struct {
	mu     sync.Mutex
	views  map[*view]struct{}
	max    int
	closed bool
}

type view struct {
	mu   sync.Mutex
	sum  Arrived
	wake chan struct{} // room for one
}

func newHub(most int) *Hub { return &Hub{views: map[*view]struct{}{}, max: most} }

// Arrived tells every view that n email events were stored, the newest with that timestamp. It never waits.
func (h *Hub) Arrived(n int, newest time.Time) {
	if n <= 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for v := range h.views {
		v.mu.Lock()
		v.sum.Events += int64(n)
		if newest.After(v.sum.Newest) {
			v.sum.Newest = newest.UTC()
		}
		v.mu.Unlock()
		select {
		case v.wake <- struct{}{}:
		default:
		}
	}
}

// Close ends every view, so that a server can stop.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for v := range h.views {
		close(v.wake)
		delete(h.views, v)
	}
}

func (h *Hub) join() (*view, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, ErrStopping
	}
	if len(h.views) >= h.max {
		return nil, errFull
	}
	v := &view{wake: make(chan struct{}, 1)}
	h.views[v] = struct{}{}
	return v, nil
}

func (h *Hub) leave(v *view) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.views, v)
}

func (v *view) take() Arrived {
	v.mu.Lock()
	defer v.mu.Unlock()
	sum := v.sum
	v.sum = Arrived{}
	return sum
}

func (s *Server) live(_ context.Context, _ *Nothing) (*huma.StreamResponse, error) {
	v, err := s.hub.join()
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer s.hub.leave(v)
		r, w := humago.Unwrap(hctx)
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back
		out := &eventWriter{&patientWriter{w: w, rc: http.NewResponseController(w), wait: liveWrite}}
		if out.send("ping", struct{}{}) != nil {
			return
		}
		ping := time.NewTicker(livePing)
		defer ping.Stop()
		pace := time.NewTimer(0)
		defer pace.Stop()
		for {
			select {
			case <-r.Context().Done():
				return
			case <-ping.C:
				if !s.known(r) || out.send("ping", struct{}{}) != nil {
					return
				}
				continue
			case _, open := <-v.wake:
				if !open {
					return
				}
			}
			select { // not before a second has passed since the event before
			case <-r.Context().Done():
				return
			case <-pace.C:
			}
			if sum := v.take(); sum.Events > 0 && (!s.known(r) || out.send("new", sum) != nil) {
				return
			}
			pace.Reset(livePace)
		}
	}}, nil
}

// eventWriter writes server-sent events (WHATWG HTML, section 9.2).
type eventWriter struct{ out *patientWriter }

func (e *eventWriter) send(name string, data any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(e.out, "event: %s\ndata: %s\n\n", name, raw); err != nil {
		return err
	}
	return e.out.flush()
}
