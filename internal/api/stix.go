package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/internal/auth"
	"tocsin/internal/hunt"
	"tocsin/internal/incident"
	"tocsin/internal/indicator"
	"tocsin/internal/intel"
	"tocsin/internal/stix"
)

// storyMail is how many messages one bundle tells of, the newest ones, and campaignMost of how many events of a campaign it takes them.
const (
	storyMail    = 1000
	campaignMost = 50_000
)

func (s *Server) declareSTIX() {
	add(s, auth.IncidentWork, "GET /incidents/{id}/stix", planning, "It and its mail as a STIX 2.1 bundle for others, marked with a TLP; recipients are only counted; audited", s.incidentSTIX, withFile(mediaSTIX))
	add(s, auth.ExplorerExport, "GET /campaigns/{id}/export/stix", planning, "A campaign and its mail as a STIX 2.1 bundle for others, marked with a TLP; recipients are only counted; audited", s.campaignSTIX, withFile(mediaSTIX))
}

type stixInput struct {
	ID  string `path:"id" maxLength:"100"`
	TLP string `query:"tlp" enum:"clear,green,amber,amber+strict,red" required:"true" doc:"Who may be told: the Traffic Light Protocol level that everything in the bundle is marked with"`
}

func (s *Server) incidentSTIX(ctx context.Context, in *stixInput) (*huma.StreamResponse, error) {
	level, err := chosenTLP(in.TLP)
	if err != nil {
		return nil, err
	}
	i, err := s.deps.Incidents.Store.Incident(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	story, err := s.incidentStory(ctx, &i, level)
	if err != nil {
		return nil, err
	}
	detail := map[string]any{"incident": incident.Label(i.Number), "tlp": in.TLP, "messages": len(story.Mail), "indicators": len(story.Known)}
	if err := s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActSTIX, Subject: i.ID}, detail); err != nil {
		return nil, err
	}
	return s.sendStory(incident.Label(i.Number), story), nil
}

func (s *Server) campaignSTIX(ctx context.Context, in *stixInput) (*huma.StreamResponse, error) {
	level, err := chosenTLP(in.TLP)
	if err != nil {
		return nil, err
	}
	story, err := s.CampaignStory(ctx, in.ID, level)
	if err != nil {
		return nil, err
	}
	detail := map[string]any{"name": story.Name, "tlp": in.TLP, "messages": len(story.Mail), "indicators": len(story.Known)}
	if err := s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActSTIX, Subject: in.ID}, detail); err != nil {
		return nil, err
	}
	return s.sendStory("campaign-"+in.ID, story), nil
}

func (s *Server) sendStory(name string, story stix.Story) *huma.StreamResponse {
	return s.sendSTIX(name, func(_ context.Context, w http.ResponseWriter) error {
		_, err := stix.Tell(story).WriteTo(patient(w))
		return err
	})
}

// incidentStory is what others may be told of an incident. Notes, tasks, owners and recipients stay here.
func (s *Server) incidentStory(ctx context.Context, i *incident.Incident, level stix.TLP) (stix.Story, error) {
	story := stix.Story{Kind: "incident", ID: i.ID, Name: incident.Label(i.Number) + " " + i.Name, Description: i.Description, Labels: i.Tags, Created: i.Created, Modified: i.Updated,
		First: i.First, Last: i.Last, TLP: level, Organisation: s.toldBy()}
	picks, err := s.deps.Incidents.Store.Messages(ctx, incident.MessageFilter{Incident: i.ID})
	if err != nil {
		return story, err
	}
	return story, s.tellMail(ctx, &story, huntPicks(picks))
}

// CampaignStory is what others may be told of a campaign.
func (s *Server) CampaignStory(ctx context.Context, id string, level stix.TLP) (stix.Story, error) {
	c, err := s.deps.Explorer.Campaign(ctx, id, campaignMost)
	if errors.Is(err, hunt.ErrNotFound) {
		return stix.Story{}, huma.NewError(http.StatusNotFound, "there is no such campaign, or its mail is older than what is kept")
	}
	if err != nil {
		return stix.Story{}, err
	}
	var labels []string
	for _, l := range []string{c.Type, c.Subtype} {
		if l != "" {
			labels = append(labels, l)
		}
	}
	name := c.Name
	if name == "" {
		name = "Campaign " + c.ID
	}
	story := stix.Story{Kind: "campaign", ID: "campaign " + c.ID, Name: name, Labels: labels, Created: c.First, Modified: c.Last, First: c.First, Last: c.Last, TLP: level, Organisation: s.toldBy()}
	return story, s.tellMail(ctx, &story, c.Picks)
}

// toldBy is the organisation in whose name something is told.
func (s *Server) toldBy() string {
	if s.deps.Organisation.Name != "" {
		return s.deps.Organisation.Name
	}
	return "Tocsin"
}

// tellMail fills in the messages and what in them is known to be bad.
func (s *Server) tellMail(ctx context.Context, story *stix.Story, picks []hunt.Pick) error {
	letters, of, err := s.deps.Explorer.Letters(ctx, picks, storyMail)
	if err != nil {
		return err
	}
	k := knowing{ctx: ctx, s: s, level: story.TLP, at: map[stix.Wanted]int{}, now: s.deps.Now()}
	for i := range letters {
		l := &letters[i]
		m := stix.Mail{ID: l.NetworkMessageID, MessageID: l.InternetMessageID, Subject: l.Subject, From: l.From, Name: l.Name, Envelope: l.Envelope, IP: l.IP, At: l.At, Recipients: l.Recipients, URLs: l.URLs}
		for _, f := range l.Files {
			m.Files = append(m.Files, stix.File{Name: f.FileName, SHA256: f.SHA256, SHA1: f.SHA1, MD5: f.MD5, Size: f.FileSize})
		}
		story.Mail = append(story.Mail, m)
		k.letter(l)
	}
	story.Known = k.known
	var left []string
	if of > len(letters) {
		left = append(left, fmt.Sprintf("Of %d messages the newest %d are told here.", of, len(letters)))
	}
	if k.withheld > 0 {
		left = append(left, fmt.Sprintf("%d indicators are left out, because their TLP does not allow to tell them at TLP:%s.", k.withheld, strings.ToUpper(string(story.TLP))))
	}
	story.Description = strings.TrimSpace(story.Description + "\n\n" + strings.Join(left, "\n"))
	return nil
}

// knowing finds what in letters is known to be bad: indicators that are at work, and files that were judged malware.
type knowing struct {
	ctx      context.Context
	s        *Server
	level    stix.TLP
	now      time.Time
	known    []stix.Known
	at       map[stix.Wanted]int // -1: it must not be told
	withheld int
}

func (k *knowing) letter(l *hunt.Letter) {
	for _, f := range l.Files {
		if strings.Contains(f.ThreatTypes, "Malware") && f.SHA256 != "" {
			k.see(stix.Wanted{Kind: stix.Hash, Value: f.SHA256}, l, stix.Known{Threat: f.ThreatNames, Description: "judged malware in this mail"})
		}
	}
	if k.s.deps.Feeds == nil || k.s.deps.Feeds.Indicators == nil {
		return
	}
	set := k.s.deps.Feeds.Indicators.Set()
	met := func(in intel.Indicator, ok bool) {
		if ok && !in.Good {
			k.see(stix.Wanted{Kind: stix.Kind(in.Kind.String()), Value: in.Value}, l, stix.Known{Threat: in.Threat, Confidence: int(in.Confidence), Until: in.Expires})
		}
	}
	for _, u := range l.URLs {
		in, ok := set.FindURL(u, k.now)
		if _, normal, err := intel.Normalise(intel.URL, u); err == nil && normal == in.Value {
			in.Value = u // as it stood in the mail
		}
		met(in, ok)
		met(set.FindHost(intel.DomainOf(u), k.now))
	}
	for _, a := range []string{l.From, l.Envelope} {
		met(set.FindSender(a, k.now))
		met(set.FindHost(intel.DomainOf(a), k.now))
	}
	if a, err := netip.ParseAddr(l.IP); err == nil {
		met(set.FindIP(a, k.now))
	}
	met(set.FindSubject(l.Subject, k.now))
	for _, f := range l.Files {
		for _, h := range []string{f.SHA256, f.SHA1, f.MD5} {
			met(set.FindHash(h, k.now))
		}
	}
}

// see counts a message for something known.
func (k *knowing) see(w stix.Wanted, l *hunt.Letter, as stix.Known) {
	at, had := k.at[w]
	if !had {
		at = len(k.known)
		if !k.mayTell(w) {
			at = -1
			k.withheld++
		} else {
			as.Wanted, as.First, as.Last = w, l.At, l.At
			k.known = append(k.known, as)
		}
		k.at[w] = at
	}
	if at < 0 {
		return
	}
	one := &k.known[at]
	one.Count++
	if l.At.Before(one.First) {
		one.First = l.At
	}
	if l.At.After(one.Last) {
		one.Last = l.At
	}
}

// mayTell: what only others told us is told on as far as they allow. What nobody told is this organisation's own.
func (k *knowing) mayTell(w stix.Wanted) bool {
	if k.s.deps.Feeds == nil || k.s.deps.Feeds.Indicators == nil {
		return true
	}
	kind, err := intel.ParseKind(string(w.Kind))
	if err != nil {
		return false
	}
	told, err := k.s.deps.Feeds.Indicators.Find(k.ctx, kind, w.Value)
	if err != nil || len(told) == 0 {
		return err == nil
	}
	for i := range told {
		if t := &told[i]; t.State != indicator.Retired && (t.Source == indicator.Manual && t.TLP == "" || stix.TLP(t.TLP).Within(k.level)) {
			return true
		}
	}
	return false
}
