package api

import "time"

// HuntAsk is one question in KQL.
type HuntAsk struct {
	Query string    `json:"query" minLength:"1" maxLength:"200000"`
	Check bool      `json:"check,omitempty" doc:"Only compile"`
	From  time.Time `json:"from,omitempty" doc:"Start of every table, included; absent: open"`
	To    time.Time `json:"to,omitempty" doc:"End of every table, excluded; absent: open"`
	Rows  int64     `json:"rows,omitempty" minimum:"0" doc:"At most so many rows; absent, or more than the server allows: what it allows"`
}

type huntInput struct {
	Body HuntAsk
}

// HuntColumn heads one column of the rows.
type HuntColumn struct {
	Name string `json:"name"`
	Type string `json:"type" doc:"KQL type"`
}

// HuntLine is one line of the answer (application/x-ndjson). The first has columns; then one a row; the last has done, or
// error when the store failed on the way.
type HuntLine struct {
	Columns []HuntColumn `json:"columns,omitempty"`
	Notes   []string     `json:"notes,omitempty" doc:"With the columns: what the reader of the rows must know, one sentence each, such as which tables nothing fills"`
	Row     []any        `json:"row,omitempty"`
	Done    *HuntDone    `json:"done,omitempty"`
	Error   string       `json:"error,omitempty"`
}

// HuntDone closes an answer.
type HuntDone struct {
	Rows   int64  `json:"rows"`
	Cut    string `json:"cut,omitempty" doc:"Present when there are more rows than these: one sentence that says which limit cut them off"`
	TookMS int64  `json:"took_ms"`
}

type importInput struct {
	MailFrom   string    `query:"mail_from" maxLength:"320" doc:"Envelope sender; absent: from the headers"`
	Recipients []string  `query:"recipients" maxItems:"1000" doc:"Envelope recipients; absent: from the headers"`
	Time       time.Time `query:"time" doc:"When it arrived; absent: from the headers"`
	FileTime   time.Time `query:"file_time" doc:"Last resort when the headers have no usable time"`
	Source     string    `query:"source" maxLength:"64" default:"import"`
	RawBody    []byte    `contentType:"message/rfc822"`
}

// Imported is the receipt of one message. It is durable when the answer is there.
type Imported struct {
	NetworkMessageID string `json:"network_message_id"`
	Duplicate        bool   `json:"duplicate" doc:"The same message was there already; nothing was added"`
}

// Health is the answer of /healthz and /readyz.
type Health struct {
	Status string   `json:"status" enum:"ok,not ready"`
	Failed []string `json:"failed" doc:"What is not ready, one line each"`
}

type healthOutput struct {
	Status int
	Body   Health
}
