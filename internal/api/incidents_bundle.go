package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"golang.org/x/sync/errgroup"

	"tocsin/internal/auth"
	"tocsin/internal/email"
	"tocsin/internal/event"
	"tocsin/internal/hunt"
	"tocsin/internal/incident"
	"tocsin/internal/incident/report"
	"tocsin/internal/remediate"
	"tocsin/internal/zipaes"
)

// Limits of one bundle.
const (
	bundleMessages = 10_000 // newest first
	bundleLines    = 100_000
	bundleActions  = 1000
)

// BundleFile is one file of a bundle, as its manifest lists it.
type BundleFile struct {
	Name      string `json:"name"`
	SHA256    string `json:"sha256"`
	Size      int    `json:"size"`
	Encrypted bool   `json:"encrypted"`
}

// BundleManifest proves what a bundle held when it was made.
type BundleManifest struct {
	Format       string       `json:"format"`
	Incident     string       `json:"incident"`
	ID           string       `json:"id"`
	Name         string       `json:"name"`
	Organisation string       `json:"organisation"`
	Made         time.Time    `json:"made"`
	By           string       `json:"by"`
	Reason       string       `json:"reason"`
	Version      string       `json:"tocsin"`
	Events       int          `json:"email_events"`
	Messages     int          `json:"messages"`
	Without      []BundleLack `json:"without"`
	Files        []BundleFile `json:"files"`
}

// BundleLack is a message that is not in a bundle, and why.
type BundleLack struct {
	NetworkMessageID string `json:"network_message_id"`
	Why              string `json:"why"`
}

// bundle is what goes into one.
type bundle struct {
	incident incident.Incident
	members  []incident.Incident
	picks    []incident.Pick
	messages []held // distinct, newest first
	without  []BundleLack
	derived  *hunt.Derived
	report   []byte
	reason   string
	password string
}

// held is a message and where its octets are.
type held struct {
	id, sum string
	at      time.Time
}

func (s *Server) incidentBundle(ctx context.Context, in *incidentBundleInput) (*huma.StreamResponse, error) {
	if err := zipaes.CheckPassword(in.Body.Password); err != nil {
		return nil, &refused{location: "body.password", msg: err.Error()}
	}
	b, err := s.gather(ctx, in)
	if err != nil {
		return nil, err
	}
	// Nothing is taken out that is not written down before: every message, and the bundle itself.
	if err := s.recordBundle(ctx, b); err != nil {
		return nil, err
	}
	by := s.actor(ctx)
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		r, w := humago.Unwrap(hctx)
		w.Header().Set("Content-Type", "application/zip")
		w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s.zip"`, incident.Label(b.incident.Number)))
		out := patient(w)
		sum, err := s.writeBundle(r.Context(), zipaes.NewWriter(out, b.password), b, by)
		if err == nil {
			err = out.flush()
		}
		if err == nil {
			err = s.deps.Incidents.Store.Log(context.WithoutCancel(r.Context()), b.incident.ID, incident.Entry{
				Kind: incident.Exported, By: by.Email, ByID: by.ID, At: s.deps.Now(), Count: len(b.messages),
				Say: fmt.Sprintf("took it out as a bundle with %s; the manifest's SHA-256 is %s: %s", messages(len(b.messages)), sum, b.reason),
			})
		}
		if err != nil {
			s.deps.Log.Warn("bundle broke off", "incident", b.incident.ID, "err", err)
			panic(http.ErrAbortHandler)
		}
	}}, nil
}

// gather reads what a bundle needs but the octets of messages, and refuses what whoever asks may not take out.
func (s *Server) gather(ctx context.Context, in *incidentBundleInput) (*bundle, error) {
	store := s.deps.Incidents.Store
	i, err := store.Incident(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	b := &bundle{incident: i, reason: in.Body.Reason, password: in.Body.Password}
	if b.members, err = store.Members(ctx, i.ID); err != nil {
		return nil, err
	}
	if b.picks, err = store.Messages(ctx, incident.MessageFilter{Incident: i.ID}); err != nil {
		return nil, err
	}
	if in.Body.Messages == nil || *in.Body.Messages {
		if err := s.gatherMessages(ctx, b); err != nil {
			return nil, err
		}
	}
	if b.derived, err = s.deps.Explorer.Derive(ctx, huntPicks(b.picks)); err != nil {
		return nil, err
	}
	d, err := s.reportOf(ctx, &i)
	if err != nil {
		return nil, err
	}
	b.report, err = report.HTML(d)
	return b, err
}

func (s *Server) gatherMessages(ctx context.Context, b *bundle) error {
	var ids []string
	seen := map[string]bool{}
	for _, p := range b.picks {
		if seen[p.NetworkMessageID] {
			continue
		}
		seen[p.NetworkMessageID] = true
		if len(ids) == bundleMessages {
			b.without = append(b.without, BundleLack{p.NetworkMessageID, fmt.Sprintf("a bundle holds %d messages, the newest", bundleMessages)})
			continue
		}
		ids = append(ids, p.NetworkMessageID)
	}
	all, err := s.deps.Explorer.Held(ctx, ids)
	if err != nil {
		return err
	}
	who := auth.From(ctx)
	withheld := map[auth.Permission]int{}
	for _, id := range ids {
		events := all[id]
		if len(events) == 0 {
			b.without = append(b.without, BundleLack{id, "it is older than what is kept"})
			continue
		}
		if need := needed(events); !who.May(need) && !who.May(auth.EmailPreview) {
			withheld[need]++
		}
		sum := rawOf(events)
		if sum == "" {
			b.without = append(b.without, BundleLack{id, ErrRawGone.Error()})
			continue
		}
		b.messages = append(b.messages, held{id, sum, events[0].Timestamp})
	}
	for _, need := range []auth.Permission{auth.EmailPreview, auth.EmailContent} {
		if n := withheld[need]; n > 0 {
			return &forbidden{need: need, why: fmt.Sprintf("taking %s of this incident out (ask for the bundle without messages, or for the role)", messages(n))}
		}
	}
	return nil
}

func rawOf(events []event.EmailEvent) string {
	for i := range events {
		if events[i].RawSHA256 != "" {
			return events[i].RawSHA256
		}
	}
	return ""
}

// recorders is how many audit records are written at once: they share their commits.
const recorders = 64

func (s *Server) recordBundle(ctx context.Context, b *bundle) error {
	err := s.noteIncident(ctx, auth.ActIncidentExported, &b.incident, b.reason, map[string]any{"messages": len(b.messages), "email_events": len(b.picks), "without": len(b.without)})
	if err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(recorders)
	for _, m := range b.messages {
		g.Go(func() error {
			return s.deps.Gate.Write(gctx, auth.Record{Action: auth.ActDownload, Subject: m.id, Reason: b.reason}, map[string]string{"sha256": m.sum, "incident": incident.Label(b.incident.Number)})
		})
	}
	return g.Wait()
}

// bundleWriter adds files and keeps the manifest.
type bundleWriter struct {
	zip   *zipaes.Writer
	at    time.Time
	files []BundleFile
}

func (w *bundleWriter) add(name string, at time.Time, content []byte) error {
	w.files = append(w.files, BundleFile{name, sum256(content), len(content), true})
	return w.zip.Sealed(name, at, content)
}

func sum256(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func (w *bundleWriter) json(name string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return w.add(name, w.at, append(raw, '\n'))
}

func (w *bundleWriter) csv(name string, lines [][]string) error {
	var out bytes.Buffer
	c := csv.NewWriter(&out)
	for n, line := range lines {
		if n > 0 {
			for k := range line {
				line[k] = hunt.Cell(line[k])
			}
		}
		if err := c.Write(line); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	c.Flush()
	return w.add(name, w.at, out.Bytes())
}

const bundleReadme = `This is an incident of Tocsin as it was when the bundle was made.

The files are encrypted with AES-256; 7-Zip and most zip programs open them with the password that was chosen.
The messages are as they came in, and many are malicious: open them on a machine that is made for that.

manifest.json   SHA-256 of every file, what is missing and why; its own SHA-256 stands in the incident's timeline
report.html     the report
timeline        everything that happened, oldest first
emails.csv      every email event of the incident, as it is now
indicators.csv  by what the mail is known again
actions.json    actions on mailboxes with approvals and results
tasks.json      tasks
messages/       the messages, named by network message id
`

// writeBundle writes the archive and returns the SHA-256 of its manifest.
func (s *Server) writeBundle(ctx context.Context, z *zipaes.Writer, b *bundle, by incident.Actor) (string, error) {
	w := &bundleWriter{zip: z, at: by.At}
	if err := z.Plain("README.txt", w.at, []byte(bundleReadme)); err != nil {
		return "", err
	}
	if err := w.add("report.html", w.at, b.report); err != nil {
		return "", err
	}
	for _, part := range []func(context.Context, *bundleWriter, *bundle) error{s.bundleTimeline, s.bundleEmails, s.bundleIndicators, s.bundleWork, s.bundleMessagesIn} {
		if err := part(ctx, w, b); err != nil {
			return "", err
		}
	}
	i := &b.incident
	raw, err := json.MarshalIndent(BundleManifest{
		Format: "tocsin-incident-bundle/1", Incident: incident.Label(i.Number), ID: i.ID, Name: i.Name, Organisation: s.deps.Organisation.Name, Made: by.At, By: by.Email, Reason: b.reason, Version: s.deps.Version,
		Events: len(b.picks), Messages: len(b.messages), Without: list(b.without), Files: w.files,
	}, "", "  ")
	if err != nil {
		return "", fmt.Errorf("manifest: %w", err)
	}
	raw = append(raw, '\n')
	if err := z.Plain("manifest.json", w.at, raw); err != nil {
		return "", err
	}
	return sum256(raw), z.Close()
}

func (s *Server) bundleTimeline(ctx context.Context, w *bundleWriter, b *bundle) error {
	labels := map[string]string{}
	for n := range b.members {
		labels[b.members[n].ID] = incident.Label(b.members[n].Number)
	}
	all, err := s.deps.Incidents.Store.Timeline(ctx, incident.EntryFilter{Incident: b.incident.ID, Limit: bundleLines})
	if err != nil {
		return err
	}
	slices.Reverse(all)
	out := make([]IncidentEntry, len(all))
	lines := [][]string{{"Time", "Incident", "By", "Kind", "What", "Note"}}
	for n := range all {
		out[n] = timelineEntry(ctx, &all[n], nil)
		note := ""
		if all[n].Note != nil {
			note = all[n].Note.Text
		}
		lines = append(lines, []string{Datetime(all[n].At), labels[all[n].Incident], all[n].By, string(all[n].Kind), all[n].Say, note})
	}
	return errors.Join(w.json("timeline.json", out), w.csv("timeline.csv", lines))
}

// bundleRows is how many events one question is about.
const bundleRows = 5000

func (s *Server) bundleEmails(ctx context.Context, w *bundleWriter, b *bundle) error {
	lines := [][]string{{"Timestamp", "NetworkMessageId", "InternetMessageId", "RecipientEmailAddress", "SenderFromAddress", "SenderMailFromAddress", "SenderIPv4", "SenderIPv6", "Subject", "ThreatTypes", "LatestThreatTypes",
		"DeliveryAction", "DeliveryLocation", "LatestDeliveryAction", "LatestDeliveryLocation", "Outcome"}}
	for part := range slices.Chunk(b.picks, bundleRows) {
		found, err := s.deps.Explorer.Rows(ctx, huntPicks(part))
		if err != nil {
			return err
		}
		for n := range found {
			e := &found[n]
			lines = append(lines, []string{Datetime(part[n].At), e.NetworkMessageId, e.InternetMessageId, e.RecipientEmailAddress, e.SenderFromAddress, e.SenderMailFromAddress, e.SenderIPv4, e.SenderIPv6, e.Subject, e.ThreatTypes, e.LatestThreatTypes,
				e.DeliveryAction, e.DeliveryLocation, e.LatestDeliveryAction, e.LatestDeliveryLocation, string(e.Outcome)})
		}
	}
	return w.csv("emails.csv", lines)
}

func (s *Server) bundleIndicators(_ context.Context, w *bundleWriter, b *bundle) error {
	lines := [][]string{{"Kind", "Value", "Defanged", "Label", "Messages", "First", "Last"}}
	for _, g := range indicatorGroups {
		for _, t := range b.derived.Things[g.entity] {
			defanged := t.Value
			if !g.plain {
				defanged = email.Defang(t.Value)
			}
			lines = append(lines, []string{string(g.entity), t.Value, defanged, t.Label, strconv.Itoa(t.Messages), Datetime(t.First), Datetime(t.Last)})
		}
	}
	return w.csv("indicators.csv", lines)
}

// BundleAction is an action with what became of every mailbox.
type BundleAction struct {
	Action  Action         `json:"action"`
	Targets []ActionTarget `json:"targets"`
}

func (s *Server) bundleWork(ctx context.Context, w *bundleWriter, b *bundle) error {
	actions, err := s.deps.Acting.Store.Actions(ctx, remediate.ActionFilter{Incident: b.incident.ID, Limit: bundleActions})
	if err != nil {
		return err
	}
	slices.Reverse(actions) // oldest first
	out := []BundleAction{}
	for n := range actions {
		targets, err := s.deps.Acting.Store.Targets(ctx, remediate.TargetFilter{Action: actions[n].ID, After: -1})
		if err != nil {
			return err
		}
		x := BundleAction{Action: actionOf(ctx, &actions[n]), Targets: make([]ActionTarget, len(targets))}
		for k := range targets {
			x.Targets[k] = targetOf(&targets[k])
		}
		out = append(out, x)
	}
	tasks, err := s.deps.Incidents.Store.Tasks(ctx, b.incident.ID)
	if err != nil {
		return err
	}
	shown := make([]IncidentTask, len(tasks))
	for n := range tasks {
		shown[n] = s.taskOf(&tasks[n], nil)
	}
	return errors.Join(w.json("actions.json", out), w.json("tasks.json", shown))
}

func (s *Server) bundleMessagesIn(ctx context.Context, w *bundleWriter, b *bundle) error {
	kept := b.messages[:0:0]
	for _, m := range b.messages {
		raw, err := s.deps.Raw.Get(ctx, m.sum)
		switch {
		case errors.Is(err, ErrRawGone), errors.Is(err, ErrRawDamaged):
			b.without = append(b.without, BundleLack{m.id, err.Error()})
			continue
		case err != nil:
			return err
		}
		if err := w.add("messages/"+m.id+".eml", m.at, raw); err != nil {
			return err
		}
		kept = append(kept, m)
	}
	b.messages = kept
	return nil
}
