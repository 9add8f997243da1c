package imap

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"tocsin/internal/casestore"
	"tocsin/internal/detect"
	"tocsin/internal/ingest"
	"tocsin/internal/remediate"
	"tocsin/internal/remediate/imap"
)

// acceptTime bounds making one message durable.
const acceptTime = time.Minute

// skew is how far a mail server's clock may be behind without its mail being taken for older than the watch.
const skew = time.Hour

// read takes in what is new in the folders of a mailbox. A folder that is not there holds nothing up but its own watch.
func (w *Watcher) read(ctx context.Context, r *imap.Reader, b *box) error {
	var missing error
	for i := len(w.cfg.Folders) - 1; i >= 0; i-- { // the first one last: it is the one that stays open
		err := w.readFolder(ctx, r, b, w.cfg.Folders[i])
		if errors.Is(err, errFolder) {
			missing = err
			continue
		}
		if err != nil {
			return err
		}
	}
	return missing
}

// errFolder is about one folder alone.
var errFolder = errors.New("the folder cannot be read")

func (w *Watcher) readFolder(ctx context.Context, r *imap.Reader, b *box, folder string) error {
	at, err := r.Look(ctx, folder)
	if err != nil && imap.Refused(err) && !errors.Is(err, remediate.ErrOverloaded) {
		return fmt.Errorf("%w: %w", errFolder, err)
	}
	if err != nil {
		return err
	}
	state, known := b.folders[folder]
	was := state
	switch {
	case !known:
		state = casestore.WatchedFolder{System: w.cfg.System, Mailbox: b.address, Folder: folder, Validity: at.Validity, Since: w.cfg.Now().Add(-w.cfg.Since)}
		if w.cfg.Since == 0 && at.Next > 0 {
			state.Last = at.Next - 1
		}
	case state.Validity != at.Validity:
		w.cfg.Logger.Warn("a folder was numbered anew and is read again", "system", w.cfg.System, "mailbox", b.address, "folder", folder)
		state.Validity, state.Last = at.Validity, 0
	}
	if at.Next == 0 || at.Next > state.Last+1 {
		if err := w.takeNew(ctx, r, b, at, &state); err != nil {
			return err
		}
	}
	if state == was {
		return nil
	}
	return w.save(ctx, b, state)
}

func (w *Watcher) save(ctx context.Context, b *box, state casestore.WatchedFolder) error {
	if err := w.ledger.SaveWatchedFolders(ctx, []casestore.WatchedFolder{state}); err != nil {
		return err
	}
	b.folders[state.Folder] = state
	return nil
}

// takeNew takes in what stands above state.Last, and moves it up.
func (w *Watcher) takeNew(ctx context.Context, r *imap.Reader, b *box, at imap.Standing, state *casestore.WatchedFolder) error {
	uids, err := r.After(ctx, state.Last, at.Messages, state.Since)
	if err != nil {
		return err
	}
	w.setBehind(b, len(uids))
	left := len(uids)
	place := r.Place(state.Folder)
	err = r.Fetch(ctx, uids, func(list []imap.Mail) error {
		if err := w.accept(ctx, b, place, list, state.Since); err != nil {
			return err
		}
		state.Last = list[len(list)-1].UID
		left -= len(list)
		w.setBehind(b, left)
		return w.save(ctx, b, *state)
	})
	if err != nil {
		return err
	}
	if at.Next > 0 {
		state.Last = max(state.Last, at.Next-1)
	} else if len(uids) > 0 {
		state.Last = max(state.Last, uids[len(uids)-1])
	}
	return nil
}

func (w *Watcher) setBehind(b *box, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b.behind = n
}

// accept takes messages in, all of them or none counts. They go in side by side, because they share commits.
func (w *Watcher) accept(ctx context.Context, b *box, place remediate.Place, list []imap.Mail, since time.Time) error {
	var working sync.WaitGroup
	errs := make([]error, len(list))
	for i, m := range list {
		if m.Raw == nil {
			w.skip(b, m)
			continue
		}
		if m.Received.Before(since.Add(-skew)) {
			continue // servers search by the day
		}
		working.Go(func() { errs[i] = w.acceptOne(ctx, b, place, m) })
	}
	working.Wait()
	return errors.Join(errs...)
}

func (w *Watcher) skip(b *box, m imap.Mail) {
	w.cfg.Logger.Warn("a message in a mailbox is too large and is not judged", "system", w.cfg.System, "mailbox", b.address, "uid", m.UID, "octets", m.Size)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.skipped++
}

func (w *Watcher) acceptOne(ctx context.Context, b *box, place remediate.Place, m imap.Mail) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, acceptTime)
	defer cancel()
	receipt, err := w.in.Accept(ctx, m.Raw, w.envelope(b, place, m))
	if errors.Is(err, ingest.ErrTooLarge) {
		w.skip(b, m)
		return nil
	}
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.taken++
	if receipt.Duplicate {
		w.known++
	}
	if now := w.cfg.Now(); now.After(w.newest) {
		w.newest = now
	}
	return nil
}

// envelope says what is known: whose mailbox it lies in and when it arrived there. The rest is in the header.
func (w *Watcher) envelope(b *box, place remediate.Place, m imap.Mail) ingest.Envelope {
	done := ingest.LateDelivered // it lies there; what the policy says of it is to be done now
	if place == remediate.Junk {
		action, location, words := detect.Junk.Effect()
		done = ingest.Decision{Action: string(action), Location: string(location), EmailAction: words}
	}
	env := ingest.Envelope{Source: Source, Recipients: []string{b.address}, FileTime: m.Received, Otherwise: &done, OutOfReach: w.cfg.ReadOnly}
	if now := w.cfg.Now(); m.Received.After(time.Unix(0, 0)) && m.Received.Before(now.Add(time.Hour)) {
		env.Time = m.Received
	}
	return env
}
