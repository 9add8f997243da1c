package hunt

import (
	"strings"
	"unicode"

	"tocsin/internal/event"
)

// Field describes one column for the filter bar.
type Field struct {
	Name      string     `json:"name"`
	Label     string     `json:"label"`
	Type      event.Type `json:"type"`
	Doc       string     `json:"doc"`
	Group     string     `json:"group"`
	Values    []string   `json:"values"` // closed or usual vocabulary; may be empty
	Facet     bool       `json:"facet"`  // Facet and Chart accept it
	List      bool       `json:"list"`   // holds several values as "a, b"
	IP        bool       `json:"ip"`
	Content   bool       `json:"content"`   // quotes messages
	Operators []Operator `json:"operators"` // those that make sense, the usual one first
}

// Operator of a filter chip.
type Operator string

const (
	Is            Operator = "is"
	IsNot         Operator = "is_not"
	Contains      Operator = "contains"
	NotContains   Operator = "not_contains"
	StartsWith    Operator = "starts_with"
	NotStartsWith Operator = "not_starts_with"
	Exists        Operator = "exists"
	NotExists     Operator = "not_exists"
	Greater       Operator = "gt"
	Less          Operator = "lt"
	AtLeast       Operator = "ge"
	AtMost        Operator = "le"
	InNetwork     Operator = "in_network"
	Raw           Operator = "kql" // a condition that no chip can say, as text
)

// groups are the headings under which filters are offered, in order, with their columns in order.
var groups = []struct {
	name    string
	columns string
}{
	{"Basic", "Subject ThreatTypes LatestThreatTypes PhishConfidence ThreatScore DetectionTechnologies LatestDetectionTechnologies ThreatNames FirstSignal Signals ThreatClassification"},
	{"Sender", "SenderFromAddress SenderFromDomain SenderDisplayName SenderMailFromAddress SenderMailFromDomain SenderIPv4 SenderIPv6 SenderCountry ReplyToAddress IsFirstContact SenderObjectId"},
	{"Recipient", "RecipientEmailAddress RecipientDomain IsPriorityAccount To Cc DistributionList RecipientObjectId"},
	{"Delivery", "DeliveryAction DeliveryLocation LatestDeliveryAction LatestDeliveryLocation EmailDirection EmailAction EmailActionPolicy EmailActionPolicyGuid Connectors ExchangeTransportRule ForwardingInformation"},
	{"Overrides", "OrgLevelAction OrgLevelPolicy UserLevelAction UserLevelPolicy"},
	{"Authentication", "AuthSPF AuthDKIM AuthDMARC AuthenticationDetails"},
	{"Content", "AttachmentCount UrlCount EmailSize EmailLanguage BulkComplaintLevel Defects EmailClusterId"},
	{"Identifiers", "NetworkMessageId InternetMessageId RawSHA256 ReportId"},
	{"Other", "Timestamp LastEventExecutionTime DetectionMethods ConfidenceLevel Context AdditionalFields"},
}

// labels are the names of columns for people, where their parts do not say it well.
var labels = map[string]string{
	"SenderFromAddress": "Sender", "SenderFromDomain": "Sender domain", "SenderDisplayName": "Sender name", "SenderMailFromAddress": "Envelope sender",
	"SenderMailFromDomain": "Envelope sender domain", "SenderIPv4": "Sender IPv4", "SenderIPv6": "Sender IPv6", "SenderObjectId": "Sender directory id", "ReplyToAddress": "Reply-To",
	"IsFirstContact": "First contact", "RecipientEmailAddress": "Recipient", "RecipientObjectId": "Recipient directory id", "IsPriorityAccount": "Priority account",
	"To": "To header", "Cc": "Cc header", "ThreatTypes": "Threat", "LatestThreatTypes": "Latest threat", "LatestDetectionTechnologies": "Latest detection technologies", "ThreatNames": "Threat name", "ThreatScore": "Score", "FirstSignal": "Main reason",
	"DeliveryAction": "Delivery action", "DeliveryLocation": "Original location", "LatestDeliveryAction": "Latest action", "LatestDeliveryLocation": "Latest location",
	"EmailDirection": "Direction", "EmailAction": "Final action", "EmailActionPolicy": "Policy", "EmailActionPolicyGuid": "Policy id", "Connectors": "Source",
	"ExchangeTransportRule": "Mail-flow rule", "ForwardingInformation": "Forwarding", "OrgLevelAction": "Organisation override", "OrgLevelPolicy": "Organisation override by",
	"UserLevelAction": "User override", "UserLevelPolicy": "User override by", "AuthSPF": "SPF", "AuthDKIM": "DKIM", "AuthDMARC": "DMARC",
	"AttachmentCount": "Attachments", "UrlCount": "URLs", "EmailSize": "Size", "EmailLanguage": "Language", "BulkComplaintLevel": "Bulk level", "EmailClusterId": "Cluster",
	"NetworkMessageId": "Network message id", "InternetMessageId": "Internet message id", "RawSHA256": "SHA-256 of the message", "ReportId": "Row id",
	"Timestamp": "Time", "LastEventExecutionTime": "Last changed", "ConfidenceLevel": "Confidence levels", "AdditionalFields": "Details",
}

// Split is one way to divide a chart.
type Split struct {
	Key   string `json:"key"`
	Label string `json:"label"`
}

// Fields returns every stored column, group by group, and the campaign.
func Fields() []Field {
	var out []Field
	for _, g := range groups {
		for name := range strings.FieldsSeq(g.columns) {
			c, ok := emailEvents.Column(name)
			if !ok {
				panic("hunt: groups name a column that EmailEvents lacks: " + name)
			}
			out = append(out, Field{
				Name: c.Name, Label: label(c.Name), Type: c.Type, Doc: c.Doc, Group: g.name, Values: append([]string{}, c.Values...),
				Facet: c.Facet || c.Type == event.Bool, List: c.List, IP: c.IP, Content: c.Content, Operators: operators(c),
			})
		}
		if g.name == campaignField.Group {
			out = append(out, campaignField)
		}
	}
	return out
}

// Splits returns what a chart can be divided by: the outcome, and the facet columns in the order of Fields.
func Splits() []Split {
	out := []Split{{"outcome", "Outcome"}}
	for _, f := range Fields() {
		if f.Facet {
			out = append(out, Split{f.Name, f.Label})
		}
	}
	return out
}

func operators(c *event.Column) []Operator {
	switch c.Type {
	case event.String:
		switch {
		case c.Name == "SenderIPv4":
			return []Operator{Is, IsNot, InNetwork, StartsWith, Exists, NotExists}
		case c.List:
			return []Operator{Contains, NotContains, Is, IsNot, Exists, NotExists}
		}
		return []Operator{Is, IsNot, Contains, NotContains, StartsWith, NotStartsWith, Exists, NotExists}
	case event.Bool:
		return []Operator{Is}
	case event.Dynamic:
		return []Operator{Contains, NotContains}
	}
	return []Operator{Is, IsNot, Greater, AtLeast, Less, AtMost}
}

// label is a column's name for people: its own, or its words.
func label(name string) string {
	if l, ok := labels[name]; ok {
		return l
	}
	var b strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte(' ')
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}
