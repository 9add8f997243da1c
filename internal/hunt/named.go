package hunt

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"tocsin/internal/event"
	"tocsin/internal/kql"
)

// namedAtOnce is how many messages one question names.
const namedAtOnce = 1000

// about runs ops over the rows of a table that are of the messages, a question for each thousand ids in the order of time: each reads one
// slice of the store.
func (x *Explorer) about(ctx context.Context, table string, ids []string, ops string, each func(row []any) error) error {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	for part := range slices.Chunk(slices.Compact(ids), namedAtOnce) {
		quoted := make([]string, len(part))
		for i, id := range part {
			quoted[i] = kql.Quote(id)
		}
		base, err := kql.Parse(table)
		if err != nil {
			return err
		}
		span := spanOf(part)
		q, err := pipe(base, "%s | where NetworkMessageId in (%s) %s", timeRange(span.From, span.To), strings.Join(quoted, ", "), ops)
		if err != nil {
			return err
		}
		if err := x.run(ctx, q, each); err != nil {
			return err
		}
	}
	return nil
}

// Rows returns the named events as a grid shows them, in the order of the names. What there is none of any more has only its names.
func (x *Explorer) Rows(ctx context.Context, picks []Pick) ([]EmailRow, error) {
	at := make(map[Pick]int, len(picks))
	ids := make([]string, len(picks))
	out := make([]EmailRow, len(picks))
	for i, p := range picks {
		at[p], ids[i] = i, p.ID
		out[i].NetworkMessageId, out[i].RecipientEmailAddress = p.ID, p.Recipient
	}
	decode := decoderFor[EmailRow](rowColumns)
	err := x.about(ctx, emailEvents.Name, ids, "| project "+joinColumns(rowColumns), func(row []any) error {
		var e EmailRow
		decode(&e, row)
		if i, ok := at[Pick{e.NetworkMessageId, e.RecipientEmailAddress}]; ok {
			e.Outcome = outcomeOf(e.DeliveryAction, e.LatestDeliveryAction, e.LatestDeliveryLocation, e.LatestThreatTypes)
			out[i] = e
		}
		return nil
	})
	return out, err
}

// Entity is a kind of thing that a set of mail has.
type Entity string

// The entities.
const (
	Recipients   Entity = "recipient"
	Senders      Entity = "sender"
	Domains      Entity = "sender_domain"
	IPs          Entity = "ip"
	Subjects     Entity = "subject"
	Links        Entity = "url"
	Hosts        Entity = "url_host"
	Files        Entity = "file" // by SHA-256; the label is a name
	CampaignsOf  Entity = "campaign"
	Threats      Entity = "threat"
	Technologies Entity = "technology"
	Locations    Entity = "location"
)

// Entities lists them.
func Entities() []Entity {
	return []Entity{Recipients, Senders, Domains, IPs, Subjects, Links, Hosts, Files, CampaignsOf, Threats, Technologies, Locations}
}

// Thing is one value and how much of the mail has it.
type Thing struct {
	Value    string
	Label    string // what people call it, when that is not the value
	Events   int
	Messages int
	Still    int  // of the events, how many lie in a mailbox
	Priority bool // a recipient who is a priority account
	First    time.Time
	Last     time.Time

	last string // message that was counted last
}

// Derived is what a set of mail has in common, and where it is.
type Derived struct {
	Events   int // found
	Messages int
	Missing  int // named, and forgotten by the event store since
	Outcomes map[Outcome]int
	Things   map[Entity][]Thing // most events first, then by value
	Cut      []Entity           // have more values than are counted
}

// Limits of what is derived.
const (
	maxThings    = 20_000  // values of one kind
	maxThingRows = 500_000 // links or files of one set of mail
	maxThingText = 2000    // characters of a value; longer ones are cut
)

// deriving counts things.
type deriving struct {
	wanted map[Pick]bool
	things map[Entity]map[string]*Thing
	cut    map[Entity]bool
	out    *Derived
	of     map[string]*perMessage
}

// perMessage is what its events add up to.
type perMessage struct {
	events, still int
	at            time.Time
}

// Derive looks at the named mail. Values of a message count for each of its named events. With kinds, only these are looked for.
func (x *Explorer) Derive(ctx context.Context, picks []Pick, kinds ...Entity) (*Derived, error) {
	d := &deriving{wanted: make(map[Pick]bool, len(picks)), things: map[Entity]map[string]*Thing{}, cut: map[Entity]bool{}, of: map[string]*perMessage{},
		out: &Derived{Outcomes: map[Outcome]int{}, Things: map[Entity][]Thing{}}}
	ids := make([]string, 0, len(picks))
	for _, p := range picks {
		d.wanted[p] = true
		if n := len(ids); n == 0 || ids[n-1] != p.ID {
			ids = append(ids, p.ID)
		}
	}
	if err := x.deriveMail(ctx, d, ids); err != nil {
		return nil, err
	}
	if err := x.deriveParts(ctx, d, ids, kinds); err != nil {
		return nil, err
	}
	d.out.Missing = len(d.wanted) - d.out.Events
	for _, e := range Entities() {
		list := make([]Thing, 0, len(d.things[e]))
		for _, t := range d.things[e] {
			list = append(list, *t)
		}
		slices.SortFunc(list, func(a, b Thing) int { return cmp.Or(b.Events-a.Events, cmp.Compare(a.Value, b.Value)) })
		d.out.Things[e] = list
		if d.cut[e] {
			d.out.Cut = append(d.out.Cut, e)
		}
	}
	return d.out, nil
}

var derivedColumns = []string{
	"Timestamp", "NetworkMessageId", "RecipientEmailAddress", "Subject", "SenderFromAddress", "SenderDisplayName", "SenderFromDomain", "SenderIPv4", "SenderIPv6", "LatestThreatTypes", "ThreatNames",
	"LatestDetectionTechnologies", "DeliveryAction", "LatestDeliveryAction", "LatestDeliveryLocation", "IsPriorityAccount",
}

func (x *Explorer) deriveMail(ctx context.Context, d *deriving, ids []string) error {
	decode := decoderFor[event.EmailEvent](derivedColumns)
	return x.about(ctx, emailEvents.Name, ids, "| project "+joinColumns(derivedColumns)+" | sort by NetworkMessageId asc", func(row []any) error {
		var e event.EmailEvent
		decode(&e, row)
		if !d.wanted[Pick{e.NetworkMessageId, e.RecipientEmailAddress}] {
			return nil
		}
		outcome := OutcomeOf(&e)
		d.out.Events++
		d.out.Outcomes[outcome]++
		still := 0
		if outcome == Delivered || outcome == DeliveredThreat || outcome == Junked || outcome == Replaced {
			still = 1
		}
		m := d.of[e.NetworkMessageId]
		if m == nil {
			m = &perMessage{at: e.Timestamp}
			d.of[e.NetworkMessageId] = m
			d.out.Messages++
		}
		m.events++
		m.still += still
		one := &perMessage{1, still, e.Timestamp}
		add := func(kind Entity, value, label string) *Thing {
			return d.add(kind, value, label, e.NetworkMessageId, one)
		}
		if t := add(Recipients, e.RecipientEmailAddress, ""); t != nil {
			t.Priority = t.Priority || e.IsPriorityAccount
		}
		add(Senders, e.SenderFromAddress, e.SenderDisplayName)
		add(Domains, e.SenderFromDomain, "")
		add(IPs, e.SenderIPv4, "")
		add(IPs, e.SenderIPv6, "")
		add(Subjects, e.Subject, "")
		add(Locations, cmp.Or(e.LatestDeliveryLocation, "Unknown"), "")
		for _, list := range []struct {
			kind   Entity
			values string
		}{{Threats, e.LatestThreatTypes}, {Technologies, e.LatestDetectionTechnologies}} {
			for v := range strings.SplitSeq(list.values, ", ") {
				add(list.kind, v, "")
			}
		}
		return nil
	})
}

func (x *Explorer) deriveParts(ctx context.Context, d *deriving, ids []string, kinds []Entity) error {
	asks := func(of ...Entity) bool {
		return len(kinds) == 0 || slices.ContainsFunc(of, func(e Entity) bool { return slices.Contains(kinds, e) })
	}
	if asks(Links, Hosts) {
		if err := x.deriveLinks(ctx, d, ids); err != nil {
			return err
		}
	}
	if asks(Files) {
		if err := x.deriveFiles(ctx, d, ids); err != nil {
			return err
		}
	}
	if !asks(CampaignsOf) {
		return nil
	}
	return x.about(ctx, "CampaignInfo", ids, "| project NetworkMessageId, CampaignId, CampaignName | sort by NetworkMessageId asc", func(row []any) error {
		if id := kql.Text(row[0]); d.of[id] != nil {
			d.add(CampaignsOf, kql.Text(row[1]), kql.Text(row[2]), id, d.of[id])
		}
		return nil
	})
}

// room counts rows, and notes which kinds are cut when there are too many.
func (d *deriving) room(rows *int, kinds ...Entity) bool {
	if *rows++; *rows <= maxThingRows {
		return true
	}
	for _, k := range kinds {
		d.cut[k] = true
	}
	return false
}

func (x *Explorer) deriveLinks(ctx context.Context, d *deriving, ids []string) error {
	rows := 0
	return x.about(ctx, "EmailUrlInfo", ids, "| project NetworkMessageId, Url, UrlDomain | sort by NetworkMessageId asc", func(row []any) error {
		if id := kql.Text(row[0]); d.of[id] != nil && d.room(&rows, Links, Hosts) {
			d.add(Links, kql.Text(row[1]), "", id, d.of[id])
			d.add(Hosts, kql.Text(row[2]), "", id, d.of[id])
		}
		return nil
	})
}

func (x *Explorer) deriveFiles(ctx context.Context, d *deriving, ids []string) error {
	rows := 0
	return x.about(ctx, "EmailAttachmentInfo", ids, "| project NetworkMessageId, SHA256, FileName | sort by NetworkMessageId asc", func(row []any) error {
		if id := kql.Text(row[0]); d.of[id] != nil && d.room(&rows, Files) {
			d.add(Files, kql.Text(row[1]), kql.Text(row[2]), id, d.of[id])
		}
		return nil
	})
}

// add counts a value of a message, once for each message or event; nil when there is nothing to count.
func (d *deriving) add(kind Entity, value, label, message string, m *perMessage) *Thing {
	if value == "" {
		return nil
	}
	value = cutText(value)
	of := d.things[kind]
	if of == nil {
		of = map[string]*Thing{}
		d.things[kind] = of
	}
	t := of[value]
	switch {
	case t == nil && len(of) >= maxThings:
		d.cut[kind] = true
		return nil
	case t == nil:
		t = &Thing{Value: value, Label: cutText(label), First: m.at, Last: m.at}
		of[value] = t
	}
	// Rows come message by message. A link that stands twice in a message, or a file that has a row for each recipient, is one.
	if t.last == message && kindPerMessage(kind) {
		return t
	}
	if t.last != message {
		t.Messages++
		t.last = message
	}
	t.Events += m.events
	t.Still += m.still
	if m.at.Before(t.First) {
		t.First = m.at
	}
	if m.at.After(t.Last) {
		t.Last = m.at
	}
	return t
}

func kindPerMessage(k Entity) bool { return k == Links || k == Hosts || k == Files || k == CampaignsOf }

func cutText(s string) string {
	if len(s) <= maxThingText {
		return s
	}
	return strings.ToValidUTF8(s[:maxThingText], "") + "…"
}

// heldColumns say who has a message and where its octets are.
var heldColumns = []string{"Timestamp", "NetworkMessageId", "RecipientEmailAddress", "DeliveryAction", "DeliveryLocation", "LatestDeliveryLocation", "RawSHA256"}

// Held returns all events of the messages, whoever got them, with what tells who has them and where their octets are.
func (x *Explorer) Held(ctx context.Context, ids []string) (map[string][]event.EmailEvent, error) {
	out := make(map[string][]event.EmailEvent, len(ids))
	err := x.named(ctx, ids, heldColumns, func(e event.EmailEvent) {
		out[e.NetworkMessageId] = append(out[e.NetworkMessageId], e)
	})
	return out, err
}
