package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tocsin/internal/auth"
	"tocsin/internal/detect"
	"tocsin/internal/email"
	"tocsin/internal/event"
	"tocsin/internal/hunt"
	"tocsin/internal/mailauth"
	"tocsin/internal/scan"
)

// maxRecipients of one message that its page lists.
const maxRecipients = 1000

// message reads the stored bytes of an event's message again. Nothing derived is kept: what a page shows is what the
// bytes say to today's readers.
func (s *Server) message(ctx context.Context, e *event.EmailEvent) (*email.Message, []byte, error) {
	if e.RawSHA256 == "" {
		return nil, nil, ErrRawGone
	}
	raw, err := s.deps.Raw.Get(ctx, e.RawSHA256)
	if err != nil {
		return nil, nil, err
	}
	return email.Parse(raw, email.Limits{}), raw, nil
}

// opened is message with what is inside its files: their files, links and defects.
func (s *Server) opened(ctx context.Context, e *event.EmailEvent) (*email.Message, error) {
	m, _, err := s.message(ctx, e)
	if err == nil {
		scan.Open(ctx, m, scan.Limits{})
	}
	return m, err
}

func (s *Server) email(ctx context.Context, in *emailInput) (*Reply[Email], error) {
	e, err := s.deps.Explorer.Event(ctx, in.ID, in.Recipient)
	if err != nil {
		return nil, err
	}
	all, err := s.deps.Explorer.Recipients(ctx, in.ID, maxRecipients)
	if err != nil {
		return nil, err
	}
	extra := extraOf(e)
	out := Email{
		Event:      EmailEvent{EmailEvent: *e, EmailClusterId: strconv.FormatInt(e.EmailClusterId, 10), Outcome: string(hunt.OutcomeOf(e))},
		Recipients: make([]Recipient, len(all)),
		Verdict:    verdictOf(e, extra),
		Policy: Policy{
			Action: e.DeliveryAction, Location: e.DeliveryLocation, EmailAction: e.EmailAction, Policy: e.EmailActionPolicy, PolicyID: e.EmailActionPolicyGuid,
			OrgOverride: e.OrgLevelAction, OrgPolicy: e.OrgLevelPolicy, UserOverride: e.UserLevelAction, UserPolicy: e.UserLevelPolicy, TransportRule: e.ExchangeTransportRule,
			Reason: extra.Reason(), Watched: extra.Decided != nil && extra.Decided.Watched, Priority: extra.Decided != nil && extra.Decided.Priority,
		},
		Auth:    mailAuth(e, extra),
		Defects: []Defect{},
	}
	out.Event.To, out.Event.Cc = list(e.To), list(e.Cc)
	for i := range all {
		r := &all[i]
		out.Recipients[i] = Recipient{RecipientEmailAddress: r.RecipientEmailAddress, Outcome: string(hunt.OutcomeOf(r)), DeliveryAction: r.DeliveryAction, LatestDeliveryLocation: r.LatestDeliveryLocation}
	}
	if out.Again, err = s.latest(ctx, e, &out.Verdict); err != nil {
		return nil, err
	}
	m, err := s.opened(ctx, e)
	switch {
	case err == nil:
		out.RawAvailable = true
		for _, d := range m.Defects {
			out.Defects = append(out.Defects, Defect{ID: d.ID, Where: d.Where, Text: email.DefectText(d.ID)})
		}
	case errors.Is(err, ErrRawGone), errors.Is(err, ErrRawDamaged):
	default:
		return nil, err
	}
	// What today's parser says of the bytes goes with what the road noted then; without bytes, what was noted is all there is.
	for id := range strings.SplitSeq(e.Defects, ", ") {
		if text := event.DefectText(id); text != "" || id != "" && err != nil {
			out.Defects = append(out.Defects, Defect{ID: id, Text: cmp.Or(text, email.DefectText(id))})
		}
	}
	out.Can = canLook(auth.From(ctx), all, out.RawAvailable)
	return &Reply[Email]{out}, nil
}

// reached reports whether the mail is, or may be, where its recipient can read it.
func reached(e *event.EmailEvent) bool {
	where := e.LatestDeliveryLocation
	if where == "" {
		where = e.DeliveryLocation
	}
	switch where {
	case "Quarantine", "Failed", "Dropped":
		return false
	case "":
		return e.DeliveryAction != "Blocked"
	}
	return true
}

// needed is the permission for looking into a message. One recipient who has it is enough: the content is the same for all. Of a
// message with more recipients than were read, some may have it.
func needed(all []event.EmailEvent) auth.Permission {
	if len(all) >= maxRecipients {
		return auth.EmailPreview
	}
	for i := range all {
		if reached(&all[i]) {
			return auth.EmailPreview
		}
	}
	return auth.EmailContent
}

func canLook(who *auth.Principal, all []event.EmailEvent, kept bool) Can {
	need := needed(all)
	switch {
	case !kept:
		return Can{Why: ErrRawGone.Error()}
	case !who.May(need) && need == auth.EmailPreview:
		return Can{Why: "a recipient has this mail; reading it needs the role " + string(auth.Preview)}
	case !who.May(need):
		return Can{Why: "reading mail that was kept back needs a role with the permission " + string(need)}
	}
	return Can{Preview: true, Download: true}
}

// extraOf reads AdditionalFields; what another version wrote and this one cannot read counts as absent.
func extraOf(e *event.EmailEvent) event.Extra {
	var x event.Extra
	if err := json.Unmarshal([]byte(e.AdditionalFields), &x); err != nil {
		return event.Extra{}
	}
	return x
}

func verdictOf(e *event.EmailEvent, x event.Extra) Verdict {
	v := Verdict{
		ThreatTypes: values(e.ThreatTypes), PhishConfidence: e.PhishConfidence, Score: int(e.ThreatScore), Scores: x.Scores,
		Thresholds: Thresholds{Flag: detect.FlagScore, High: detect.HighScore},
		Signals:    []detect.Signal{}, DetectionTechnologies: values(e.DetectionTechnologies), ThreatNames: values(e.ThreatNames),
	}
	if v.Scores == nil {
		v.Scores = map[string]int{}
	}
	if len(x.Signals) > 0 {
		var signals []detect.Signal
		if json.Unmarshal(x.Signals, &signals) == nil {
			v.Signals = list(signals)
		}
	}
	return v
}

// values splits a list column.
func values(s string) []string {
	if s == "" {
		return []string{}
	}
	return strings.Split(s, ", ")
}

// mailAuth is the whole evaluation when the row has it, else the words of the columns.
func mailAuth(e *event.EmailEvent, x event.Extra) MailAuth {
	var words struct{ CompAuth string }
	_ = json.Unmarshal([]byte(e.AuthenticationDetails), &words) // a source may have written something else there
	out := MailAuth{
		SPF: AuthCheck{Result: e.AuthSPF, Origin: string(mailauth.Unknown)}, DKIM: []AuthCheck{},
		DMARC: AuthCheck{Result: e.AuthDMARC, Origin: string(mailauth.Unknown)}, ARC: AuthCheck{Result: string(mailauth.None), Origin: string(mailauth.Unknown)},
		CompAuth: words.CompAuth,
	}
	var r mailauth.Results
	if len(x.Auth) == 0 || json.Unmarshal(x.Auth, &r) != nil {
		if e.AuthDKIM != "" && e.AuthDKIM != string(mailauth.None) {
			out.DKIM = append(out.DKIM, AuthCheck{Result: e.AuthDKIM, Origin: string(mailauth.Unknown)})
		}
		return out
	}
	out.SPF, out.DMARC, out.ARC = authCheck(r.SPF), authCheck(r.DMARC), authCheck(r.ARC)
	for _, c := range r.DKIM {
		out.DKIM = append(out.DKIM, authCheck(c))
	}
	out.Aligned, out.AlignedBy, out.Policy = r.Aligned, r.AlignedBy, r.Policy
	return out
}

func authCheck(c mailauth.Check) AuthCheck {
	if c.Result == "" {
		c.Result = mailauth.None
	}
	if c.Origin == "" {
		c.Origin = mailauth.Unknown
	}
	return AuthCheck{Result: string(c.Result), Domain: c.Domain, Detail: c.Detail, Origin: string(c.Origin)}
}

func (s *Server) emailSimilar(ctx context.Context, in *emailInput) (*Reply[Similar], error) {
	e, err := s.deps.Explorer.Event(ctx, in.ID, in.Recipient)
	if err != nil {
		return nil, err
	}
	like, err := s.deps.Explorer.Similar(ctx, e, 50)
	if err != nil {
		return nil, err
	}
	return &Reply[Similar]{Similar{By: like.By, Count: like.Count, Rows: rows(like.Rows), KQL: like.Query}}, nil
}

func (s *Server) emailURLs(ctx context.Context, in *emailInput) (*Reply[EmailURLs], error) {
	e, err := s.deps.Explorer.Event(ctx, in.ID, in.Recipient)
	if err != nil {
		return nil, err
	}
	out := EmailURLs{URLs: []EmailURL{}}
	m, err := s.opened(ctx, e)
	if err != nil {
		return nil, err
	}
	visits, err := s.visits(ctx, m)
	if err != nil {
		return nil, err
	}
	signals := verdictOf(e, extraOf(e)).Signals
	for _, l := range m.Links {
		u := EmailURL{URL: l.URL, Defanged: email.Defang(l.URL), Target: l.Target, Domain: l.Host, Text: l.Text, Location: string(l.Where), Tag: l.Tag, Signals: []string{}, Visit: visits[l.Target]}
		for _, sig := range signals {
			if (strings.Contains(sig.Evidence, l.URL) || l.Host != "" && mentions(sig.Evidence, l.Host)) && !slices.Contains(u.Signals, sig.ID) {
				u.Signals = append(u.Signals, sig.ID)
			}
		}
		out.URLs = append(out.URLs, u)
	}
	return &Reply[EmailURLs]{out}, nil
}

// mentions reports whether a text names a host, plain or defanged, as a whole.
func mentions(text, host string) bool {
	text = strings.ReplaceAll(text, "[.]", ".")
	for from := 0; ; {
		i := strings.Index(text[from:], host)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(host)
		if (i == 0 || !hostByte(text[i-1])) && (end == len(text) || !hostByte(text[end]) || text[end] == '.' && (end+1 == len(text) || !hostByte(text[end+1]))) {
			return true
		}
		from = i + 1
	}
}

func hostByte(b byte) bool {
	return b == '-' || b == '.' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

func (s *Server) emailAttachments(ctx context.Context, in *emailInput) (*Reply[EmailAttachments], error) {
	e, err := s.deps.Explorer.Event(ctx, in.ID, in.Recipient)
	if err != nil {
		return nil, err
	}
	m, err := s.opened(ctx, e)
	if err != nil {
		return nil, err
	}
	return &Reply[EmailAttachments]{EmailAttachments{Attachments: tree(m.Attachments)}}, nil
}

// tree hangs files below the file or message that holds them. Within names the container by name or part path; what
// names none that is there stands at the top. Files only ever hang below earlier ones, so there is no circle.
func tree(flat []email.Attachment) []Attachment {
	inside := make(map[int][]int, len(flat)) // by the place of the container, -1 for the message
	for i, a := range flat {
		parent := -1
		for j := i - 1; j >= 0 && a.Within != ""; j-- {
			if c := flat[j]; c.Name == a.Within || c.Part != nil && c.Part.Path == a.Within {
				parent = j
				break
			}
		}
		inside[parent] = append(inside[parent], i)
	}
	var below func(p int) []Attachment
	below = func(p int) []Attachment {
		out := []Attachment{}
		for _, i := range inside[p] {
			a := flat[i]
			n := Attachment{Name: a.Name, Type: a.Type, Kind: a.Kind, Declared: a.Declared, Size: int64(a.Size), MD5: a.MD5, SHA1: a.SHA1, SHA256: a.SHA256, Within: a.Within, Inline: a.Inline}
			n.Children = below(i)
			out = append(out, n)
		}
		return out
	}
	return below(-1)
}

// headerLimit bounds the header block that travels to a browser, in octets.
const headerLimit = 512 << 10

func (s *Server) emailHeaders(ctx context.Context, in *emailInput) (*Reply[EmailHeaders], error) {
	e, err := s.deps.Explorer.Event(ctx, in.ID, in.Recipient)
	if err != nil {
		return nil, err
	}
	m, _, err := s.message(ctx, e)
	if err != nil {
		return nil, err
	}
	out := EmailHeaders{Headers: make([]HeaderField, 0, len(m.Headers)), Hops: hops(m.Hops, s.deps.Own, e.Timestamp)}
	var raw strings.Builder
	count := map[string]int{}
	for _, h := range m.Headers {
		count[h.Key]++
	}
	for _, h := range m.Headers {
		if raw.Len()+len(h.Raw) > headerLimit {
			out.Cut = true
			break
		}
		text := strings.ToValidUTF8(string(h.Raw), "\uFFFD")
		raw.WriteString(text)
		out.Headers = append(out.Headers, HeaderField{Name: strings.ToValidUTF8(h.Name, "\uFFFD"), Value: h.Value, Raw: text, Odd: oddHeader(m, h, count[h.Key])})
	}
	out.Raw = raw.String()
	return &Reply[EmailHeaders]{out}, nil
}

// single lists the fields that may stand once (RFC 5322 section 3.6).
var single = []string{"Date", "From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Message-Id", "In-Reply-To", "References", "Subject"}

// oddHeader says what is strange about one field, "" when nothing is.
func oddHeader(m *email.Message, h email.Header, times int) string {
	var odd []string
	if times > 1 && slices.Contains(single, h.Key) {
		odd = append(odd, fmt.Sprintf("stands %d times; programs differ in which one they show", times))
	}
	switch h.Key {
	case "Return-Path":
		if len(m.From) > 0 && m.ReturnPath != "" && !sameOrganisation(domainOf(m.ReturnPath), m.From[0].Domain) {
			odd = append(odd, "bounces go to another domain than From")
		}
	case "Reply-To":
		if len(m.From) > 0 && len(m.ReplyTo) > 0 && !sameOrganisation(m.ReplyTo[0].Domain, m.From[0].Domain) {
			odd = append(odd, "answers go to another domain than From")
		}
	case "Message-Id":
		if len(m.From) > 0 && !sameOrganisation(domainOf(strings.Trim(m.MessageID, "<>")), m.From[0].Domain) {
			odd = append(odd, "made under another domain than From")
		}
	}
	for _, d := range m.Defects {
		if strings.EqualFold(d.Where, h.Name) || strings.HasPrefix(strings.ToLower(d.Where), strings.ToLower(h.Name)+" ") {
			if text := email.DefectText(d.ID); text != "" && !slices.Contains(odd, text) {
				odd = append(odd, text)
			}
		}
	}
	return strings.Join(odd, "; ")
}

func domainOf(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}
