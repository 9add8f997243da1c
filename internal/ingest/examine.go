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
	"tocsin/internal/event"
	"tocsin/internal/mailauth"
	"tocsin/internal/scan"
)

// Examiner judges messages as the Pipeline does, and stores nothing. Judge must be set; the rest is as in PipelineConfig.
type Examiner struct {
	Judge  Judge
	Auth   Authenticator
	Org    detect.Organisation
	Own    func(netip.Addr) bool // nil: private and loopback addresses
	Memory *casestore.Memory     // asked, never changed; nil: nothing is known of the past
	Limits email.Limits
	Scan   scan.Limits
}

// Examined is what an Examiner found.
type Examined struct {
	NetworkMessageID string // what the message gets when it is taken in with the same envelope
	Message          *email.Message
	Context          *detect.Context
	Verdict          detect.Verdict
	Defects          []string      // of the road, event.DefectParse and the like; those of the message are in Message
	ParseTime        time.Duration // with what is inside the files
	JudgeTime        time.Duration // with the checks of the sender, DNS included
}

// Examine judges one message. A bug that a message sets off becomes a defect, as on the road; the error is only ctx's.
func (x Examiner) Examine(ctx context.Context, raw []byte, env Envelope) (out Examined, err error) {
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
	if f.own == nil {
		f.own = func(a netip.Addr) bool { return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() }
	}
	out.NetworkMessageID = f.job.NetworkMessageID
	step := func(defect string, do func()) (ok bool) {
		defer func() {
			if r := recover(); r != nil {
				f.defects = append(f.defects, defect)
				out.Verdict.Notes = append(out.Verdict.Notes, detect.Note{ID: defect, Text: fmt.Sprint(r)})
			}
		}()
		do()
		return true
	}
	began := time.Now()
	parsed := step(event.DefectParse, func() {
		f.m = email.Parse(raw, x.Limits)
		f.describe()
	})
	if parsed {
		step(event.DefectFiles, func() { f.files = scan.Open(ctx, f.m, x.Scan) })
	}
	out.ParseTime = time.Since(began)
	began = time.Now()
	if parsed {
		if x.Auth != nil {
			step(event.DefectAuth, func() {
				f.auth = x.Auth.Check(ctx, f.m, raw, f.envelope())
				f.authKnown = true
			})
		}
		step(event.DefectMemory, func() {
			if failed := f.recall(ctx, x.Memory); failed != nil {
				out.Verdict.Notes = append(out.Verdict.Notes, detect.Note{ID: event.DefectMemory, Text: failed.Error()})
			}
		})
		step(event.DefectJudge, func() {
			c := f.context()
			out.Context = c
			out.Verdict = x.Judge.Judge(ctx, c)
		})
	}
	out.JudgeTime = time.Since(began)
	out.Message, out.Defects = f.m, f.defects
	if out.Message == nil {
		out.Message = email.Parse(nil, x.Limits)
	}
	if out.Context == nil {
		out.Context = &detect.Context{Message: out.Message, Auth: mailauth.Results{}, Org: x.Org, Now: at}
	}
	return out, ctx.Err()
}
