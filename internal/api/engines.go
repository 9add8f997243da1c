package api

import (
	"context"
	"time"
)

// Engines is how it stands with everything that is asked about files and links beside Tocsin's own judgement.
type Engines struct {
	Since   time.Time `json:"since" doc:"Start of the server: what is counted is counted from then on"`
	Queue   int64     `json:"queue" doc:"Messages whose files and links wait for the sandbox or the browser"`
	Engines []Engine  `json:"engines" doc:"ClamAV, YARA, the sandbox and page visits, set up or not"`
}

// Engine is one of them.
type Engine struct {
	Key        string        `json:"key" enum:"clamav,yara,cape,pages"`
	Name       string        `json:"name"`
	State      string        `json:"state" enum:"off,unknown,answering,away" doc:"off: not set up. unknown: set up and not asked yet"`
	Setting    string        `json:"setting" doc:"Setting that sets it up"`
	Value      string        `json:"value" doc:"What stands there; empty when it is off"`
	Missing    string        `json:"missing" doc:"What this binary or machine lacks for it, when it is off; empty: nothing"`
	Since      *time.Time    `json:"since" nullable:"true" doc:"When the state was first noticed"`
	Checked    *time.Time    `json:"checked" nullable:"true" doc:"When it was last asked something"`
	Problem    string        `json:"problem" doc:"What it, or the way to it, said when it did not answer"`
	Version    string        `json:"version" doc:"As it says; empty when it does not"`
	Signatures *time.Time    `json:"signatures" nullable:"true" doc:"When its signatures were made, if it says so"`
	Rules      int           `json:"rules" doc:"Of YARA: at work"`
	Aside      []EngineAside `json:"aside" doc:"Of YARA: files of rules that are set aside"`
	Asked      int64         `json:"asked" doc:"Files, messages or links that it was asked about since the start"`
	Found      int64         `json:"found" doc:"Of those, with a threat; of a sandbox and of visits: of all answers kept"`
	Failed     int64         `json:"failed" doc:"Of those, without an answer"`
	Waiting    int64         `json:"waiting" doc:"Of a sandbox: files that it still works on"`
	Kept       int64         `json:"kept" doc:"Of a sandbox and of visits: answers that are kept"`
}

// EngineAside is a file of rules that is not used.
type EngineAside struct {
	File string `json:"file"`
	Line int    `json:"line" doc:"0: none"`
	Why  string `json:"why"`
}

func (s *Server) engines(ctx context.Context, _ *Nothing) (*Reply[Engines], error) {
	out, err := s.deps.Engines(ctx)
	return &Reply[Engines]{out}, err
}
