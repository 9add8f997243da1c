package api

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/internal/auth"
	"tocsin/internal/email"
	"tocsin/internal/email/preview"
	"tocsin/internal/hunt"
	"tocsin/internal/submission"
)

// Submitted is what takes and keeps reports.
type Submitted struct {
	Desk    *submission.Desk
	Vault   submission.Vault
	Address string // for reports; "" for none
	Folders []string
}

func (s *Server) declareSubmissions() {
	add(s, auth.SubmissionRead, "GET /submissions", asking, "What users reported, the last report or change first", s.submissions)
	add(s, auth.SubmissionRead, "GET /submissions/metrics", asking, "Reports a day, results, and how often reporters were right", s.submissionMetrics)
	add(s, auth.SubmissionRead, "GET /submissions/chart", asking, "Reports over time", s.submissionChart)
	add(s, auth.SubmissionRead, "GET /submissions/answers", quick, "What reporters are told", s.submissionAnswers)
	add(s, auth.PolicyEdit, "PUT /submissions/answers", quick, "Change it; audited", s.putSubmissionAnswers, withLongBody)
	add(s, auth.SubmissionRead, "GET /submissions/{id}", quick, "One submission with its reports", s.submission)
	add(s, auth.SubmissionWork, "POST /submissions", asking, "Report a delivered message; audited", s.postSubmission)
	add(s, auth.SubmissionWork, "POST /submissions/message", asking, "Report a message by its bytes; it is judged and matched, never delivered; audited", s.postSubmissionRaw, s.withMail)
	add(s, auth.SubmissionWork, "PUT /submissions/{id}", asking, "Take, close or reopen it; audited", s.putSubmission)
	add(s, auth.SubmissionWork, "POST /submissions/{id}/judge", asking, "Judge the reported message now", s.judgeSubmission)
	add(s, auth.SubmissionRead, "POST /submissions/{id}/content", asking, "Read the reported message as text; needs email.preview; audited", s.submissionContent)
}

func (s *Server) submissions(ctx context.Context, in *submissionsInput) (*Reply[SubmissionPage], error) {
	f := submission.Filter{
		States: words[submission.State](in.State), Types: words[submission.Type](in.Type), Results: words[submission.Result](in.Result), Match: submission.Match(in.Match),
		Reporter: in.Reporter, Owner: in.Owner, Text: in.Text, Message: strings.ToLower(in.Message), From: in.From, To: in.To, Limit: in.Limit + 1,
	}
	switch in.Owner {
	case "me":
		f.Owner = auth.From(ctx).Operator.Email
	case "none":
		f.Owner = "-"
	}
	var err error
	if f.Before, err = submissionPlace(in.Cursor); err != nil {
		return nil, err
	}
	store := s.deps.Submitted.Desk.Store
	list, err := store.Submissions(ctx, f)
	if err != nil {
		return nil, err
	}
	out := SubmissionPage{Submissions: []Submission{}, States: map[string]int{}}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		last := &list[in.Limit-1]
		out.Next = base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(last.Updated.UnixMicro(), 10) + " " + last.ID))
	}
	for i := range list {
		out.Submissions = append(out.Submissions, submissionOf(&list[i]))
	}
	counts, err := store.Counts(ctx)
	for _, state := range submission.States() {
		out.States[string(state)] = counts[state]
	}
	return &Reply[SubmissionPage]{out}, err
}

func words[T ~string](in []string) []T {
	out := make([]T, len(in))
	for i, w := range in {
		out[i] = T(w)
	}
	return out
}

// submissionPlace reads a cursor.
func submissionPlace(cursor string) (p submission.Place, err error) {
	if cursor == "" {
		return p, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	at, id, ok := strings.Cut(string(raw), " ")
	n, err2 := strconv.ParseInt(at, 10, 64)
	if err != nil || err2 != nil || !ok {
		return p, &refused{location: "query.cursor", msg: "this is no cursor of this list; start again from the first page"}
	}
	return submission.Place{Updated: time.UnixMicro(n), ID: id}, nil
}

// mostReports is how many reports of one submission a page shows.
const mostReports = 200

func (s *Server) submission(ctx context.Context, in *submissionInput) (*Reply[SubmissionDetail], error) {
	x, err := s.deps.Submitted.Desk.Store.Submission(ctx, strings.ToLower(in.ID))
	if err != nil {
		return nil, err
	}
	return s.submissionDetail(ctx, &x)
}

func (s *Server) submissionDetail(ctx context.Context, x *submission.Submission) (*Reply[SubmissionDetail], error) {
	reports, err := s.deps.Submitted.Desk.Store.Reports(ctx, x.ID, mostReports)
	if err != nil {
		return nil, err
	}
	out := SubmissionDetail{Submission: submissionOf(x), ReportList: []SubmissionReport{}}
	for i := range reports {
		out.ReportList = append(out.ReportList, reportOf(&reports[i]))
	}
	switch {
	case x.SHA256 == "" && x.Quoted == "":
		out.WhyNot = submission.ErrNoBytes.Error()
	case !auth.From(ctx).May(auth.EmailPreview):
		out.WhyNot = "a recipient has this mail; reading it needs the role " + string(auth.Preview)
	default:
		out.CanLook = true
	}
	return &Reply[SubmissionDetail]{out}, nil
}

// reporter is for whom something is reported, and who vouches for it. Whoever asks for themselves needs no answer.
func reporter(ctx context.Context, named string) (address, proof string, mute bool, err error) {
	p := auth.From(ctx)
	who := p.Operator.Email
	if who == "" {
		who = p.Via
	}
	if named == "" {
		return who, "reported in Tocsin", true, nil
	}
	if a, err := mail.ParseAddress(named); err != nil || a.Address != named {
		return "", "", false, &refused{location: "reporter", msg: "this is no address; write ann@example.com"}
	}
	return named, "reported for them by " + who, false, nil
}

func (s *Server) postSubmission(ctx context.Context, in *submissionNewInput) (*Reply[SubmissionDetail], error) {
	b := &in.Body
	e, err := s.deps.Explorer.Event(ctx, b.NetworkMessageID, strings.ToLower(b.Recipient))
	if err != nil {
		return nil, err
	}
	who, proof, mute, err := reporter(ctx, b.Reporter)
	if err != nil {
		return nil, err
	}
	return s.given(ctx, submission.Given{
		Found: &submission.Found{NetworkMessageID: e.NetworkMessageId, InternetMessageID: e.InternetMessageId, Recipient: e.RecipientEmailAddress, RawSHA256: e.RawSHA256, Sender: e.SenderFromAddress,
			SenderName: e.SenderDisplayName, Subject: e.Subject, At: e.Timestamp},
		Type: submission.Type(b.Type), Comment: b.Comment, Reporter: who, Proof: proof, Mute: mute,
	})
}

func (s *Server) postSubmissionRaw(ctx context.Context, in *submissionRawInput) (*Reply[SubmissionDetail], error) {
	who, proof, mute, err := reporter(ctx, in.Reporter)
	if err != nil {
		return nil, err
	}
	// The body belongs to the request, whose memory the next one gets.
	return s.given(context.WithoutCancel(ctx), submission.Given{Raw: slices.Clone(in.RawBody), Type: submission.Type(in.Type), Comment: in.Comment, Reporter: who, Proof: proof, Mute: mute})
}

func (s *Server) given(ctx context.Context, g submission.Given) (*Reply[SubmissionDetail], error) {
	x, added, err := s.deps.Submitted.Desk.TakeGiven(ctx, g)
	if err != nil {
		return nil, err
	}
	err = s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActSubmissionAdded, Subject: x.ID, Reason: g.Comment}, struct {
		Type     submission.Type `json:"type"`
		Reporter string          `json:"reporter"`
		Message  string          `json:"network_message_id,omitempty"`
		SHA256   string          `json:"sha256,omitempty"`
		Again    bool            `json:"already_there,omitempty"`
	}{g.Type, g.Reporter, x.NetworkMessageID, x.SHA256, !added})
	if err != nil {
		return nil, err
	}
	return s.submissionDetail(ctx, &x)
}

func (s *Server) putSubmission(ctx context.Context, in *submissionChangeInput) (*Reply[SubmissionDetail], error) {
	p, b := auth.From(ctx), &in.Body
	if b.Label && !p.May(auth.EmailLabel) {
		return nil, &forbidden{need: auth.EmailLabel, why: "telling the local model"}
	}
	id := strings.ToLower(in.ID)
	c := submission.Change{Note: b.Note, Owner: b.Owner, By: p.Operator.Email, At: s.deps.Now().UTC().Truncate(time.Microsecond), From: b.Revision}
	if b.State != nil {
		state := submission.State(*b.State)
		c.State = &state
	}
	if b.Result != nil {
		result := submission.Result(*b.Result)
		c.Result = &result
	}
	if b.Owner != nil && *b.Owner == "me" {
		c.Owner = &p.Operator.Email
	}
	x, err := s.deps.Submitted.Desk.Store.Change(ctx, id, c)
	if err != nil {
		return nil, err
	}
	act := auth.ActSubmissionChanged
	if c.State != nil && *c.State == submission.Closed {
		act = auth.ActSubmissionClosed
	}
	err = s.deps.Gate.Write(ctx, auth.Record{Action: act, Subject: x.ID, Reason: x.Note}, struct {
		State  submission.State  `json:"state"`
		Result submission.Result `json:"result,omitempty"`
		Owner  string            `json:"owner,omitempty"`
	}{x.State, x.Result, x.Owner})
	if err != nil {
		return nil, err
	}
	out, err := s.submissionDetail(ctx, &x)
	if err == nil && b.Label && act == auth.ActSubmissionClosed {
		out.Body.Labelled = s.labelSubmission(ctx, &x)
	}
	return out, err
}

// labelSubmission tells the local model what a message is, and says what came of it.
func (s *Server) labelSubmission(ctx context.Context, x *submission.Submission) string {
	label := map[submission.Result]string{submission.Phishing: "phish", submission.IsSpam: "spam", submission.Clean: "good"}[x.Result]
	switch {
	case label == "":
		return fmt.Sprintf("the local model learns nothing from the result %q", string(x.Result))
	case x.NetworkMessageID == "" || x.Match != submission.Exact:
		return "the local model learns nothing: it is not proven which delivered message it is"
	}
	err := s.deps.Learner.Label(ctx, x.NetworkMessageID, label, "")
	switch {
	case err == nil:
		return "the local model learns it as " + label
	case errors.Is(err, ErrNoMessage), errors.Is(err, ErrRawGone):
		return "the local model learns nothing: the message is not kept any more"
	}
	s.deps.Log.Error("a closed submission is not labelled", "submission", x.ID, "err", err)
	return "the local model was not told; the server's log has the details"
}

func (s *Server) judgeSubmission(ctx context.Context, in *submissionInput) (*Reply[SubmissionDetail], error) {
	x, err := s.deps.Submitted.Desk.JudgeAgain(ctx, strings.ToLower(in.ID))
	if err != nil {
		return nil, err
	}
	return s.submissionDetail(ctx, &x)
}

// submissionContent shows what a reporter handed in. The message is in somebody's mailbox, so it takes what reading delivered mail takes.
func (s *Server) submissionContent(ctx context.Context, in *submissionReasonInput) (*Reply[SubmissionContent], error) {
	x, err := s.deps.Submitted.Desk.Store.Submission(ctx, strings.ToLower(in.ID))
	if err != nil {
		return nil, err
	}
	if !auth.From(ctx).May(auth.EmailPreview) {
		return nil, &forbidden{need: auth.EmailPreview, why: "a recipient has this mail; looking into it"}
	}
	out := SubmissionContent{Links: []ContentLink{}, Recorded: s.recorded(ctx, in.Body.Reason)}
	var raw []byte
	switch {
	case x.SHA256 != "":
		if raw, err = s.deps.Submitted.Vault.Get(ctx, x.SHA256); err != nil {
			return nil, err
		}
	case x.Quoted == "":
		return nil, submission.ErrNoBytes
	}
	err = s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActContent, Subject: x.ID, Reason: in.Body.Reason}, map[string]string{"submission": x.ID, "sha256": x.SHA256, "subject": x.Subject})
	if err != nil {
		return nil, err
	}
	if raw == nil {
		raw, out.Quoted = []byte("Content-Type: text/plain; charset=utf-8\r\n\r\n"+x.Quoted), true
	}
	p := preview.Render(email.Parse(raw, email.Limits{}), preview.Options{})
	out.Plain, out.Truncated = p.Plain, p.Truncated
	for _, l := range p.Links {
		out.Links = append(out.Links, ContentLink{N: l.N, URL: l.URL, Defanged: l.Defanged, Text: l.Text, Domain: l.Domain})
	}
	return &Reply[SubmissionContent]{out}, nil
}

func (s *Server) submissionAnswers(ctx context.Context, _ *Nothing) (*Reply[SubmissionAnswers], error) {
	have, err := submission.InForce(ctx, s.deps.Submitted.Desk.Store)
	if err != nil {
		return nil, err
	}
	return &Reply[SubmissionAnswers]{s.answersOf(&have)}, nil
}

func (s *Server) answersOf(a *submission.Settings) SubmissionAnswers {
	out := SubmissionAnswers{
		Revision: a.Revision, At: maybeTime(a.At), By: a.By, Answer: a.Answer, OptOut: list(a.OptOut), Subject: a.Subject, Texts: map[string]string{}, SignOff: a.Sign,
		Address: s.deps.Submitted.Address, Folders: s.deps.Submitted.Folders,
	}
	for _, r := range submission.Results() {
		out.Texts[string(r)] = a.Texts[r]
	}
	for _, p := range submission.Placeholders {
		out.Placeholders = append(out.Placeholders, Placeholder{p.Name, p.Means})
	}
	return out
}

func (s *Server) putSubmissionAnswers(ctx context.Context, in *submissionAnswersInput) (*Reply[SubmissionAnswers], error) {
	store := s.deps.Submitted.Desk.Store
	before, err := submission.InForce(ctx, store)
	if err != nil {
		return nil, err
	}
	b := &in.Body
	after := submission.Settings{At: s.deps.Now().UTC().Truncate(time.Microsecond), By: auth.From(ctx).Operator.Email, Answer: b.Answer, OptOut: b.OptOut, Subject: b.Subject, Sign: b.SignOff, Texts: map[submission.Result]string{}}
	for r, text := range b.Texts {
		after.Texts[submission.Result(r)] = text
	}
	if err := after.Validate(); err != nil {
		return nil, err
	}
	if after, err = store.SaveSettings(ctx, after, b.Revision); err != nil {
		return nil, err
	}
	err = s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActSubmissionAnswers, Subject: strconv.FormatInt(after.Revision, 10)}, struct {
		Before submission.Settings `json:"before"`
		After  submission.Settings `json:"after"`
	}{before, after})
	if err != nil {
		return nil, err
	}
	return &Reply[SubmissionAnswers]{s.answersOf(&after)}, nil
}

func (s *Server) submissionChart(ctx context.Context, in *submissionChartInput) (*Reply[Chart], error) {
	c, err := s.deps.Explorer.Submitted(ctx, in.From, in.To, in.Split)
	if err != nil {
		return nil, err
	}
	return &Reply[Chart]{chartOf(c)}, nil
}

// topReporters is how many reporters the figures name.
const topReporters = 20

func (s *Server) submissionMetrics(ctx context.Context, in *submissionTimeInput) (*Reply[SubmissionMetrics], error) {
	to := in.To
	if to.IsZero() {
		to = s.deps.Now()
	}
	from := in.From
	if from.IsZero() {
		from = to.Add(-30 * 24 * time.Hour)
	}
	m, err := s.deps.Submitted.Desk.Store.Metrics(ctx, from, to, topReporters)
	if err != nil {
		return nil, err
	}
	out := SubmissionMetrics{Reports: m.Reports, Open: m.Open, OldestNew: maybeTime(m.OldestNew), TriageSeconds: int64(m.Triage / time.Second), Days: []SubmissionDay{}, Results: []SubmissionShare{}, Types: []SubmissionShare{}, Reporters: []SubmissionReporter{}}
	for _, d := range m.Days {
		out.Days = append(out.Days, SubmissionDay(d))
	}
	for _, x := range m.Results {
		out.Results = append(out.Results, SubmissionShare(x))
	}
	for _, x := range m.Types {
		out.Types = append(out.Types, SubmissionShare(x))
	}
	for _, r := range m.Reporters {
		out.Reporters = append(out.Reporters, SubmissionReporter(r))
	}
	return &Reply[SubmissionMetrics]{out}, nil
}

// chartOf is a chart in the API's words.
func chartOf(c *hunt.Chart) Chart {
	out := Chart{From: c.From, To: c.To, BucketSeconds: c.BucketSeconds, Starts: list(c.Starts), Series: make([]ChartSeries, len(c.Series)), Total: c.Total, Mailboxes: c.Mailboxes, Asked: asked(c.Answer)}
	for i, line := range c.Series {
		out.Series[i] = ChartSeries{Key: line.Key, Label: line.Label, Other: line.Other, Total: line.Total, Counts: list(line.Counts)}
	}
	return out
}

// submissionProblem gives errors of package submission their status; nil for others.
func submissionProblem(err error) huma.StatusError {
	var (
		wrong    *submission.Wrong
		outdated *submission.Outdated
	)
	switch {
	case errors.As(err, &wrong):
		return huma.NewError(http.StatusUnprocessableEntity, wrong.Say, &huma.ErrorDetail{Message: wrong.Say, Location: "body." + wrong.Field})
	case errors.As(err, &outdated):
		return huma.NewError(http.StatusConflict, outdated.Error())
	case errors.Is(err, submission.ErrNotFound):
		return huma.NewError(http.StatusNotFound, submission.ErrNotFound.Error())
	case errors.Is(err, submission.ErrNoBytes):
		return huma.NewError(http.StatusGone, submission.ErrNoBytes.Error())
	}
	return nil
}

// reported is who reported the message, and what came of it, for its timeline.
func (s *Server) reported(ctx context.Context, id string) (out []TimelineEvent, err error) {
	if s.deps.Submitted == nil {
		return nil, nil
	}
	store := s.deps.Submitted.Desk.Store
	all, err := store.Submissions(ctx, submission.Filter{Message: id, Limit: 10})
	if err != nil {
		return nil, err
	}
	for i := range all {
		x := &all[i]
		reports, err := store.Reports(ctx, x.ID, mostReports)
		if err != nil {
			return nil, err
		}
		for _, r := range reports {
			e := TimelineEvent{Time: r.At, Kind: "reported", Title: "Reported as " + strings.ToLower(string(r.Type)), Detail: r.Comment, Source: r.Reporter, Tone: "warn"}
			if !r.Proven {
				e.Title, e.Tone = e.Title+", sender not proven", "neutral"
			}
			out = append(out, e)
		}
		if x.State == submission.Closed {
			out = append(out, TimelineEvent{Time: x.Closed, Kind: "reported", Title: "Submission closed: " + string(x.Result), Detail: x.Note, Source: x.ClosedBy, Tone: "neutral"})
		}
	}
	return out, nil
}
