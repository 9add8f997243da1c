package event

import (
	"reflect"
	"strings"
	"sync"
)

// Type of a column, in KQL's words.
type Type string

const (
	String   Type = "string"
	Datetime Type = "datetime"
	Bool     Type = "bool"
	Int      Type = "int"
	Long     Type = "long"
	Real     Type = "real"
	Timespan Type = "timespan"
	Dynamic  Type = "dynamic"
)

// Column of a table.
type Column struct {
	Name   string
	Type   Type
	Doc    string
	Values []string // closed or usual vocabulary, for filters and completion
	Field  []int    // index for reflect.Value.FieldByIndex; nil for columns computed from others
	Alias  string   // name of the stored column this one repeats (TimeGenerated repeats Timestamp); "" when stored
	Const  string   // value of a column that is the same in every row (Type, SourceSystem, TenantId); used when Field is nil and Alias is ""
	ID     bool     // carries a UUIDv7: a look-up by it implies a time range
	Later  bool     // with ID: the row tells of something after the id's time, so the id implies no time range of the row
	Facet  bool     // worth grouping by
	List   bool     // holds several values as "a, b" text
	IP     bool     // holds an IP address
	// Content: quotes what stands in messages, beyond the subject, names and addresses that every list of mail shows.
	Content bool
}

// Table of the hunting schema that Tocsin fills.
type Table struct {
	Name    string
	Doc     string
	Columns []Column
	Key     []string // columns that make a row unique
	Row     reflect.Type
}

// Column returns the column by its exact name.
func (t *Table) Column(name string) (*Column, bool) {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i], true
		}
	}
	return nil, false
}

// Tables returns every table, in the order of the documentation. The result is shared: do not change it.
var Tables = sync.OnceValue(func() []*Table {
	return []*Table{
		table("EmailEvents", "One row a message and recipient", EmailEvent{}, "NetworkMessageId", "RecipientEmailAddress"),
		table("EmailUrlInfo", "One row a message and URL", EmailUrl{}, "NetworkMessageId", "Url", "UrlLocation"),
		table("EmailAttachmentInfo", "One row a message, recipient and attachment", EmailAttachment{}, "NetworkMessageId", "RecipientEmailAddress", "ReportId"),
		table("EmailPostDeliveryEvents", "What happened to a message after delivery", PostDelivery{}, "ReportId"),
		table("UrlClickEvents", "Clicks on rewritten links", UrlClick{}, "ReportId"),
	}
})

// TableNamed returns the table with exactly that name.
func TableNamed(name string) (*Table, bool) {
	for _, t := range Tables() {
		if t.Name == name {
			return t, true
		}
	}
	return nil, false
}

func table(name, doc string, row any, key ...string) *Table {
	rt := reflect.TypeOf(row)
	t := &Table{Name: name, Doc: doc, Key: key, Row: rt}
	for i := range rt.NumField() {
		f := rt.Field(i)
		kind, opts, _ := strings.Cut(f.Tag.Get("kql"), ",")
		c := Column{Name: f.Name, Type: Type(kind), Doc: f.Tag.Get("doc"), Field: f.Index}
		if v := f.Tag.Get("values"); v != "" {
			c.Values = strings.Split(v, ",")
		}
		for o := range strings.SplitSeq(opts, ",") {
			switch o {
			case "id":
				c.ID = true
			case "later":
				c.Later = true
			case "facet":
				c.Facet = true
			case "list":
				c.List = true
			case "ip":
				c.IP = true
			case "content":
				c.Content = true
			}
		}
		t.Columns = append(t.Columns, c)
	}
	t.Columns = append(t.Columns,
		Column{Name: "TimeGenerated", Type: Datetime, Alias: "Timestamp", Doc: "The same instant as Timestamp"},
		Column{Name: "TenantId", Type: String, Doc: "Empty: one organisation an installation"},
		Column{Name: "SourceSystem", Type: String, Const: "Tocsin", Doc: "Always Tocsin"},
		Column{Name: "Type", Type: String, Const: name, Doc: "Name of the table"},
	)
	return t
}
