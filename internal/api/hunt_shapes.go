package api

import (
	"time"
)

// HuntAsk is one question in KQL.
type HuntAsk struct {
	Query string    `json:"query" minLength:"1" maxLength:"200000"`
	Check bool      `json:"check,omitempty" doc:"Only compile: one line with the columns, nothing is run or recorded"`
	From  time.Time `json:"from,omitempty" doc:"Start of every table, included; absent: open"`
	To    time.Time `json:"to,omitempty" doc:"End of every table, excluded; absent: open"`
	Limit int       `json:"limit,omitempty" minimum:"1" maximum:"10000000" doc:"At most so many rows; absent, or more than the server allows: what the server allows"`
	ID    string    `json:"id,omitempty" pattern:"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$" doc:"UUID to cancel it by; absent: the server makes one"`
}

type huntInput struct {
	Body HuntAsk
}

// HuntColumn heads one column of the rows.
type HuntColumn struct {
	Name string `json:"name"`
	Type string `json:"type" doc:"KQL type"`
}

// HuntLine is one line of the answer (application/x-ndjson). The first has columns and what else is known before a row is read;
// then one a row; the last has done, or error.
type HuntLine struct {
	Columns  []HuntColumn `json:"columns,omitempty"`
	Render   *HuntRender  `json:"render,omitempty" doc:"First line: the chart that the query asks for"`
	ID       string       `json:"id,omitempty" doc:"First line: id of the run; absent when only checked"`
	Tables   []string     `json:"tables,omitempty" doc:"First line: tables that are read"`
	Explorer string       `json:"explorer,omitempty" doc:"First line: the query as Explorer's filter, when it is one"`
	Withheld []string     `json:"withheld,omitempty" doc:"First line: columns of these tables that were left out because they quote messages and the permission email.preview is missing"`
	Notes    []string     `json:"notes,omitempty" doc:"First line: what the reader of the rows must know, one sentence each, such as which tables nothing fills"`
	Row      []any        `json:"row,omitempty"`
	Done     *HuntDone    `json:"done,omitempty"`
	Error    string       `json:"error,omitempty" doc:"Last line: why there is no end; 'cancelled' when somebody stopped it"`
	Reason   string       `json:"reason,omitempty" enum:"cancelled,time,memory,busy,value,stopping,failed" doc:"With error"`
}

// HuntRender is how the query wants to be drawn.
type HuntRender struct {
	Kind       string         `json:"kind" doc:"As written: table, columnchart, timechart, ..."`
	Title      string         `json:"title,omitempty"`
	Properties HuntProperties `json:"properties"`
}

// HuntProperties are those of render, as written; lists where several columns can be named.
type HuntProperties struct {
	Kind       string   `json:"kind,omitempty" doc:"default, unstacked, stacked, stacked100"`
	XColumn    string   `json:"xcolumn,omitempty"`
	YColumns   []string `json:"ycolumns,omitempty"`
	Series     []string `json:"series,omitempty"`
	XTitle     string   `json:"xtitle,omitempty"`
	YTitle     string   `json:"ytitle,omitempty"`
	XAxis      string   `json:"xaxis,omitempty" doc:"linear or log"`
	YAxis      string   `json:"yaxis,omitempty"`
	Legend     string   `json:"legend,omitempty" doc:"visible or hidden"`
	Accumulate string   `json:"accumulate,omitempty" doc:"true or false"`
	YMin       string   `json:"ymin,omitempty"`
	YMax       string   `json:"ymax,omitempty"`
	YSplit     string   `json:"ysplit,omitempty" doc:"none, axes, panels"`
}

// HuntDone closes an answer.
type HuntDone struct {
	Rows   int64  `json:"rows"`
	TookMS int64  `json:"took_ms"`
	Cut    string `json:"cut,omitempty" doc:"Present when there are more rows than these: one sentence that says which limit cut them off"`
}

// HuntRun is a query that is being answered.
type HuntRun struct {
	ID       string    `json:"id"`
	Query    string    `json:"query"`
	Started  time.Time `json:"started"`
	Rows     int64     `json:"rows" doc:"Sent so far"`
	Operator string    `json:"operator" doc:"Email address"`
	Own      bool      `json:"own"`
}

type huntIDInput struct {
	ID string `path:"id" maxLength:"36" doc:"Id of the run"`
}

// HuntSchema is what can be asked.
type HuntSchema struct {
	Tables    []HuntTable    `json:"tables"`
	Functions []HuntFunction `json:"functions"`
	Limits    HuntLimits     `json:"limits"`
}

// HuntLimits are those of one operator.
type HuntLimits struct {
	Concurrent int   `json:"concurrent" doc:"Queries of yours at a time"`
	Seconds    int   `json:"seconds" doc:"Of one query"`
	Rows       int64 `json:"rows" doc:"Of one result"`
}

// HuntTable is one table.
type HuntTable struct {
	Name      string            `json:"name"`
	Doc       string            `json:"doc"`
	Group     string            `json:"group" doc:"Heading for tables that belong together: Mail, Identities, Devices, ..."`
	Collected bool              `json:"collected" doc:"This installation fills it; the others are empty"`
	Legacy    bool              `json:"legacy,omitempty" doc:"An earlier name of a table, kept for old queries"`
	Columns   []HuntTableColumn `json:"columns"`
}

// HuntTableColumn is one column of a table.
type HuntTableColumn struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Doc     string   `json:"doc"`
	Values  []string `json:"values,omitempty" doc:"Usual values"`
	Samples []string `json:"samples,omitempty" doc:"Not filled here; GET /hunt/samples has them"`
	Legacy  bool     `json:"legacy,omitempty" doc:"An earlier name, kept for old queries; no answer shows it by itself"`
	Content bool     `json:"content,omitempty" doc:"Quotes messages: needs the permission email.preview"`
	May     bool     `json:"may" doc:"The operator may read it"`
}

// HuntFunction is a function of the language.
type HuntFunction struct {
	Name      string `json:"name"`
	Signature string `json:"signature" doc:"As in substring(string, long, [long])"`
	Doc       string `json:"doc,omitempty"`
	Aggregate bool   `json:"aggregate,omitempty"`
}

type huntSamplesInput struct {
	Table  string `query:"table" required:"true" maxLength:"64"`
	Column string `query:"column" required:"true" maxLength:"64"`
}

// HuntSamples are values that are there.
type HuntSamples struct {
	Table  string   `json:"table"`
	Column string   `json:"column"`
	Values []string `json:"values" doc:"Up to 8 of the last 30 days, most common first; none for times and for long texts"`
}

// HuntLibraryQuery is one query that ships with Tocsin.
type HuntLibraryQuery struct {
	Folder      string `json:"folder" doc:"The question that it belongs to"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Query       string `json:"query"`
	Technique   string `json:"technique,omitempty" doc:"MITRE ATT&CK, as T1566.002"`
}

// HuntSave is a query to keep.
type HuntSave struct {
	Name        string `json:"name" minLength:"1" maxLength:"120"`
	Description string `json:"description,omitempty" maxLength:"2000"`
	Folder      string `json:"folder,omitempty" maxLength:"120"`
	Query       string `json:"query" minLength:"1" maxLength:"200000" doc:"Kept as written; it need not be right"`
	Shared      bool   `json:"shared,omitempty" doc:"Everybody who hunts sees it"`
}

// HuntChange is a new version of a kept query.
type HuntChange struct {
	HuntSave
	Revision int64 `json:"revision" minimum:"1" doc:"Which revision was changed; 409 when it is not the newest any more"`
}

type huntSaveInput struct {
	Body HuntSave
}

type huntChangeInput struct {
	ID   string `path:"id" maxLength:"36"`
	Body HuntChange
}

type huntSavedInput struct {
	ID string `path:"id" maxLength:"36"`
}

// HuntSavedRun is what a run of a saved query can be told.
type HuntSavedRun struct {
	From  time.Time `json:"from,omitempty" doc:"Start of every table, included; absent: open"`
	To    time.Time `json:"to,omitempty" doc:"End of every table, excluded; absent: open"`
	Limit int       `json:"limit,omitempty" minimum:"1" maximum:"10000000" doc:"At most so many rows"`
	ID    string    `json:"id,omitempty" pattern:"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$" doc:"UUID to cancel it by"`
}

type huntSavedRunInput struct {
	ID   string `path:"id" maxLength:"36"`
	Body HuntSavedRun
}

// HuntSaved is a query that somebody kept.
type HuntSaved struct {
	ID          string    `json:"id" doc:"UUIDv7"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Folder      string    `json:"folder"`
	Query       string    `json:"query"`
	Shared      bool      `json:"shared"`
	Owner       string    `json:"owner" doc:"Email address"`
	Own         bool      `json:"own"`
	Created     time.Time `json:"created"`
	Updated     time.Time `json:"updated"`
	Revision    int64     `json:"revision" doc:"Rises with each change"`
}

type huntHistoryInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" maxLength:"100" doc:"'next' of the page before; empty for the first"`
}

// HuntHistory is one page of what the operator ran, newest first.
type HuntHistory struct {
	Runs []HuntPast `json:"runs"`
	Next string     `json:"next" doc:"Cursor of the next page; empty at the end"`
}

// HuntPast is a run that is over.
type HuntPast struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at" doc:"When it began"`
	Query   string    `json:"query"`
	Rows    int64     `json:"rows"`
	TookMS  int64     `json:"took_ms"`
	Outcome string    `json:"outcome" enum:"done,error,cancelled,cut"`
	Error   string    `json:"error,omitempty"`
}

// huntRow is a HuntLine with a row, without the fields that rows never have.
type huntRow struct {
	Row []any `json:"row"`
}
