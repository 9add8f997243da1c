package audit

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"tocsin/internal/auth"
)

// What can be wrong with a log.
const (
	Changed  = "changed"  // a record is not as it was written
	Removed  = "removed"  // records are missing
	Inserted = "inserted" // a record stands where none was written
	Moved    = "moved"    // a record stands in another place
	Forked   = "forked"   // records that fit themselves do not follow one another
	Signed   = "signed"   // something signed does not fit what is there
)

// Problem is one thing that is wrong, named.
type Problem struct {
	Kind   string
	Seq    int64       // of the record, 0 when it is about something else
	At     time.Time   // of the record as it stands now
	Action auth.Action // likewise
	Text   string      // all of it in one sentence
}

// Held is a checkpoint and whether the log fits it.
type Held struct {
	Checkpoint
	From  string // where it stands: "the store", a file
	Holds bool
}

// Report is what checking a log found.
type Report struct {
	Records     int64
	First, Last Head
	From, To    time.Time // of the first and the last record
	Anchor      int64     // records up to this one were removed behind a signed anchor; 0: none
	Partial     bool      // only some records were there to be checked
	Key         string    // ID of the key that signatures were checked with; "" without one
	Checkpoints int       // different ones
	Holding     int       // of them, those that the log fits
	Latest      *Held     // the newest one that holds
	Problems    []Problem // the first of them, see maxProblems
	Wrong       int       // how many problems there are
	Notes       []string  // what is worth knowing and not wrong
}

// OK reports whether nothing is wrong.
func (r *Report) OK() bool { return r.Wrong == 0 }

// maxProblems is how many problems are named; more are counted.
const maxProblems = 100

// Verifier checks records as they come, oldest first. Make one with NewVerifier, give it what is signed, then each record, then End.
type Verifier struct {
	report  Report
	public  Public
	points  []Held // by seq
	at      int    // next of points
	prev    Link
	sum     Sum // of prev, worked out
	wrong   bool
	started bool
}

// NewVerifier checks signatures with the key. Without a known one only the chain itself is checked, and the report says so.
func NewVerifier(public Public) *Verifier {
	v := &Verifier{public: public}
	if public.Known() {
		v.report.Key = public.ID()
	} else {
		v.report.Notes = append(v.report.Notes, "there is no public key, so no signature was checked: a log that was written anew as a whole would not be noticed")
	}
	return v
}

func (v *Verifier) problem(kind string, r *auth.Record, text string) {
	v.report.Wrong++
	if len(v.report.Problems) >= maxProblems {
		return
	}
	p := Problem{Kind: kind, Text: text}
	if r != nil {
		p.Seq, p.At, p.Action = r.Seq, r.At, r.Action
	}
	v.report.Problems = append(v.report.Problems, p)
}

// Name is a record in a sentence.
func Name(r *auth.Record) string {
	return fmt.Sprintf("record %d (%s, %s)", r.Seq, r.At.UTC().Format("2006-01-02 15:04:05 UTC"), clip(string(r.Action), 200))
}

// Checkpoints takes the checkpoints of the store and those of files. Call it before the first record.
func (v *Verifier) Checkpoints(store []Checkpoint, files ...Sheet) {
	if !v.public.Known() {
		return
	}
	type key struct {
		number, seq int64
		hash        Sum
	}
	seen := map[key]bool{}
	numbers := map[int64]bool{}
	add := func(c Checkpoint, from string) {
		k := key{c.Number, c.Seq, c.Hash}
		if seen[k] {
			return
		}
		switch {
		case c.Key != v.public.ID():
			v.problem(Signed, nil, fmt.Sprintf("checkpoint %d in %s was signed with another key (%s, not %s)", c.Number, from, clip(c.Key, 200), v.public.ID()))
			return
		case !v.public.Signed(&c):
			v.problem(Signed, nil, fmt.Sprintf("checkpoint %d in %s has a wrong signature: it was changed or made by somebody else", c.Number, from))
			return
		}
		seen[k], numbers[c.Number] = true, true
		v.points = append(v.points, Held{Checkpoint: c, From: from})
	}
	var last int64
	for _, c := range store {
		add(c, "the store")
		last = max(last, c.Number)
	}
	kept := len(v.points)
	for _, s := range files {
		for _, b := range s.Broken {
			v.problem(Signed, nil, b)
		}
		for _, c := range s.Points {
			add(c, s.Name)
		}
	}
	if len(store) > 0 || len(files) > 0 {
		v.missing(numbers, last)
	}
	if kept < len(v.points) && len(store) > 0 {
		for _, p := range v.points[kept:] {
			v.problem(Signed, nil, fmt.Sprintf("checkpoint %d of record %d stands in %s and not in the store: it was removed there, or the store is an older copy", p.Number, p.Seq, p.From))
		}
	}
	slices.SortStableFunc(v.points, func(a, b Held) int { return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Number, b.Number)) })
	for i := range v.points {
		if p := &v.points[i]; p.Kind == KindAnchor && p.Seq >= v.report.Anchor {
			v.report.Anchor = p.Seq
			v.prev, v.sum = Link{Record: auth.Record{Seq: p.Seq, At: p.At}, Hash: p.Hash}, p.Hash
		}
	}
	v.report.Checkpoints = len(v.points)
}

// missing names the numbers of checkpoints that are nowhere.
func (v *Verifier) missing(numbers map[int64]bool, last int64) {
	gaps := 0
	for n := int64(1); n < last && gaps < 10 && int(n) <= len(numbers)+10; n++ {
		if !numbers[n] {
			gaps++
			v.problem(Signed, nil, fmt.Sprintf("checkpoint %d is missing", n))
		}
	}
}

// Record takes the next record.
func (v *Verifier) Record(l *Link) {
	r := &l.Record
	sum := Hash(l.Prev, r)
	own := sum == l.Hash && !l.Bare // it is as it was written
	switch {
	case l.Bare:
		v.problem(Inserted, r, Name(r)+" has no hash: Tocsin did not write it")
	case !own:
		v.problem(Changed, r, Name(r)+" was changed: it does not fit its hash")
	}
	v.follows(l, own)
	if v.report.Records == 0 {
		v.report.First, v.report.From = Head{r.Seq, l.Hash}, r.At
	}
	v.report.Records++
	v.report.Last, v.report.To = Head{r.Seq, l.Hash}, r.At
	if r.Seq >= v.prev.Seq || !v.started {
		v.prev, v.sum, v.wrong = *l, sum, !own
	}
	v.started = true
	v.hold(l, own)
}

// follows checks the place of a record after the one before it.
func (v *Verifier) follows(l *Link, own bool) {
	r, before := &l.Record, &v.prev.Record
	if v.report.Partial {
		if v.started && r.Seq <= before.Seq {
			v.problem(Moved, r, fmt.Sprintf("%s stands after record %d", Name(r), before.Seq))
		}
		if !v.started || r.Seq != before.Seq+1 {
			return
		}
	}
	switch {
	case r.Seq <= before.Seq && !v.started && v.report.Anchor > 0:
		v.problem(Inserted, r, fmt.Sprintf("%s stands before the anchor: the records up to %d were removed as their retention says", Name(r), v.report.Anchor))
	case r.Seq < 1:
		v.problem(Inserted, r, Name(r)+" has a number that no record can have")
	case r.Seq <= before.Seq:
		v.problem(Moved, r, fmt.Sprintf("%s stands after record %d", Name(r), before.Seq))
	case r.Seq > before.Seq+1:
		v.gap(r, before)
	case own && l.Prev != v.prev.Hash && !(v.wrong && l.Prev == v.sum):
		// A record whose stored hash alone was changed was named already; this one still follows what that record is.
		if before.Seq == v.report.Anchor && v.report.Anchor > 0 || before.Seq == 0 {
			v.problem(Forked, r, Name(r)+" does not follow where the log begins")
			return
		}
		v.problem(Forked, r, fmt.Sprintf("%s does not follow %s: one of the two was replaced, and its hash worked out anew", Name(r), Name(before)))
	}
}

// gap names the records that are missing before r.
func (v *Verifier) gap(r, before *auth.Record) {
	first, last := before.Seq+1, r.Seq-1
	what := fmt.Sprintf("records %d to %d are missing", first, last)
	if first == last {
		what = fmt.Sprintf("record %d is missing", first)
	}
	where := "before " + Name(r)
	switch {
	case v.started:
		where = "between " + Name(before) + " and " + Name(r)
	case v.report.Anchor == 0:
		where += ", the first there is, and no signed anchor says that they were removed as their retention says"
	}
	v.problem(Removed, &auth.Record{Seq: first, At: r.At}, what+" "+where)
}

// hold compares checkpoints of this record with it.
func (v *Verifier) hold(l *Link, own bool) {
	for ; v.at < len(v.points) && v.points[v.at].Seq <= l.Seq; v.at++ {
		p := &v.points[v.at]
		switch {
		case p.Seq < l.Seq:
			v.pass(p)
		case p.Hash == l.Hash:
			// A record that was changed is named already; its hash is the one that was signed.
			v.held(p)
		case own || v.report.Partial:
			from := int64(1)
			if v.report.Latest != nil {
				from = v.report.Latest.Seq + 1
			}
			v.problem(Forked, &l.Record, fmt.Sprintf("%s is not the one that checkpoint %d signed on %s: records %d to %d, or some of them, were written anew", Name(&l.Record), p.Number, p.At.UTC().Format("2006-01-02 15:04:05 UTC"), from, p.Seq))
		}
	}
}

func (v *Verifier) held(p *Held) {
	p.Holds = true
	v.report.Holding++
	if v.report.Latest == nil || p.Number >= v.report.Latest.Number {
		v.report.Latest = p
	}
}

// pass is for a checkpoint whose record is not there: behind the anchor it holds as far as can be known; else its record is named as missing.
func (v *Verifier) pass(p *Held) {
	if p.Seq <= v.report.Anchor {
		v.held(p)
	}
}

// End says that there are no more records; head is what the store holds for the last one, nil for a file.
func (v *Verifier) End(head *Head) *Report {
	last := v.report.Last.Seq
	if v.report.Records == 0 {
		last = v.report.Anchor
	}
	var cut int64 // records up to this one were there
	var signed string
	for ; v.at < len(v.points); v.at++ {
		p := &v.points[v.at]
		if p.Seq <= v.report.Anchor {
			v.held(p)
		} else if p.Seq > last && p.Seq > cut {
			cut, signed = p.Seq, fmt.Sprintf("checkpoint %d of %s", p.Number, p.At.UTC().Format("2006-01-02 15:04:05 UTC"))
		}
	}
	if head != nil && head.Seq > max(last, cut) {
		cut, signed = head.Seq, "the store's note of the last record"
	}
	switch {
	case cut > last && !v.report.Partial:
		what := fmt.Sprintf("records %d to %d were", last+1, cut)
		if cut == last+1 {
			what = fmt.Sprintf("record %d was", cut)
		}
		v.problem(Removed, &auth.Record{Seq: last + 1}, fmt.Sprintf("%s cut off at the end: %s knows record %d", what, signed, cut))
	case head != nil && head.Seq < last:
		v.problem(Inserted, &v.prev.Record, fmt.Sprintf("%s stands after the last record that Tocsin wrote, %d", Name(&v.prev.Record), head.Seq))
	case head != nil && head.Seq == last && last > v.report.Anchor && head.Hash != v.report.Last.Hash && !v.wrong:
		v.problem(Forked, &v.prev.Record, Name(&v.prev.Record)+" is not the last record that Tocsin wrote")
	}
	return &v.report
}
