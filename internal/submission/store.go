package submission

import (
	"context"
	"time"
)

// Filter of a list of submissions. Empty fields do not filter.
type Filter struct {
	States   []State
	Types    []Type
	Results  []Result
	Match    Match
	Reporter string // part of an address
	Owner    string // exact; "-" for those without
	Text     string // part of subject, sender or name of the sender
	Message  string // network message id
	From, To time.Time
	Before   Place // behind this one in the list; zero: from the start
	Limit    int
}

// Place is where a submission stands in the list: by its last report or change, newest first.
type Place struct {
	Updated time.Time
	ID      string
}

// Change is what a person does to a submission. nil fields stay.
type Change struct {
	State  *State
	Result *Result
	Note   *string
	Owner  *string
	By     string // who changes it
	At     time.Time
	From   int64 // revision that was seen
}

// Store keeps submissions.
type Store interface {
	// Take keeps a report in the submission with s.Key, which is made from s when there is none. added is false for a report that is
	// there already. A report of a closed submission with the result Unknown opens it again.
	Take(ctx context.Context, s Submission, r Report) (now Submission, added bool, err error)
	// Known reports whether a report is there.
	Known(ctx context.Context, key string) (bool, error)
	// UnprovenSince counts reports since then whose sender is not proven.
	UnprovenSince(ctx context.Context, since time.Time) (int, error)
	Submission(ctx context.Context, id string) (Submission, error)
	Submissions(ctx context.Context, f Filter) ([]Submission, error)
	Reports(ctx context.Context, id string, limit int) ([]Report, error)
	// Change changes a submission; *Outdated when its revision is another.
	Change(ctx context.Context, id string, c Change) (Submission, error)
	// Judge keeps what the judge says now, and, when match is not nil, which message it is.
	Judge(ctx context.Context, id string, j Judged) error
	Counts(ctx context.Context) (map[State]int, error)

	// Untold returns reports and closings that the event store does not know yet, oldest first; Told marks them.
	Untold(ctx context.Context, limit int) ([]Telling, error)
	Told(ctx context.Context, list []Telling) error
	// Unanswered returns reports that are to be answered, with their closed submissions.
	Unanswered(ctx context.Context, limit int) ([]Telling, error)
	Answered(ctx context.Context, reportKey string, result Result, at time.Time) error

	// Seen is the place up to which a folder of a mailbox was read; "" for never. See keeps it.
	Seen(ctx context.Context, mailbox, folder string) (string, error)
	See(ctx context.Context, mailbox, folder, place string, at time.Time) error

	Settings(ctx context.Context) (Settings, error) // ErrNotFound: never edited
	SaveSettings(ctx context.Context, s Settings, from int64) (Settings, error)

	Metrics(ctx context.Context, from, to time.Time, top int) (Metrics, error)
}

// Telling is a report, or a closing when Closing is set, with its submission.
type Telling struct {
	Submission Submission
	Report     Report // zero for a closing
	Closing    bool
}

// Metrics of reports in a range of time.
type Metrics struct {
	Days      []Day
	Results   []Share // of submissions by result; "" for those that are open
	Types     []Share // of reports by type
	Reporters []Accuracy
	Reports   int
	Open      int // submissions that wait, whenever they came
	OldestNew time.Time
	Triage    time.Duration // median from the first report to closing
}

// Day is how many reports came on one day (UTC).
type Day struct {
	Day     string // 2006-01-02
	Reports int
}

// Share is one part of a whole.
type Share struct {
	Name  string
	Count int
}

// Accuracy is how often one person's reports were right.
type Accuracy struct {
	Reporter string
	Reports  int
	Right    int
	Wrong    int // the others are open, or their result says neither
}
