package hunt

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"tocsin/internal/event"
	"tocsin/internal/kql"
)

// EmailRow is the part of an email event that a grid shows.
type EmailRow struct {
	Timestamp              time.Time
	NetworkMessageId       string
	RecipientEmailAddress  string
	Subject                string
	SenderFromAddress      string
	SenderDisplayName      string
	SenderFromDomain       string
	SenderMailFromAddress  string
	SenderIPv4             string
	SenderIPv6             string
	SenderCountry          string
	EmailDirection         string
	ThreatTypes            string
	LatestThreatTypes      string
	PhishConfidence        string
	ThreatScore            int32
	ThreatNames            string
	DetectionTechnologies  string
	FirstSignal            string
	DeliveryAction         string
	DeliveryLocation       string
	LatestDeliveryAction   string
	LatestDeliveryLocation string
	AttachmentCount        int32
	UrlCount               int32
	EmailLanguage          string
	EmailSize              int64
	IsPriorityAccount      bool
	AuthSPF                string
	AuthDKIM               string
	AuthDMARC              string
	Connectors             string
	InternetMessageId      string
	EmailClusterId         int64
	Outcome                Outcome `json:"outcome"`
}

// rowColumns are the stored columns of an EmailRow.
var rowColumns = func() (names []string) {
	t := reflect.TypeFor[EmailRow]()
	for i := range t.NumField() {
		if name := t.Field(i).Name; name != "Outcome" {
			if c, ok := emailEvents.Column(name); !ok || c.Field == nil {
				panic("hunt: EmailRow." + name + " is no stored column of EmailEvents")
			}
			names = append(names, name)
		}
	}
	return names
}()

// Page asks for one page of mail.
type Page struct {
	Sort   string // any column but To and Cc; "" is Timestamp. Text is compared by its first 256 characters
	Asc    bool   // smallest first; otherwise largest, and newest, first
	Cursor string // Emails.Next of the page before; "" for the first
	Limit  int    // 1 to MaxPage; 0: 100
}

// MaxPage is the most rows of one page.
const MaxPage = 10_000

// Emails is one page of mail. Next is the cursor of the next one, "" on the last.
type Emails struct {
	Answer
	Rows []EmailRow `json:"rows"`
	Next string     `json:"next"`
}

// Emails returns one page of the mail of r. Equal values are in the order of Timestamp, NetworkMessageId and
// RecipientEmailAddress, in the direction of the page, so every event has one place. A page begins after the last
// row of the one before, not after a number of rows: mail that arrives between two pages neither repeats nor hides a row.
func (x *Explorer) Emails(ctx context.Context, r Request, p Page) (*Emails, error) {
	started := time.Now()
	base, err := x.base(r)
	if err != nil {
		return nil, err
	}
	if p.Limit == 0 {
		p.Limit = 100
	}
	if p.Limit < 0 || p.Limit > MaxPage {
		return nil, inputError("limit", "must be 1 to %d, not %d", MaxPage, p.Limit)
	}
	s, err := sortOf(p)
	if err == nil { // a cursor holds the value
		_, err = r.column("sort", s.column.Name)
	}
	if err != nil {
		return nil, err
	}
	q, err := s.page(base, p, rowColumns, p.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &Emails{Answer: Answer{KQL: q.String()}, Rows: make([]EmailRow, 0, p.Limit)}
	decode := decoderFor[EmailRow](rowColumns)
	var last []any
	err = x.run(ctx, q, func(row []any) error {
		if len(out.Rows) == p.Limit {
			out.Next = s.cursor(last)
			return nil
		}
		var e EmailRow
		decode(&e, row)
		e.Outcome = outcomeOf(e.DeliveryAction, e.LatestDeliveryAction, e.LatestDeliveryLocation, e.LatestThreatTypes)
		out.Rows = append(out.Rows, e)
		if len(out.Rows) == p.Limit {
			last = append([]any(nil), row[len(rowColumns):]...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out.TookMS = time.Since(started).Milliseconds()
	return out, nil
}

// decoderFor returns a function that copies the values of names from the front of a row into T's fields.
func decoderFor[T any](names []string) func(dst *T, row []any) {
	t := reflect.TypeFor[T]()
	fields := make([][]int, len(names))
	for i, n := range names {
		f, ok := t.FieldByName(n)
		if !ok {
			panic("hunt: " + t.String() + " has no field " + n)
		}
		fields[i] = f.Index
	}
	return func(dst *T, row []any) {
		v := reflect.ValueOf(dst).Elem()
		for i, index := range fields {
			f := v.FieldByIndex(index)
			switch val := row[i].(type) {
			case string:
				f.SetString(val)
			case int64:
				f.SetInt(val)
			case float64:
				f.SetFloat(val)
			case bool:
				f.SetBool(val)
			case time.Time:
				f.Set(reflect.ValueOf(val))
			case json.RawMessage:
				// Only lists of text are dynamic in EmailEvents; a test holds that.
				_ = json.Unmarshal(val, f.Addr().Interface())
			}
		}
	}
}

// ordering is one way to sort mail: the KQL of its first key, and the cursors that belong to it.
type ordering struct {
	column *event.Column
	asc    bool
	key    string // KQL of the first sort key; "" when that is Timestamp
}

// sortPrefix is how much of a text decides its place: a cursor travels in an address bar, and a subject may be megabytes.
const sortPrefix = 256

func sortOf(p Page) (ordering, error) {
	name := p.Sort
	if name == "" {
		name = "Timestamp"
	}
	col, err := column("sort", name)
	if err != nil {
		return ordering{}, err
	}
	o := ordering{column: col, asc: p.Asc, key: name}
	switch {
	case name == "Timestamp":
		o.key = ""
	case col.Type == event.Dynamic:
		return ordering{}, inputError("sort", "%s is a list and has no order", name)
	case col.Type == event.Bool:
		o.key = "toint(" + name + ")"
	case col.Type == event.String && !col.ID:
		o.key = fmt.Sprintf("substring(%s, 0, %d)", name, sortPrefix)
	}
	return o, nil
}

// from is base without what comes before p's cursor.
func (o ordering) from(base *kql.Query, p Page) (*kql.Query, error) {
	if p.Cursor == "" {
		return base, nil
	}
	c, err := decodeCursor(p.Cursor)
	if err != nil {
		return nil, err
	}
	where, err := o.after(c)
	if err != nil {
		return nil, err
	}
	return pipe(base, "| where %s", where)
}

// page pipes the operators that give n rows after p's cursor: columns first, then those that make the next cursor.
func (o ordering) page(base *kql.Query, p Page, columns []string, n int) (*kql.Query, error) {
	q, err := o.from(base, p)
	if err != nil {
		return nil, err
	}
	dir := " desc"
	if o.asc {
		dir = " asc"
	}
	keys := "Timestamp" + dir + ", NetworkMessageId" + dir + ", RecipientEmailAddress" + dir
	project := strings.Join(columns, ", ") + ", SortTime = Timestamp, SortId = NetworkMessageId, SortRecipient = RecipientEmailAddress"
	if o.key != "" {
		keys = o.key + dir + ", " + keys
		project += ", SortKey = " + o.key
	}
	return pipe(q, "| sort by %s | take %d | project %s", keys, n, project)
}

// after is the condition of rows that come after c.
func (o ordering) after(c cursor) (string, error) {
	if c.Sort != o.column.Name || c.Asc != o.asc {
		return "", inputError("cursor", "it belongs to a page sorted by %s; start again from the first page", c.Sort)
	}
	op := "<"
	if o.asc {
		op = ">"
	}
	t := datetime(time.UnixMicro(c.Time))
	// The first condition says less than the second but is one comparison, by which stored rows can be skipped whole.
	byTime := fmt.Sprintf("Timestamp %[1]s= %[2]s and (Timestamp %[1]s %[2]s or strcmp(NetworkMessageId, %[3]s) %[1]s 0 or (NetworkMessageId == %[3]s and strcmp(RecipientEmailAddress, %[4]s) %[1]s 0))",
		op, t, kql.Quote(c.ID), kql.Quote(c.Recipient))
	if o.key == "" {
		return byTime, nil
	}
	var first, equal string
	switch o.column.Type {
	case event.String:
		value, ok := c.Key.(string)
		if !ok || len(value) > 4*sortPrefix {
			return "", errCursor
		}
		first = fmt.Sprintf("strcmp(%s, %s) %s 0", o.key, kql.Quote(value), op)
		equal = fmt.Sprintf("%s == %s", o.key, kql.Quote(value))
	case event.Datetime:
		micros, ok := wholeNumber(c.Key)
		if !ok {
			return "", errCursor
		}
		value := datetime(time.UnixMicro(micros))
		first, equal = o.key+" "+op+" "+value, o.key+" == "+value
	default:
		n, ok := wholeNumber(c.Key)
		if !ok {
			return "", errCursor
		}
		value := fmt.Sprintf("long(%d)", n)
		first, equal = o.key+" "+op+" "+value, o.key+" == "+value
	}
	return fmt.Sprintf("%s or (%s and %s)", first, equal, byTime), nil
}

// cursor is the place of the last row of a page.
type cursor struct {
	Sort      string `json:"s"`
	Asc       bool   `json:"a,omitempty"`
	Key       any    `json:"k,omitempty"` // string, or json.Number of an integer (microseconds for a time)
	Time      int64  `json:"t"`           // microseconds since 1970
	ID        string `json:"i"`
	Recipient string `json:"r"`
}

var errCursor = inputError("cursor", "it was not made by this API; start again from the first page")

// year1 and year9999 bound what a time can be, in microseconds since 1970.
const year1, year9999 = -62135596800_000000, 253402300799_999999

// maxCursor is longer than any cursor that this package makes of sane addresses. Recipients are the only unbounded part.
const maxCursor = 64 << 10

// cursor makes the cursor after a row, given the sort columns that page has appended.
func (o ordering) cursor(row []any) string {
	t, _ := row[0].(time.Time)
	c := cursor{Sort: o.column.Name, Asc: o.asc, Time: t.UnixMicro(), ID: kql.Text(row[1]), Recipient: kql.Text(row[2])}
	if o.key != "" {
		switch v := row[3].(type) {
		case time.Time:
			c.Key = v.UnixMicro()
		case float64:
			c.Key = int64(v)
		default:
			c.Key = v
		}
	}
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings and integers only
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func decodeCursor(s string) (cursor, error) {
	var c cursor
	if len(s) > maxCursor {
		return c, errCursor
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return c, errCursor
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.UseNumber()
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil || d.More() {
		return c, errCursor
	}
	if c.Time < year1 || c.Time > year9999 {
		return c, errCursor
	}
	return c, nil
}

func wholeNumber(v any) (int64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := n.Int64()
	return i, err == nil
}
