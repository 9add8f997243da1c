package imap

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"tocsin/internal/remediate"
)

// folder is one folder that holds mail of the mailbox's owner.
type folder struct {
	name    string // in the server's hierarchy, UTF-8
	delim   string
	use     goimap.MailboxAttr // \Junk, \Trash, ...; "" for none (RFC 6154)
	virtual bool               // shows mail that lies in other folders
	empty   bool               // held no message when it was listed
}

const inbox = "INBOX" // RFC 3501 section 5.1: whatever its case

// listAge is how long a list of folders is believed.
const listAge = 2 * time.Second

// fresh lists the folders again when the list may be old.
func (m *mailbox) fresh(ctx context.Context) error {
	if time.Since(m.listed) < listAge {
		return nil
	}
	return m.list(ctx)
}

// list reads the folders of the mailbox: all that can be opened and are not other people's (RFC 2342), the inbox first.
func (m *mailbox) list(ctx context.Context) error {
	m.listed = time.Time{}
	var caps goimap.CapSet
	var spaces *goimap.NamespaceData
	var found []*goimap.ListData
	err := m.link.do(ctx, "listing the folders of "+m.address, listing, m.p.o.Timeout, func(c *imapclient.Client) (err error) {
		if caps = c.Caps(); caps.Has(goimap.CapNamespace) || caps.Has(goimap.CapIMAP4rev2) {
			if spaces, err = c.Namespace().Wait(); err != nil && !refused(err) {
				return err
			}
		}
		var o *goimap.ListOptions
		if extended := caps.Has(goimap.CapListExtended) || caps.Has(goimap.CapIMAP4rev2); extended {
			o = &goimap.ListOptions{ReturnSpecialUse: caps.Has(goimap.CapSpecialUse) || caps.Has(goimap.CapIMAP4rev2)}
			if caps.Has(goimap.CapListStatus) || caps.Has(goimap.CapIMAP4rev2) {
				o.ReturnStatus = &goimap.StatusOptions{NumMessages: true}
			}
		}
		cmd := c.List("", "*", o)
		for d := cmd.Next(); d != nil; d = cmd.Next() {
			if len(found) <= maxFolders {
				found = append(found, d)
			}
		}
		return cmd.Close()
	})
	if err != nil {
		return err
	}
	if len(found) > maxFolders {
		return fmt.Errorf("%s has more than %d folders in %s; Tocsin does not search so many", m.address, maxFolders, m.p.o.Name)
	}
	m.folders = m.folders[:0]
	for _, d := range found {
		if f, ok := own(d, spaces); ok && !slices.ContainsFunc(m.folders, func(have folder) bool { return have.name == f.name }) {
			m.folders = append(m.folders, f)
		}
	}
	slices.SortStableFunc(m.folders, func(a, b folder) int { return rank(a) - rank(b) })
	if len(m.folders) == 0 || m.folders[0].name != inbox {
		return &remediateError{fmt.Sprintf("%s has no inbox for %s", m.p.o.Name, m.address), remediate.ErrNoMailbox, nil}
	}
	m.listed = time.Now()
	return nil
}

func rank(f folder) int {
	switch {
	case f.name == inbox:
		return 0
	case f.virtual:
		return 2
	}
	return 1
}

// own reads one line of a list. ok: a folder with mail of the owner. Which namespace a name lies in, the longest prefix says; between
// equals it is the owner's own.
func own(d *goimap.ListData, spaces *goimap.NamespaceData) (f folder, ok bool) {
	f = folder{name: d.Mailbox}
	if d.Delim != 0 {
		f.delim = string(d.Delim)
	}
	for _, a := range d.Attrs {
		switch {
		case strings.EqualFold(string(a), `\Noselect`), strings.EqualFold(string(a), `\NonExistent`):
			return f, false
		case strings.EqualFold(string(a), `\All`), strings.EqualFold(string(a), `\Flagged`), strings.EqualFold(string(a), `\Important`):
			f.virtual = true
		case strings.EqualFold(string(a), `\Junk`):
			f.use = goimap.MailboxAttrJunk
		case strings.EqualFold(string(a), `\Trash`):
			f.use = goimap.MailboxAttrTrash
		}
	}
	f.empty = d.Status != nil && d.Status.NumMessages != nil && *d.Status.NumMessages == 0
	if f.name == inbox {
		return f, true
	}
	if spaces != nil {
		longest := func(list []goimap.NamespaceDescriptor) int {
			n := -1
			for _, s := range list {
				if len(s.Prefix) > n && strings.HasPrefix(f.name, s.Prefix) {
					n = len(s.Prefix)
				}
			}
			return n
		}
		if mine := longest(spaces.Personal); longest(spaces.Other) > mine || longest(spaces.Shared) > mine {
			return f, false
		}
	}
	return f, true
}

// names are what mail programs call the folders, where no attribute says it; the first is what we call them ourselves.
var names = map[remediate.Place][]string{
	remediate.Junk: {"Junk", "Spam", "Junk E-mail", "Junk Email", "Junk-E-Mail", "Junk Mail", "Bulk Mail", "Spamverdacht", "Unerwünscht", "Courrier indésirable",
		"Indésirables", "Pourriel", "Correo no deseado", "Correo basura", "Posta indesiderata", "Ongewenste e-mail", "Ongewenst", "Lixo Eletrônico",
		"Lixo Eletrónico", "Correio não solicitado", "Wiadomości-śmieci", "Skräppost", "Uønsket e-mail", "Uønsket mail", "Søppelpost", "Useløs e-post",
		"Roskaposti", "Nevyžádaná pošta", "Nevyžiadaná pošta", "Levélszemét", "Correu brossa", "Спам", "Нежелательная почта", "Небажана пошта", "Нежелана поща",
		"Ανεπιθύμητα", "Önemsiz E-posta", "İstenmeyen", "דואר זבל", "البريد غير الهام", "迷惑メール", "垃圾邮件", "垃圾郵件", "스팸", "정크 메일"},
	remediate.Deleted: {"Trash", "Deleted Items", "Deleted Messages", "Deleted", "Bin", "Papierkorb", "Gelöschte Elemente", "Gelöschte Objekte", "Gelöscht",
		"Corbeille", "Éléments supprimés", "Messages supprimés", "Papelera", "Elementos eliminados", "Cestino", "Posta eliminata", "Prullenbak",
		"Verwijderde items", "Lixeira", "Lixo", "Itens Excluídos", "Itens Eliminados", "Kosz", "Elementy usunięte", "Papperskorgen", "Borttaget", "Papirkurv",
		"Papirkurven", "Slettet post", "Slettede elementer", "Roskakori", "Poistetut", "Koš", "Odstraněná pošta", "Kôš", "Kuka", "Törölt elemek", "Paperera",
		"Корзина", "Удаленные", "Удалённые", "Удаленные элементы", "Кошик", "Видалені", "Изтрити", "Απορρίμματα", "Διαγραμμένα", "Çöp Kutusu",
		"Silinmiş Öğeler", "אשפה", "العناصر المحذوفة", "ゴミ箱", "削除済みアイテム", "已删除邮件", "已删除", "废纸篓", "刪除的郵件", "휴지통", "지운 편지함"},
}

// fold makes names comparable: composed, without case.
func fold(s string) string { return norm.NFC.String(cases.Fold().String(norm.NFC.String(s))) }

// folderOf finds the folder of a place: the marked one, else the first by name. nil: there is none.
func (m *mailbox) folderOf(place remediate.Place) *folder {
	var use goimap.MailboxAttr
	switch place {
	case remediate.Inbox:
		return &m.folders[0]
	case remediate.Junk:
		use = goimap.MailboxAttrJunk
	case remediate.Deleted:
		use = goimap.MailboxAttrTrash
	default:
		return nil
	}
	if i := slices.IndexFunc(m.folders, func(f folder) bool { return f.use == use && !f.virtual }); i >= 0 {
		return &m.folders[i]
	}
	for _, name := range names[place] {
		for i, f := range m.folders {
			if f.use == "" && !f.virtual && fold(m.bare(f)) == fold(name) {
				return &m.folders[i]
			}
		}
	}
	return nil
}

// bare is the name of a folder without what stands before all names: Cyrus puts everything below INBOX.
func (m *mailbox) bare(f folder) string {
	if f.delim == "" {
		return f.name
	}
	if rest, ok := strings.CutPrefix(f.name, inbox+f.delim); ok {
		return rest
	}
	return f.name
}

// placeOf says where a folder is, in the words of the event. What lies below the junk folder is junk, and so on.
func (m *mailbox) placeOf(name string) remediate.Place {
	for _, p := range []remediate.Place{remediate.Junk, remediate.Deleted} {
		if f := m.folderOf(p); f != nil && (name == f.name || f.delim != "" && strings.HasPrefix(name, f.name+f.delim)) {
			return p
		}
	}
	return remediate.Inbox
}

// target finds the folder that a copy goes to, and makes it when it is not there.
func (m *mailbox) target(ctx context.Context, place remediate.Place, name string) (string, error) {
	if err := m.fresh(ctx); err != nil {
		return "", err
	}
	var use goimap.MailboxAttr
	if name == "" {
		if f := m.folderOf(place); f != nil {
			return f.name, nil
		}
		switch place {
		case remediate.Junk:
			use = goimap.MailboxAttrJunk
		case remediate.Deleted:
			use = goimap.MailboxAttrTrash
		default:
			return "", cannot(fmt.Sprintf("a mailbox has no folder for %q", place))
		}
		name = m.prefix() + names[place][0]
	}
	if strings.EqualFold(name, inbox) {
		return inbox, nil
	}
	if i := m.index(name); i >= 0 {
		if m.folders[i].virtual {
			return "", cannot(fmt.Sprintf("%q only shows mail that lies elsewhere", cut(name)))
		}
		return name, nil
	}
	return name, m.create(ctx, name, use)
}

// index of a folder by its name; -1: it was not listed.
func (m *mailbox) index(name string) int {
	return slices.IndexFunc(m.folders, func(f folder) bool { return f.name == name })
}

func (m *mailbox) has(name string) bool { return m.index(name) >= 0 }

// prefix stands before the names of new folders: where the server keeps all folders below the inbox, as Cyrus does, theirs.
func (m *mailbox) prefix() string {
	below := 0
	for _, f := range m.folders[1:] {
		if f.delim == "" || f.virtual || !strings.HasPrefix(f.name, inbox+f.delim) {
			return ""
		}
		below++
	}
	if below == 0 {
		return ""
	}
	return inbox + m.folders[1].delim
}

// create makes a folder, marked for its use where the server can (RFC 6154), and subscribes, or mail programs do not show it.
func (m *mailbox) create(ctx context.Context, name string, use goimap.MailboxAttr) error {
	if len(name) > 1000 || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return cannot("that is no name of a folder")
	}
	m.listed = time.Time{}
	err := m.link.do(ctx, fmt.Sprintf("making the folder %q", cut(name)), small, m.p.o.Timeout, func(c *imapclient.Client) error {
		var o *goimap.CreateOptions
		if use != "" && c.Caps().Has(goimap.CapCreateSpecialUse) {
			o = &goimap.CreateOptions{SpecialUse: []goimap.MailboxAttr{use}}
		}
		if err := c.Create(name, o).Wait(); err != nil && code(err) != goimap.ResponseCodeAlreadyExists {
			return err
		}
		if err := c.Subscribe(name).Wait(); err != nil && !refused(err) {
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	return m.list(ctx)
}
