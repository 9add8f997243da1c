package dashboard

import "time"

// Figure is one number. What it counts is email events (one message to one recipient) unless its place says something else.
type Figure struct {
	Value    int64          `json:"value"`
	Previous *int64         `json:"previous,omitempty" doc:"The same in the period of equal length before; absent where nothing is compared"`
	KQL      string         `json:"kql" doc:"The question that gives this number, to be run in Hunting; empty when it is not counted in the event store"`
	Explorer *ExplorerState `json:"explorer,omitempty" doc:"Explorer's state that shows what was counted: its count is the value"`
	Page     string         `json:"page,omitempty" doc:"Page of Tocsin that shows what was counted, with its filter, as path and query: its count is the value"`
	Gaps     []string       `json:"gaps" doc:"Ids of those gaps in coverage that concern this number"`
}

// ExplorerState is what stands in Explorer's address.
type ExplorerState struct {
	View string    `json:"view" enum:"all,malware,phish,submissions"`
	Q    string    `json:"q" doc:"Filter as KQL over EmailEvents"`
	From time.Time `json:"from" doc:"Included"`
	To   time.Time `json:"to" doc:"Excluded"`
}

// Trend is numbers over time, split into series.
type Trend struct {
	BucketSeconds int64         `json:"bucket_seconds"`
	Starts        []time.Time   `json:"starts" doc:"Start of each bucket, UTC. The first and the last hold only what lies in the range; the state of one bucket is the series' own with from and to narrowed to it"`
	Series        []TrendSeries `json:"series"`
}

// TrendSeries is one line of a trend. Total is its figure over the whole range.
type TrendSeries struct {
	Key    string  `json:"key"`
	Label  string  `json:"label"`
	Total  Figure  `json:"total"`
	Counts []int64 `json:"counts" doc:"One a bucket"`
}

// Card is a figure with its meaning and its line.
type Card struct {
	Key    string  `json:"key"`
	Label  string  `json:"label"`
	Says   string  `json:"says" doc:"What exactly is counted, one sentence"`
	Figure Figure  `json:"figure"`
	Counts []int64 `json:"counts" doc:"The number bucket by bucket, for a small line; the buckets are those of the widget"`

	Details []Detail `json:"details" doc:"Further numbers beside it, which are not part of it"`
}

// Ranked is one value of a list, with what belongs to it.
type Ranked struct {
	Value   string   `json:"value"`
	Label   string   `json:"label" doc:"What people call it; the value when there is no other name"`
	Figure  Figure   `json:"figure"`
	Details []Detail `json:"details" doc:"Further numbers of the same value"`
}

// Detail is a further number beside a figure.
type Detail struct {
	Key    string `json:"key"`
	Label  string `json:"label"`
	Figure Figure `json:"figure"`
}

// Gap is something that the figures do not know.
type Gap struct {
	ID   string `json:"id" doc:"since, pending, silent:<source>, geoip, files, visits, clicks, ..."`
	Text string `json:"text" doc:"One sentence"`
	Page string `json:"page,omitempty" doc:"Where to do something about it"`
}

// Coverage is what the figures rest on.
type Coverage struct {
	Oldest  *time.Time `json:"oldest" nullable:"true" doc:"Oldest event kept; null when there is none"`
	Newest  *time.Time `json:"newest" nullable:"true"`
	Sources int        `json:"sources" doc:"Sources that sent mail or listen for it"`
	Gaps    []Gap      `json:"gaps" doc:"Empty: nothing is known to be missing"`
}
