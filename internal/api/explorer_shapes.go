package api

import "time"

// Scope is what every Explorer question shares. The whole of it stands in the address bar.
type Scope struct {
	View string    `query:"view" enum:"all,malware,phish,submissions" default:"all" doc:"Which mail: all, only what was found to be malware or phish, or only what was reported"`
	Q    string    `query:"q" maxLength:"20000" default:"EmailEvents" doc:"Filter as KQL over EmailEvents"`
	From time.Time `query:"from" doc:"Start, RFC 3339, included; absent: open"`
	To   time.Time `query:"to" doc:"End, RFC 3339, excluded; absent: open"`
}

// Asked is how an answer was found.
type Asked struct {
	TookMS int64  `json:"took_ms" doc:"Milliseconds until the answer"`
	KQL    string `json:"kql" doc:"The question as it was run"`
}

// FieldList tells what can be filtered and how the chart can be split.
type FieldList struct {
	Fields []Field `json:"fields"`
	Splits []Split `json:"splits"`
}

// Field is one column of EmailEvents as a filter.
type Field struct {
	Name      string   `json:"name" doc:"Column"`
	Label     string   `json:"label"`
	Type      string   `json:"type" doc:"KQL type: string, datetime, bool, int, long, real, timespan, dynamic"`
	Doc       string   `json:"doc"`
	Group     string   `json:"group" doc:"Heading in the menu of fields"`
	Values    []string `json:"values" doc:"Usual values; empty when free"`
	Facet     bool     `json:"facet" doc:"Worth counting by value"`
	List      bool     `json:"list" doc:"Holds several values"`
	IP        bool     `json:"ip"`
	Operators []string `json:"operators" doc:"Operators of chips that fit the type"`
}

// Split is one way to split the chart.
type Split struct {
	Key   string `json:"key"`
	Label string `json:"label"`
}

type chartInput struct {
	Scope
	Split string `query:"split" maxLength:"64" default:"outcome" doc:"Key of a split"`
}

// Chart is a stacked histogram over time.
type Chart struct {
	From          time.Time     `json:"from"`
	To            time.Time     `json:"to"`
	BucketSeconds int64         `json:"bucket_seconds"`
	Starts        []time.Time   `json:"starts" doc:"Start of each bucket, UTC"`
	Series        []ChartSeries `json:"series" doc:"Split by outcome: blocked, junked, replaced, removed, delivered_threat, delivered, in this order. Else the ten largest, then Other"`
	Total         int64         `json:"total" doc:"Email events"`
	Mailboxes     int64         `json:"mailboxes" doc:"Different recipients"`
	Asked
}

// ChartSeries is one colour of the chart.
type ChartSeries struct {
	Key    string  `json:"key"`
	Label  string  `json:"label"`
	Total  int64   `json:"total"`
	Other  bool    `json:"other,omitempty" doc:"The sum of what is not shown by name; its key means nothing"`
	Counts []int64 `json:"counts" doc:"One a bucket"`
}

type facetInput struct {
	Scope
	Field string `query:"field" required:"true" maxLength:"64" doc:"Column"`
	Order string `query:"order" enum:"top,rare" default:"top"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"10"`
}

// Facet counts the values of one column. Columns that hold lists count each value on its own.
type Facet struct {
	Field    string       `json:"field"`
	Values   []FacetValue `json:"values"`
	Distinct int64        `json:"distinct" doc:"How many different values there are"`
	Asked
}

// FacetValue is one value and how many email events have it.
type FacetValue struct {
	Value string `json:"value"`
	Count int64  `json:"count"`
}

type emailsInput struct {
	Scope
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Cursor string `query:"cursor" maxLength:"4000" doc:"'next' of the page before; empty for the first"`
	Sort   string `query:"sort" maxLength:"64" default:"Timestamp" doc:"Column"`
	Desc   bool   `query:"desc" default:"true"`
}

// EmailPage is one page of email events.
type EmailPage struct {
	Rows []EmailRow `json:"rows"`
	Next string     `json:"next" doc:"Cursor of the next page; empty at the end"`
	Asked
}

// EmailRow is one email event as a grid shows it.
type EmailRow struct {
	Timestamp              time.Time `json:"Timestamp"`
	NetworkMessageId       string    `json:"NetworkMessageId"`
	RecipientEmailAddress  string    `json:"RecipientEmailAddress"`
	Subject                string    `json:"Subject"`
	SenderFromAddress      string    `json:"SenderFromAddress"`
	SenderDisplayName      string    `json:"SenderDisplayName"`
	SenderFromDomain       string    `json:"SenderFromDomain"`
	SenderMailFromAddress  string    `json:"SenderMailFromAddress"`
	SenderIPv4             string    `json:"SenderIPv4"`
	SenderIPv6             string    `json:"SenderIPv6"`
	SenderCountry          string    `json:"SenderCountry"`
	EmailDirection         string    `json:"EmailDirection"`
	ThreatTypes            string    `json:"ThreatTypes" doc:"Verdicts at delivery"`
	LatestThreatTypes      string    `json:"LatestThreatTypes" doc:"Verdicts of the latest judgement"`
	PhishConfidence        string    `json:"PhishConfidence"`
	ThreatScore            int64     `json:"ThreatScore"`
	ThreatNames            string    `json:"ThreatNames"`
	DetectionTechnologies  string    `json:"DetectionTechnologies"`
	FirstSignal            string    `json:"FirstSignal"`
	DeliveryAction         string    `json:"DeliveryAction"`
	DeliveryLocation       string    `json:"DeliveryLocation"`
	LatestDeliveryAction   string    `json:"LatestDeliveryAction"`
	LatestDeliveryLocation string    `json:"LatestDeliveryLocation"`
	AttachmentCount        int64     `json:"AttachmentCount"`
	UrlCount               int64     `json:"UrlCount"`
	EmailLanguage          string    `json:"EmailLanguage"`
	EmailSize              int64     `json:"EmailSize"`
	IsPriorityAccount      bool      `json:"IsPriorityAccount"`
	AuthSPF                string    `json:"AuthSPF"`
	AuthDKIM               string    `json:"AuthDKIM"`
	AuthDMARC              string    `json:"AuthDMARC"`
	Connectors             string    `json:"Connectors"`
	InternetMessageId      string    `json:"InternetMessageId"`
	EmailClusterId         string    `json:"EmailClusterId" doc:"A 64-bit number as text, so that JavaScript keeps every digit"`
	Outcome                string    `json:"outcome" enum:"blocked,junked,replaced,removed,delivered_threat,delivered"`
}

// Count is how much a filter matches.
type Count struct {
	Events    int64 `json:"events" doc:"Email events: one a message and recipient"`
	Mailboxes int64 `json:"mailboxes"`
	Messages  int64 `json:"messages"`
	Estimated bool  `json:"messages_estimated" doc:"messages is an estimate, within about one percent"`
	TookMS    int64 `json:"took_ms"`
}

type scopeInput struct {
	Scope
}

type valueInput struct {
	Scope
	Field string `query:"field" required:"true" maxLength:"64"`
	Value string `query:"value" maxLength:"4000"`
}

// ValueCount is the head of the value menu: how common a value is.
type ValueCount struct {
	Field     string `json:"field"`
	Value     string `json:"value"`
	Events    int64  `json:"events" doc:"Email events with this value, within the filter"`
	Total     int64  `json:"total" doc:"All email events within the filter"`
	Mailboxes int64  `json:"mailboxes" doc:"Recipients of those events"`
}

type urlsInput struct {
	Scope
	Limit int `query:"limit" minimum:"1" maximum:"500" default:"50"`
}

// URLPage is the URLs of the filtered mail, most common first.
type URLPage struct {
	Rows     []URLRow `json:"rows"`
	Distinct int64    `json:"distinct"`
	// Estimated is set for unfiltered questions, where counting exactly would take too long.
	Estimated bool `json:"distinct_estimated" doc:"distinct is an estimate, within about one percent"`
	Asked
}

// URLRow is one URL with what became of the mail that held it.
type URLRow struct {
	Url         string `json:"Url"`
	UrlDomain   string `json:"UrlDomain"`
	UrlLocation string `json:"UrlLocation"`
	Messages    int64  `json:"messages"`
	Events      int64  `json:"events"`
	Blocked     int64  `json:"blocked"`
	Junked      int64  `json:"junked"`
	Removed     int64  `json:"removed"`
	Delivered   int64  `json:"delivered"`
}

type exportInput struct {
	Scope
	Format  string   `query:"format" enum:"csv,json" default:"csv"`
	Columns []string `query:"columns" maxItems:"100" doc:"Comma separated; absent: those of the grid"`
}

// Chip is one condition of a filter.
type Chip struct {
	Field  string   `json:"field" maxLength:"64" doc:"Column; empty when op is kql"`
	Op     string   `json:"op" enum:"is,is_not,contains,not_contains,starts_with,not_starts_with,exists,not_exists,gt,lt,ge,le,in_network,kql"`
	Values []string `json:"values" maxItems:"2000" doc:"Several values mean any of them; with op kql the one condition as text"`
	Names  []string `json:"names,omitempty" maxItems:"2000" doc:"In answers, what values that are ids are called, in their order; empty where that is not known"`
}

// FilterAsk is a filter in one of its two forms.
type FilterAsk struct {
	KQL   string `json:"kql,omitempty" maxLength:"20000" doc:"The filter as text; wins when both are given"`
	Chips []Chip `json:"chips,omitempty" maxItems:"100" doc:"The filter as conditions that must all hold"`
}

type filterInput struct {
	Body FilterAsk
}

// Filter is a filter in both forms.
type Filter struct {
	KQL   string        `json:"kql"`
	Chips []Chip        `json:"chips" doc:"What chips cannot say is one chip with op kql"`
	Error *FilterDefect `json:"error,omitempty" doc:"Absent when the filter is right"`
}

// FilterDefect says what is wrong with a filter or a query, and where.
type FilterDefect struct {
	Line    int    `json:"line" doc:"From 1"`
	Column  int    `json:"column" doc:"From 1, in characters"`
	Offset  int    `json:"offset" doc:"From 0, in octets of UTF-8"`
	End     int    `json:"end,omitempty" doc:"Offset where the wrong part ends; absent when only its start is known"`
	Message string `json:"message"`
	Table   string `json:"table,omitempty" doc:"Set when the only thing wrong is that this installation lacks this table"`
}

// Arrived is the data of the "new" event of the live stream.
type Arrived struct {
	Events int64     `json:"events" doc:"Email events since the message before"`
	Newest time.Time `json:"newest" doc:"Timestamp of the newest of them"`
}

// Coverage says what the figures are about, and where they have gaps.
type Coverage struct {
	Mailboxes   int64      `json:"mailboxes" doc:"Different recipients seen"`
	Sources     []Source   `json:"sources"`
	Oldest      *time.Time `json:"oldest" nullable:"true" doc:"Oldest event kept; null when there is none"`
	Newest      *time.Time `json:"newest" nullable:"true"`
	PendingJobs int64      `json:"pending_jobs" doc:"Messages accepted and not yet judged"`
	AsOf        time.Time  `json:"as_of"`

	Watched []WatchedSystem `json:"watched" doc:"Mail systems whose mailboxes are read"`
}

// WatchedSystem is a mail system whose mailboxes are read, and how it stands. Counts are since the server started.
type WatchedSystem struct {
	Name      string       `json:"name"`
	Mailboxes int          `json:"mailboxes" doc:"That are watched"`
	Listening int          `json:"listening" doc:"Of them, with a connection on which new mail is told at once"`
	Unread    int          `json:"unread" doc:"Of them, not read up to now, or not at the last try"`
	Behind    int          `json:"behind" doc:"Messages seen and not taken in yet"`
	Taken     int64        `json:"taken" doc:"Messages taken in"`
	Known     int64        `json:"known" doc:"Of them, that had been there already"`
	Skipped   int64        `json:"skipped" doc:"Messages that were too large"`
	Looked    *time.Time   `json:"looked" nullable:"true" doc:"When the mailbox was read that waits longest; null: one was never read"`
	LastMail  *time.Time   `json:"last_mail" nullable:"true" doc:"When a message was taken in last"`
	Errors    []WatchError `json:"errors" doc:"Mailboxes that cannot be read, at most ten"`
}

// WatchError is a mailbox that cannot be read, and why.
type WatchError struct {
	Mailbox string `json:"mailbox"`
	Text    string `json:"text"`
}

// Source is where mail comes from.
type Source struct {
	Name       string     `json:"name"`
	Kind       string     `json:"kind" doc:"files, smtp, lmtp, lmtp-proxy, milter, imap, ..."`
	LastEvent  *time.Time `json:"last_event" nullable:"true"`
	LagSeconds float64    `json:"lag_seconds" doc:"Since the last event"`
	State      string     `json:"state" enum:"listening,idle,off,failed"`
}

type searchInput struct {
	Q string `query:"q" required:"true" maxLength:"2000" doc:"An address, domain, URL, hash, message id, IP address, or words of a subject"`
}

// SearchHit is what the global search opens in Explorer.
type SearchHit struct {
	Kind    string `json:"kind" enum:"address,domain,url,hash,message_id,network_message_id,ip,text"`
	Q       string `json:"q" doc:"KQL that finds it"`
	Matches int64  `json:"matches" doc:"Email events"`
}
