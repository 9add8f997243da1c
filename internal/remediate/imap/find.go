package imap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tocsin/internal/email"
	"tocsin/internal/remediate"
)

// headerOctets of a copy are read to prove a candidate whose header the server cannot be asked about.
const headerOctets = 128 << 10

// Find searches by Message-ID in all folders. Servers search for a part of it (RFC 3501 section 6.4.4), and each reads a malformed one in
// its own way, so what they find is read with our own parser and compared; and when they find nothing, so are the messages of that
// sender around that day. Virtual folders are searched only when the message lies in no other.
func (m *mailbox) Find(ctx context.Context, want remediate.Message) ([]remediate.Copy, error) {
	if err := m.ready(ctx); err != nil {
		return nil, err
	}
	if err := m.list(ctx); err != nil {
		return nil, err
	}
	if want.InternetMessageID != "" {
		if key := searchable(want.InternetMessageID); key != "" {
			byID := &goimap.SearchCriteria{Header: []goimap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: key}}}
			if out, err := m.search(ctx, want, byID, false, maxCandidates); err != nil || len(out) > 0 {
				return out, err
			}
		}
	}
	around := aroundThen(want)
	if around == nil {
		return nil, nil
	}
	out, err := m.search(ctx, want, around, true, maxAround)
	if errors.Is(err, errMany) { // a busy mailbox: only those whose Message-ID the server does not see
		around.Not = append(around.Not, goimap.SearchCriteria{Header: []goimap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: "@"}}})
		out, err = m.search(ctx, want, around, true, maxCandidates)
	}
	return out, err
}

// maxAround messages of a sender's domain are read whole before only those without a visible Message-ID are.
const maxAround = 100

// errMany is more candidates than are read.
var errMany = errors.New("Tocsin does not read so many")

// searchable is the part of a Message-ID that every server reads as we do: itself, or its longest run of plain characters, at least four.
func searchable(id string) string {
	plain := func(c byte) bool {
		return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte("<>@.-_+$=!/", c) >= 0
	}
	best := ""
	for i := 0; i < len(id); {
		k := i
		for k < len(id) && plain(id[k]) {
			k++
		}
		if k-i > len(best) {
			best = id[i:k]
		}
		i = max(k, i+1)
	}
	if len(best) < 4 {
		return ""
	}
	return best[:min(len(best), 500)]
}

// aroundThen finds what the sender sent, or what arrived, within a day of the message's date; time zones and clocks differ. nil: nothing is known
// to search by.
func aroundThen(want remediate.Message) *goimap.SearchCriteria {
	c := &goimap.SearchCriteria{}
	if _, domain, found := strings.Cut(want.SenderFrom, "@"); found && searchable(domain) == domain {
		c.Header = append(c.Header, goimap.SearchCriteriaHeaderField{Key: "From", Value: domain})
	}
	if want.Date.IsZero() {
		if c.Header == nil {
			return nil
		}
		if subject := searchable(want.Subject); subject != "" {
			c.Header = append(c.Header, goimap.SearchCriteriaHeaderField{Key: "Subject", Value: subject})
		}
		return c
	}
	day := want.Date.UTC().Truncate(24 * time.Hour)
	from, to := day.AddDate(0, 0, -1), day.AddDate(0, 0, 2)
	c.Or = [][2]goimap.SearchCriteria{{{SentSince: from, SentBefore: to}, {Since: from, Before: to}}}
	return c
}

// search asks every folder and reads at most so many candidates. whole: candidates are proven by their whole header, not by single fields.
func (m *mailbox) search(ctx context.Context, want remediate.Message, by *goimap.SearchCriteria, whole bool, most int) (out []remediate.Copy, err error) {
	looked := 0
	for _, f := range m.folders {
		if f.empty || f.virtual && len(out) > 0 {
			continue
		}
		found, n, err := m.searchFolder(ctx, f.name, want, by, whole, most-looked)
		if err != nil {
			return nil, err
		}
		looked += n
		out = append(out, found...)
	}
	return out, nil
}

// searchFolder also says how many candidates there were. A folder that went away meanwhile holds nothing.
func (m *mailbox) searchFolder(ctx context.Context, name string, want remediate.Message, by *goimap.SearchCriteria, whole bool, most int) (out []remediate.Copy, n int, err error) {
	validity, err := m.open(ctx, name, false)
	if err != nil {
		if code(err) == goimap.ResponseCodeNonExistent {
			err = nil
		}
		return nil, 0, err
	}
	var found goimap.UIDSet
	err = m.link.do(ctx, fmt.Sprintf("searching %q of %s", cut(name), m.address), small, m.p.o.Timeout, func(c *imapclient.Client) error {
		data, err := c.UIDSearch(by, nil).Wait()
		if err == nil {
			found, _ = data.All.(goimap.UIDSet)
		}
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	for _, r := range found {
		if r.Start == 0 || r.Stop < r.Start || uint64(r.Stop)-uint64(r.Start) >= uint64(max(most, 0)-n) {
			return nil, 0, fmt.Errorf("%s holds too many messages that may be this one: %w", m.address, errMany)
		}
		n += int(r.Stop-r.Start) + 1
	}
	if n == 0 {
		return nil, 0, nil
	}
	items, err := m.items(ctx, name, found, n, section(whole))
	for _, it := range items {
		if isIt(it.header, want) {
			out = append(out, m.copyOf(it, name, validity))
		}
	}
	return out, n, err
}

func section(whole bool) *goimap.FetchItemBodySection {
	if whole {
		return &goimap.FetchItemBodySection{Specifier: goimap.PartSpecifierHeader, Peek: true, Partial: &goimap.SectionPartial{Size: headerOctets}}
	}
	return &goimap.FetchItemBodySection{Specifier: goimap.PartSpecifierHeader, HeaderFields: []string{"Message-ID"}, Peek: true,
		Partial: &goimap.SectionPartial{Size: 8 << 10}}
}

// isIt compares a candidate's header with what is searched.
func isIt(header []byte, want remediate.Message) bool {
	have := email.Parse(header, email.Limits{})
	if want.InternetMessageID != "" {
		return have.MessageID == want.InternetMessageID
	}
	if have.MessageID != "" {
		return false
	}
	if !want.Date.IsZero() && !have.Date.IsZero() && have.Date.Unix() != want.Date.Unix() {
		return false
	}
	return want.SenderFrom == "" || slices.ContainsFunc(have.From, func(a email.Address) bool { return strings.EqualFold(a.Addr, want.SenderFrom) })
}

// item is what a server says of one message.
type item struct {
	uid      goimap.UID
	flags    []string
	received time.Time
	size     int64
	header   []byte
	dates    bool // INTERNALDATE was among it
}

// items fetches the same of n messages of the selected folder; more is what else is fetched of each, nil for nothing. Those that went
// away are not among the answers.
func (m *mailbox) items(ctx context.Context, name string, set goimap.UIDSet, n int, more *goimap.FetchItemBodySection) (out []item, err error) {
	o := &goimap.FetchOptions{UID: true, Flags: true, InternalDate: true, RFC822Size: true}
	budget := int64(small) + int64(n)*4<<10
	if more != nil {
		o.BodySection = []*goimap.FetchItemBodySection{more}
		budget += int64(n) * more.Partial.Size
	}
	err = m.link.do(ctx, fmt.Sprintf("reading from %q of %s", cut(name), m.address), budget, m.p.o.Timeout, func(c *imapclient.Client) error {
		cmd := c.Fetch(set, o)
		for d := cmd.Next(); d != nil; d = cmd.Next() {
			it, err := readItem(d, more)
			if err != nil {
				return end(cmd, err)
			}
			if len(out) < n && set.Contains(it.uid) {
				out = append(out, it)
			}
		}
		return cmd.Close()
	})
	return out, err
}

// end gives a command up whose answer is not wanted any more.
func end(cmd *imapclient.FetchCommand, err error) error {
	if !errors.Is(err, errBroken) {
		_ = cmd.Close()
	}
	return err
}

// readItem takes what a message's answer holds and we asked for.
func readItem(d *imapclient.FetchMessageData, more *goimap.FetchItemBodySection) (it item, err error) {
	for x := d.Next(); x != nil; x = d.Next() {
		switch x := x.(type) {
		case imapclient.FetchItemDataUID:
			it.uid = x.UID
		case imapclient.FetchItemDataFlags:
			it.flags = flagsOf(x.Flags)
		case imapclient.FetchItemDataInternalDate:
			it.received, it.dates = x.Time.UTC(), true
		case imapclient.FetchItemDataRFC822Size:
			it.size = x.Size
		case imapclient.FetchItemDataBodySection:
			if more == nil || x.Literal == nil || it.header != nil {
				continue
			}
			if it.header, err = readLiteral(x.Literal, more.Partial.Size); err != nil {
				return it, err
			}
		}
	}
	return it, nil
}

// flagsOf are the flags that say something of the message, sorted: \Recent says something of the session (RFC 3501 section 2.3.2).
func flagsOf(list []goimap.Flag) []string {
	var out []string
	for _, f := range list {
		if s := string(f); s != "" && len(s) <= 200 && !strings.EqualFold(s, `\Recent`) && len(out) < maxFlags {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
