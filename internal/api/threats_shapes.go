package api

import (
	"time"

	"tocsin/internal/threat"
)

// ThreatBrief is a threat in few words.
type ThreatBrief struct {
	ID      string   `json:"id"`
	Kind    string   `json:"kind" enum:"family,campaign,actor,technique"`
	Name    string   `json:"name"`
	Aliases []string `json:"aliases"`
	Attack  []string `json:"attack" doc:"Ids of ATT&CK: techniques T..., software S..., groups G..., campaigns C..."`
	Tags    []string `json:"tags"`
	Summary string   `json:"summary" doc:"First paragraph of the article; plain text that a feed may have written"`
	Source  string   `json:"source" doc:"Feed that told of it; empty: the article ships with Tocsin"`
	Updated string   `json:"updated" doc:"Day of the article, 2026-11-20"`
}

func briefOf(t *threat.Threat) ThreatBrief {
	out := ThreatBrief{ID: t.ID, Kind: string(t.Kind), Name: t.Name, Aliases: list(t.Aliases), Attack: list(t.Attack), Tags: list(t.Tags), Summary: t.Summary(), Source: t.Source}
	if !t.Updated.IsZero() {
		out.Updated = t.Updated.Format(time.DateOnly)
	}
	return out
}

// ThreatCount is how much mail of a threat there was in a range of time.
type ThreatCount struct {
	Events int64      `json:"events" doc:"Email events in the range"`
	Before int64      `json:"before" doc:"Email events in the range of the same length before it"`
	First  *time.Time `json:"first" nullable:"true" doc:"Oldest of both ranges; null: none"`
	Last   *time.Time `json:"last" nullable:"true" doc:"Newest; null: none"`
	Filter string     `json:"filter" doc:"The same mail as Explorer's filter; empty: no name or signal shows this threat"`
}

func (s *Server) countOf(t *threat.Threat, c threat.Count) ThreatCount {
	return ThreatCount{Events: c.Events, Before: c.Before, First: instant(c.First), Last: instant(c.Last), Filter: t.Filter()}
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// ThreatLine is one threat in a list.
type ThreatLine struct {
	ThreatBrief
	Seen ThreatCount `json:"seen"`
}

// Threats is a list: those that were seen first, most mail first, then by name.
type Threats struct {
	Threats  []ThreatLine   `json:"threats" doc:"At most 500"`
	Found    int            `json:"found" doc:"How many fit the filter"`
	Total    int            `json:"total" doc:"How many are known"`
	Seen     int            `json:"seen" doc:"How many of those known were seen in the range"`
	Kinds    map[string]int `json:"kinds" doc:"Known threats by kind"`
	Tags     []ThreatTag    `json:"tags" doc:"Tags in use, the commonest first, 40 at most"`
	From     time.Time      `json:"from"`
	To       time.Time      `json:"to"`
	Compared bool           `json:"compared" doc:"Mail is kept from the whole range before; else before says nothing"`
	Cut      bool           `json:"cut" doc:"Mail was marked in more ways than are counted; figures can be too low"`
	Asked
}

// ThreatTag is a tag and how many threats have it.
type ThreatTag struct {
	Tag     string `json:"tag"`
	Threats int    `json:"threats"`
}

// ThreatRange is the range of time of a question about threats.
type ThreatRange struct {
	From time.Time `query:"from" doc:"Start, RFC 3339, included; absent: 30 days before the end"`
	To   time.Time `query:"to" doc:"End, RFC 3339, excluded; absent: now"`
}

type threatsInput struct {
	ThreatRange
	Search string `query:"search" maxLength:"200" doc:"Text in name, aliases, tags, ATT&CK ids or summary"`
	Kind   string `query:"kind" enum:"family,campaign,actor,technique,"`
	Tag    string `query:"tag" maxLength:"60"`
	Seen   bool   `query:"seen" doc:"Only what was seen in the range"`
}

// ThreatArticle is one threat with its article.
type ThreatArticle struct {
	ThreatBrief
	Sections   []ThreatSection   `json:"sections"`
	Detections []ThreatDetection `json:"detections" doc:"Signals, rules and technologies of the judge that have to do with it"`
	Related    []ThreatBrief     `json:"related"`
	Filter     string            `json:"filter" doc:"Its mail as Explorer's filter; empty: no name or signal shows this threat"`
}

// ThreatSection is a part of an article.
type ThreatSection struct {
	Title  string        `json:"title"`
	Blocks []ThreatBlock `json:"blocks"`
}

// ThreatBlock is a paragraph, a point of a list, or a query.
type ThreatBlock struct {
	Kind  string       `json:"kind" enum:"text,item,kql"`
	Spans []ThreatSpan `json:"spans"`
	KQL   string       `json:"kql"`
}

// ThreatSpan is a piece of a paragraph. It is text: nothing in it is markup.
type ThreatSpan struct {
	Text   string `json:"text"`
	Code   bool   `json:"code"`
	Threat string `json:"threat" doc:"Id of the article that it leads to; empty: none"`
}

// ThreatDetection is a part of the judge that speaks on such mail.
type ThreatDetection struct {
	ID      string `json:"id"`
	Kind    string `json:"kind" enum:"rule,signal,technology"`
	Title   string `json:"title" doc:"What it claims"`
	Threat  string `json:"threat" doc:"Malware, Phish, Spam; empty for a technology"`
	Counted bool   `json:"counted" doc:"Mail with it counts as seen; else it speaks on other mail as well"`
	Missing bool   `json:"missing" doc:"A rule that is turned off or removed here"`
}

// ThreatInput names a threat.
type ThreatInput struct {
	ID string `path:"id" maxLength:"60" doc:"Id of a threat"`
}

type threatSeenInput struct {
	ThreatInput
	ThreatRange
}

// ThreatSeen is what happened here with mail of a threat.
type ThreatSeen struct {
	Filter      string           `json:"filter" doc:"The mail as Explorer's filter; empty: no name or signal shows this threat, and nothing was asked"`
	StillFilter string           `json:"still_filter" doc:"What of it lies in a mailbox, as Explorer's filter"`
	From        time.Time        `json:"from"`
	To          time.Time        `json:"to"`
	Events      int64            `json:"events"`
	Before      int64            `json:"before" doc:"In the range of the same length before"`
	Compared    bool             `json:"compared" doc:"Mail is kept from the whole range before; else before says nothing"`
	Messages    int64            `json:"messages"`
	People      int64            `json:"people"`
	Still       int64            `json:"still" doc:"Email events that lie in a mailbox now"`
	Clicks      int64            `json:"clicks" doc:"On links of this mail, until now"`
	Clickers    int64            `json:"clickers"`
	ClicksKQL   string           `json:"clicks_kql"`
	First       *time.Time       `json:"first" nullable:"true" doc:"In everything that is kept; null: never"`
	Last        *time.Time       `json:"last" nullable:"true"`
	Ever        int64            `json:"ever" doc:"Email events in everything that is kept"`
	Campaigns   []ThreatCampaign `json:"campaigns" doc:"That the mail belongs to, 10 at most"`
	Incidents   []ThreatIncident `json:"incidents" doc:"That hold some of the newest 500 messages, 10 at most; empty without incident.read"`
	Asked
}

// ThreatCampaign is a campaign with mail of the threat.
type ThreatCampaign struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Events int64  `json:"events"`
}

// ThreatIncident is an incident with mail of the threat.
type ThreatIncident struct {
	ID     string `json:"id"`
	Label  string `json:"label"`
	Name   string `json:"name"`
	Status string `json:"status"`
}

type threatAboutInput struct {
	Name string `query:"name" required:"true" minLength:"1" maxLength:"300" doc:"Any name that the product shows: of a detection, an ATT&CK id, a signal, a threat"`
}

// ThreatAbout is what is known under a name.
type ThreatAbout struct {
	Name    string        `json:"name"`
	Threats []ThreatBrief `json:"threats" doc:"The best first; empty: nothing is known of the name"`
}

type threatTrendsInput struct {
	ThreatRange
	Limit int `query:"limit" minimum:"1" maximum:"20" default:"6"`
}

// ThreatTrends are the articles to read now.
type ThreatTrends struct {
	Trends   []ThreatTrend `json:"trends"`
	From     time.Time     `json:"from"`
	To       time.Time     `json:"to"`
	Compared bool          `json:"compared" doc:"Mail is kept from the whole range before; else nothing is called new or growing"`
	Cut      bool          `json:"cut" doc:"Mail was marked in more ways than are counted; figures can be too low"`
	Asked
}

// ThreatTrend is one of them.
type ThreatTrend struct {
	ThreatBrief
	Why  string      `json:"why" enum:"new,growing,seen,newest" doc:"new: seen in the range and not in the one before; growing: at least twice as much; newest: not seen, the article is new"`
	Seen ThreatCount `json:"seen"`
}
