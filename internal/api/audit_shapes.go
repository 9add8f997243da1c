package api

import (
	"encoding/json"
	"time"
)

// AuditFilter picks records.
type AuditFilter struct {
	From     time.Time `query:"from" doc:"RFC 3339; absent: from the first"`
	To       time.Time `query:"to" doc:"Exclusive; absent: to the last"`
	Operator string    `query:"operator" maxLength:"200" doc:"Part of the operator's address"`
	Actions  []string  `query:"action" maxItems:"100" doc:"Comma separated; absent: all. GET /audit/actions lists them"`
	Subject  string    `query:"subject" maxLength:"1000" doc:"Part of what it was done to"`
	Text     string    `query:"text" maxLength:"200" doc:"Part of anything that was written down"`
}

type auditInput struct {
	AuditFilter
	Cursor int64 `query:"cursor" minimum:"0" doc:"'next' of the page before; only older records"`
	Limit  int   `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

type auditExportInput struct {
	AuditFilter
}

type auditRecordInput struct {
	Seq int64 `path:"seq" minimum:"1"`
}

// AuditLine is one record in a list.
type AuditLine struct {
	Seq        int64     `json:"seq" doc:"Rises by one from record to record"`
	At         time.Time `json:"at"`
	OperatorID string    `json:"operator_id" doc:"Empty for the local command line, for Tocsin itself and for refused sign-ins"`
	Operator   string    `json:"operator" doc:"Address, or the name of who acted"`
	Via        string    `json:"via" doc:"session, token, local, console, upgrade"`
	Address    string    `json:"address" doc:"Of the client"`
	Action     string    `json:"action"`
	Subject    string    `json:"subject" doc:"What it was done to: a network message id, a query, a rule ..."`
	Recipient  string    `json:"recipient" doc:"Whose copy, for mail"`
	Reason     string    `json:"reason" doc:"As the operator gave it"`
}

// AuditRecord is one record with everything that was written down.
type AuditRecord struct {
	AuditLine
	Detail json.RawMessage `json:"detail" doc:"What else was written down; a change has before and after"`
	Prev   string          `json:"prev" doc:"Hash of the record before, hex"`
	Hash   string          `json:"hash" doc:"SHA-256 of this one, hex; docs/design/audit.md says over what"`
	Fits   bool            `json:"fits" doc:"The record fits its hash"`
}

// AuditPage is a page of records, newest first.
type AuditPage struct {
	Records []AuditLine `json:"records"`
	Next    int64       `json:"next" doc:"'cursor' of the next page; 0 when this is the last"`
}

// AuditCheckpoint says up to which record the log is signed.
type AuditCheckpoint struct {
	Number int64     `json:"number"`
	Seq    int64     `json:"seq"`
	At     time.Time `json:"at"`
}

// AuditProblem is one thing that is wrong with the log.
type AuditProblem struct {
	Kind   string     `json:"kind" enum:"changed,removed,inserted,moved,forked,signed"`
	Seq    int64      `json:"seq" doc:"Of the record; 0 when it is about something else"`
	At     *time.Time `json:"at" nullable:"true"`
	Action string     `json:"action"`
	Text   string     `json:"text" doc:"All of it in one sentence"`
}

// AuditState is how the last check of the log ended.
type AuditState struct {
	State       string           `json:"state" enum:"unchecked,whole,damaged,failed" doc:"failed: it could not be checked"`
	Checked     *time.Time       `json:"checked" nullable:"true"`
	TookMS      int64            `json:"took_ms"`
	Records     int64            `json:"records" doc:"That were checked"`
	First       int64            `json:"first" doc:"Number of the first of them"`
	Verified    int64            `json:"verified" doc:"Number of the last of them"`
	From        *time.Time       `json:"from" nullable:"true" doc:"Time of the first of them"`
	To          *time.Time       `json:"to" nullable:"true" doc:"Time of the last of them"`
	Anchor      int64            `json:"anchor" doc:"Records up to this one were removed as their retention says; 0: none"`
	Checkpoints int              `json:"checkpoints" doc:"That were compared"`
	Holding     int              `json:"holding" doc:"Of them, those that the log fits"`
	Wrong       int              `json:"wrong" doc:"How many problems there are"`
	Problems    []AuditProblem   `json:"problems" doc:"The first hundred"`
	Notes       []string         `json:"notes" doc:"Files of checkpoints that cannot be written"`
	Error       string           `json:"error" doc:"Why it could not be checked"`
	Last        int64            `json:"last" doc:"Number of the last record now"`
	Checkpoint  *AuditCheckpoint `json:"checkpoint,omitempty" doc:"The newest one that was signed"`
	Key         string           `json:"key" doc:"ID of the key that signs"`
	KeptDays    int              `json:"kept_days" doc:"How long records are kept; 0: for ever"`
}
