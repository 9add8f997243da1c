package imap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tocsin/internal/remediate"
)

// Bounds of what is read at once.
const (
	maxTogether     = 50      // messages of one command
	maxOctetsAtOnce = 8 << 20 // of them, unless one alone is larger
	listingSizes    = 500     // messages whose sizes are asked for in one command
	maxIdle         = 10 * time.Minute
	maxListed       = 5_000_000 // messages of one folder
	octetsOfUID     = 12        // in a server's answer
)

// Reader reads one mailbox and changes nothing in it: folders are opened for reading only. It is used by one goroutine, and keeps one of the
// provider's connections until it is closed.
type Reader struct {
	m      *mailbox
	folder string // that is open; "" for none
}

// Standing is how far a folder's numbers are (RFC 3501 section 2.3.1.1).
type Standing struct {
	Validity uint32
	Next     uint32 // the UID that the next message gets; 0: the server does not say
	Messages uint32
}

// Mail is one message of a folder.
type Mail struct {
	UID      uint32
	Received time.Time
	Size     int64
	Raw      []byte // nil: it is larger than Options.MaxMessage
}

// Read opens a mailbox for reading.
func (p *Provider) Read(ctx context.Context, address string) (*Reader, error) {
	opened, err := p.Open(ctx, address)
	if err != nil {
		return nil, err
	}
	switch m := opened.(type) {
	case *mailbox:
		return &Reader{m: m}, nil
	case *aided:
		return &Reader{m: m.mailbox}, nil
	}
	return nil, errors.Join(cannot("this mailbox cannot be read"), opened.Close())
}

// Close signs out.
func (r *Reader) Close() error { return r.m.Close() }

// Place says what a folder is.
func (r *Reader) Place(folder string) remediate.Place { return r.m.placeOf(folder) }

// Look opens a folder, anew when it is open, and says how far its numbers are.
func (r *Reader) Look(ctx context.Context, folder string) (Standing, error) {
	r.folder = ""
	data, err := r.m.selectFolder(ctx, folder, false)
	if err != nil {
		return Standing{}, err
	}
	r.folder = folder
	return Standing{Validity: data.UIDValidity, Next: uint32(data.UIDNext), Messages: data.NumMessages}, nil
}

// After lists the messages of the open folder with a UID above last that arrived on the day of since (UTC, less a day for servers elsewhere) or later, in order.
func (r *Reader) After(ctx context.Context, last uint32, messages uint32, since time.Time) ([]uint32, error) {
	criteria := &goimap.SearchCriteria{UID: []goimap.UIDSet{{goimap.UIDRange{Start: goimap.UID(last) + 1, Stop: 0}}}}
	if !since.IsZero() {
		criteria.Since = since.UTC().AddDate(0, 0, -1)
	}
	var out []uint32
	budget := int64(small) + int64(min(messages, maxListed))*octetsOfUID
	err := r.m.link.do(ctx, fmt.Sprintf("looking for new mail in %q of %s", cut(r.folder), r.m.address), budget, 5*r.m.p.o.Timeout, func(c *imapclient.Client) error {
		data, err := c.UIDSearch(criteria, nil).Wait()
		if err != nil {
			return err
		}
		for _, uid := range data.AllUIDs() {
			if uint32(uid) > last { // "*" is the last message, however low its number
				out = append(out, uint32(uid))
			}
		}
		return nil
	})
	slices.Sort(out)
	return slices.Compact(out), err
}

// Fetch reads messages of the open folder and hands them to each in the order of uids. Those that are gone are left out. An error of each ends it.
func (r *Reader) Fetch(ctx context.Context, uids []uint32, each func([]Mail) error) error {
	for group := range slices.Chunk(uids, listingSizes) {
		var set goimap.UIDSet
		for _, u := range group {
			set.AddNum(goimap.UID(u))
		}
		list, err := r.m.items(ctx, r.folder, set, len(group), nil)
		if err != nil {
			return err
		}
		slices.SortFunc(list, func(a, b item) int { return int(int64(a.uid) - int64(b.uid)) })
		for len(list) > 0 {
			n, octets := 0, int64(0)
			for n < len(list) && n < maxTogether && (n == 0 || octets+list[n].size <= maxOctetsAtOnce) {
				if list[n].size <= r.m.p.o.MaxMessage {
					octets += list[n].size
				}
				n++
			}
			mails, err := r.bodies(ctx, list[:n], octets)
			if err != nil {
				return err
			}
			if err := each(mails); err != nil {
				return err
			}
			list = list[n:]
		}
	}
	return nil
}

// bodies reads the octets of some messages.
func (r *Reader) bodies(ctx context.Context, list []item, octets int64) ([]Mail, error) {
	var set goimap.UIDSet
	sizes := map[goimap.UID]int64{}
	for _, it := range list {
		if it.size <= r.m.p.o.MaxMessage {
			set.AddNum(it.uid)
			sizes[it.uid] = it.size
		}
	}
	got := map[goimap.UID][]byte{}
	if len(sizes) > 0 {
		// A server may count other line ends than it sends: a quarter more is let in.
		budget := octets + octets/4 + int64(small) + int64(len(list))*1024
		err := r.m.link.do(ctx, fmt.Sprintf("reading new mail in %q of %s", cut(r.folder), r.m.address), budget, 5*r.m.p.o.Timeout, func(c *imapclient.Client) error {
			cmd := c.Fetch(set, &goimap.FetchOptions{UID: true, BodySection: []*goimap.FetchItemBodySection{{Peek: true}}})
			for d := cmd.Next(); d != nil; d = cmd.Next() {
				var uid goimap.UID
				var raw []byte
				for x := d.Next(); x != nil; x = d.Next() {
					switch x := x.(type) {
					case imapclient.FetchItemDataUID:
						uid = x.UID
					case imapclient.FetchItemDataBodySection:
						if x.Literal == nil || raw != nil {
							continue
						}
						var err error
						if raw, err = readLiteral(x.Literal, r.m.p.o.MaxMessage+r.m.p.o.MaxMessage/4); err != nil {
							return end(cmd, err)
						}
					}
				}
				if _, asked := sizes[uid]; asked && raw != nil {
					got[uid] = raw
				}
			}
			return cmd.Close()
		})
		if err != nil {
			return nil, err
		}
	}
	var out []Mail
	for _, it := range list {
		_, small := sizes[it.uid]
		raw := got[it.uid]
		if small && raw == nil {
			continue // gone meanwhile
		}
		out = append(out, Mail{UID: uint32(it.uid), Received: it.received, Size: it.size, Raw: raw})
	}
	return out, nil
}

// Refused reports whether the server said no to a command, and the connection goes on.
func Refused(err error) bool { return refused(err) }

// CanIdle reports whether the server tells of new mail by itself (RFC 2177).
func (r *Reader) CanIdle(ctx context.Context) (bool, error) {
	caps, err := r.m.caps(ctx)
	return caps.Has(goimap.CapIdle) || caps.Has(goimap.CapIMAP4rev2), err
}

// Idle waits until the server tells of a change in the open folder, at most d, and at most 10 minutes.
func (r *Reader) Idle(ctx context.Context, d time.Duration) error {
	d = min(d, maxIdle)
	return r.m.link.do(ctx, fmt.Sprintf("waiting for new mail in %q of %s", cut(r.folder), r.m.address), listing, d+r.m.p.o.Timeout, func(c *imapclient.Client) error {
		cmd, err := c.Idle()
		if err != nil {
			return err
		}
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-r.m.link.changed:
		case <-timer.C:
		case <-ctx.Done():
		case <-c.Closed():
		}
		return errors.Join(cmd.Close(), cmd.Wait())
	})
}
