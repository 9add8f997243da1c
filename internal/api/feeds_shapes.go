package api

import (
	"strings"
	"time"

	"tocsin/internal/feed"
	"tocsin/internal/stix"
)

// FeedSettings are what an administrator chooses for a feed. The password or key stands beside them and is never given back.
type FeedSettings struct {
	Name         string      `json:"name" maxLength:"120"`
	Kind         string      `json:"kind" enum:"stix,taxii,misp,misp-feed,csv,text"`
	URL          string      `json:"url" maxLength:"2000" doc:"Where it is: a file, the discovery or an API root of TAXII, a MISP instance, the folder of a MISP feed"`
	Collection   string      `json:"collection,omitempty" maxLength:"200" doc:"TAXII: id of the collection; a trial without it lists them"`
	Root         string      `json:"root,omitempty" maxLength:"2000" doc:"TAXII: address of the API root that has the collection, as the trial gave it"`
	Auth         string      `json:"auth,omitempty" enum:"none,basic,bearer,header" default:"none"`
	User         string      `json:"user,omitempty" maxLength:"200" doc:"basic: who signs in"`
	Header       string      `json:"header,omitempty" maxLength:"100" doc:"header: the one that carries the key; MISP wants Authorization"`
	Private      bool        `json:"private,omitempty" doc:"It is in one's own network: private addresses may be reached, also without TLS"`
	EveryMinutes int         `json:"every_minutes" minimum:"5" maximum:"44640" default:"60"`
	Enabled      bool        `json:"enabled"`
	Whole        bool        `json:"whole,omitempty" doc:"STIX files and lists: what it does not name any more is retired"`
	Confidence   int         `json:"confidence" minimum:"0" maximum:"100" doc:"Of what says nothing of its own"`
	TLP          string      `json:"tlp,omitempty" enum:",clear,green,amber,amber+strict,red" doc:"Of what says nothing of its own"`
	Days         int         `json:"days" minimum:"0" maximum:"3650" doc:"How long something is valid that says nothing of its own; 0: until it is withdrawn"`
	State        string      `json:"state,omitempty" enum:"suspicious,confirmed" default:"suspicious"`
	Tags         []string    `json:"tags,omitempty" maxItems:"10"`
	Threat       string      `json:"threat,omitempty" maxLength:"120" doc:"Of what says nothing of its own"`
	Columns      FeedColumns `json:"columns,omitempty"`
	Events       bool        `json:"events,omitempty" doc:"MISP: ask for events instead of attributes"`
	Filter       string      `json:"filter,omitempty" maxLength:"500" doc:"MISP: only what has one of these tags, separated by commas"`
}

// FeedColumns say where in a line what stands: the name of a column in the head, or its number from 1.
type FeedColumns struct {
	Separator  string `json:"separator,omitempty" maxLength:"3" doc:"One character, or tab; default a comma"`
	Head       bool   `json:"head,omitempty" doc:"The first line names columns"`
	Comment    string `json:"comment,omitempty" maxLength:"10" doc:"Lines that begin with it are none; default #"`
	Value      string `json:"value,omitempty" maxLength:"100"`
	Type       string `json:"type,omitempty" maxLength:"100"`
	Threat     string `json:"threat,omitempty" maxLength:"100"`
	Confidence string `json:"confidence,omitempty" maxLength:"100"`
	Tags       string `json:"tags,omitempty" maxLength:"100"`
	Until      string `json:"until,omitempty" maxLength:"100"`
	About      string `json:"about,omitempty" maxLength:"100" doc:"Description"`
	Of         string `json:"of,omitempty" enum:",url,domain,ip,hash,sender,subject" doc:"What all values are; empty: each is guessed"`
}

// Feed is where indicators and threats of others come from.
type Feed struct {
	ID string `json:"id"`
	FeedSettings
	Source      string     `json:"source" doc:"The name under which its indicators are kept"`
	HasSecret   bool       `json:"has_secret"`
	Version     int64      `json:"version" doc:"Give it back with a change"`
	Created     time.Time  `json:"created"`
	By          string     `json:"by"`
	Status      string     `json:"status" enum:"off,running,failing,waiting,ok" doc:"waiting: it was not read yet"`
	Next        *time.Time `json:"next" nullable:"true"`
	Last        *time.Time `json:"last" nullable:"true"`
	Good        *time.Time `json:"good" nullable:"true" doc:"Last run that went well"`
	Delivered   *time.Time `json:"delivered" nullable:"true" doc:"Last run that brought anything new"`
	SilentSince *time.Time `json:"silent_since" nullable:"true" doc:"It fails since then; null when it does not"`
	Failures    int        `json:"failures" doc:"In a row"`
	Problem     string     `json:"problem" doc:"Why the last run failed, in words; empty when it went well"`
	Items       int64      `json:"items" doc:"Indicators that it added, over all runs"`
	Objects     int64      `json:"objects" doc:"STIX objects kept"`
}

// FeedDetail is a feed with its last runs.
type FeedDetail struct {
	Feed
	Runs []FeedRun `json:"runs" doc:"Newest first"`
}

// FeedRun is one reading of a feed.
type FeedRun struct {
	At           time.Time     `json:"at"`
	TookMS       int64         `json:"took_ms"`
	By           string        `json:"by" doc:"Who asked for it; empty: the schedule"`
	Added        int           `json:"added"`
	Changed      int           `json:"changed"`
	Same         int           `json:"same"`
	Withdrawn    int           `json:"withdrawn" doc:"That the feed says are none any more"`
	Retired      int           `json:"retired" doc:"That a whole list does not name any more"`
	Objects      int           `json:"objects"`
	NewObjects   int           `json:"new_objects"`
	Ignored      int           `json:"ignored" doc:"What is nothing that is seen in mail"`
	RefusedCount int           `json:"refused_count"`
	Refused      []FeedRefusal `json:"refused" doc:"The first of them"`
	Notes        []string      `json:"notes"`
	Unchanged    bool          `json:"unchanged" doc:"The other side said that nothing changed"`
	Problem      string        `json:"problem"`
}

// FeedRefusal is an entry that is no indicator, and why.
type FeedRefusal struct {
	At    int    `json:"at" doc:"Line or place, from 1; 0: not known"`
	Value string `json:"value"`
	Why   string `json:"why"`
}

// FeedAsk is a feed to be set up.
type FeedAsk struct {
	FeedSettings
	Secret string `json:"secret,omitempty" maxLength:"4096" doc:"Password or key; it is sealed and never given back"`
}

// FeedChange changes a feed.
type FeedChange struct {
	FeedSettings
	Version int64   `json:"version"`
	Secret  *string `json:"secret,omitempty" maxLength:"4096" doc:"A new password or key; absent: it stays, while the address leads to the same host"`
}

// FeedTrialAsk is a feed to be tried. Nothing of it is kept.
type FeedTrialAsk struct {
	FeedSettings
	Secret *string `json:"secret,omitempty" maxLength:"4096" doc:"Absent: that of the feed named by id"`
	ID     string  `json:"id,omitempty" maxLength:"60" doc:"A feed whose password is used"`
}

// FeedTrial is what came of it.
type FeedTrial struct {
	Good         bool             `json:"good"`
	Problem      string           `json:"problem" doc:"Why it could not be read, in words"`
	Field        string           `json:"field" doc:"Of the settings that the problem is about; empty when that is not known"`
	Found        []string         `json:"found" doc:"What it found, in words"`
	Collections  []FeedCollection `json:"collections"`
	Rows         []FeedRow        `json:"rows" doc:"The first entries"`
	Counts       []FeedCount      `json:"counts"`
	Items        int              `json:"items"`
	More         bool             `json:"more" doc:"It has more than were read"`
	Objects      int              `json:"objects"`
	Ignored      int              `json:"ignored"`
	RefusedCount int              `json:"refused_count"`
	Refused      []FeedRefusal    `json:"refused"`
	Notes        []string         `json:"notes"`
	TookMS       int64            `json:"took_ms"`
}

// FeedCollection is one of a TAXII server.
type FeedCollection struct {
	Root        string `json:"root"`
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description"`
	CanRead     bool   `json:"can_read"`
}

// FeedRow is an entry as it would be taken in.
type FeedRow struct {
	Kind       string     `json:"kind" enum:"url,domain,ip,hash,sender,subject"`
	Value      string     `json:"value"`
	Threat     string     `json:"threat"`
	Confidence int        `json:"confidence"`
	TLP        string     `json:"tlp"`
	State      string     `json:"state"`
	Until      *time.Time `json:"until" nullable:"true"`
	Tags       []string   `json:"tags"`
	Good       bool       `json:"good" doc:"Known to be harmless"`
}

// FeedCount counts a kind.
type FeedCount struct {
	Kind  string `json:"kind"`
	Count int    `json:"count"`
}

// FeedHits is what a feed would have hit.
type FeedHits struct {
	Days     int       `json:"days"`
	From     time.Time `json:"from"`
	Read     int       `json:"read" doc:"Entries of the feed that were held against the mail"`
	More     bool      `json:"more" doc:"The feed has more"`
	Mail     int64     `json:"mail" doc:"Messages in that time"`
	Values   int       `json:"values" doc:"Different values in mail that it meets"`
	Messages int64     `json:"messages" doc:"Messages with them; one with two values counts twice"`
	Hits     []FeedHit `json:"hits" doc:"Those in most messages"`
	Wide     int       `json:"wide" doc:"Entries that would hit more than half a percent of the mail"`
}

// FeedHit is a value in mail that a feed would meet.
type FeedHit struct {
	Kind      string    `json:"kind"`
	Indicator string    `json:"indicator" doc:"The entry of the feed"`
	Column    string    `json:"column" doc:"Where the value stands"`
	Value     string    `json:"value" doc:"As it stands in mail"`
	Threat    string    `json:"threat"`
	Messages  int64     `json:"messages"`
	Percent   float64   `json:"percent" doc:"Of the mail in that time"`
	First     time.Time `json:"first"`
	Last      time.Time `json:"last"`
}

type feedInput struct {
	ID string `path:"id" maxLength:"60"`
}

type (
	newFeedInput    struct{ Body FeedAsk }
	feedTrialInput  struct{ Body FeedTrialAsk }
	feedChangeInput struct {
		ID   string `path:"id" maxLength:"60"`
		Body FeedChange
	}
)

func (f *FeedSettings) settings() feed.Settings {
	c := f.Columns
	return feed.Settings{
		Name: f.Name, Kind: feed.Kind(f.Kind), URL: strings.TrimSpace(f.URL), Collection: f.Collection, Root: f.Root, Auth: f.Auth, User: f.User, Header: f.Header, Private: f.Private,
		Every: time.Duration(f.EveryMinutes) * time.Minute, Enabled: f.Enabled, Whole: f.Whole, Confidence: f.Confidence, TLP: stix.TLP(f.TLP), Days: f.Days, State: f.State, Tags: f.Tags, Threat: f.Threat,
		Columns: feed.Columns{Separator: c.Separator, Head: c.Head, Comment: c.Comment, Value: c.Value, Type: c.Type, Threat: c.Threat, Confidence: c.Confidence, Tags: c.Tags, Until: c.Until, About: c.About, Of: stix.Kind(c.Of)},
		Events:  f.Events, Filter: f.Filter,
	}
}

func shownSettings(s *feed.Settings) FeedSettings {
	c := s.Columns
	return FeedSettings{
		Name: s.Name, Kind: string(s.Kind), URL: s.URL, Collection: s.Collection, Root: s.Root, Auth: s.Auth, User: s.User, Header: s.Header, Private: s.Private,
		EveryMinutes: int(s.Every / time.Minute), Enabled: s.Enabled, Whole: s.Whole, Confidence: s.Confidence, TLP: string(s.TLP), Days: s.Days, State: s.State, Tags: list(s.Tags), Threat: s.Threat,
		Columns: FeedColumns{c.Separator, c.Head, c.Comment, c.Value, c.Type, c.Threat, c.Confidence, c.Tags, c.Until, c.About, string(c.Of)},
		Events:  s.Events, Filter: s.Filter,
	}
}

func shownFeed(f *feed.Feed) Feed {
	out := Feed{ID: f.ID, FeedSettings: shownSettings(&f.Settings), Source: f.Source(), HasSecret: f.Sealed != "", Version: f.Version, Created: f.Created, By: f.By,
		Last: maybeTime(f.Last), Good: maybeTime(f.Good), Delivered: maybeTime(f.Delivered), Failures: f.Failures, Problem: f.Problem, Items: f.Items, Objects: f.Objects, Status: "ok"}
	if f.Enabled {
		out.Next = maybeTime(f.Next)
	}
	if f.Failures > 0 {
		since := f.Good
		if since.IsZero() {
			since = f.Created
		}
		out.SilentSince = &since
	}
	switch {
	case f.Running:
		out.Status = "running"
	case !f.Enabled:
		out.Status = "off"
	case f.Failures > 0:
		out.Status = "failing"
	case f.Last.IsZero():
		out.Status = "waiting"
	}
	return out
}

func shownRun(r *feed.Run) FeedRun {
	return FeedRun{At: r.At, TookMS: r.Took.Milliseconds(), By: r.By, Added: r.Added, Changed: r.Changed, Same: r.Same, Withdrawn: r.Withdrawn, Retired: r.Retired, Objects: r.Objects, NewObjects: r.NewObjects,
		Ignored: r.Ignored, RefusedCount: r.RefusedCount, Refused: shownRefusals(r.Refused), Notes: list(r.Notes), Unchanged: r.Unchanged, Problem: r.Problem}
}

func shownRefusals(in []feed.Refusal) []FeedRefusal {
	out := make([]FeedRefusal, len(in))
	for i, r := range in {
		out[i] = FeedRefusal(r)
	}
	return out
}

func shownTrial(t *feed.Trial) FeedTrial {
	out := FeedTrial{Good: t.Good, Problem: t.Problem, Field: t.Field, Found: list(t.Found), Collections: make([]FeedCollection, len(t.Collections)), Rows: make([]FeedRow, len(t.Rows)), Counts: []FeedCount{},
		Items: t.Items, More: t.More, Objects: t.Objects, Ignored: t.Ignored, RefusedCount: t.RefusedCount, Refused: shownRefusals(t.Refused), Notes: list(t.Notes), TookMS: t.Took.Milliseconds()}
	for i, c := range t.Collections {
		out.Collections[i] = FeedCollection(c)
	}
	for i, r := range t.Rows {
		out.Rows[i] = FeedRow{string(r.Kind), r.Value, r.Threat, r.Confidence, string(r.TLP), r.State, maybeTime(r.Until), list(r.Tags), r.Good}
	}
	for _, k := range []stix.Kind{stix.URL, stix.Domain, stix.IP, stix.Hash, stix.Sender, stix.Subject} {
		if n := t.Counts[k]; n > 0 {
			out.Counts = append(out.Counts, FeedCount{string(k), n})
		}
	}
	return out
}
