package dashboard

import "time"

// Posture is how the installation stands, as far as insights look at it.
type Posture struct {
	Domains  []string // of the organisation, lower case
	Watching bool     // the policy only watches
	Engines  []EngineState
	Rules    []RuleState // written by this organisation and at work
}

// EngineState is an engine that is set up.
type EngineState struct {
	Name    string
	Away    bool // it does not answer
	Since   time.Time
	Problem string // what it said last
}

// RuleState is a rule of the organisation.
type RuleState struct {
	ID, Title string
	Since     time.Time // at work in its present form
	Weight    int
}
