package api

import "time"

// Incident is one case.
type Incident struct {
	ID             string         `json:"id"`
	Number         int64          `json:"number"`
	Label          string         `json:"label" doc:"How people write the number: INC-0147. Paths take it, the number or the id"`
	Name           string         `json:"name"`
	Severity       string         `json:"severity" enum:"Informational,Low,Medium,High"`
	Status         string         `json:"status" enum:"Active,In progress,Resolved"`
	Owner          string         `json:"owner" doc:"Email address of an operator; empty: nobody"`
	OwnerName      string         `json:"owner_name"`
	Mine           bool           `json:"mine" doc:"Whoever asks this is its owner"`
	Classification string         `json:"classification" doc:"Not set, or as GET /incidents/options lists them"`
	Determination  string         `json:"determination" doc:"What it was, as GET /incidents/options lists for the classification; Not set"`
	Tags           []string       `json:"tags"`
	Description    string         `json:"description"`
	Closing        string         `json:"closing" doc:"What was said when it was resolved"`
	CreatedBy      string         `json:"created_by"`
	Created        time.Time      `json:"created"`
	Updated        time.Time      `json:"updated" doc:"When anything in it last changed, notes and mail too"`
	Acknowledged   *time.Time     `json:"acknowledged" nullable:"true" doc:"When somebody first took it up: an owner, or another status than Active"`
	Resolved       *time.Time     `json:"resolved" nullable:"true"`
	ResolvedBy     string         `json:"resolved_by"`
	MergedInto     string         `json:"merged_into" doc:"Id of the incident that it was merged into and that is to be worked on instead; empty: none"`
	Version        int64          `json:"version" doc:"Give it back with a change"`
	Messages       int            `json:"messages" doc:"Email events in it, with those of incidents that were merged into it"`
	People         int            `json:"people" doc:"Recipients among them"`
	FirstActivity  *time.Time     `json:"first_activity" nullable:"true" doc:"Of its mail"`
	LastActivity   *time.Time     `json:"last_activity" nullable:"true"`
	Due            IncidentDue    `json:"due"`
	Counts         IncidentCounts `json:"counts"`
	MayWork        bool           `json:"may_work" doc:"Whoever asks this may change it: incident.work, and it is not merged"`
}

// IncidentDue is how it stands against its clocks, which run from when it was opened.
type IncidentDue struct {
	Acknowledge     *time.Time `json:"acknowledge" nullable:"true" doc:"Deadline; null: not measured"`
	AcknowledgeLate bool       `json:"acknowledge_late" doc:"Missed, whether or not it was done since"`
	Resolve         *time.Time `json:"resolve" nullable:"true"`
	ResolveLate     bool       `json:"resolve_late"`
	Next            *time.Time `json:"next" nullable:"true" doc:"The nearest deadline that still has to be met"`
	Overdue         bool       `json:"overdue" doc:"A deadline has passed, and what it is for is still to do"`
}

// IncidentCounts are what is in it beside its mail.
type IncidentCounts struct {
	Notes       int `json:"notes"`
	OpenTasks   int `json:"open_tasks"`
	DoneTasks   int `json:"done_tasks"`
	Queries     int `json:"queries"`
	Merged      int `json:"merged" doc:"Incidents that were merged into it"`
	Actions     int `json:"actions"`
	OpenActions int `json:"open_actions" doc:"Waiting, queued or running"`
}

// IncidentFilter is which incidents are asked for.
type IncidentFilter struct {
	Status         []string `query:"status" doc:"Any of these"`
	Severity       []string `query:"severity" doc:"Any of these"`
	Owner          string   `query:"owner" maxLength:"254" doc:"Email address; none: those without"`
	Tag            string   `query:"tag" maxLength:"100"`
	Classification string   `query:"classification" maxLength:"60"`
	Text           string   `query:"text" maxLength:"200" doc:"In number, name, description and tags"`
	Overdue        bool     `query:"overdue"`
	Mine           bool     `query:"mine" doc:"Only one's own"`
	MentioningMe   bool     `query:"mentioning_me" doc:"Only those with a note that names whoever asks"`
	Merged         bool     `query:"merged" doc:"Also those that were merged into another"`
}

type incidentsInput struct {
	IncidentFilter
	Sort   string `query:"sort" enum:"number,created,updated,severity,status,name,owner,due,messages,last_activity" default:"number"`
	Desc   bool   `query:"desc" default:"true"`
	Cursor string `query:"cursor" maxLength:"2000"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type incidentCountsInput struct{ IncidentFilter }

// IncidentPage is one page of incidents.
type IncidentPage struct {
	Incidents []Incident `json:"incidents"`
	Next      string     `json:"next" doc:"Cursor of the next page; empty on the last"`
	Total     int        `json:"total"`
}

// IncidentValueCount is a value and how many incidents have it.
type IncidentValueCount struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

// IncidentFacets count what each value of a filter would show, with all other filters in force.
type IncidentFacets struct {
	All            int                  `json:"all" doc:"That the filter shows"`
	Status         []IncidentValueCount `json:"status"`
	Severity       []IncidentValueCount `json:"severity"`
	Owner          []IncidentValueCount `json:"owner" doc:"Email addresses; empty: nobody"`
	Tag            []IncidentValueCount `json:"tag"`
	Classification []IncidentValueCount `json:"classification"`
	Overdue        int                  `json:"overdue"`
	Mine           int                  `json:"mine"`
	MentioningMe   int                  `json:"mentioning_me"`
}

// IncidentOptions are what can be chosen.
type IncidentOptions struct {
	Severities      []string             `json:"severities" doc:"Gravest first"`
	Statuses        []string             `json:"statuses"`
	Classifications []IncidentMeaning    `json:"classifications"`
	Owners          []IncidentPerson     `json:"owners" doc:"Operators who may work on incidents, by name; notes may mention them"`
	Tags            []IncidentValueCount `json:"tags" doc:"In use, most used first"`
	Clocks          []IncidentClock      `json:"clocks"`
}

// IncidentMeaning is a classification and what can go with it.
type IncidentMeaning struct {
	Classification string   `json:"classification"`
	Determinations []string `json:"determinations"`
}

// IncidentPerson is an operator.
type IncidentPerson struct {
	Email string `json:"email"`
	Name  string `json:"name"`
	Me    bool   `json:"me"`
}

// IncidentClock is how long an incident of a severity may take; 0: not measured.
type IncidentClock struct {
	Severity           string `json:"severity"`
	AcknowledgeSeconds int64  `json:"acknowledge_seconds"`
	ResolveSeconds     int64  `json:"resolve_seconds"`
}

// IncidentMailAsk says which mail goes into an incident. Give a query or events.
type IncidentMailAsk struct {
	Query  *ActionQuery  `json:"query,omitempty" doc:"All that match now are put in, as a list that stays"`
	Events []ActionEvent `json:"events,omitempty" maxItems:"10000"`
	Live   bool          `json:"live,omitempty" doc:"Keep the query too, to be asked again"`
	Name   string        `json:"name,omitempty" maxLength:"200" doc:"What people call the query"`
}

// NewIncident opens one.
type NewIncident struct {
	Name        string           `json:"name" minLength:"1" maxLength:"200"`
	Severity    string           `json:"severity,omitempty" enum:"Informational,Low,Medium,High" default:"Medium"`
	Description string           `json:"description,omitempty" maxLength:"20000"`
	Tags        []string         `json:"tags,omitempty" maxItems:"30"`
	Owner       string           `json:"owner,omitempty" maxLength:"254" doc:"Email address of an operator"`
	Mail        *IncidentMailAsk `json:"mail,omitempty" doc:"What it begins with"`
}

type newIncidentInput struct{ Body NewIncident }

type incidentInput struct {
	ID string `path:"id" maxLength:"100" doc:"Id, number or label"`
}

// IncidentChange changes what is given and leaves the rest.
type IncidentChange struct {
	Version        int64     `json:"version,omitempty" minimum:"0" doc:"That was looked at: 409 when there is a newer one; 0: whatever it is now"`
	Name           *string   `json:"name,omitempty" maxLength:"200"`
	Severity       *string   `json:"severity,omitempty" enum:"Informational,Low,Medium,High"`
	Status         *string   `json:"status,omitempty" enum:"Active,In progress,Resolved" doc:"Resolved needs a classification and a determination"`
	Owner          *string   `json:"owner,omitempty" maxLength:"254" doc:"Email address of an operator; empty: nobody"`
	Classification *string   `json:"classification,omitempty" maxLength:"60"`
	Determination  *string   `json:"determination,omitempty" maxLength:"60"`
	Tags           *[]string `json:"tags,omitempty" maxItems:"30" doc:"All of them"`
	AddTags        []string  `json:"add_tags,omitempty" maxItems:"30"`
	RemoveTags     []string  `json:"remove_tags,omitempty" maxItems:"30"`
	Description    *string   `json:"description,omitempty" maxLength:"20000"`
	Closing        *string   `json:"closing,omitempty" maxLength:"20000" doc:"Closing words, for the report"`
}

type incidentChangeInput struct {
	ID   string `path:"id" maxLength:"100"`
	Body IncidentChange
}

// IncidentBulk changes many, or merges them into one.
type IncidentBulk struct {
	IDs       []string        `json:"ids" minItems:"1" maxItems:"500"`
	Change    *IncidentChange `json:"change,omitempty" doc:"Its version is not looked at"`
	MergeInto string          `json:"merge_into,omitempty" maxLength:"100"`
	Reason    string          `json:"reason,omitempty" maxLength:"2000" doc:"Of a merge"`
}

type incidentBulkInput struct{ Body IncidentBulk }

// IncidentBulkDone is what came of it, one by one.
type IncidentBulkDone struct {
	Done   int                `json:"done"`
	Failed []IncidentObstacle `json:"failed"`
}

// IncidentObstacle is an incident that was not changed, and why.
type IncidentObstacle struct {
	ID  string `json:"id"`
	Say string `json:"say"`
}

type incidentMailInput struct {
	ID   string `path:"id" maxLength:"100"`
	Body IncidentMailAsk
}

// IncidentTaken is what came of putting mail in.
type IncidentTaken struct {
	Added    int      `json:"added" doc:"Email events"`
	Already  int      `json:"already" doc:"Were in it"`
	Total    int      `json:"total" doc:"In it now"`
	QueryID  string   `json:"query_id" doc:"Of the query that is kept; empty: none"`
	Incident Incident `json:"incident"`
}

// IncidentPicked names email events of an incident.
type IncidentPicked struct {
	Events []ActionEvent `json:"events" minItems:"1" maxItems:"10000"`
}

type incidentPickedInput struct {
	ID   string `path:"id" maxLength:"100"`
	Body IncidentPicked
}

// IncidentRemoved says how many were taken out of the list.
type IncidentRemoved struct {
	Removed  int      `json:"removed"`
	Incident Incident `json:"incident"`
}

type incidentEmailsInput struct {
	ID        string `path:"id" maxLength:"100"`
	Recipient string `query:"recipient" maxLength:"320" doc:"Only theirs"`
	Cursor    string `query:"cursor" maxLength:"1000"`
	Limit     int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

// IncidentEmails is one page of the frozen list, newest first, as the mail is now.
type IncidentEmails struct {
	Rows []EmailRow `json:"rows" doc:"Of mail that is older than what is kept, only its id, its recipient and its time"`
	Gone []string   `json:"gone" doc:"Network message ids of those"`
	Next string     `json:"next"`
}

// IncidentThing is a value that its mail has.
type IncidentThing struct {
	Value    string     `json:"value"`
	Label    string     `json:"label" doc:"What people call it, when that is not the value: a display name, a file's name, a campaign's"`
	Events   int        `json:"events"`
	Messages int        `json:"messages"`
	Still    int        `json:"still" doc:"Of the events, how many lie in a mailbox now"`
	Priority bool       `json:"priority" doc:"A recipient who is a priority account"`
	First    *time.Time `json:"first" nullable:"true"`
	Last     *time.Time `json:"last" nullable:"true"`
}

// IncidentThings are the values of one kind.
type IncidentThings struct {
	Kind  string          `json:"kind" enum:"recipient,sender,sender_domain,ip,subject,url,url_host,file,campaign,threat,technology,location"`
	Total int             `json:"total" doc:"Different values"`
	More  bool            `json:"more" doc:"There are more than Tocsin counts"`
	Top   []IncidentThing `json:"top" doc:"Most events first"`
	Next  string          `json:"next" doc:"Cursor of the next page; empty on the last"`
}

// IncidentSummary is what its mail has in common, and where it is now.
type IncidentSummary struct {
	Events   int              `json:"events" doc:"In the event store"`
	Messages int              `json:"messages"`
	Missing  int              `json:"missing" doc:"In the list, and older than what is kept"`
	Outcomes []OutcomeCount   `json:"outcomes" doc:"Adds up to events; in the order of charts"`
	Still    int              `json:"still" doc:"Lie in a mailbox now"`
	Threats  int              `json:"threats" doc:"Of those, how many are a threat by today's verdict"`
	Priority int              `json:"priority" doc:"Priority accounts among the recipients"`
	Entities []IncidentThings `json:"entities" doc:"The first ten of each kind"`
	TookMS   int64            `json:"took_ms"`
}

// OutcomeCount is what became of how many email events.
type OutcomeCount struct {
	Outcome string `json:"outcome" enum:"blocked,junked,replaced,removed,delivered_threat,delivered"`
	Label   string `json:"label"`
	Count   int    `json:"count"`
}

type incidentThingsInput struct {
	ID     string `path:"id" maxLength:"100"`
	Kind   string `query:"kind" required:"true" enum:"recipient,sender,sender_domain,ip,subject,url,url_host,file,campaign,threat,technology,location"`
	Cursor string `query:"cursor" maxLength:"4000"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

// IncidentQuery is a question that stays with an incident.
type IncidentQuery struct {
	ID     string     `json:"id"`
	Name   string     `json:"name"`
	View   string     `json:"view"`
	Q      string     `json:"q"`
	From   *time.Time `json:"from" nullable:"true"`
	To     *time.Time `json:"to" nullable:"true"`
	KQL    string     `json:"kql" doc:"All of it as one query"`
	Author string     `json:"author"`
	Added  time.Time  `json:"added"`
	Asked  time.Time  `json:"asked" doc:"When what it matched was last taken in"`
}

// IncidentQueries are the kept questions.
type IncidentQueries struct {
	Queries []IncidentQuery `json:"queries"`
}

type incidentQueryInput struct {
	ID    string `path:"id" maxLength:"100"`
	Query string `path:"query" maxLength:"100"`
}

// IncidentMatches is what a kept question matches now.
type IncidentMatches struct {
	Query   IncidentQuery `json:"query"`
	Matches int           `json:"matches" doc:"Email events; at most 50,000 are counted"`
	More    bool          `json:"more" doc:"There are more: narrow it before they are taken in"`
	Fresh   int           `json:"fresh" doc:"Of those, how many are not in the incident"`
	Sample  []EmailRow    `json:"sample" doc:"The newest 100 of these"`
}

type incidentTimelineInput struct {
	ID     string `path:"id" maxLength:"100"`
	Only   string `query:"only" enum:"notes,system," default:"" doc:"Notes alone, or all but notes"`
	Before int64  `query:"before" minimum:"0" doc:"Next of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

// IncidentTimeline is one page of what happened, newest first.
type IncidentTimeline struct {
	Entries []IncidentEntry `json:"entries"`
	Next    int64           `json:"next" doc:"Give it as before; 0 on the last page"`
}

// IncidentEntry is one line of it.
type IncidentEntry struct {
	Seq      int64              `json:"seq"`
	Incident string             `json:"incident" doc:"Id of the incident it happened in: another one when that was merged"`
	At       time.Time          `json:"at"`
	By       string             `json:"by" doc:"Email address, or what did it"`
	ByName   string             `json:"by_name"`
	Kind     string             `json:"kind" enum:"created,changed,messages added,messages removed,query kept,query dropped,note,note edited,note removed,task added,task changed,task done,task removed,action asked for,action decided,action over,action drifted,merged,separated,exported"`
	Say      string             `json:"say" doc:"What by did, in a sentence without its subject"`
	Subject  string             `json:"subject" doc:"Id of the note, task, query, action or incident that it is about"`
	Changes  []IncidentFieldWas `json:"changes"`
	Count    int                `json:"count" doc:"Of email events"`
	Note     *IncidentNote      `json:"note,omitempty" doc:"Of the kind note, as it is now"`
}

// IncidentFieldWas is a field before and after.
type IncidentFieldWas struct {
	Field string `json:"field"`
	Was   string `json:"was"`
	Is    string `json:"is"`
}

// IncidentNote is what somebody said.
type IncidentNote struct {
	ID       string     `json:"id"`
	Author   string     `json:"author"`
	At       time.Time  `json:"at"`
	Edited   *time.Time `json:"edited" nullable:"true"`
	Text     string     `json:"text" doc:"Plain text; empty when it was removed"`
	Removed  bool       `json:"removed"`
	Mine     bool       `json:"mine"`
	Mentions []string   `json:"mentions" doc:"Email addresses of operators; filled in when the note is written"`
}

// IncidentWords are a note.
type IncidentWords struct {
	Text string `json:"text" minLength:"1" maxLength:"20000" doc:"@ and an operator's address, or the part before its @, mentions them"`
}

type incidentNoteInput struct {
	ID   string `path:"id" maxLength:"100"`
	Body IncidentWords
}

type incidentNoteEditInput struct {
	ID   string `path:"id" maxLength:"100"`
	Note string `path:"note" maxLength:"100"`
	Body IncidentWords
}

type incidentNoteIDInput struct {
	ID   string `path:"id" maxLength:"100"`
	Note string `path:"note" maxLength:"100"`
}

// IncidentTask is something to be done.
type IncidentTask struct {
	ID        string     `json:"id"`
	Title     string     `json:"title"`
	Owner     string     `json:"owner"`
	OwnerName string     `json:"owner_name"`
	Due       *time.Time `json:"due" nullable:"true"`
	Overdue   bool       `json:"overdue"`
	Done      *time.Time `json:"done" nullable:"true"`
	DoneBy    string     `json:"done_by"`
	Author    string     `json:"author"`
	Created   time.Time  `json:"created"`
	Version   int64      `json:"version"`
}

// IncidentTasks are all tasks, in the order in which they were added.
type IncidentTasks struct {
	Tasks []IncidentTask `json:"tasks"`
}

// IncidentTaskDraft is a task as somebody writes it.
type IncidentTaskDraft struct {
	Title   string     `json:"title" minLength:"1" maxLength:"500"`
	Owner   string     `json:"owner,omitempty" maxLength:"254"`
	Due     *time.Time `json:"due,omitempty"`
	Done    bool       `json:"done,omitempty"`
	Version int64      `json:"version,omitempty" minimum:"0" doc:"Of a change: that was looked at"`
}

type incidentTaskInput struct {
	ID   string `path:"id" maxLength:"100"`
	Body IncidentTaskDraft
}

type incidentTaskEditInput struct {
	ID   string `path:"id" maxLength:"100"`
	Task string `path:"task" maxLength:"100"`
	Body IncidentTaskDraft
}

type incidentTaskIDInput struct {
	ID   string `path:"id" maxLength:"100"`
	Task string `path:"task" maxLength:"100"`
}

// IncidentMerge merges an incident into another.
type IncidentMerge struct {
	Into   string `json:"into" minLength:"1" maxLength:"100" doc:"Id, number or label"`
	Reason string `json:"reason,omitempty" maxLength:"2000"`
}

type incidentMergeInput struct {
	ID   string `path:"id" maxLength:"100"`
	Body IncidentMerge
}

// IncidentReason is why.
type IncidentReason struct {
	Reason string `json:"reason,omitempty" maxLength:"2000"`
}

type incidentReasonInput struct {
	ID   string `path:"id" maxLength:"100"`
	Body IncidentReason
}

// IncidentMembers are the incidents that were merged into one.
type IncidentMembers struct {
	Incidents []Incident `json:"incidents"`
}

// IncidentRelated are incidents that share something with this one, most alike first.
type IncidentRelated struct {
	Related []RelatedIncident `json:"related"`
	Say     string            `json:"say" doc:"What was not looked at, in a sentence; empty when everything was"`
}

// RelatedIncident is one of them, and why.
type RelatedIncident struct {
	Incident Incident           `json:"incident"`
	Score    int                `json:"score" doc:"1 to 100"`
	Reasons  []IncidentLikeness `json:"reasons" doc:"Heaviest first"`
}

// IncidentLikeness is one thing that both have.
type IncidentLikeness struct {
	Kind  string `json:"kind" enum:"message,file,campaign,url_host,sender,recipient"`
	Value string `json:"value" doc:"Empty for recipients and messages"`
	Label string `json:"label"`
	Count int    `json:"count" doc:"Messages of the other one that have it; of recipients, how many both have"`
	Say   string `json:"say"`
}

type incidentReportInput struct {
	ID     string `path:"id" maxLength:"100"`
	Format string `query:"format" enum:"html,pdf" default:"html"`
}

// IncidentBundle asks for everything in one encrypted archive.
type IncidentBundle struct {
	Reason   string `json:"reason" minLength:"3" maxLength:"500" doc:"For the audit log"`
	Password string `json:"password" minLength:"12" maxLength:"128" doc:"Opens the files in it; ASCII. Tocsin does not keep it"`
	Messages *bool  `json:"messages,omitempty" doc:"With the messages, which is so unless false is said; mail that its recipient has needs email.preview"`
}

type incidentBundleInput struct {
	ID   string `path:"id" maxLength:"100"`
	Body IncidentBundle
}
