package imap

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tocsin/internal/email"
	"tocsin/internal/remediate"
)

// id names a copy: UIDVALIDITY;UID;folder.
func id(validity uint32, uid goimap.UID, folder string) string {
	return fmt.Sprintf("%d;%d;%s", validity, uid, folder)
}

// parseID reads id. What is none was never found here.
func parseID(s string) (validity uint32, uid goimap.UID, folder string, err error) {
	v, rest, _ := strings.Cut(s, ";")
	u, folder, _ := strings.Cut(rest, ";")
	v64, err1 := strconv.ParseUint(v, 10, 32)
	u64, err2 := strconv.ParseUint(u, 10, 32)
	if err1 != nil || err2 != nil || v64 == 0 || u64 == 0 || folder == "" {
		return 0, 0, "", &remediateError{fmt.Sprintf("%q names no copy in an IMAP mailbox", cut(s)), remediate.ErrGone, nil}
	}
	return uint32(v64), goimap.UID(u64), folder, nil
}

func (m *mailbox) copyOf(it item, folder string, validity uint32) remediate.Copy {
	return remediate.Copy{ID: id(validity, it.uid, folder), Folder: folder, Place: m.placeOf(folder), Flags: it.flags, Received: it.received, Size: it.size}
}

// open selects a folder, to write or only to read, and returns its UIDVALIDITY.
func (m *mailbox) open(ctx context.Context, name string, write bool) (validity uint32, err error) {
	data, err := m.selectFolder(ctx, name, write)
	if err != nil {
		return 0, err
	}
	return data.UIDValidity, nil
}

func (m *mailbox) selectFolder(ctx context.Context, name string, write bool) (data *goimap.SelectData, err error) {
	err = m.link.do(ctx, fmt.Sprintf("opening %q of %s", cut(name), m.address), small, m.p.o.Timeout, func(c *imapclient.Client) error {
		data, err = c.Select(name, &goimap.SelectOptions{ReadOnly: !write}).Wait()
		return err
	})
	if err == nil && data.UIDValidity == 0 {
		err = cannot(fmt.Sprintf("%s does not number the messages in %q for good (UIDVALIDITY)", m.p.o.Name, cut(name)))
	}
	return data, err
}

// at selects the folder of a copy and reads what is to be known of it: ErrGone unless it is the copy that was found.
func (m *mailbox) at(ctx context.Context, c remediate.Copy, write bool) (it item, folder string, err error) {
	validity, uid, folder, err := parseID(c.ID)
	if err == nil {
		err = m.ready(ctx)
	}
	if err != nil {
		return it, "", err
	}
	now, err := m.open(ctx, folder, write)
	switch {
	case err == nil && now != validity:
		return it, folder, gone(folder)
	case code(err) == goimap.ResponseCodeNonExistent:
		return it, folder, gone(folder)
	case refused(err) && !errors.Is(err, remediate.ErrOverloaded):
		// Some servers give no code: then the list says whether the folder is there.
		if e := m.list(ctx); e != nil {
			return it, folder, e
		}
		if !m.has(folder) {
			return it, folder, gone(folder)
		}
		return it, folder, err
	case err != nil:
		return it, folder, err
	}
	it, err = m.item(ctx, folder, uid)
	return it, folder, err
}

// item reads one message of the selected folder.
func (m *mailbox) item(ctx context.Context, folder string, uid goimap.UID) (item, error) {
	items, err := m.items(ctx, folder, goimap.UIDSetNum(uid), 1, nil)
	switch {
	case err != nil:
		return item{}, err
	case len(items) == 0:
		return item{}, gone(folder)
	case !items[0].dates:
		return item{}, fmt.Errorf("%s does not say when the copy in %q arrived", m.p.o.Name, cut(folder))
	}
	return items[0], nil
}

// Stat looks at a copy again.
func (m *mailbox) Stat(ctx context.Context, c remediate.Copy) (remediate.Copy, error) {
	it, folder, err := m.at(ctx, c, false)
	if err != nil {
		return remediate.Copy{}, err
	}
	c.Folder, c.Place, c.Flags, c.Received, c.Size = folder, m.placeOf(folder), it.flags, it.received, it.size
	return c, nil
}

// Fetch reads a copy whole. One that is larger than the limit is ErrCannot.
func (m *mailbox) Fetch(ctx context.Context, c remediate.Copy) ([]byte, remediate.Copy, error) {
	c, err := m.Stat(ctx, c)
	if err != nil {
		return nil, c, err
	}
	if c.Size > m.p.o.MaxMessage {
		return nil, c, cannot(fmt.Sprintf("the copy in %q has %d octets; at most %d are read", cut(c.Folder), c.Size, m.p.o.MaxMessage))
	}
	_, uid, folder, _ := parseID(c.ID)
	var raw []byte
	most := m.p.o.MaxMessage
	err = m.link.do(ctx, fmt.Sprintf("reading a copy in %q of %s", cut(folder), m.address), most+small, 5*m.p.o.Timeout, func(cl *imapclient.Client) error {
		cmd := cl.Fetch(goimap.UIDSetNum(uid), &goimap.FetchOptions{UID: true, BodySection: []*goimap.FetchItemBodySection{{Peek: true}}})
		for d := cmd.Next(); d != nil; d = cmd.Next() {
			for x := d.Next(); x != nil; x = d.Next() {
				if s, ok := x.(imapclient.FetchItemDataBodySection); ok && s.Literal != nil && raw == nil {
					if raw, err = readLiteral(s.Literal, most); err != nil {
						return end(cmd, err)
					}
				}
			}
		}
		return cmd.Close()
	})
	switch {
	case err != nil:
		return nil, c, err
	case raw == nil:
		return nil, c, gone(folder)
	}
	c.Size, c.SHA256 = int64(len(raw)), digest(raw)
	return raw, c, nil
}

func digest(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// errBroken is a literal that broke off. The library's reader of answers goes on beside us then, so nothing more may be read of the
// command, not even to throw it away.
var errBroken = errors.New("the octets broke off")

// readLiteral reads what the server announced, all of it: a connection that ends early looks to the library like the end of the literal.
// What is more than most is read too, as far as the guard lets it, and thrown away.
func readLiteral(l goimap.LiteralReader, most int64) ([]byte, error) {
	var b bytes.Buffer // grows as octets come: what is announced is not believed
	n, err := io.Copy(&b, io.LimitReader(l, most))
	if err == nil && n == most { // else the end was read, and must not be read twice
		var rest int64
		rest, err = io.Copy(io.Discard, l)
		n += rest
	}
	switch {
	case err != nil || n != l.Size():
		return nil, errBroken
	case n > most:
		return nil, errTooMuch
	}
	return b.Bytes(), nil
}

// Move moves in one step (RFC 6851) or, where the server has none, by copy and removal, for which it needs UIDPLUS. When the removal fails,
// the new copy is taken back.
func (m *mailbox) Move(ctx context.Context, c remediate.Copy, place remediate.Place, folder string) (remediate.Copy, error) {
	if err := m.ready(ctx); err != nil {
		return remediate.Copy{}, err
	}
	to, err := m.target(ctx, place, folder)
	if err != nil {
		return remediate.Copy{}, err
	}
	was, from, err := m.at(ctx, c, true)
	if err != nil {
		return remediate.Copy{}, err
	}
	if from == to {
		return m.Stat(ctx, c)
	}
	caps, err := m.caps(ctx)
	if err != nil {
		return remediate.Copy{}, err
	}
	var validity uint32
	var uid goimap.UID
	switch {
	case caps.Has(goimap.CapMove) || caps.Has(goimap.CapIMAP4rev2):
		validity, uid, err = m.move(ctx, was.uid, from, to)
	case caps.Has(goimap.CapUIDPlus):
		validity, uid, err = m.copyAndRemove(ctx, was, from, to)
	default:
		return remediate.Copy{}, cannot(m.p.o.Name + " has neither MOVE nor UIDPLUS, without which a copy cannot be moved and no other touched")
	}
	m.listed = time.Time{} // what was empty is not
	if err != nil {
		return remediate.Copy{}, err
	}
	out, err := m.arrived(ctx, to, validity, uid, was, c)
	if err != nil {
		return remediate.Copy{}, err
	}
	out.SHA256 = c.SHA256
	return out, nil
}

func (m *mailbox) caps(ctx context.Context) (caps goimap.CapSet, err error) {
	err = m.link.do(ctx, "asking what the server can", small, m.p.o.Timeout, func(c *imapclient.Client) error {
		if caps = c.Caps(); caps == nil {
			return errors.New("it does not say what it can")
		}
		return nil
	})
	return caps, err
}

// move says where the copy is now, when the server does (RFC 4315).
func (m *mailbox) move(ctx context.Context, uid goimap.UID, from, to string) (validity uint32, at goimap.UID, err error) {
	err = m.link.do(ctx, fmt.Sprintf("moving a copy from %q to %q in %s", cut(from), cut(to), m.address), small, 5*m.p.o.Timeout, func(c *imapclient.Client) error {
		data, err := c.Move(goimap.UIDSetNum(uid), to).Wait()
		if err != nil {
			return err
		}
		validity, at = data.UIDValidity, single(data.DestUIDs)
		return nil
	})
	return validity, at, err
}

// copyAndRemove is Move for servers without it.
func (m *mailbox) copyAndRemove(ctx context.Context, was item, from, to string) (validity uint32, at goimap.UID, err error) {
	set := goimap.UIDSetNum(was.uid)
	err = m.link.do(ctx, fmt.Sprintf("copying from %q to %q in %s", cut(from), cut(to), m.address), small, 5*m.p.o.Timeout, func(c *imapclient.Client) error {
		data, err := c.Copy(set, to).Wait()
		if err == nil {
			validity, at = data.UIDValidity, single(data.DestUIDs)
		}
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	if err = m.expunge(ctx, was, from); err == nil || at == 0 {
		return validity, at, err
	}
	if now, e := m.open(ctx, to, true); e == nil && now == validity {
		_ = m.expunge(ctx, item{uid: at}, to)
	}
	return 0, 0, err
}

// single is the only number of a set; 0 when it has none or more.
func single(set goimap.NumSet) goimap.UID {
	uids, ok := set.(goimap.UIDSet)
	if !ok || len(uids) != 1 || uids[0].Start != uids[0].Stop {
		return 0
	}
	return uids[0].Start
}

// arrived looks at a moved copy where it is now, and gives back flags that were lost on the way.
func (m *mailbox) arrived(ctx context.Context, folder string, validity uint32, uid goimap.UID, was item, before remediate.Copy) (remediate.Copy, error) {
	data, err := m.selectFolder(ctx, folder, true)
	if err != nil {
		return remediate.Copy{}, err
	}
	if uid == 0 || validity != data.UIDValidity {
		if uid, err = m.newest(ctx, folder, data.UIDNext, was); err != nil {
			return remediate.Copy{}, err
		}
	}
	it, err := m.item(ctx, folder, uid)
	if err != nil {
		return remediate.Copy{}, fmt.Errorf("the copy was moved to %q and left it at once: %w", cut(folder), err)
	}
	var lost []goimap.Flag
	for _, f := range was.flags {
		if !slices.Contains(it.flags, f) && keepable(f) {
			lost = append(lost, goimap.Flag(f))
		}
	}
	if len(lost) > 0 {
		err := m.link.do(ctx, "giving back flags", small, m.p.o.Timeout, func(c *imapclient.Client) error {
			return c.Store(goimap.UIDSetNum(uid), &goimap.StoreFlags{Op: goimap.StoreFlagsAdd, Flags: lost, Silent: true}, nil).Close()
		})
		if err != nil && !refused(err) {
			return remediate.Copy{}, err
		}
		if it, err = m.item(ctx, folder, uid); err != nil {
			return remediate.Copy{}, err
		}
	}
	return m.copyOf(it, folder, data.UIDValidity), nil
}

// newest finds a copy that a server without COPYUID or APPENDUID put into the selected folder: the last one of its size and, when known,
// of its time among the last hundred.
func (m *mailbox) newest(ctx context.Context, folder string, next goimap.UID, like item) (goimap.UID, error) {
	var set goimap.UIDSet
	set.AddRange(max(next, 101)-100, max(next, 1))
	items, err := m.items(ctx, folder, set, 101, nil)
	if err != nil {
		return 0, err
	}
	slices.SortFunc(items, func(a, b item) int { return cmp.Compare(b.uid, a.uid) })
	for _, it := range items {
		if it.size == like.size && (like.received.IsZero() || it.received.Equal(like.received)) {
			return it.uid, nil
		}
	}
	return 0, fmt.Errorf("%s took the copy into %q and does not say under which number", m.p.o.Name, cut(folder))
}

// Remove takes a copy out for good. A plain EXPUNGE would take all that are marked as deleted, so a server without UIDPLUS cannot.
func (m *mailbox) Remove(ctx context.Context, c remediate.Copy) error {
	it, folder, err := m.at(ctx, c, true)
	if err != nil {
		return err
	}
	caps, err := m.caps(ctx)
	if err != nil {
		return err
	}
	if !caps.Has(goimap.CapUIDPlus) && !caps.Has(goimap.CapIMAP4rev2) {
		return cannot(m.p.o.Name + " has no UIDPLUS, without which a copy cannot be removed and no other touched")
	}
	return m.expunge(ctx, it, folder)
}

// expunge removes one message of the selected folder. When that fails, the mark that it is deleted goes again, unless it was there before.
func (m *mailbox) expunge(ctx context.Context, it item, folder string) error {
	set := goimap.UIDSetNum(it.uid)
	store := func(op goimap.StoreFlagsOp) error {
		return m.link.do(ctx, fmt.Sprintf("marking a copy in %q of %s", cut(folder), m.address), small, m.p.o.Timeout, func(c *imapclient.Client) error {
			return c.Store(set, &goimap.StoreFlags{Op: op, Flags: []goimap.Flag{goimap.FlagDeleted}, Silent: true}, nil).Close()
		})
	}
	if err := store(goimap.StoreFlagsAdd); err != nil {
		return err
	}
	err := m.link.do(ctx, fmt.Sprintf("removing a copy from %q of %s", cut(folder), m.address), small, m.p.o.Timeout, func(c *imapclient.Client) error {
		return c.UIDExpunge(set).Close()
	})
	if err == nil {
		var left []item
		if left, err = m.items(ctx, folder, set, 1, nil); err == nil && len(left) > 0 {
			err = fmt.Errorf("%s says that the copy in %q is removed, and it is still there", m.p.o.Name, cut(folder))
		}
	}
	if err != nil && !slices.Contains(it.flags, string(goimap.FlagDeleted)) {
		_ = store(goimap.StoreFlagsDel)
	}
	return err
}

// Append puts octets into a folder. Lines are ended by CRLF on the way, as IMAP asks (RFC 3501 section 2.3.4 by RFC 5322), and SHA256 is of
// what was sent.
func (m *mailbox) Append(ctx context.Context, raw []byte, place remediate.Place, folder string, flags []string, received time.Time) (remediate.Copy, error) {
	if err := m.ready(ctx); err != nil {
		return remediate.Copy{}, err
	}
	to, err := m.target(ctx, place, folder)
	if err != nil {
		return remediate.Copy{}, err
	}
	raw = email.CRLF(raw)
	if int64(len(raw)) > m.p.o.MaxMessage {
		return remediate.Copy{}, cannot(fmt.Sprintf("the message has %d octets; at most %d are written", len(raw), m.p.o.MaxMessage))
	}
	o := &goimap.AppendOptions{Time: received}
	for _, f := range flags {
		if keepable(f) && len(o.Flags) < maxFlags {
			o.Flags = append(o.Flags, goimap.Flag(f))
		}
	}
	data := &goimap.AppendData{}
	err = m.link.do(ctx, fmt.Sprintf("putting a copy into %q of %s", cut(to), m.address), small, 5*m.p.o.Timeout, func(c *imapclient.Client) error {
		cmd := c.Append(to, int64(len(raw)), o)
		_, err := cmd.Write(raw)
		if e := cmd.Close(); err == nil {
			err = e
		}
		said, e := cmd.Wait()
		if e != nil { // the server's word says more than that writing failed
			return e
		}
		data = said
		return err
	})
	if refused(err) {
		m.link.close() // the library gives the connection up when the octets of a message are refused
	}
	m.listed = time.Time{}
	if err != nil {
		return remediate.Copy{}, err
	}
	selected, err := m.selectFolder(ctx, to, false)
	if err != nil {
		return remediate.Copy{}, err
	}
	uid := data.UID
	if uid == 0 || data.UIDValidity != selected.UIDValidity {
		if uid, err = m.newest(ctx, to, selected.UIDNext, item{size: int64(len(raw)), received: received.UTC().Truncate(time.Second)}); err != nil {
			return remediate.Copy{}, err
		}
	}
	it, err := m.item(ctx, to, uid)
	if err != nil {
		return remediate.Copy{}, err
	}
	out := m.copyOf(it, to, selected.UIDValidity)
	out.SHA256 = digest(raw)
	return out, nil
}

// keepable reports whether a flag can be given: a system flag or a keyword (RFC 3501 section 9, flag).
func keepable(f string) bool {
	switch strings.ToLower(f) {
	case `\seen`, `\answered`, `\flagged`, `\deleted`, `\draft`:
		return true
	}
	return f != "" && len(f) <= 200 && !strings.ContainsFunc(f, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`(){%*"\]`, r) })
}
