package detect

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"

	"tocsin/internal/detect/model"
	"tocsin/internal/intel"
)

// Detector looks at one family of facts. Detect calls raise with the id of a Kind of the catalogue and the evidence, as often as
// it likes; the first of each id counts. It must not keep f, change the message, do I/O or look at the clock (f.Now is given).
type Detector interface {
	ID() string
	Detect(f *Facts, raise Raise)
}

// Raise reports one observed fact. evidence is made with say, so that hostile text in it is escaped and bounded.
type Raise func(id, evidence string)

// detectorFunc names a function.
type detectorFunc struct {
	id string
	do func(*Facts, Raise)
}

func (d detectorFunc) ID() string                   { return d.id }
func (d detectorFunc) Detect(f *Facts, raise Raise) { d.do(f, raise) }

var _ Detector = detectorFunc{}

// Detectors returns the shipped detectors in the order they run.
func Detectors() []Detector {
	return []Detector{
		detectorFunc{"indicators", detectIndicators},
		detectorFunc{"identity", detectIdentity},
		detectorFunc{"lookalike", detectLookalikes},
		detectorFunc{"authentication", detectAuthentication},
		detectorFunc{"sender", detectSender},
		detectorFunc{"road", detectRoad},
		detectorFunc{"links", detectLinks},
		detectorFunc{"aim", detectAim},
		detectorFunc{"content", detectContent},
		detectorFunc{"wording", detectWording},
		detectorFunc{"files", detectFiles},
		detectorFunc{"inside", detectInside},
		detectorFunc{"documents", detectDocuments},
		detectorFunc{"consent", detectConsent},
		detectorFunc{"lures", detectLures},
		detectorFunc{"shape", detectShape},
		detectorFunc{"defects", detectDefects},
		detectorFunc{"engines", detectEngines},
		detectorFunc{"kin", detectKin},
		detectorFunc{"past", detectPast},
		detectorFunc{"thread", detectHijack},
		detectorFunc{"turn", detectTurn},
		detectorFunc{"requests", detectRequests},
		detectorFunc{"against", detectAgainst},
	}
}

// Options of a Judge. Zero fields mean what ships with Tocsin, except Rules: nil means none.
type Options struct {
	Brands     *intel.Brands
	Hosts      *intel.Hosts
	Indicators *intel.Indicators
	Rules      *RuleSet
	Detectors  []Detector
	Features   bool // also without a model, Verdict.Features is filled
}

// Judge turns a Context into a Verdict. It may be used by many goroutines; indicators and rules can be exchanged while it works.
type Judge struct {
	brands     *intel.Brands
	lookalikes *intel.Lookalikes
	hosts      *intel.Hosts
	detectors  []Detector
	lures      *lureBook
	indicators atomic.Pointer[intel.Indicators]
	rules      atomic.Pointer[RuleSet]
	org        atomic.Pointer[orgIndex]
	features   bool
	learned    [2]atomic.Pointer[model.Model] // by place in learnable
}

// NewJudge prepares a judge.
func NewJudge(o Options) *Judge {
	j := &Judge{brands: o.Brands, hosts: o.Hosts, detectors: o.Detectors, lures: shippedLures(), features: o.Features}
	if j.brands == nil {
		j.brands = intel.ShippedBrands()
	}
	if j.hosts == nil {
		j.hosts = intel.ShippedHosts()
	}
	if j.detectors == nil {
		j.detectors = Detectors()
	}
	j.lookalikes = j.brands.Lookalikes()
	j.SetIndicators(o.Indicators)
	j.SetRules(o.Rules)
	return j
}

// SetIndicators exchanges the known-bad (and known-good) values; nil means none. Messages being judged finish with the old ones.
func (j *Judge) SetIndicators(x *intel.Indicators) {
	if x == nil {
		x = intel.NewIndicators()
	}
	j.indicators.Store(x)
}

// SetRules exchanges the rules; nil means none.
func (j *Judge) SetRules(r *RuleSet) {
	if r == nil {
		r = &RuleSet{}
	}
	j.rules.Store(r)
}

// Rules returns the rules in use.
func (j *Judge) Rules() *RuleSet { return j.rules.Load() }

// Judge judges one message. The result depends on c, the indicators and the rules alone. A detector or rule that fails is named in
// Notes and the rest still speak; when ctx ends the verdict is made of what was seen so far, and a note says so.
func (j *Judge) Judge(ctx context.Context, c *Context) Verdict {
	f := j.facts(c)
	rules := j.rules.Load()
	var signals []Signal
	var notes []Note
	raise := func(id, evidence string) {
		k, ok := kinds[id]
		if !ok {
			notes = append(notes, Note{"engine", fmt.Sprintf("signal %q is not in the catalogue", id)})
			return
		}
		signals = append(signals, Signal{ID: id, Technology: k.Technology, Threat: k.Threat, Weight: k.Weight, Claim: k.Claim, Evidence: evidence, Message: f.speaksOf[id]})
	}
	for _, d := range j.detectors {
		if err := ctx.Err(); err != nil {
			notes = append(notes, Note{"deadline", fmt.Sprintf("judging stopped before detector %q: %v", d.ID(), err)})
			break
		}
		if n, failed := contain("detector "+d.ID(), func() { d.Detect(f, raise) }); failed {
			notes = append(notes, n)
		}
	}
	signals = append(signals, f.listed...)
	if ctx.Err() == nil {
		f.raised = signals
		more, n := rules.evaluate(ctx, f)
		signals, notes = append(signals, more...), append(notes, n...)
	}
	features, more := f.learned(signals)
	signals = append(signals, more...)
	v := Combine(signals, f.threatNames, f.bulkLevel(), rules.family)
	for _, n := range f.listedNames {
		if v.Is(n.threat) && !slices.Contains(v.ThreatNames, n.name) {
			v.ThreatNames = append(v.ThreatNames, n.name)
		}
	}
	v.Features = features
	v.Notes = append(v.Notes, notes...)
	return v
}

// contain runs do and turns a panic into a note: one message that breaks one detector must not stop the others, nor the mail.
func contain(who string, do func()) (n Note, failed bool) {
	defer func() {
		if p := recover(); p != nil {
			n = Note{"engine", Clean(fmt.Sprintf("%s failed: %v at %s", who, p, panicPlace()), maxEvidence)}
			failed = true
		}
	}()
	do()
	return Note{}, false
}

// panicPlace names the line that panicked: the first frame of this module after the runtime's.
func panicPlace() string {
	stack := string(debug.Stack())
	return placeIn(stack)
}

func placeIn(stack string) string {
	_, after, _ := strings.Cut(stack, "panic(")
	for _, line := range strings.Split(after, "\n") {
		if i := strings.Index(line, "/internal/"); i >= 0 && strings.HasPrefix(line, "\t") {
			place, _, _ := strings.Cut(line[i+1:], " ")
			return place
		}
	}
	return "an unknown place"
}
