package event

import (
	"reflect"
	"slices"
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
	Expr   string   // of a legacy column: KQL over the table's columns
	ID     bool     // carries a UUIDv7: a look-up by it implies a time range
	Later  bool     // with ID: the row tells of something after the id's time, so the id implies no time range of the row
	Facet  bool     // worth grouping by
	List   bool     // holds several values as "a, b" text
	IP     bool     // holds an IP address
	// Content: quotes what stands in messages, beyond the subject, names and addresses that every list of mail shows.
	Content bool
}

// Table of the hunting schema.
type Table struct {
	Name    string
	Group   string // of tables that belong together, for lists: Mail, Identities, Devices, ...
	Doc     string
	Columns []Column
	Legacy  []Column // under the names that columns had once; a query can read them, no list of columns shows them
	AliasOf string   // today's name of the table, when this is an earlier one; "" otherwise

	// Collected says that rows are written here. Otherwise Key and Row are not set, nothing is stored, and to a query the table
	// is empty.
	Collected bool
	Key       []string // columns that make a row unique
	Row       reflect.Type
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

// Tables returns every table that rows are written to, in the order of the documentation. The result is shared: do not change it.
var Tables = sync.OnceValue(func() []*Table {
	mail := table("EmailEvents", "One row a message and recipient", EmailEvent{}, "NetworkMessageId", "RecipientEmailAddress")
	mail.Legacy = legacyEmailEvents
	return []*Table{
		mail,
		table("EmailUrlInfo", "One row a message and URL", EmailUrl{}, "NetworkMessageId", "Url", "UrlLocation"),
		table("EmailAttachmentInfo", "One row a message, recipient and attachment", EmailAttachment{}, "NetworkMessageId", "RecipientEmailAddress", "ReportId"),
		table("EmailPostDeliveryEvents", "What happened to a message after delivery", PostDelivery{}, "ReportId"),
		campaigns(),
		table("UrlClickEvents", "Clicks on rewritten links", UrlClick{}, "ReportId"),
		table("UserSubmissions", "What people reported, and what came of it; a row a report, and one each time a submission is closed (Tocsin)", UserSubmission{}, "ReportId"),
		table("AlertInfo", "One row an alert", Alert{}, "AlertId").in("Alerts"),
		table("AlertEvidence", "One row an alert and thing it names: message, mailbox, user, URL, file, address", AlertEvidence{}, "ReportId").in("Alerts"),
	}
})

// Schema returns every table that a query can read: Tables, then those that nothing fills yet. The result is shared.
var Schema = sync.OnceValue(func() []*Table { return append(slices.Clone(Tables()), waiting()...) })

func campaigns() *Table {
	t := table("CampaignInfo", "Which messages belong to which campaign; one row a message and recipient", Campaign{}, "NetworkMessageId", "RecipientEmailAddress")
	t.Legacy = []Column{{Name: "CampaignSubType", Type: String, Doc: "CampaignSubtype as Sentinel spells it", Expr: `CampaignSubtype`}}
	return t
}

var byName = sync.OnceValue(func() map[string]*Table {
	out := map[string]*Table{}
	for _, t := range Schema() {
		out[t.Name] = t
	}
	return out
})

// TableNamed returns the table of Schema with exactly that name.
func TableNamed(name string) (*Table, bool) {
	t, ok := byName()[name]
	return t, ok
}

func table(name, doc string, row any, key ...string) *Table {
	rt := reflect.TypeOf(row)
	t := &Table{Name: name, Group: "Mail", Doc: doc, Collected: true, Key: key, Row: rt}
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
	t.standard()
	return t
}

// in puts the table into a group.
func (t *Table) in(group string) *Table {
	t.Group = group
	return t
}

// standard appends the columns that every table has.
func (t *Table) standard() {
	t.Columns = append(t.Columns,
		Column{Name: "TimeGenerated", Type: Datetime, Alias: "Timestamp", Doc: "The same instant as Timestamp"},
		Column{Name: "TenantId", Type: String, Doc: "Empty: one organisation an installation"},
		Column{Name: "SourceSystem", Type: String, Const: "Tocsin", Doc: "Always Tocsin"},
		Column{Name: "Type", Type: String, Const: t.Name, Doc: "Name of the table"},
	)
}
