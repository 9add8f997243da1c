package hunt

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/kql"
)

// Words of what became of mail in quarantine. The store of events is the only one that knows: these are read from the latest location and
// the latest action of the event.
const (
	QuarantineHeld     = "held"
	QuarantineReleased = "released" // it is in a mailbox, whoever put it there
	QuarantineDeleted  = "deleted"
	QuarantineExpired  = "expired"
)

// ExpiredAction is LatestDeliveryAction of what was in quarantine too long.
const ExpiredAction = "Expired"

// QuarantineAsk says which entries a question is about. Empty fields choose all.
type QuarantineAsk struct {
	State     string // one of the words above
	Only      []Pick // nil: all; else at most MaxPicks
	Text      string // stands in sender, recipient or subject
	Recipient string // a part of the address, as in the following
	Sender    string
	Subject   string
	Threat    string    // Malware, Phish, Spam
	Priority  bool      // only priority accounts
	From, To  time.Time // since when it is held: From is included, To is not
}

// MaxPicks is how many entries can be named in one question.
const MaxPicks = 1000

// QuarantineEntry is one message to one recipient that is or was in quarantine.
type QuarantineEntry struct {
	NetworkMessageID string
	Recipient        string
	Since            time.Time // when it was last put into quarantine
	Received         time.Time
	SenderFrom       string
	SenderName       string
	Subject          string
	Threats          string // latest verdict
	PhishConfidence  string
	FirstSignal      string
	Direction        string
	Priority         bool
	Policy           string // EmailActionPolicy; "" when it was moved there later
	Override         string // allow or block entry, or setting of the mailbox, that decided
	Reason           string // why the policy decided so
	MovedBy          string // ActionType of what moved it there later: "Phish ZAP"; "" when it was stopped at delivery
	MovedFor         string // its trigger: who asked for it, or why
	Place            string // LatestDeliveryLocation
	LastAction       string // LatestDeliveryAction
	Changed          time.Time
	InternetID       string
	RawSHA256        string
	Size             int64
	Attachments      int64
	URLs             int64
}

// State says what became of it.
func (e *QuarantineEntry) State() string {
	switch {
	case e.Place == "Quarantine":
		return QuarantineHeld
	case e.LastAction == ExpiredAction:
		return QuarantineExpired
	case e.Place == "Removed":
		return QuarantineDeleted
	}
	return QuarantineReleased
}

// quarantineColumns are what a question about named entries reads of their events.
const quarantineColumns = `NetworkMessageId, RecipientEmailAddress, Timestamp, SenderFromAddress, SenderDisplayName, Subject, LatestThreatTypes, PhishConfidence, FirstSignal, EmailDirection, ` +
	`IsPriorityAccount, EmailActionPolicy, Override, Reason, LatestDeliveryLocation, LatestDeliveryAction, LastEventExecutionTime, InternetMessageId, RawSHA256, EmailSize, AttachmentCount, UrlCount`

// fill puts what the event says into an entry of which it is known since when it is held, and by what.
func (e *QuarantineEntry) fill(row []any) {
	s := func(i int) string { return kql.Text(row[i]) }
	at := func(i int) time.Time { t, _ := row[i].(time.Time); return t.UTC() }
	e.Priority, _ = row[10].(bool)
	e.Received, e.SenderFrom, e.SenderName, e.Subject, e.Threats, e.PhishConfidence, e.FirstSignal, e.Direction = at(2), s(3), s(4), s(5), s(6), s(7), s(8), s(9)
	if e.MovedBy == "" { // else what the policy did at delivery is another story
		e.Policy, e.Override, e.Reason = s(11), s(12), s(13)
	}
	e.Place, e.LastAction, e.Changed, e.InternetID, e.RawSHA256, e.Size, e.Attachments, e.URLs = s(14), s(15), at(16), s(17), s(18), kql.Integer(row[19]), kql.Integer(row[20]), kql.Integer(row[21])
}

// base is the entries as a query, without what only a grid needs.
func (a *QuarantineAsk) base() (*kql.Query, error) {
	var first, after []string
	switch a.State {
	case QuarantineHeld:
		first = append(first, `LatestDeliveryLocation == "Quarantine"`)
	case QuarantineExpired:
		first = append(first, `LatestDeliveryAction == "`+ExpiredAction+`"`)
	case QuarantineDeleted:
		first = append(first, `LatestDeliveryLocation == "Removed"`, `LatestDeliveryAction != "`+ExpiredAction+`"`)
	case QuarantineReleased:
		first = append(first, `LatestDeliveryLocation !in ("Quarantine", "Removed")`)
	case "":
	default:
		return nil, inputError("state", "%q is no state; there are held, released, deleted and expired", a.State)
	}
	if len(a.Only) > MaxPicks {
		return nil, inputError("events", "%d are too many to name; at most %d", len(a.Only), MaxPicks)
	}
	moved := ""
	if a.Only != nil {
		var named []string
		named, moved = a.named()
		first = append(first, named...)
	}
	if a.Text != "" {
		q := kql.Quote(a.Text)
		first = append(first, "(SenderFromAddress contains "+q+" or SenderDisplayName contains "+q+" or RecipientEmailAddress contains "+q+" or Subject contains "+q+")")
	}
	for column, part := range map[string]string{"RecipientEmailAddress": a.Recipient, "SenderFromAddress": a.Sender, "Subject": a.Subject} {
		if part != "" {
			first = append(first, column+" contains "+kql.Quote(part))
		}
	}
	if a.Threat != "" {
		first = append(first, "LatestThreatTypes has "+kql.Quote(a.Threat))
	}
	if a.Priority {
		first = append(first, "IsPriorityAccount")
	}
	slices.Sort(first) // the map above has no order, and the same question should be the same text
	if a.State != QuarantineHeld {
		after = append(after, `DeliveryLocation == "Quarantine" or LatestDeliveryLocation == "Quarantine" or isnotnull(MovedAt)`)
	}
	if !a.From.IsZero() {
		after = append(after, "Since >= "+datetime(a.From))
	}
	if !a.To.IsZero() {
		after = append(after, "Since < "+datetime(a.To))
	}
	var b strings.Builder
	b.WriteString("EmailEvents")
	for _, c := range first {
		b.WriteString(" | where " + c)
	}
	b.WriteString(` | join kind=leftouter (EmailPostDeliveryEvents` + moved + ` | where DeliveryLocation == "Quarantine" and ActionResult == "Success"` +
		` | summarize arg_max(Timestamp, ActionType, ActionTrigger) by NetworkMessageId, RecipientEmailAddress` +
		` | project NetworkMessageId, RecipientEmailAddress, MovedAt = Timestamp, MovedBy = ActionType, MovedFor = ActionTrigger) on NetworkMessageId, RecipientEmailAddress` +
		` | extend Since = iff(isnull(MovedAt), Timestamp, MovedAt)`)
	for _, c := range after {
		b.WriteString(" | where " + c)
	}
	q, err := kql.Parse(b.String())
	if err != nil {
		return nil, fmt.Errorf("hunt: own query %q: %w", b.String(), err)
	}
	return q, nil
}

// named are the conditions of entries that are named: on their events, and on what happened to them. Ids are times, so a few are found
// without reading all.
func (a *QuarantineAsk) named() (events []string, moved string) {
	ids, keys := []string{`""`}, []string{`""`}
	var from, to time.Time
	timed := len(a.Only) > 0
	for _, p := range a.Only {
		id := strings.ToLower(p.ID)
		ids, keys = append(ids, kql.Quote(id)), append(keys, kql.Quote(id+" "+p.Recipient))
		first, last := idTime(id)
		if timed = timed && !first.IsZero(); !timed {
			continue
		}
		if from.IsZero() || first.Before(from) {
			from = first
		}
		if last.After(to) {
			to = last
		}
	}
	in := "NetworkMessageId in (" + strings.Join(ids, ", ") + ")"
	events, moved = []string{in, `strcat(NetworkMessageId, " ", RecipientEmailAddress) in (` + strings.Join(keys, ", ") + ")"}, " | where "+in
	if timed {
		events = append(events, fmt.Sprintf("Timestamp >= %s and Timestamp < %s", datetime(from), datetime(to)))
		moved = " | where Timestamp >= " + datetime(from) + moved
	}
	return events, moved
}

// Question is what a asks as KQL, for records and for Hunting; "" when it cannot be asked.
func (a *QuarantineAsk) Question() string {
	q, err := a.base()
	if err != nil {
		return ""
	}
	return q.String()
}

// quarantineSorts are what a page of entries can be sorted by.
var quarantineSorts = map[string]string{
	"since": "Since", "received": "Timestamp", "recipient": "RecipientEmailAddress", "sender": "SenderFromAddress", "subject": "Subject", "threat": "LatestThreatTypes",
}

// QuarantinePage is one page of entries.
type QuarantinePage struct {
	Entries []QuarantineEntry
	Next    string // cursor; "" on the last page
}

// quarantineCursor is the place of the last entry of a page.
type quarantineCursor struct {
	Sort      string `json:"s"`
	Asc       bool   `json:"a,omitempty"`
	Key       string `json:"k"` // text, or microseconds since 1970
	ID        string `json:"i"`
	Recipient string `json:"r"`
}

// Quarantine returns one page of entries. Sort is since (default), received, recipient, sender, subject or threat; equal ones are in the
// order of their ids and recipients, so that every entry has one place.
func (x *Explorer) Quarantine(ctx context.Context, a QuarantineAsk, p Page) (*QuarantinePage, error) {
	if p.Sort == "" {
		p.Sort = "since"
	}
	column, ok := quarantineSorts[p.Sort]
	if !ok {
		return nil, inputError("sort", "there is no %q; sort by since, received, recipient, sender, subject or threat", p.Sort)
	}
	if p.Limit == 0 {
		p.Limit = 100
	}
	if p.Limit < 0 || p.Limit > MaxPage {
		return nil, inputError("limit", "must be 1 to %d, not %d", MaxPage, p.Limit)
	}
	q, err := a.base()
	if err != nil {
		return nil, err
	}
	timed := column == "Since" || column == "Timestamp"
	key := column
	if !timed {
		key = fmt.Sprintf("substring(%s, 0, %d)", column, sortPrefix)
	}
	if p.Cursor != "" {
		where, err := quarantineAfter(p, key, timed)
		if err != nil {
			return nil, err
		}
		if q, err = pipe(q, "| where %s", where); err != nil {
			return nil, err
		}
	}
	dir := " desc"
	if p.Asc {
		dir = " asc"
	}
	// First which ones, then what they say: to sort sixty thousand with everything that is known of them is slow.
	q, err = pipe(q, `| sort by %[1]s%[2]s, NetworkMessageId%[2]s, RecipientEmailAddress%[2]s | take %[3]d | project NetworkMessageId, RecipientEmailAddress, Since, MovedBy, MovedFor, SortKey = %[1]s`, key, dir, p.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &QuarantinePage{}
	var last quarantineCursor
	more := false
	err = x.run(ctx, q, func(row []any) error {
		if more = len(out.Entries) == p.Limit; more {
			return nil
		}
		since, _ := row[2].(time.Time)
		e := QuarantineEntry{NetworkMessageID: kql.Text(row[0]), Recipient: kql.Text(row[1]), Since: since.UTC(), MovedBy: kql.Text(row[3]), MovedFor: kql.Text(row[4])}
		last = quarantineCursor{Sort: p.Sort, Asc: p.Asc, Key: kql.Text(row[5]), ID: e.NetworkMessageID, Recipient: e.Recipient}
		if t, ok := row[5].(time.Time); ok {
			last.Key = fmt.Sprint(t.UnixMicro())
		}
		out.Entries = append(out.Entries, e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if more {
		b, err := json.Marshal(last)
		if err != nil {
			return nil, err
		}
		out.Next = base64.RawURLEncoding.EncodeToString(b)
	}
	out.Entries, err = x.filled(ctx, out.Entries)
	return out, err
}

// filledAtOnce is how many entries one question is about.
const filledAtOnce = 400

// filled adds what the events of entries say. One whose event was forgotten meanwhile is left out.
func (x *Explorer) filled(ctx context.Context, list []QuarantineEntry) ([]QuarantineEntry, error) {
	at := map[Pick]*QuarantineEntry{}
	for part := range slices.Chunk(list, filledAtOnce) {
		var a QuarantineAsk
		for i := range part {
			k := Pick{part[i].NetworkMessageID, part[i].Recipient}
			a.Only, at[k] = append(a.Only, k), &part[i]
		}
		where, _ := a.named()
		q, err := kql.Parse("EmailEvents | where " + strings.Join(where, " | where ") +
			` | extend Override = iff(OrgLevelPolicy != "", OrgLevelPolicy, UserLevelPolicy), Reason = tostring(parse_json(AdditionalFields).decided.reason) | project ` + quarantineColumns)
		if err != nil {
			return nil, fmt.Errorf("hunt: own query: %w", err)
		}
		err = x.run(ctx, q, func(row []any) error {
			k := Pick{kql.Text(row[0]), kql.Text(row[1])}
			if e := at[k]; e != nil {
				e.fill(row)
				delete(at, k)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(list, func(e QuarantineEntry) bool { return at[Pick{e.NetworkMessageID, e.Recipient}] != nil }), nil
}

// quarantineAfter is the condition of entries that come after the cursor.
func quarantineAfter(p Page, key string, timed bool) (string, error) {
	var c quarantineCursor
	if len(p.Cursor) > maxCursor {
		return "", errCursor
	}
	b, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err != nil || json.Unmarshal(b, &c) != nil || len(c.Key) > 4*sortPrefix {
		return "", errCursor
	}
	if c.Sort != p.Sort || c.Asc != p.Asc {
		return "", inputError("cursor", "it belongs to a page sorted by %s; start again from the first page", c.Sort)
	}
	op := "<"
	if p.Asc {
		op = ">"
	}
	first, equal := fmt.Sprintf("strcmp(%s, %s) %s 0", key, kql.Quote(c.Key), op), fmt.Sprintf("%s == %s", key, kql.Quote(c.Key))
	if timed {
		micros, ok := wholeNumber(json.Number(c.Key))
		if !ok || micros < year1 || micros > year9999 {
			return "", errCursor
		}
		at := datetime(time.UnixMicro(micros))
		first, equal = key+" "+op+" "+at, key+" == "+at
	}
	return fmt.Sprintf("%[1]s or (%[2]s and (strcmp(NetworkMessageId, %[4]s) %[3]s 0 or (NetworkMessageId == %[4]s and strcmp(RecipientEmailAddress, %[5]s) %[3]s 0)))",
		first, equal, op, kql.Quote(c.ID), kql.Quote(c.Recipient)), nil
}

// QuarantineAll returns the entries of a, those held longest first, at most limit.
func (x *Explorer) QuarantineAll(ctx context.Context, a QuarantineAsk, limit int) (all []QuarantineEntry, err error) {
	for p := (Page{Asc: true}); len(all) < limit; {
		p.Limit = min(MaxPage, limit-len(all))
		page, err := x.Quarantine(ctx, a, p)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Entries...)
		if page.Next == "" {
			break
		}
		p.Cursor = page.Next
	}
	return all, nil
}

// QuarantineCounts says how many entries there are.
type QuarantineCounts struct {
	Held     int64
	Malware  int64 // of those held
	Expiring int64 // of those held, since before the time asked about
}

// QuarantineCount counts what is held; expiring is what is held since before that time.
func (x *Explorer) QuarantineCount(ctx context.Context, expiring time.Time) (QuarantineCounts, error) {
	q, err := (&QuarantineAsk{State: QuarantineHeld}).base()
	if err != nil {
		return QuarantineCounts{}, err
	}
	if q, err = pipe(q, `| summarize count(), countif(LatestThreatTypes has "Malware"), countif(Since < %s)`, datetime(expiring)); err != nil {
		return QuarantineCounts{}, err
	}
	n, err := x.numbers(ctx, q)
	if err != nil || len(n) != 3 {
		return QuarantineCounts{}, err
	}
	return QuarantineCounts{n[0], n[1], n[2]}, nil
}

// QuarantineMail calls each with the names of the stored bytes of what is held.
func (x *Explorer) QuarantineMail(ctx context.Context, each func(rawSHA256 string)) error {
	q, err := kql.Parse(`EmailEvents | where LatestDeliveryLocation == "Quarantine" and RawSHA256 != "" | distinct RawSHA256`)
	if err != nil {
		return err
	}
	return x.run(ctx, q, func(row []any) error { each(kql.Text(row[0])); return nil })
}
