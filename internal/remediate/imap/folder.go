package imap

import (
	"context"
	"fmt"
	"slices"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tocsin/internal/remediate"
)

var _ remediate.FolderReader = (*mailbox)(nil)

// Folder lists the copies in a folder behind another. UIDs rise (RFC 3501 section 2.3.1.1), so those behind a UID are those that came later,
// as long as UIDVALIDITY is the same.
func (m *mailbox) Folder(ctx context.Context, name, after string, limit int) (out []remediate.Copy, err error) {
	if err := m.ready(ctx); err != nil {
		return nil, err
	}
	if err := m.list(ctx); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(m.folders, func(f folder) bool { return fold(f.name) == fold(name) || fold(m.bare(f)) == fold(name) })
	if i < 0 || m.folders[i].empty || m.folders[i].virtual {
		return nil, nil
	}
	at := m.folders[i].name
	validity, err := m.open(ctx, at, false)
	if err != nil {
		if code(err) == goimap.ResponseCodeNonExistent {
			err = nil
		}
		return nil, err
	}
	from := goimap.UID(1)
	if v, uid, folder, err := parseID(after); err == nil && v == validity && folder == at {
		if uid == ^goimap.UID(0) {
			return nil, nil
		}
		from = uid + 1
	}
	uids, err := m.behind(ctx, at, from, limit)
	if err != nil || len(uids) == 0 {
		return nil, err
	}
	items, err := m.items(ctx, at, goimap.UIDSetNum(uids...), len(uids), nil)
	slices.SortFunc(items, func(a, b item) int { return int(int64(a.uid) - int64(b.uid)) })
	for _, it := range items {
		out = append(out, m.copyOf(it, at, validity))
	}
	return out, err
}

// maxBehind is how many messages of a folder are counted at most: a server may claim billions.
const maxBehind = 100_000

// behind returns the first UIDs of the selected folder from one on, in order.
func (m *mailbox) behind(ctx context.Context, folder string, from goimap.UID, limit int) (out []goimap.UID, err error) {
	var set goimap.UIDSet
	set.AddRange(from, 0)
	err = m.link.do(ctx, fmt.Sprintf("searching %q of %s", cut(folder), m.address), listing, m.p.o.Timeout, func(c *imapclient.Client) error {
		data, err := c.UIDSearch(&goimap.SearchCriteria{UID: []goimap.UIDSet{set}, NotFlag: []goimap.Flag{goimap.FlagDeleted}}, nil).Wait()
		if err != nil {
			return err
		}
		found, _ := data.All.(goimap.UIDSet)
		n := 0
		for _, r := range found {
			for uid := r.Start; uid >= r.Start && uid <= r.Stop && uid != 0; uid++ {
				if n++; n > maxBehind {
					break
				}
				if uid >= from { // "n:*" names the last message too when its UID is lower (RFC 3501 section 6.4.8)
					out = append(out, uid)
				}
			}
		}
		return nil
	})
	slices.Sort(out)
	out = slices.Compact(out)
	return out[:min(len(out), limit)], err
}
