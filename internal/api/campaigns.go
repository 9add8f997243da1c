package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/sync/errgroup"

	"tocsin/internal/auth"
	"tocsin/internal/campaign"
	"tocsin/internal/hunt"
	"tocsin/internal/intel"
	"tocsin/internal/kql"
)

func (s *Server) declareCampaigns() {
	add(s, auth.ExplorerRead, "GET /campaigns", asking, "Campaigns by their mail of a range of time", s.campaigns)
	add(s, auth.ExplorerRead, "GET /campaigns/{id}", asking, "One campaign: figures, flow, senders, lures, payloads, people", s.campaign)
	add(s, auth.EmailRead, "GET /campaigns/of/{nmid}", quick, "The campaigns that a message is part of", s.campaignsOf)
	add(s, auth.CampaignWork, "PUT /campaigns/{id}", asking, "Rename it; audited", s.renameCampaign)
	add(s, auth.CampaignWork, "POST /campaigns/{id}/split", asking, "Make some of its messages a campaign of their own; later mail like them follows; audited", s.splitCampaign)
	add(s, auth.CampaignWork, "POST /campaigns/{id}/merge", asking, "Make it part of another; audited", s.mergeCampaign)
	add(s, auth.CampaignWork, "POST /campaigns/decisions/{decision}/undo", asking, "Take a split or a merge back; audited", s.undoCampaign)
}

// campaignProblem is what is wrong with a decision, nil when err is something else.
func campaignProblem(err error) error {
	switch {
	case errors.Is(err, campaign.ErrNone), errors.Is(err, campaign.ErrGone):
		return huma.NewError(http.StatusNotFound, err.Error())
	case errors.Is(err, campaign.ErrSame), errors.Is(err, campaign.ErrUndone), errors.Is(err, campaign.ErrLater), errors.Is(err, campaign.ErrRename), errors.Is(err, campaign.ErrFull):
		return huma.NewError(http.StatusConflict, err.Error())
	case errors.Is(err, campaign.ErrEmpty), errors.Is(err, campaign.ErrWhole), errors.Is(err, campaign.ErrTooMany):
		return huma.NewError(http.StatusUnprocessableEntity, err.Error())
	}
	return nil
}

func (s *Server) campaigns(ctx context.Context, in *campaignsInput) (*Reply[CampaignPage], error) {
	a := hunt.CampaignsAsk{From: in.From, To: in.To, Types: in.Type, Text: strings.TrimSpace(in.Text), Only: in.Only, Sort: in.Sort, Asc: in.Asc, Limit: in.Limit}
	if in.Cursor != "" {
		n, err := strconv.Atoi(in.Cursor)
		if err != nil {
			return nil, &refused{location: "query.cursor", msg: "this is no cursor of this list; start again from the first page"}
		}
		a.Offset = n
	}
	list, err := s.deps.Explorer.Campaigns(ctx, a)
	if err != nil {
		return nil, err
	}
	out := CampaignPage{Campaigns: []CampaignLine{}, Total: list.Total, Asked: asked(list.Answer)}
	for i := range list.Rows {
		r := &list.Rows[i]
		out.Campaigns = append(out.Campaigns, CampaignLine{
			ID: r.ID, Name: r.Name, From: sentBy(r.Domains, r.Domain, r.Senders), Type: r.Type, Subtype: r.Subtype, First: r.First, Last: r.Last, Messages: r.Messages, Recipients: r.Recipients,
			Deliveries: r.Deliveries, Inboxed: r.Inboxed, Junked: r.Junked, Blocked: r.Blocked, Clicked: r.Clicked, Removed: r.Removed, InJunk: r.InJunk, Still: r.Still, Targets: r.Targets,
			Explorer: ScopeLinks{"all", hunt.CampaignFilter(r.ID), &in.From, &in.To},
		})
	}
	if n := a.Offset + len(list.Rows); int64(n) < list.Total {
		out.Next = strconv.Itoa(n)
	}
	out.Coverage, err = s.campaignCoverage(ctx)
	return &Reply[CampaignPage]{out}, err
}

// sentBy says in a word who sends a campaign.
func sentBy(domains int64, domain string, senders int64) string {
	switch {
	case domains > 1:
		return fmt.Sprintf("%d sender domains", domains)
	case senders > 1:
		return fmt.Sprintf("%d senders at %s", senders, domain)
	}
	return domain
}

// campaignCoverage says what is not seen.
func (s *Server) campaignCoverage(ctx context.Context) (CampaignCoverage, error) {
	clicks, err := s.deps.Explorer.Any(ctx, "UrlClickEvents")
	if err != nil || clicks {
		return CampaignCoverage{Clicks: clicks}, err
	}
	return CampaignCoverage{Missing: "No click was ever recorded here, so nobody shows as having clicked. Look into the logs of your web proxy."}, nil
}

func (s *Server) campaignsOf(ctx context.Context, in *campaignsOfInput) (*Reply[CampaignRefs], error) {
	all, err := s.deps.Explorer.CampaignOf(ctx, strings.ToLower(in.ID))
	out := CampaignRefs{Campaigns: []CampaignRef{}}
	for _, c := range all {
		out.Campaigns = append(out.Campaigns, CampaignRef{ID: c[0], Name: c[1]})
	}
	return &Reply[CampaignRefs]{out}, err
}

// shownCampaign is the campaign that an id shows as.
func (s *Server) shownCampaign(id string) (family int64, shown string, err error) {
	family, ok := campaign.ParseCampaignID(id)
	if !ok {
		return 0, "", campaign.ErrNone
	}
	family = s.deps.Campaigns.Book().Shown(family)
	return family, campaign.CampaignID(family), nil
}

// campaignHead finds a campaign whose mail is kept.
func (s *Server) campaignHead(ctx context.Context, id string) (int64, hunt.CampaignHead, error) {
	family, shown, err := s.shownCampaign(id)
	if err != nil {
		return 0, hunt.CampaignHead{}, err
	}
	h, err := s.deps.Explorer.CampaignHead(ctx, shown)
	if errors.Is(err, hunt.ErrNotFound) {
		err = campaign.ErrNone
	}
	return family, h, err
}

// valuesShown is how many values of each list a page has.
const valuesShown = 6

func (s *Server) campaign(ctx context.Context, in *campaignInput) (*Reply[CampaignDetail], error) {
	started := time.Now()
	family, h, err := s.campaignHead(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	node, err := s.campaignNode(ctx, h.ID, in.Node)
	if err != nil {
		return nil, err
	}
	// Whole seconds: addresses of pages know no finer time.
	start, end := h.First.Truncate(time.Second), h.Last.Truncate(time.Second).Add(time.Second)
	view := func(q string) ScopeLinks { return ScopeLinks{"all", q, &start, &end} }
	figure := func(c hunt.Counted) CampaignFigure {
		return CampaignFigure{Value: c.Value, Unit: string(c.Unit), KQL: c.KQL, Explorer: view(c.Filter)}
	}
	out := CampaignDetail{
		ID: h.ID, Name: h.Name, From: sentBy(h.Domains, h.Domain, h.Senders), Type: h.Type, Subtype: h.Subtype, First: h.First, Last: h.Last, Merged: h.ID != in.ID,
		Figures: map[string]CampaignFigure{}, Lists: make([]CampaignValues, len(hunt.CampaignLists())),
	}
	x := s.deps.Explorer
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(3)
	g.Go(func() error {
		all, err := x.CampaignFigures(gctx, h.ID, node)
		for k, c := range all {
			out.Figures[k] = figure(c)
		}
		out.Explorer = out.Figures["deliveries"].Explorer
		return err
	})
	g.Go(func() error {
		f, err := x.CampaignFlow(gctx, h.ID) // whole: it is where another node is chosen
		if err != nil {
			return err
		}
		out.Flow = campaignFlowOf(f, figure)
		return nil
	})
	for i, key := range hunt.CampaignLists() {
		g.Go(func() error {
			values, distinct, err := x.CampaignList(gctx, h.ID, node, key, valuesShown)
			l := CampaignValues{Key: key, Distinct: distinct, Values: []CampaignValue{}}
			for _, v := range values {
				l.Values = append(l.Values, CampaignValue{Text: v.Value, Label: v.Label, CampaignFigure: figure(v.Counted)})
			}
			out.Lists[i] = l
			return err
		})
	}
	g.Go(func() (err error) {
		out.People, err = s.campaignPeople(gctx, h.ID, node, view)
		return err
	})
	g.Go(func() (err error) {
		why, err := x.CampaignReasons(gctx, h.ID)
		out.Reasons = reasonsOf(why)
		return err
	})
	g.Go(func() (err error) {
		out.Related, err = s.campaignRelated(gctx, h.ID)
		return err
	})
	g.Go(func() (err error) {
		out.Coverage, err = s.campaignCoverage(gctx)
		return err
	})
	g.Go(func() (err error) {
		out.Decisions, err = s.campaignDecisions(gctx, family)
		return err
	})
	err = g.Wait()
	out.TookMS, out.KQL = time.Since(started).Milliseconds(), out.Figures["deliveries"].KQL
	return &Reply[CampaignDetail]{out}, err
}

// campaignNode reads a node. What has none of its own is asked of the whole flow.
func (s *Server) campaignNode(ctx context.Context, id, text string) (hunt.Node, error) {
	if text == "" {
		return hunt.Node{}, nil
	}
	stage, value, _ := strings.Cut(text, ":")
	node := hunt.Node{Stage: hunt.Stage(stage), Value: value}
	if value != hunt.Others {
		return node, nil
	}
	f, err := s.deps.Explorer.CampaignFlow(ctx, id)
	if err != nil {
		return node, err
	}
	for _, n := range f.Nodes {
		if n.Stage == node.Stage && n.Node.Value == hunt.Others {
			return n.Node, nil
		}
	}
	return node, &refused{location: "query.node", msg: "this campaign has no such node"}
}

func campaignFlowOf(f *hunt.Flow, figure func(hunt.Counted) CampaignFigure) CampaignFlow {
	out := CampaignFlow{Total: f.Total, KQL: f.KQL, Nodes: []CampaignFlowNode{}, Edges: []CampaignFlowEdge{}}
	for _, n := range f.Nodes {
		out.Nodes = append(out.Nodes, CampaignFlowNode{Stage: string(n.Stage), Name: n.Node.Value, CampaignFigure: figure(n.Counted)})
	}
	for _, e := range f.Edges {
		out.Edges = append(out.Edges, CampaignFlowEdge(e))
	}
	return out
}

// Bounds of the people of a campaign.
const (
	readersShown  = 50
	peopleInQuery = 150 // of a department, that a filter in an address has room for
)

func (s *Server) campaignPeople(ctx context.Context, id string, node hunt.Node, view func(string) ScopeLinks) (CampaignPeople, error) {
	out := CampaignPeople{Departments: []CampaignDepartment{}, Top: []CampaignReader{}}
	all, more, err := s.deps.Explorer.CampaignReaders(ctx, id, node)
	if err != nil {
		return out, err
	}
	out.More = more
	at := map[string]int{}
	who := map[string][]string{}
	for _, r := range all {
		p, _ := s.deps.Directory.Person(r.Address) // whoever is no person of it has no department
		i, ok := at[p.Department]
		if !ok {
			i = len(out.Departments)
			at[p.Department] = i
			out.Departments = append(out.Departments, CampaignDepartment{Name: p.Department})
		}
		d := &out.Departments[i]
		d.People++
		d.Deliveries += r.Deliveries
		d.Inboxed += r.Inboxed
		d.Clicked += r.Clicked
		d.Reported += r.Reported
		d.InJunk += r.InJunk
		d.Still += r.Still
		who[p.Department] = append(who[p.Department], kql.Quote(r.Address))
		if len(out.Top) < readersShown {
			out.Top = append(out.Top, CampaignReader{r.Address, p.Name, p.Department, r.Priority, r.Deliveries, r.Inboxed, r.Clicked, r.Reported, r.InJunk, r.Still})
		}
	}
	base := hunt.CampaignFilter(id)
	for i := range out.Departments {
		if d := &out.Departments[i]; node.Stage == "" {
			if list := who[d.Name]; len(list) <= peopleInQuery {
				v := view(base + " | where RecipientEmailAddress in (" + strings.Join(list, ", ") + ")")
				d.Explorer = &v
			}
		}
	}
	slices.SortFunc(out.Departments, func(a, b CampaignDepartment) int {
		return cmp.Or(cmp.Compare(b.Deliveries, a.Deliveries), cmp.Compare(a.Name, b.Name))
	})
	return out, nil
}

var (
	samplesAlike = regexp.MustCompile(`^(\d+) of (\d+) text samples alike$`)
	counted      = regexp.MustCompile(`^\d+ (same|links) `)
)

// reasonsOf puts together what was told message by message: "27 of 32 text samples alike, same page layout".
func reasonsOf(why map[string]int64) []CampaignReason {
	counts := map[string]int64{}
	least, most, of := 1000, 0, ""
	const text = "\x00"
	for told, n := range why {
		for r := range strings.SplitSeq(told, ", ") {
			// One reason has a comma of its own.
			switch r {
			case "":
				continue
			case "numbers and names aside":
				continue
			case "same subject":
				r = "same subject, numbers and names aside"
			case "link of the same form":
				r = "links of the same form"
			case "same file":
				r = "same files"
			case "same link target":
				r = "same link targets"
			}
			if m := samplesAlike.FindStringSubmatch(r); m != nil {
				k, _ := strconv.Atoi(m[1])
				least, most, of, r = min(least, k), max(most, k), m[2], text
			} else if counted.MatchString(r) {
				_, r, _ = strings.Cut(r, " ")
			}
			counts[r] += n
		}
	}
	out := []CampaignReason{}
	for r, n := range counts {
		if r == text {
			span := strconv.Itoa(least) + " to " + strconv.Itoa(most)
			if least == most {
				span = strconv.Itoa(most)
			}
			r = span + " of " + of + " text samples alike"
		}
		out = append(out, CampaignReason{r, n})
	}
	slices.SortFunc(out, func(a, b CampaignReason) int {
		return cmp.Or(cmp.Compare(b.Messages, a.Messages), cmp.Compare(a.Text, b.Text))
	})
	return out
}

var sharedWords = map[string]string{"file": "the file", "url_host": "the link host", "ip": "the server", "sender_domain": "the sender domain"}

const relatedShown = 20

func (s *Server) campaignRelated(ctx context.Context, id string) ([]CampaignRelated, error) {
	all, err := s.deps.Explorer.CampaignRelated(ctx, id, func(kind, value string) bool {
		return (kind == "url_host" || kind == "sender_domain") && intel.ShippedHosts().Shared(value)
	})
	if err != nil {
		return nil, err
	}
	out := []CampaignRelated{}
	at := map[string]int{}
	for _, r := range all {
		i, ok := at[r.ID]
		if !ok && len(out) == relatedShown {
			continue
		}
		if !ok {
			i = len(out)
			at[r.ID] = i
			out = append(out, CampaignRelated{ID: r.ID, Name: r.Name, Shares: []string{}})
		}
		if len(out[i].Shares) < 5 {
			value := r.Value
			if r.Kind == "file" {
				value = value[:min(len(value), 12)] + "…"
			}
			out[i].Shares = append(out[i].Shares, fmt.Sprintf("%s %s (%d messages there)", sharedWords[r.Kind], value, r.Messages))
		}
	}
	return out, nil
}

func (s *Server) campaignDecisions(ctx context.Context, family int64) ([]CampaignDecision, error) {
	all, err := s.deps.Campaigns.Decisions(ctx, family)
	out := []CampaignDecision{}
	for i := range all {
		out = append(out, decisionOf(&all[i], family))
	}
	return out, err
}

// decisionOf tells a decision on the page of a campaign.
func decisionOf(d *campaign.Decision, page int64) CampaignDecision {
	x := CampaignDecision{ID: d.ID, Kind: string(d.Kind), Note: d.Note, By: d.By, At: d.At, UndoneBy: d.UndoneBy, Why: d.Why, CanUndo: d.Stands() && d.Kind != campaign.Rename}
	if !d.Stands() {
		x.Undone = &d.Undone
	}
	if other := d.Into; other != 0 {
		if d.Into == page {
			other = d.Family
		}
		x.Campaign = campaign.CampaignID(other)
	}
	switch d.Kind {
	case campaign.Rename:
		x.Say = fmt.Sprintf("Renamed from %q to %q", d.Was, d.Name)
	case campaign.Merge:
		x.Say = fmt.Sprintf("Merged %q into %q", d.Was, d.Name)
	case campaign.Split:
		x.Say = fmt.Sprintf("Split %d messages off %q as %q", d.Count, d.Was, d.Name)
		if d.Mark != (campaign.Mark{}) {
			x.Say += fmt.Sprintf("; later mail goes there by %s %q", markWords[d.Mark.Field], d.Mark.Value)
		} else {
			x.Say += "; later mail goes there by likeness"
		}
	}
	return x
}

var markWords = map[campaign.Field]string{campaign.BySender: "the sender", campaign.ByDomain: "the sender domain", campaign.ByHost: "the link host", campaign.ByFile: "the file", campaign.BySubject: "the subject"}

// ask is what whoever asks wants decided about a campaign that is kept.
func (s *Server) askAbout(ctx context.Context, id, name, note string) (campaign.Ask, hunt.CampaignHead, error) {
	family, h, err := s.campaignHead(ctx, id)
	by := s.actor(ctx)
	return campaign.Ask{Family: family, Was: h.Name, Name: cmp.Or(strings.TrimSpace(name), h.Name), Note: strings.TrimSpace(note), By: by.Email, ByID: by.ID, At: by.At}, h, err
}

// decided writes down what was decided, and shows it.
func (s *Server) campaignDecided(ctx context.Context, d *campaign.Decision, act auth.Action, shown int64, reason string) (*Reply[CampaignDecided], error) {
	out := CampaignDecided{Campaign: campaign.CampaignID(shown), Decision: decisionOf(d, shown)}
	err := s.deps.Gate.Write(ctx, auth.Record{Action: act, Subject: campaign.CampaignID(d.Family), Reason: reason},
		map[string]any{"decision": d.ID, "kind": d.Kind, "into": out.Decision.Campaign, "name": d.Name, "was": d.Was, "messages": d.Count, "mark": string(d.Mark.Field), "value": d.Mark.Value})
	return &Reply[CampaignDecided]{out}, err
}

func (s *Server) renameCampaign(ctx context.Context, in *campaignNameInput) (*Reply[CampaignDecided], error) {
	ask, _, err := s.askAbout(ctx, in.ID, in.Body.Name, in.Body.Note)
	if err != nil {
		return nil, err
	}
	id, err := newID()
	if err != nil {
		return nil, err
	}
	d, err := s.deps.Campaigns.Rename(ctx, id, ask)
	if err != nil {
		return nil, err
	}
	return s.campaignDecided(ctx, &d, auth.ActCampaignRenamed, ask.Family, ask.Note)
}

func (s *Server) splitCampaign(ctx context.Context, in *campaignSplitInput) (*Reply[CampaignDecided], error) {
	b := &in.Body
	if (len(b.Messages) == 0) == (b.Field == "") || b.Field != "" && b.Value == "" {
		return nil, &refused{location: "body.messages", msg: "name messages, or a field and its value"}
	}
	ask, h, err := s.askAbout(ctx, in.ID, b.Name, b.Note)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(b.Messages))
	for i, m := range b.Messages {
		ids[i] = strings.ToLower(m)
	}
	members, whole, err := s.deps.Explorer.CampaignMembers(ctx, h.ID, ids, b.Field, b.Value, campaign.MaxSplit)
	if err != nil {
		return nil, err
	}
	moved := make([]campaign.Moved, 0, len(members))
	for _, m := range members {
		from, ok := campaign.ParseCampaignID(m.Original)
		if !ok {
			from = ask.Family
		}
		moved = append(moved, campaign.Moved{ID: m.ID, From: from})
	}
	mark := campaign.Mark{Field: campaign.Field(b.Field), Value: b.Value}
	if b.Field == "" && len(moved) <= campaign.MaxSplit {
		if mark, err = s.campaignMark(ctx, h.ID, members, whole); err != nil {
			return nil, err
		}
	}
	id, err := newID()
	if err != nil {
		return nil, err
	}
	d, err := s.deps.Campaigns.Split(ctx, id, ask, moved, int(whole), mark)
	if err != nil {
		return nil, err
	}
	return s.campaignDecided(ctx, &d, auth.ActCampaignSplit, d.Into, ask.Note)
}

// campaignMark finds a value that all of the picked messages have and no other message of the campaign: by it later mail is known.
func (s *Server) campaignMark(ctx context.Context, id string, picked []hunt.CampaignMember, whole int64) (campaign.Mark, error) {
	if len(picked) == 0 || int64(len(picked)) >= whole {
		return campaign.Mark{}, nil
	}
	ids := make([]string, len(picked))
	for i, m := range picked {
		ids[i] = m.ID
	}
	for _, f := range campaign.Fields() {
		value, ok, err := s.deps.Explorer.CampaignMark(ctx, id, ids, string(f))
		if err != nil {
			return campaign.Mark{}, err
		}
		if shared := (f == campaign.ByDomain || f == campaign.ByHost) && intel.ShippedHosts().Shared(value); ok && !shared {
			return campaign.Mark{Field: f, Value: value}, nil
		}
	}
	return campaign.Mark{}, nil
}

func (s *Server) mergeCampaign(ctx context.Context, in *campaignMergeInput) (*Reply[CampaignDecided], error) {
	into, head, err := s.campaignHead(ctx, in.Body.Into)
	if err != nil {
		return nil, err
	}
	ask, _, err := s.askAbout(ctx, in.ID, head.Name, in.Body.Note)
	if err != nil {
		return nil, err
	}
	id, err := newID()
	if err != nil {
		return nil, err
	}
	d, err := s.deps.Campaigns.Merge(ctx, id, ask, into)
	if err != nil {
		return nil, err
	}
	return s.campaignDecided(ctx, &d, auth.ActCampaignMerged, into, ask.Note)
}

func (s *Server) undoCampaign(ctx context.Context, in *campaignUndoInput) (*Reply[CampaignDecided], error) {
	by := s.actor(ctx)
	d, err := s.deps.Campaigns.Undo(ctx, in.ID, by.Email, strings.TrimSpace(in.Body.Note), by.At)
	if err != nil {
		return nil, err
	}
	return s.campaignDecided(ctx, &d, auth.ActCampaignUndone, s.deps.Campaigns.Book().Shown(d.Family), d.Why)
}
