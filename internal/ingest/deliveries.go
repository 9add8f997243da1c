package ingest

import (
	"context"
	"sync"
	"time"

	"tocsin/internal/casestore"
)

// DeliveryMemory is how long it is remembered what was done with mail that Tocsin hands on: longer than mail systems try.
const DeliveryMemory = 15 * 24 * time.Hour

// Deliveries remembers, durably, what is done with mail that Tocsin itself hands on to a mailbox server, and what that server has taken.
// For a message and a recipient the first word counts, whoever says it: the judgement, or the deadline that passed before. So a message
// that is offered again, after a crash or because the next server was away, is treated the same and not handed on twice.
type Deliveries struct {
	store  *casestore.Store
	plans  *group[*plannedDeliveries]
	noted  *group[[]casestore.Delivery]
	mu     sync.Mutex
	awaits map[string]map[*Await]struct{} // by SHA-256
}

type plannedDeliveries struct{ list, holds []casestore.Delivery }

// NewDeliveries remembers in store. Close it after whoever uses it.
func NewDeliveries(store *casestore.Store) *Deliveries {
	d := &Deliveries{store: store, awaits: map[string]map[*Await]struct{}{}}
	o := groupOptions{items: 256, weight: 4096, linger: 2 * time.Millisecond}
	d.plans = newGroup(o, d.commitPlans)
	d.noted = newGroup(o, d.commitNotes)
	return d
}

// Close waits for the commits that are under way.
func (d *Deliveries) Close() {
	d.plans.close()
	d.noted.close()
}

func (d *Deliveries) commitPlans(batch []*plannedDeliveries) []error {
	var all []casestore.Delivery
	for _, p := range batch {
		all = append(all, p.list...)
	}
	holds, err := d.store.PlanDeliveries(context.Background(), all)
	errs := make([]error, len(batch))
	for i, p := range batch {
		if errs[i] = err; err == nil {
			p.holds, holds = holds[:len(p.list)], holds[len(p.list):]
		}
	}
	return errs
}

func (d *Deliveries) commitNotes(batch [][]casestore.Delivery) []error {
	var all []casestore.Delivery
	for _, list := range batch {
		all = append(all, list...)
	}
	err := d.store.DeliveriesAnswered(context.Background(), all, time.Now())
	errs := make([]error, len(batch))
	for i := range errs {
		errs[i] = err
	}
	return errs
}

// Plan says what is to be done, and returns what holds, in the same order: what was said before stays.
func (d *Deliveries) Plan(ctx context.Context, list []casestore.Delivery) ([]casestore.Delivery, error) {
	if len(list) == 0 {
		return nil, nil
	}
	p := &plannedDeliveries{list: list}
	if err := d.plans.do(ctx, p, len(list)); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for a := range d.awaits[list[0].SHA256] {
		a.tell(p.holds)
	}
	return p.holds, nil
}

// Answered notes that the next server has taken these.
func (d *Deliveries) Answered(ctx context.Context, list []casestore.Delivery) error {
	if len(list) == 0 {
		return nil
	}
	return d.noted.do(ctx, list, len(list))
}

// Await is somebody who waits for what is done with a message. Close ends it.
type Await struct {
	d      *Deliveries
	sum    string
	mu     sync.Mutex
	known  map[string]casestore.Delivery
	change chan struct{}
}

// Await begins to listen for what is said of a message from now on.
func (d *Deliveries) Await(sha256 string) *Await {
	a := &Await{d: d, sum: sha256, known: map[string]casestore.Delivery{}, change: make(chan struct{}, 1)}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.awaits[sha256] == nil {
		d.awaits[sha256] = map[*Await]struct{}{}
	}
	d.awaits[sha256][a] = struct{}{}
	return a
}

// Close stops listening.
func (a *Await) Close() {
	a.d.mu.Lock()
	defer a.d.mu.Unlock()
	delete(a.d.awaits[a.sum], a)
	if len(a.d.awaits[a.sum]) == 0 {
		delete(a.d.awaits, a.sum)
	}
}

func (a *Await) tell(list []casestore.Delivery) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, x := range list {
		a.known[x.Recipient] = x
	}
	select {
	case a.change <- struct{}{}:
	default:
	}
}

// Recall reads what was said before the Await began.
func (a *Await) Recall(ctx context.Context, recipients []string) error {
	known, err := a.d.store.DeliveriesOf(ctx, a.sum, recipients)
	if err != nil {
		return err
	}
	for _, x := range known {
		a.tell([]casestore.Delivery{x})
	}
	return nil
}

// For waits until it is known for all of the recipients what is done, at most until ctx ends. It returns what is known, by recipient.
func (a *Await) For(ctx context.Context, recipients []string) map[string]casestore.Delivery {
	for {
		a.mu.Lock()
		out := make(map[string]casestore.Delivery, len(recipients))
		for _, r := range recipients {
			if x, ok := a.known[r]; ok {
				out[r] = x
			}
		}
		a.mu.Unlock()
		if len(out) == len(recipients) {
			return out
		}
		select {
		case <-a.change:
		case <-ctx.Done():
			return out
		}
	}
}
