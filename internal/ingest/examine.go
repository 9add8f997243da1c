package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"time"

	"tocsin/internal/casestore"
	"tocsin/internal/detect"
	"tocsin/internal/email"
	"tocsin/internal/mailauth"
	"tocsin/internal/scan"
)

// Examiner judges messages as the Pipeline does, and stores nothing. Judge must be set; the rest is as in PipelineConfig.
type Examiner struct {
	Judge   Judge
	Auth    Authenticator
	Org     detect.Organisation
	Own     func(netip.Addr) bool // nil: private and loopback addresses
	Memory  *casestore.Memory     // asked, never changed; nil: nothing is known of the past
	Limits  email.Limits
	Scan    scan.Limits
	Engines []scan.Engine // asked about the message and its files; nil: none

	Campaigns *Campaigns // asked, never changed; nil: the message is judged by itself
	Late      Late       // nil: nobody answers later

	turn func(ctx context.Context) (release func(), err error) // of a Pipeline
}

// Examined is what an Examiner found.
type Examined struct {
	NetworkMessageID string // what the message gets when it is taken in with the same envelope
	Message          *email.Message
	Context          *detect.Context
	Verdict          detect.Verdict
	Trace            *casestore.Trace // what it would leave in memory; nil: nothing
	Defects          []string         // of the road, event.DefectParse and the like; those of the message are in Message
	ParseTime        time.Duration    // with what is inside the files
	JudgeTime        time.Duration    // without the checks of the sender
}

// Examine judges one message. A bug that a message sets off becomes a defect, as on the road; the error is only ctx's.
func (x Examiner) Examine(ctx context.Context, raw []byte, env Envelope) (Examined, error) {
	if env.Journal {
		raw, env = open(raw, env)
	}
	env = env.clean()
	if env.Time.IsZero() {
		env.Time = headerTime(raw, env.FileTime, time.Now())
	}
	sum := sha256.Sum256(raw)
	at := env.Time.UTC().Truncate(time.Millisecond)
	f := &findings{
		org: x.Org, own: x.Own, now: time.Now().UTC(), size: len(raw),
		job: Job{
			SHA256: hex.EncodeToString(sum[:]), NetworkMessageID: NewID(at, sum, 0), Time: at.UnixMicro(), Source: env.Source,
			ClientIP: env.ClientIP, OwnClient: env.OwnClient, Helo: env.Helo, MailFrom: env.MailFrom, MailFromKnown: env.MailFromKnown,
			TLS: env.TLS, Recipients: env.Recipients, Defects: env.Defects,
		},
	}
	return x.examine(ctx, f, raw)
}

// ExamineStored judges a message again from its raw bytes and what its events tell of its delivery. auth is what was found out about the
// sender then; keys and records of senders change, so it is not asked again. Without it (nil) nothing is known of the sender.
func (x Examiner) ExamineStored(ctx context.Context, raw []byte, j Job, auth *mailauth.Results) (Examined, error) {
	x.Auth = nil
	if auth != nil {
		x.Auth = recorded(*auth)
	}
	return x.examine(ctx, &findings{org: x.Org, own: x.Own, now: time.Now().UTC(), size: len(raw), job: j}, raw)
}

// recorded answers what was found out before.
type recorded mailauth.Results

func (r recorded) Check(context.Context, *email.Message, []byte, mailauth.Envelope) mailauth.Results {
	return mailauth.Results(r)
}

func (x Examiner) examine(ctx context.Context, f *findings, raw []byte) (out Examined, err error) {
	if f.own == nil {
		f.own = private
	}
	e := exam{judge: x.Judge, auth: x.Auth, memory: x.Memory, limits: x.Limits, scan: x.Scan, turn: x.turn, kin: x.Campaigns, ask: x.Engines, late: x.Late}
	var notes []detect.Note
	e.failed = func(defect string, cause any, _ []byte) {
		notes = append(notes, detect.Note{ID: defect, Text: fmt.Sprint(cause)})
	}
	if err := e.run(ctx, f, raw); err != nil {
		return out, err
	}
	f.judged = e.complete
	out = Examined{
		NetworkMessageID: f.job.NetworkMessageID, Message: f.m, Context: f.context, Verdict: f.verdict, Trace: f.trace(x.Memory), Defects: f.defects,
		ParseTime: e.parsed, JudgeTime: e.judged,
	}
	out.Verdict.Notes = append(out.Verdict.Notes, notes...)
	if out.Message == nil {
		out.Message = email.Parse(nil, x.Limits)
	}
	if out.Context == nil {
		out.Context = &detect.Context{Message: out.Message, Auth: mailauth.Results{}, Org: f.org, Now: f.job.at()}
	}
	return out, ctx.Err()
}
