package remediate

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// findings are the steps that lead a target to its goal, or, when there are none, its outcome and why.
type findings struct {
	steps   []Step
	outcome Outcome
	why     string
}

// look finds out what has to be done. Nothing is changed by it.
func (k *task) look(ctx context.Context) (findings, error) {
	if k.a.Kind == Undo {
		return k.lookBack(ctx)
	}
	why, err := k.know(ctx)
	if err != nil || why != "" && !k.t.heldOnly(k.a.Kind) {
		return findings{outcome: Impossible, why: why}, err
	}
	var copies []Copy
	others := 0
	if why == "" {
		if copies, others, err = k.proven(ctx); err != nil {
			return findings{}, err
		}
	}
	if k.a.Kind == Release {
		return k.lookRelease(ctx, copies)
	}
	var f findings
	goal := k.a.Kind.Goal()
	for _, c := range copies {
		switch {
		case c.Place == goal:
			f.steps = append(f.steps, Step{From: c, To: c, Stay: true})
		case k.a.Unread && slices.Contains(c.Flags, `\Seen`):
			return findings{outcome: Impossible, why: "It was read already, and this action leaves read mail alone."}, nil
		case !k.a.Kind.Removes():
			f.steps = append(f.steps, Step{From: c, To: Copy{Place: goal}})
		case k.a.Kind == HardDelete:
			f.steps = append(f.steps, Step{From: c})
		default:
			f.steps = append(f.steps, Step{From: c, Held: c.SHA256})
		}
	}
	if k.a.Kind == HardDelete {
		held, err := k.w.Store.Held(ctx, k.mailbox, k.t.Message.NetworkMessageID)
		if err != nil {
			return f, err
		}
		if len(held) > 0 { // all of them are forgotten by one step
			f.steps = append(f.steps, Step{Held: held[0].SHA256})
		} else if len(f.steps) == 0 && k.t.heldOnly(k.a.Kind) { // it was stopped at delivery, and is not offered for release any more
			f.steps = append(f.steps, Step{Held: k.t.Message.RawSHA256})
		}
	}
	if len(f.steps) > 0 {
		return f, nil
	}
	return k.nothing(ctx, others)
}

// nothing says why no copy was found.
func (k *task) nothing(ctx context.Context, others int) (findings, error) {
	// Two addresses of one mailbox are two targets and one copy.
	same, err := k.w.Store.Targets(ctx, TargetFilter{Action: k.a.ID, Mailbox: k.mailbox, Message: k.t.Message.NetworkMessageID, After: -1, Limit: maxCopies})
	if err != nil {
		return findings{}, err
	}
	for _, o := range same {
		if o.Seq != k.t.Seq && o.Outcome == Succeeded {
			return findings{outcome: AlreadySo, why: "Done together with " + o.Recipient + ", which is the same mailbox."}, nil
		}
	}
	if others > 0 {
		return findings{outcome: Different, why: "A message with this Message-ID is there, but its content is another one. It was left alone."}, nil
	}
	return findings{outcome: NotFound, why: "No folder of the mailbox has it."}, nil
}

// know makes sure that the digest is known; why says that it cannot be.
func (k *task) know(ctx context.Context) (why string, err error) {
	m := &k.t.Message
	if m.Digest != "" {
		return "", nil
	}
	k.w.mu.Lock()
	m.Digest = k.w.digests[m.RawSHA256]
	k.w.mu.Unlock()
	if m.Digest != "" {
		return "", nil
	}
	raw, err := k.w.Mail.Get(ctx, m.RawSHA256)
	if errors.Is(err, ErrNoBytes) {
		return noBytes, nil
	} else if err != nil {
		return "", err
	}
	m.Digest = Digest(raw)
	k.w.mu.Lock()
	defer k.w.mu.Unlock()
	if k.w.digests == nil || len(k.w.digests) >= maxDigests {
		k.w.digests = map[string]string{}
	}
	k.w.digests[m.RawSHA256] = m.Digest
	return "", nil
}

const noBytes = "The bytes that came in are not kept any more, so no copy can be proven to be this message."

// proven returns the copies that are the message, and how many have its Message-ID and are another one.
func (k *task) proven(ctx context.Context) (copies []Copy, others int, err error) {
	list, err := k.mb.Find(ctx, k.t.Message)
	if err != nil {
		return nil, 0, far(err)
	}
	k.raws = map[string][]byte{}
	kept := 0
	for _, c := range list[:min(len(list), maxCopies)] {
		raw, as, err := k.mb.Fetch(ctx, c)
		switch {
		case errors.Is(err, ErrGone):
			continue
		case err != nil:
			return nil, 0, far(err)
		case Digest(raw) != k.t.Message.Digest:
			others++
			continue
		}
		as.SHA256 = sum(raw)
		copies = append(copies, as)
		if kept+len(raw) <= keepRaws {
			k.raws[as.ID] = raw
			kept += len(raw)
		}
	}
	return copies, others, nil
}

// lookRelease finds what was held, or the bytes that came in.
func (k *task) lookRelease(ctx context.Context, copies []Copy) (findings, error) {
	if len(copies) > 0 {
		var f findings
		for _, c := range copies {
			f.steps = append(f.steps, Step{From: c, To: c, Stay: true})
		}
		return f, nil
	}
	held, err := k.w.Store.Held(ctx, k.mailbox, k.t.Message.NetworkMessageID)
	if err != nil {
		return findings{}, err
	}
	var f findings
	last := ""
	for _, h := range slices.Backward(held) { // what the last quarantine took
		if h.Kind != Quarantine || last != "" && h.Action != last {
			continue
		}
		if _, err := k.w.Vault.Get(ctx, h.SHA256); errors.Is(err, ErrNoBytes) {
			continue // it was meant to be taken and was gone before
		} else if err != nil {
			return f, err
		}
		last = h.Action
		f.steps = append(f.steps, back(h.From, h.SHA256))
	}
	if len(f.steps) > 0 {
		slices.Reverse(f.steps)
		return f, nil
	}
	// It was stopped at delivery: what came in goes where it would have gone. Its bytes were there a moment ago.
	f.steps = []Step{{To: Copy{Place: Inbox, Received: k.t.Message.Date.UTC(), SHA256: k.t.Message.RawSHA256}}}
	return f, nil
}

// back is the step that puts octets where a copy was.
func back(was Copy, held string) Step {
	return Step{To: Copy{Place: was.Place, Folder: was.Folder, Flags: was.Flags, Received: was.Received, Size: was.Size, SHA256: was.SHA256}, Held: held}
}

// lookBack turns the steps of another action's receipt round.
func (k *task) lookBack(ctx context.Context) (findings, error) {
	was, err := k.w.Store.Targets(ctx, TargetFilter{Action: k.a.Undoes, Seqs: []int{k.t.Seq}, After: -1})
	if err != nil {
		return findings{}, err
	}
	if len(was) != 1 || was[0].Receipt == nil {
		return findings{outcome: Impossible, why: "There is no receipt that says what was done."}, nil
	}
	candidates, err := k.candidates(ctx)
	if err != nil {
		return findings{}, err
	}
	var f findings
	missing := 0
	for _, s := range was[0].Receipt.Steps {
		if s.Stay || s.From.ID == "" && s.To.Place == "" {
			continue
		}
		found, say, err := k.turnRound(ctx, s, &candidates)
		switch {
		case err != nil:
			return findings{}, err
		case say != "":
			return findings{outcome: Impossible, why: say}, nil
		case found == nil:
			missing++
		default:
			f.steps = append(f.steps, *found)
		}
	}
	if len(f.steps) == 0 {
		f.outcome, f.why = NotFound, "No folder of the mailbox has it any more."
	}
	return f, nil
}

// candidates returns the copies that are there, with the hash of their octets, or, when the digest is known, of those that are the message.
func (k *task) candidates(ctx context.Context) ([]Copy, error) {
	if k.t.Message.Digest != "" {
		copies, _, err := k.proven(ctx)
		return copies, err
	}
	list, err := k.mb.Find(ctx, k.t.Message)
	if err != nil {
		return nil, far(err)
	}
	var out []Copy
	for _, c := range list[:min(len(list), maxCopies)] {
		raw, as, err := k.mb.Fetch(ctx, c)
		if errors.Is(err, ErrGone) {
			continue
		} else if err != nil {
			return nil, far(err)
		}
		as.SHA256 = sum(raw)
		out = append(out, as)
	}
	return out, nil
}

// turnRound makes the step that undoes s and takes the copy that it is about out of the candidates; nil when that is gone. say is why it
// cannot be undone.
func (k *task) turnRound(ctx context.Context, s Step, candidates *[]Copy) (step *Step, say string, err error) {
	pick := func(want func(Copy) bool) *Copy {
		i := slices.IndexFunc(*candidates, want)
		if i < 0 {
			return nil
		}
		c := (*candidates)[i]
		*candidates = slices.Delete(*candidates, i, i+1)
		return &c
	}
	home := func(c Copy) bool { return c.SHA256 == s.From.SHA256 && c.Folder == s.From.Folder }
	switch {
	case s.From.ID != "" && s.To.Place == "": // it was removed
		if c := pick(home); c != nil { // and somebody put it back
			return &Step{From: *c, To: *c, Stay: true}, "", nil
		}
		if s.Held == "" {
			return nil, "It was deleted for good; nothing is kept of it.", nil
		}
		if _, err := k.w.Vault.Get(ctx, s.Held); errors.Is(err, ErrNoBytes) {
			return nil, "What Tocsin kept of it was deleted meanwhile.", nil
		} else if err != nil {
			return nil, "", err
		}
		b := back(s.From, s.Held)
		return &b, "", nil
	case s.From.ID == "": // it was put back
		c := pick(func(c Copy) bool { return c.ID == s.To.ID })
		if c == nil {
			c = pick(func(c Copy) bool { return c.SHA256 == s.To.SHA256 })
		}
		if c == nil {
			return nil, "", nil
		}
		return &Step{From: *c, Held: c.SHA256}, "", nil
	}
	c := pick(func(c Copy) bool { return c.ID == s.To.ID })
	if c == nil {
		c = pick(func(c Copy) bool { return c.SHA256 == s.From.SHA256 && c.Place == s.To.Place })
	}
	if c == nil {
		if c = pick(func(c Copy) bool { return c.SHA256 == s.From.SHA256 }); c != nil { // its owner moved it
			return &Step{From: *c, To: *c, Stay: true}, "", nil
		}
		return nil, "", nil
	}
	if c.Folder == s.From.Folder {
		return &Step{From: *c, To: *c, Stay: true}, "", nil
	}
	return &Step{From: *c, To: Copy{Place: s.From.Place, Folder: s.From.Folder}}, "", nil
}

// String says a step in a few words.
func (s Step) String() string {
	switch {
	case s.Stay:
		return fmt.Sprintf("%s stays", s.From.Folder)
	case s.From.ID == "" && s.To.Place == "":
		return "held octets forgotten"
	case s.From.ID == "":
		return "put back into " + s.To.Folder
	case s.To.Place == "":
		return "removed from " + s.From.Folder
	}
	return s.From.Folder + " to " + s.To.Folder
}
