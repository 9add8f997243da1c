package ingest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tocsin/internal/detect"
	"tocsin/internal/email"
	"tocsin/internal/event"
	"tocsin/internal/mailauth"
)

// rows writes the findings down as event rows: one email event a recipient, one row a URL and place, one row an attachment and
// recipient. Keys follow from the message alone, so the rows are the same every time.
func (f *findings) rows() event.Batch {
	if len(f.recipients) == 0 {
		f.describe() // the message was not read: what the envelope says
	}
	e := f.email()
	var b event.Batch
	for i, r := range f.recipients {
		b.Emails = append(b.Emails, f.to(e, r, f.decision(i)))
	}
	b.PostDelivery = f.late(b.Emails)
	if f.m != nil {
		b.Urls = f.urls()
		b.Attachments = f.attachments(e)
		b.Campaigns = f.campaignRows()
	}
	return b
}

// email is the part of the row that all recipients share.
func (f *findings) email() event.EmailEvent {
	j := &f.job
	e := event.EmailEvent{
		Timestamp:        j.at(),
		NetworkMessageId: j.NetworkMessageID,

		SenderMailFromAddress: f.mailFrom,
		SenderMailFromDomain:  domainOf(f.mailFrom),

		EmailSize:              int64(f.size),
		Connectors:             j.Source,
		RawSHA256:              j.SHA256,
		LastEventExecutionTime: f.now,
		To:                     []string{},
		Cc:                     []string{},
	}
	if f.senderIP.Is4() {
		e.SenderIPv4 = f.senderIP.String()
	} else if f.senderIP.IsValid() {
		e.SenderIPv6 = f.senderIP.WithZone("").String()
	}
	if f.geo != nil && f.senderIP.IsValid() {
		e.SenderCountry = f.geo.Country(f.senderIP)
	}
	f.describeAuth(&e)
	f.describeVerdict(&e)
	if f.m != nil {
		f.describeMessage(&e)
	}
	e.Defects = f.listDefects()
	return e
}

func (f *findings) describeMessage(e *event.EmailEvent) {
	m := f.m
	from := m.Sender
	if len(m.From) > 0 {
		from = m.From[0]
	}
	e.InternetMessageId = m.MessageID
	e.SenderFromAddress, e.SenderFromDomain, e.SenderDisplayName = from.Addr, from.Domain, from.Name
	e.Subject = m.Subject
	e.EmailClusterId = f.clusterID()
	e.EmailLanguage = m.Language
	e.AttachmentCount = int32(len(m.Attachments))
	e.UrlCount = int32(len(f.urls()))
	e.To, e.Cc = addresses(m.To), addresses(m.Cc)
	if len(m.ReplyTo) > 0 {
		e.ReplyToAddress = m.ReplyTo[0].Addr
	}
}

// describeAuth fills the authentication columns. A method that nobody evaluated is "none", as the field writes it.
func (f *findings) describeAuth(e *event.EmailEvent) {
	word := func(c mailauth.Check) string {
		if c.Result == "" {
			return string(mailauth.None)
		}
		return string(c.Result)
	}
	e.AuthSPF, e.AuthDKIM, e.AuthDMARC = word(f.auth.SPF), word(f.auth.BestDKIM()), word(f.auth.DMARC)
	details := struct{ SPF, DKIM, DMARC, CompAuth string }{e.AuthSPF, e.AuthDKIM, e.AuthDMARC, f.composite()}
	e.AuthenticationDetails = text(details)
}

// composite is one word for the three: pass when something authenticated the domain that a reader sees, fail when a
// policy says that it should have and nothing did, none when there was nothing to go by.
func (f *findings) composite() string {
	switch {
	case f.auth.Aligned || f.auth.DMARC.Result == mailauth.Pass:
		return string(mailauth.Pass)
	case f.auth.DMARC.Result == mailauth.Fail:
		return string(mailauth.Fail)
	}
	return string(mailauth.None)
}

func (f *findings) describeVerdict(e *event.EmailEvent) {
	v := &f.verdict
	e.ThreatTypes = v.ThreatTypes()
	e.ThreatNames = join(v.ThreatNames)
	e.DetectionTechnologies = join(v.Technologies)
	e.PhishConfidence = string(v.Confidence)
	e.ThreatScore = int32(v.Score)
	e.BulkComplaintLevel = int32(v.BulkLevel)
	e.DetectionMethods = v.DetectionMethods()
	e.ConfidenceLevel = confidence(v)
	// Nobody here knows the sender, and so this recipient does not; false also while too little mail was seen to say so.
	e.IsFirstContact = slices.ContainsFunc(v.Signals, func(s detect.Signal) bool { return s.ID == "first-contact" })
	var spoke []string
	for _, s := range v.Signals { // heaviest first
		if s.Weight > 0 {
			spoke = append(spoke, s.ID)
			e.FirstSignal = cmp.Or(e.FirstSignal, s.Claim)
		}
	}
	e.Signals = join(spoke)
	extra := event.Extra{Source: f.job.Source, Helo: f.senderHelo, MailFromKnown: f.mailKnown,
		ClientName: f.job.ClientName, AuthUser: f.job.AuthUser, QueueID: f.job.QueueID, TLS: f.job.TLS}
	if len(v.Signals) > 0 {
		extra.Signals = json.RawMessage(text(v.Signals))
	}
	if len(v.Scores) > 0 {
		extra.Scores = make(map[string]int, len(v.Scores))
		for t, n := range v.Scores {
			extra.Scores[string(t)] = n
		}
	}
	if f.authKnown {
		extra.Auth = json.RawMessage(text(f.auth))
	}
	f.extra = extra
}

// confidence is the column ConfidenceLevel: the phish confidence, and for spam the level that Exchange writes (1 not
// spam, 5 spam, 9 certainly spam).
func confidence(v *detect.Verdict) string {
	if v.Scores == nil && len(v.Threats) == 0 {
		return "" // never judged
	}
	level := map[string]string{"Spam": "1"}
	switch {
	case v.Is(detect.Spam) && v.Scores[detect.Spam] >= detect.HighScore:
		level["Spam"] = "9"
	case v.Is(detect.Spam):
		level["Spam"] = "5"
	}
	if v.Is(detect.Phish) {
		level["Phish"] = string(v.Confidence)
	}
	return text(level)
}

// to is the row of one recipient.
func (f *findings) to(e event.EmailEvent, rcpt string, d Decision) event.EmailEvent {
	e.DeliveryAction, e.DeliveryLocation, e.EmailAction = d.Action, d.Location, d.EmailAction
	e.LatestDeliveryAction, e.LatestDeliveryLocation, e.LatestThreatTypes, e.LatestDetectionTechnologies = d.Action, d.Location, e.ThreatTypes, e.DetectionTechnologies
	e.EmailActionPolicy, e.EmailActionPolicyGuid = d.Policy, d.PolicyID
	e.OrgLevelAction, e.OrgLevelPolicy = d.OrgAction, d.OrgPolicy
	e.UserLevelAction, e.UserLevelPolicy = d.UserAction, d.UserPolicy
	e.AdditionalFields = f.additional(d.Why)
	e.RecipientEmailAddress, e.RecipientDomain = rcpt, domainOf(rcpt)
	e.ReportId = event.RowID(f.job.NetworkMessageID, "email", rcpt)
	e.EmailDirection = string(detect.Inbound)
	if f.inside {
		e.EmailDirection = string(detect.Outbound)
		if rcpt == "" || f.owns(e.RecipientDomain) {
			e.EmailDirection = string(detect.IntraOrg)
		}
	}
	e.IsPriorityAccount = f.org.IsPriority(rcpt)
	e.DistributionList = f.job.Lists[rcpt]
	if by := f.job.Forwards[rcpt]; by != "" {
		e.ForwardingInformation = text([]struct{ ForwardingType, ForwardingUser string }{{"SMTP", by}})
	}
	return e
}

// additional is the column AdditionalFields. Recipients who share a decision share the text.
func (f *findings) additional(why event.Decided) string {
	if have, ok := f.written[why]; ok {
		return have
	}
	extra := f.extra
	if why != (event.Decided{}) {
		extra.Decided = &why
	}
	if f.written == nil {
		f.written = map[event.Decided]string{}
	}
	f.written[why] = text(extra)
	return f.written[why]
}

// urls is one row a URL and place. The first text a reader saw on it stays.
func (f *findings) urls() []event.EmailUrl {
	type key struct{ url, where string }
	seen := map[key]bool{}
	var rows []event.EmailUrl
	for _, l := range f.m.Links {
		k := key{l.URL, string(l.Where)}
		if seen[k] {
			continue
		}
		seen[k] = true
		rows = append(rows, event.EmailUrl{
			Timestamp:        f.job.at(),
			NetworkMessageId: f.job.NetworkMessageID,
			Url:              l.URL,
			UrlDomain:        l.Host,
			UrlLocation:      string(l.Where),
			UrlText:          l.Text,
			UrlTarget:        l.Target,
			ReportId:         event.RowID(f.job.NetworkMessageID, "url", l.URL, string(l.Where)),
		})
	}
	return rows
}

func (f *findings) attachments(e event.EmailEvent) []event.EmailAttachment {
	var rows []event.EmailAttachment
	for _, r := range f.recipients {
		copies := map[string]int{} // the same file under the same name twice is two attachments
		for i := range f.m.Attachments {
			a := &f.m.Attachments[i]
			same := a.SHA256 + "\x00" + a.Name + "\x00" + a.Within
			copies[same]++
			rows = append(rows, event.EmailAttachment{
				Timestamp:             e.Timestamp,
				NetworkMessageId:      e.NetworkMessageId,
				SenderFromAddress:     e.SenderFromAddress,
				SenderDisplayName:     e.SenderDisplayName,
				RecipientEmailAddress: r,
				FileName:              a.Name,
				FileExtension:         a.Extension,
				FileType:              a.Kind,
				SHA256:                a.SHA256,
				SHA1:                  a.SHA1,
				MD5:                   a.MD5,
				FileSize:              int64(a.Size),
				Within:                a.Within,
				ReportId:              event.RowID(e.NetworkMessageId, "file", r, same, strconv.Itoa(copies[same])),
			})
		}
	}
	return rows
}

// listDefects is the column Defects: every id once, those of the road first.
func (f *findings) listDefects() string {
	ids := slices.Clone(f.defects)
	if f.m != nil {
		for _, d := range f.m.Defects {
			ids = append(ids, d.ID)
		}
	}
	seen := map[string]bool{}
	return strings.Join(slices.DeleteFunc(ids, func(id string) bool {
		twice := seen[id]
		seen[id] = true
		return twice
	}), ", ")
}

// essentials is what is left of rows that the store refused: who, when, to whom, and the name of the raw bytes, all
// of it text that Tocsin made itself or that has been cut down to the printable.
func essentials(b event.Batch) event.Batch {
	var out event.Batch
	for _, e := range b.Emails {
		out.Emails = append(out.Emails, event.EmailEvent{
			Timestamp: e.Timestamp, NetworkMessageId: e.NetworkMessageId,
			SenderFromAddress: tidy(e.SenderFromAddress), SenderFromDomain: tidy(e.SenderFromDomain), Subject: tidy(e.Subject),
			RecipientEmailAddress: tidy(e.RecipientEmailAddress), RecipientDomain: tidy(e.RecipientDomain),
			EmailDirection: e.EmailDirection, EmailSize: e.EmailSize, Connectors: tidy(e.Connectors),
			DeliveryAction: e.DeliveryAction, DeliveryLocation: e.DeliveryLocation,
			LatestDeliveryAction: e.LatestDeliveryAction, LatestDeliveryLocation: e.LatestDeliveryLocation,
			RawSHA256: e.RawSHA256, Defects: event.DefectRefused, LastEventExecutionTime: e.LastEventExecutionTime,
			To: []string{}, Cc: []string{}, ReportId: e.ReportId,
		})
	}
	return out
}

func addresses(list []email.Address) []string {
	out := make([]string, 0, len(list))
	for _, a := range list {
		if a.Addr != "" {
			out = append(out, a.Addr)
		}
	}
	return out
}

func join[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = string(w)
	}
	return strings.Join(words, ", ")
}

// text is JSON of values that Tocsin made; it can't fail for them.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("ingest: %T as JSON: %v", v, err))
	}
	return string(b)
}
