package remediate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
)

// task is the work on one target: find, prove, intend, do, receipt.
type task struct {
	*round
	t     *Target
	fresh bool              // the intents are of this call: nothing of them can be done already
	raws  map[string][]byte // octets of copies, by ID, that were fetched to prove them
}

const (
	// maxRounds is how often copies are looked for again that somebody moved meanwhile.
	maxRounds = 3
	// maxCopies is how many copies of one message in one mailbox are acted on; no mailbox has more by accident.
	maxCopies = 200
	// keepRaws is how many octets of fetched copies are kept in memory until they are needed, of one target.
	keepRaws = 32 << 20
	// maxDigests is how many digests are remembered: of a campaign, all are the same.
	maxDigests = 10_000
)

// run brings the target to its end. An error of the mail system is a *fault, ErrOver means that somebody cancelled it.
func (k *task) run(ctx context.Context) error {
	if len(k.t.Intents) == 0 {
		f, err := k.look(ctx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(f.steps, func(s Step) bool { return !s.Stay }) {
			if len(f.steps) > 0 {
				f.outcome = AlreadySo
			}
			return k.finish(ctx, f.outcome, f.why, f.steps)
		}
		if err := k.intend(ctx, f.steps); err != nil {
			return err
		}
	}
	for n := 1; ; n++ {
		again, err := k.execute(ctx)
		if err != nil {
			return err
		}
		if !again || n == maxRounds || k.a.Kind == Undo || k.a.Kind == Release {
			break
		}
		f, err := k.look(ctx)
		if err != nil {
			return err
		}
		more := k.unknown(f.steps)
		if len(more) == 0 {
			break
		}
		if err := k.intend(ctx, append(k.t.Intents, more...)); err != nil {
			return err
		}
	}
	if !slices.ContainsFunc(k.t.Intents, func(s Step) bool { return s.Did }) {
		return k.finish(ctx, NotFound, "It was gone before anything was done to it.", nil)
	}
	return k.finish(ctx, Succeeded, "", k.t.Intents)
}

// intend writes down what is about to be done.
func (k *task) intend(ctx context.Context, steps []Step) error {
	k.t.Intents, k.t.Outcome, k.fresh = steps, Working, true
	return k.w.Store.Intend(ctx, *k.t)
}

func (k *task) finish(ctx context.Context, o Outcome, why string, steps []Step) error {
	k.t.Outcome, k.t.Error, k.t.At, k.t.Intents = o, why, k.now(), nil
	k.t.Receipt = k.receipt(k.t, steps, false)
	return k.w.Store.Finish(ctx, *k.t)
}

// unknown returns the steps that are not among the intents yet.
func (k *task) unknown(steps []Step) (out []Step) {
	for _, s := range steps {
		if s.Stay || k.used(s.From) || s.From.ID == "" {
			continue
		}
		out = append(out, s)
	}
	return out
}

// used reports whether a copy belongs to a step of the intents already.
func (k *task) used(c Copy) bool {
	return slices.ContainsFunc(k.t.Intents, func(s Step) bool { return s.From.ID == c.ID && !s.Did || s.To.ID == c.ID && s.To.ID != "" })
}

// far marks an error of the mail system.
func far(err error) error {
	if err == nil || errors.Is(err, ErrGone) {
		return err
	}
	return &fault{err}
}

// execute does the steps that are not done. again says that a copy was not there any more: there may be another one now.
func (k *task) execute(ctx context.Context) (again bool, err error) {
	steps := k.t.Intents
	for i := 0; i < len(k.t.Intents); {
		s := &steps[i]
		if s.Stay || s.Did {
			i++
			continue
		}
		var gone bool
		switch {
		case s.From.ID == "" && s.To.Place == "":
			err = k.w.Store.Drop(ctx, k.mailbox, k.t.Message.NetworkMessageID, func(sum string) error { return k.w.Vault.Forget(ctx, sum) })
			s.Did = err == nil
		case s.From.ID == "":
			err = k.putBack(ctx, s)
		case s.To.Place == "":
			gone, err = k.remove(ctx, s)
		default:
			gone, err = k.move(ctx, s)
		}
		if err != nil {
			return false, err
		}
		again = again || gone
		if s.Did {
			i++
			continue
		}
		steps = slices.Delete(steps, i, i+1) // it was not ours to do any more
		k.t.Intents = steps
	}
	return again, nil
}

// move moves one copy, or finds it where it should lie.
func (k *task) move(ctx context.Context, s *Step) (gone bool, err error) {
	if !k.fresh {
		var as Copy
		if as, err = k.mb.Stat(ctx, s.From); err == nil {
			s.From.Flags = as.Flags
		}
	}
	if err == nil {
		var to Copy
		if to, err = k.mb.Move(ctx, s.From, s.To.Place, s.To.Folder); err == nil {
			to.SHA256 = s.From.SHA256
			s.To, s.Did = to, true
			return false, nil
		}
	}
	if !errors.Is(err, ErrGone) {
		return false, far(err)
	}
	want := s.From
	want.Place, want.Folder = s.To.Place, s.To.Folder
	to, found, err := k.at(ctx, want)
	if found {
		s.To, s.Did = to, true
	}
	return true, err
}

// remove takes one copy out; its octets are kept first, where they should be.
func (k *task) remove(ctx context.Context, s *Step) (gone bool, err error) {
	if s.Held != "" {
		raw := k.raws[s.From.ID]
		if raw == nil {
			var as Copy
			if raw, as, err = k.mb.Fetch(ctx, s.From); err == nil {
				s.From.Flags = as.Flags
				if sum(raw) != s.Held {
					err = ErrGone
				}
			}
		}
		if err == nil {
			if err := k.w.Vault.Put(ctx, s.Held, raw); err != nil {
				return false, err
			}
		}
	}
	if err == nil {
		err = k.mb.Remove(ctx, s.From)
	}
	switch {
	case err == nil:
		s.Did = true
		return false, nil
	case !errors.Is(err, ErrGone):
		return false, far(err)
	case s.Held == "":
		s.Did = true
		return true, nil
	}
	// It is gone. When its octets are held, it was us: they are kept right before.
	_, err = k.w.Vault.Get(ctx, s.Held)
	if errors.Is(err, ErrNoBytes) {
		return true, nil
	}
	s.Did = err == nil
	return true, err
}

// putBack puts octets into a folder, or finds that they are there.
func (k *task) putBack(ctx context.Context, s *Step) error {
	if !k.fresh {
		to, found, err := k.at(ctx, s.To)
		if found {
			s.To, s.Did = to, true
		}
		if found || err != nil {
			return err
		}
	}
	raw, err := k.kept(ctx, s)
	if errors.Is(err, ErrNoBytes) {
		return &fault{err}
	} else if err != nil {
		return err
	}
	want := s.To
	to, err := k.mb.Append(ctx, raw, want.Place, want.Folder, want.Flags, want.Received)
	if err != nil {
		return &fault{err}
	}
	s.To, s.Did = to, true
	return nil
}

// kept returns the octets that a step puts back.
func (k *task) kept(ctx context.Context, s *Step) ([]byte, error) {
	if s.Held != "" {
		return k.w.Vault.Get(ctx, s.Held)
	}
	return k.w.Mail.Get(ctx, k.t.Message.RawSHA256)
}

// at looks for a copy in a place (and folder, when it is named) that belongs to no step yet: best with the octets and the time of arrival
// that are wanted, then with the octets, then with the digest.
func (k *task) at(ctx context.Context, want Copy) (Copy, bool, error) {
	list, err := k.mb.Find(ctx, k.t.Message)
	if err != nil {
		return Copy{}, false, far(err)
	}
	var best Copy
	points := 0
	for _, c := range list[:min(len(list), maxCopies)] {
		if c.Place != want.Place || want.Folder != "" && c.Folder != want.Folder || k.used(c) {
			continue
		}
		raw, as, err := k.mb.Fetch(ctx, c)
		if errors.Is(err, ErrGone) {
			continue
		} else if err != nil {
			return Copy{}, false, far(err)
		}
		n := 0
		switch {
		case as.SHA256 == want.SHA256 && as.Received.Equal(want.Received):
			n = 3
		case as.SHA256 == want.SHA256:
			n = 2
		case k.t.Message.Digest != "" && Digest(raw) == k.t.Message.Digest:
			n = 1
		}
		if n > points {
			best, points = as, n
		}
	}
	return best, points > 0, nil
}

func sum(raw []byte) string {
	h := sha256.Sum256(raw)
	return hex.EncodeToString(h[:])
}
