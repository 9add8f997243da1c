package api

import (
	"time"

	"tocsin/internal/tracker"
)

// TrackerFigure is a number, and the question whose rows it counts.
type TrackerFigure struct {
	Value    int64         `json:"value"`
	KQL      string        `json:"kql" doc:"Its rows in [from, to) are the value"`
	From     time.Time     `json:"from"`
	To       time.Time     `json:"to"`
	Explorer *ExplorerLink `json:"explorer,omitempty" doc:"Where Explorer shows it; absent when the query is more than a filter over EmailEvents"`
}

// NoteworthyEntry is a question worth asking now.
type NoteworthyEntry struct {
	ID        string          `json:"id"`
	Title     string          `json:"title"`
	Why       string          `json:"why"`
	Article   string          `json:"article" doc:"Markdown: why, what to look for, what to do"`
	Threat    string          `json:"threat" doc:"Id of an article of the threat library; empty: none"`
	Technique string          `json:"technique" doc:"MITRE ATT&CK"`
	Query     string          `json:"query"`
	Added     *time.Time      `json:"added,omitempty"`
	Expires   *time.Time      `json:"expires,omitempty"`
	Source    string          `json:"source" doc:"Tocsin, or the feed that brought it"`
	Told      *NoteworthyTold `json:"told,omitempty" doc:"What the feed says of it; absent: it ships with Tocsin"`
	Over      bool            `json:"over" doc:"Its time is past: it is not asked any more"`
	Error     string          `json:"error" doc:"Why it could not be asked"`
	Figures   []TrackerFigure `json:"figures" doc:"The last 24 hours, 7 days and 30 days; empty when it was not asked"`
	Days      []int64         `json:"days" doc:"The last 30 times 24 hours, oldest first; empty when only the sums are known"`
}

// NoteworthyTold is what a feed says of something that happened elsewhere. All text is a stranger's, and none of it is markup.
type NoteworthyTold struct {
	Feed   string           `json:"feed" doc:"Id of the feed"`
	Kind   string           `json:"kind" enum:"Report,Grouping,Campaign,MISP event"`
	TLP    string           `json:"tlp" enum:",clear,green,amber,amber+strict,red" doc:"Empty: nobody said"`
	Labels []string         `json:"labels" doc:"Types of the report, threat level, tags"`
	Names  []NoteworthyName `json:"names" doc:"Families, actors, campaigns and techniques that it names"`
	Counts string           `json:"counts" doc:"What the figures count"`
}

// NoteworthyName is a threat that a report names.
type NoteworthyName struct {
	Type   string `json:"type" doc:"Of STIX: malware, tool, intrusion-set, threat-actor, campaign, attack-pattern"`
	Name   string `json:"name"`
	Attack string `json:"attack" doc:"MITRE ATT&CK; empty: none"`
	Threat string `json:"threat" doc:"Id of an article of the threat library; empty: none"`
}

// Noteworthy is the answer.
type Noteworthy struct {
	To      time.Time         `json:"to" doc:"The ranges end here; an answer is shown again for two minutes"`
	Entries []NoteworthyEntry `json:"entries"`
	Refused []string          `json:"refused" doc:"What feeds brought and cannot be shown"`
}

type trendingInput struct {
	Period string `query:"period" enum:"day,week,month" default:"week" doc:"A day is compared with the same day of earlier weeks, a week with the weeks before, a month (28 days) with the months before"`
}

// TrendArithmetic says how unusual a count is.
type TrendArithmetic struct {
	Count    int64   `json:"count"`
	Past     []int64 `json:"past" doc:"Of the periods before, oldest first"`
	Expected float64 `json:"expected"`
	Spread   float64 `json:"spread" doc:"Standard deviation"`
	Chance   float64 `json:"chance" doc:"Of a count at least as high, if nothing changed"`
}

// Trend is one value that is new or grew.
type Trend struct {
	Value      string          `json:"value"`
	Label      string          `json:"label"`
	New        bool            `json:"new" doc:"It was not there in all the time that is compared with"`
	Arithmetic TrendArithmetic `json:"arithmetic"`
	Figure     TrackerFigure   `json:"figure"`
}

// TrendGroup is the trends of one column.
type TrendGroup struct {
	Key      string  `json:"key" enum:"families,campaigns,technologies,signals,senders,files"`
	Title    string  `json:"title"`
	Compared int     `json:"compared" doc:"Values that were looked at: those with at least 3 events now"`
	Most     bool    `json:"most" doc:"There are more; the most frequent were looked at"`
	Trends   []Trend `json:"trends" doc:"New ones first, then the least likely"`
}

// TrendSpan is a period that was compared with.
type TrendSpan struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Trending is the answer.
type Trending struct {
	Period    string          `json:"period"`
	From      time.Time       `json:"from"`
	To        time.Time       `json:"to" doc:"The last full hour"`
	Past      []TrendSpan     `json:"past" doc:"Oldest first"`
	Empty     int             `json:"empty" doc:"Periods that are left out because no mail at all is there"`
	Oldest    *time.Time      `json:"oldest,omitempty" doc:"The oldest mail; absent: there is none"`
	Enough    bool            `json:"enough" doc:"There is enough of a past to say what is new"`
	Say       string          `json:"say" doc:"What is missing"`
	All       TrendArithmetic `json:"all" doc:"All email events"`
	AllFigure TrackerFigure   `json:"all_figure"`
	Groups    []TrendGroup    `json:"groups"`
}

// TrackedRun is one look of a tracked query.
type TrackedRun struct {
	Slot   time.Time `json:"slot" doc:"End of the range that it counted"`
	From   time.Time `json:"from"`
	At     time.Time `json:"at" doc:"When it ran"`
	Count  int64     `json:"count"`
	TookMS int64     `json:"took_ms"`
	Error  string    `json:"error" doc:"Empty when it has an answer"`
	Missed int       `json:"missed" doc:"Runs before it that did not take place, because the server did not run; it makes up for them"`
	Held   bool      `json:"held" doc:"It was over the threshold"`
	ByHand bool      `json:"by_hand"`
}

// Tracked is a saved query on a schedule.
type Tracked struct {
	ID            string         `json:"id"`
	QueryID       string         `json:"query_id"`
	Name          string         `json:"name" doc:"Of the saved query"`
	Query         string         `json:"query" doc:"Empty when it is gone or not shared with whoever asks"`
	Owner         string         `json:"owner" doc:"As whom it runs"`
	Own           bool           `json:"own"`
	CanChange     bool           `json:"can_change"`
	EverySeconds  int64          `json:"every_seconds"`
	WindowSeconds int64          `json:"window_seconds" doc:"Each run counts so far back"`
	Condition     string         `json:"condition" enum:"Never,Above,Grows"`
	Threshold     int64          `json:"threshold"`
	Severity      string         `json:"severity" enum:"Informational,Low,Medium,High"`
	Category      string         `json:"category"`
	On            bool           `json:"on"`
	Stopped       string         `json:"stopped" doc:"Why it stopped by itself; empty: it did not"`
	Waiting       string         `json:"waiting" doc:"Why the run that is due has no answer yet"`
	Next          *time.Time     `json:"next,omitempty" doc:"Absent: it does not run"`
	Last          *TrackedRun    `json:"last,omitempty" doc:"Absent: it never ran"`
	Held          bool           `json:"held" doc:"It is over its threshold"`
	Alert         string         `json:"alert" doc:"Id of the alert that it raised last; empty: none"`
	Figure        *TrackerFigure `json:"figure,omitempty" doc:"The last count"`
	DayBefore     *int64         `json:"day_before,omitempty" doc:"The count a day before the last; absent: there is none"`
	WeekBefore    *int64         `json:"week_before,omitempty"`
	Recent        []int64        `json:"recent" doc:"The last counts, oldest first, 48 at most"`
	Created       time.Time      `json:"created"`
	Updated       time.Time      `json:"updated"`
	Revision      int64          `json:"revision" doc:"Give it back with a change"`
}

type trackedInput struct {
	ID string `path:"id" maxLength:"100"`
}

type trackedHistoryInput struct {
	ID    string    `path:"id" maxLength:"100"`
	From  time.Time `query:"from"`
	To    time.Time `query:"to"`
	Limit int       `query:"limit" minimum:"1" maximum:"10000" default:"2000"`
}

// TrackedHistory is what runs counted.
type TrackedHistory struct {
	Runs []TrackedRun `json:"runs" doc:"Oldest first; the newest when there are more than asked for"`
}

// TrackedAsk says when a saved query runs and what it raises.
type TrackedAsk struct {
	EverySeconds  int64  `json:"every_seconds" doc:"900, 1800, 3600, 7200, 14400, 21600, 43200 or 86400"`
	WindowSeconds int64  `json:"window_seconds" doc:"At least every_seconds, at most 30 days"`
	Condition     string `json:"condition" enum:"Never,Above,Grows"`
	Threshold     int64  `json:"threshold,omitempty" minimum:"0" doc:"Above: more than this. Grows: at least this, and unusually many"`
	Severity      string `json:"severity,omitempty" enum:"Informational,Low,Medium,High" default:"Medium"`
	Category      string `json:"category,omitempty" maxLength:"100"`
	On            bool   `json:"on"`
}

// TrackedNew tracks a saved query.
type TrackedNew struct {
	TrackedAsk
	QueryID string `json:"query_id" maxLength:"100"`
}

type trackedNewInput struct{ Body TrackedNew }

// TrackedChange changes a tracker. Everything is given.
type TrackedChange struct {
	TrackedAsk
	Revision int64 `json:"revision" doc:"That was looked at: 409 when somebody changed it since"`
}

type trackedChangeInput struct {
	ID   string `path:"id" maxLength:"100"`
	Body TrackedChange
}

func trackedOf(t *tracker.Tracked) Tracked {
	out := Tracked{
		ID: t.ID, QueryID: t.QueryID, Name: t.Name, Owner: t.Owner, EverySeconds: int64(t.Every / time.Second), WindowSeconds: int64(t.Window / time.Second), Condition: string(t.Condition),
		Threshold: t.Threshold, Severity: string(t.Severity), Category: t.Category, On: t.On, Stopped: t.Stopped, Waiting: t.Waiting, Held: t.Held, Alert: t.AlertID, Recent: []int64{},
		Created: t.Created, Updated: t.Updated, Revision: t.Revision,
	}
	if t.On && t.Stopped == "" {
		out.Next = maybeTime(t.Next)
	}
	if !t.Last.Slot.IsZero() {
		out.Last = trackedRunOf(&t.Last)
	}
	return out
}

func trackedRunOf(r *tracker.Run) *TrackedRun {
	return &TrackedRun{Slot: r.Slot, From: r.From, At: r.At, Count: r.Count, TookMS: r.Took.Milliseconds(), Error: r.Error, Missed: r.Missed, Held: r.Held, ByHand: r.Hand}
}
