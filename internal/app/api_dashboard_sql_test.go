package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/internal/dashboard"
)

// What the figures mean, written by hand in SQL: nothing here is made by the product's question language.
const (
	sqlThreat   = `("ThreatTypes" <> '' OR "LatestThreatTypes" <> '')`
	sqlMalware  = `("ThreatTypes" LIKE '%Malware%' OR "LatestThreatTypes" LIKE '%Malware%')`
	sqlPhish    = `("ThreatTypes" LIKE '%Phish%' OR "LatestThreatTypes" LIKE '%Phish%')`
	sqlSpam     = `("ThreatTypes" LIKE '%Spam%' OR "LatestThreatTypes" LIKE '%Spam%')`
	sqlTech     = `list_has_any(string_split("LatestDetectionTechnologies", ', '), [%s])`
	sqlAdvanced = `'Impersonation brand', 'Impersonation domain', 'Impersonation user', 'Mailbox intelligence impersonation', 'Spoof intra-org', 'Spoof external domain', 'Campaign', 'Fingerprint matching', 'Mixed analysis detection', 'Advanced filter', 'URL detonation', 'File detonation'`
	sqlOutcome  = `CASE
		WHEN "DeliveryAction" = 'Blocked' AND "LatestDeliveryLocation" NOT IN ('Inbox/folder', 'On-premises/external', 'Junk folder') THEN 'blocked'
		WHEN "LatestDeliveryLocation" IN ('Quarantine', 'Deleted items folder', 'Removed', 'Failed', 'Dropped') OR "LatestDeliveryAction" IN ('Soft delete', 'Hard delete') THEN 'removed'
		WHEN "LatestDeliveryLocation" = 'Junk folder' AND "DeliveryAction" IN ('Delivered', 'Replaced') THEN 'removed'
		WHEN "LatestDeliveryLocation" = 'Junk folder' OR ("LatestDeliveryLocation" = '' AND "DeliveryAction" = 'Junked') THEN 'junked'
		WHEN "DeliveryAction" = 'Replaced' THEN 'replaced'
		WHEN "LatestThreatTypes" <> '' THEN 'delivered_threat'
		ELSE 'delivered' END`
	sqlStopped   = sqlOutcome + ` IN ('blocked', 'junked', 'replaced')`
	sqlDelivered = sqlOutcome + ` = 'delivered_threat'`
	sqlClicked   = `EXISTS (SELECT 1 FROM "UrlClickEvents" c WHERE c."NetworkMessageId" = e."NetworkMessageId" AND lower(c."AccountUpn") = lower(e."RecipientEmailAddress") AND (c."ActionType" = 'ClickAllowed' OR c."IsClickedThrough"))`
	sqlReported  = `EXISTS (SELECT 1 FROM "UserSubmissions" u WHERE u."ActionType" = 'UserSubmission' AND u."NetworkMessageId" = e."NetworkMessageId" AND lower(u."RecipientEmailAddress") = lower(e."RecipientEmailAddress"))`
	sqlInbound   = `"EmailDirection" = 'Inbound'`
	sqlKnown     = `'Antimalware protection', 'File reputation', 'File detonation reputation', 'URL detonation reputation', 'URL malicious reputation', 'Fingerprint matching'`
)

func sqlText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func sqlBy(technologies string) string { return fmt.Sprintf(sqlTech, technologies) }

// sqlCards are the conditions of the figures with a fixed place.
var sqlCards = map[string]string{
	"/Summary/Cards/malware_blocked/Figure":    sqlMalware + ` AND ` + sqlStopped,
	"/Summary/Cards/phish_blocked/Figure":      sqlPhish + ` AND ` + sqlStopped,
	"/Summary/Cards/reported/Figure":           sqlReported,
	"/Summary/Cards/zero_day_malware/Figure":   sqlMalware + ` AND ` + sqlStopped + ` AND ` + sqlBy(`'File detonation', 'URL detonation'`) + ` AND NOT ` + sqlBy(sqlKnown),
	"/Summary/Cards/advanced_phish/Figure":     sqlPhish + ` AND ` + sqlBy(sqlAdvanced),
	"/Summary/Cards/malicious_urls/Figure":     sqlThreat + ` AND ` + sqlStopped + ` AND ` + sqlBy(`'URL malicious reputation', 'URL detonation', 'URL detonation reputation'`),
	"/Weekly/Cards/scanned/Figure":             `true`,
	"/Weekly/Cards/stopped/Figure":             sqlThreat + ` AND ` + sqlStopped,
	"/Weekly/Cards/advanced/Figure":            sqlThreat + ` AND ` + sqlStopped + ` AND ` + sqlBy(sqlAdvanced+`, 'Mail bombing', 'URL detonation reputation', 'File detonation reputation'`),
	"/Weekly/Cards/delivered/Figure":           sqlDelivered,
	"/Weekly/Cards/removed/Figure":             sqlThreat + ` AND ` + sqlOutcome + ` = 'removed'`,
	"/Protection/Total":                        sqlThreat,
	"/Protection/Threats/Series/malware/Total": sqlMalware, "/Protection/Threats/Series/phish/Total": sqlPhish, "/Protection/Threats/Series/spam/Total": sqlSpam,
	"/Malware/Unnamed": sqlMalware + ` AND "ThreatNames" = ''`,
	"/Origin/Unplaced": sqlInbound + ` AND ` + sqlThreat + ` AND "SenderCountry" = ''`,
	"/Flow/Total":      `true`, "/Reported/Mail": sqlReported, "/Attention/Total": sqlDelivered,
	"/Insights/Findings/allowed_threats/Figure":      `"OrgLevelAction" = 'Allow' AND (` + sqlMalware + ` OR ` + sqlPhish + `) AND "DeliveryAction" = 'Delivered'`,
	"/Insights/Findings/user_allowed_threats/Figure": sqlThreat + ` AND "UserLevelAction" = 'Allow' AND "DeliveryAction" = 'Delivered'`,
	"/Insights/Findings/priority_threats/Figure":     sqlThreat + ` AND "IsPriorityAccount" AND "EmailDirection" <> 'Outbound'`,
	"/Insights/Findings/look_alikes/Figure":          sqlThreat + ` AND ` + sqlBy(`'Impersonation domain'`),
	"/Insights/Findings/imitated_people/Figure":      sqlThreat + ` AND ` + sqlBy(`'Impersonation user', 'Mailbox intelligence impersonation'`),
	"/Insights/Findings/own_spoofed/Figure":          sqlInbound + ` AND "SenderFromDomain" = 'kestrelquay.example' AND ("AuthDMARC" = 'fail' OR ` + sqlBy(`'Spoof intra-org'`) + `)`,
	"/Insights/Findings/forwarded_outside/Figure":    `("EmailDirection" = 'Outbound' AND "SenderFromDomain" NOT IN ('', 'kestrelquay.example') OR "ForwardingInformation" <> '' AND "RecipientDomain" <> 'kestrelquay.example')`,
	"/Insights/Findings/spam_regions/Figure":         sqlSpam + ` AND "SenderCountry" <> '' AND ` + sqlInbound,
	"/Insights/Findings/unread_mail/Figure":          sqlTechless,
}

const sqlTechless = `list_has_any(string_split("Defects", ', '), ['raw-missing', 'raw-damaged', 'parse-error', 'judge-error', 'judge-partial', 'judge-crashed', 'event-refused'])`

// sqlNamed are the conditions of figures whose place names a value.
var sqlNamed = []struct {
	before, after string
	condition     func(value string) string
}{
	{"/Protection/Technology/Series/", "/Total", func(v string) string {
		if v == "" {
			return sqlThreat + ` AND "LatestDetectionTechnologies" = ''`
		}
		return sqlThreat + ` AND ` + sqlBy(sqlText(v))
	}},
	{"/Protection/Outcome/Series/", "/Total", func(v string) string { return sqlThreat + ` AND ` + sqlOutcome + ` = ` + sqlText(v) }},
	{"/Malware/Trend/Series/", "/Total", func(v string) string { return sqlMalware + ` AND ` + sqlOutcome + ` = ` + sqlText(v) }},
	{"/Malware/Families/", "/Figure", func(v string) string {
		return sqlMalware + ` AND list_contains(string_split("ThreatNames", ', '), ` + sqlText(v) + `)`
	}},
	{"/Targeted/People/", "/Details/delivered/Figure", func(v string) string { return targetOf(v) + ` AND ` + sqlDelivered }},
	{"/Targeted/People/", "/Details/clicked/Figure", func(v string) string { return targetOf(v) + ` AND ` + sqlClicked }},
	{"/Targeted/People/", "/Details/priority/Figure", func(v string) string { return targetOf(v) + ` AND "IsPriorityAccount"` }},
	{"/Targeted/People/", "/Figure", targetOf},
	{"/Origin/Countries/", "/Details/malware/Figure", func(v string) string {
		return sqlInbound + ` AND ` + sqlMalware + ` AND "SenderCountry" = ` + sqlText(v)
	}},
	{"/Origin/Countries/", "/Details/all/Figure", func(v string) string { return sqlInbound + ` AND "SenderCountry" = ` + sqlText(v) }},
	{"/Origin/Countries/", "/Figure", func(v string) string {
		return sqlInbound + ` AND ` + sqlThreat + ` AND "SenderCountry" = ` + sqlText(v)
	}},
	{"/Origin/Addresses/", "/Figure", func(v string) string {
		return sqlInbound + ` AND ` + sqlThreat + ` AND CASE WHEN "SenderIPv4" <> '' THEN "SenderIPv4" ELSE "SenderIPv6" END = ` + sqlText(v)
	}},
	{"/Flow/Trend/Series/", "/Total", func(v string) string { return `"EmailDirection" = ` + sqlText(v) }},
	{"/Campaigns/Rows/", "/Mail", inCampaign},
	{"/Campaigns/Rows/", "/Inboxed", func(v string) string { return inCampaign(v) + ` AND ` + sqlDelivered }},
}

func targetOf(address string) string {
	return sqlThreat + ` AND "EmailDirection" <> 'Outbound' AND "RecipientEmailAddress" = ` + sqlText(address)
}

func inCampaign(id string) string {
	return `EXISTS (SELECT 1 FROM "CampaignInfo" k WHERE k."NetworkMessageId" = e."NetworkMessageId" AND k."RecipientEmailAddress" = e."RecipientEmailAddress" AND k."CampaignId" = ` + sqlText(id) + `)`
}

// byHand are figures whose SQL is a statement of its own, between $1 and $2 in microseconds.
var byHand = map[string]string{
	"/Summary/Cards/malicious_urls/Details/clicks/Figure": `SELECT count(*) FROM "UrlClickEvents" WHERE "ActionType" LIKE 'ClickBlocked%' AND "Timestamp" >= make_timestamp($1) AND "Timestamp" < make_timestamp($2)`,
	"/Reported/Total": `SELECT count(*) FROM "UserSubmissions" WHERE "ActionType" = 'UserSubmission' AND "Timestamp" >= make_timestamp($1) AND "Timestamp" < make_timestamp($2)`,
	"/Insights/Findings/frequent_clickers/Figure": `SELECT count(*) FROM (SELECT "RecipientEmailAddress" FROM "EmailEvents" e WHERE "Timestamp" >= make_timestamp($1) AND "Timestamp" < make_timestamp($2) AND ` + sqlThreat + ` AND ` + sqlClicked + ` GROUP BY 1 HAVING count(*) >= 3)`,
}

// sqlOf is the statement that recomputes a figure; "" when there is none.
func sqlOf(path string) string {
	const mail = `SELECT count(*) FROM "EmailEvents" e WHERE "Timestamp" >= make_timestamp($1) AND "Timestamp" < make_timestamp($2) AND `
	if s, ok := byHand[path]; ok {
		return s
	}
	if s, ok := sqlCards[path]; ok {
		return mail + "(" + s + ")"
	}
	for _, n := range sqlNamed {
		if rest, ok := strings.CutPrefix(path, n.before); ok {
			if value, ok := strings.CutSuffix(rest, n.after); ok && !strings.Contains(value, "/Details/") {
				return mail + "(" + n.condition(value) + ")"
			}
		}
	}
	const reports = `FROM "UserSubmissions" s WHERE "ActionType" = 'UserSubmission' AND "Timestamp" >= make_timestamp($1) AND "Timestamp" < make_timestamp($2) AND `
	if kind, ok := strings.CutPrefix(path, "/Reported/Trend/Series/"); ok {
		return `SELECT count(*) ` + reports + `"SubmissionType" = ` + sqlText(strings.TrimSuffix(kind, "/Total"))
	}
	if result, ok := strings.CutPrefix(path, "/Reported/Results/"); ok {
		result = strings.TrimSuffix(strings.TrimSuffix(result, "/Figure"), "open")
		return `SELECT count(*) ` + reports + `coalesce((SELECT arg_max(c."Result", c."Timestamp") FROM "UserSubmissions" c WHERE c."ActionType" = 'UserSubmissionTriage' AND c."SubmissionId" = s."SubmissionId"), '') = ` + sqlText(result)
	}
	return ""
}

// elsewhere are the figures that the event store does not hold, or that another test counts by hand (TestInsights, TestDashboardDesk).
func elsewhere(path string) bool {
	return strings.HasPrefix(path, "/Work/") || strings.HasPrefix(path, "/Insights/") || strings.HasPrefix(path, "/Needs/")
}

// recount holds every figure of an answer, and the one of the period before, to SQL.
func (m *month) recount(t *testing.T, b *dashboard.Board) {
	t.Helper()
	counted := 0
	for path, f := range shown(b) {
		sql := sqlOf(path)
		if sql == "" {
			if !elsewhere(path) {
				t.Errorf("%s is recomputed by nobody", path)
			}
			continue
		}
		counted++
		if n := m.sqlNumber(t, sql, b.From.UnixMicro(), b.To.UnixMicro()); n != f.Value {
			t.Errorf("%s is %d, and SQL counts %d", path, f.Value, n)
		}
		if f.Previous == nil {
			continue
		}
		if n := m.sqlNumber(t, sql, b.PreviousFrom.UnixMicro(), b.From.UnixMicro()); n != *f.Previous {
			t.Errorf("%s was %d before, and SQL counts %d", path, *f.Previous, n)
		}
	}
	if counted < 80 {
		t.Errorf("only %d figures were recomputed", counted)
	}
	if n := m.sqlNumber(t, `SELECT count(DISTINCT "CampaignId") FROM "CampaignInfo" WHERE "Timestamp" >= make_timestamp($1) AND "Timestamp" < make_timestamp($2)`, b.From.UnixMicro(), b.To.UnixMicro()); n != b.Campaigns.Active || n == 0 {
		t.Errorf("%d campaigns, and SQL counts %d", b.Campaigns.Active, n)
	}
	m.adds(t, b)
}

// adds: the buckets of every line add up to its figure, and what is a part of something adds up to it.
func (m *month) adds(t *testing.T, b *dashboard.Board) {
	t.Helper()
	sum := func(counts []int64) (n int64) {
		for _, c := range counts {
			n += c
		}
		return n
	}
	for _, c := range append(b.Summary.Cards, b.Weekly.Cards...) {
		if sum(c.Counts) != c.Figure.Value {
			t.Errorf("%s: buckets add up to %d, not %d", c.Key, sum(c.Counts), c.Figure.Value)
		}
	}
	total := func(trend dashboard.Trend) (n int64) {
		for _, s := range trend.Series {
			if sum(s.Counts) != s.Total.Value {
				t.Errorf("%s: buckets add up to %d, not %d", s.Key, sum(s.Counts), s.Total.Value)
			}
			n += s.Total.Value
		}
		return n
	}
	total(b.Protection.Threats)
	total(b.Protection.Technology)
	for what, got := range map[string][2]int64{
		"outcomes": {total(b.Protection.Outcome), b.Protection.Total.Value}, "directions": {total(b.Flow.Trend), b.Flow.Total.Value}, "reports": {total(b.Reported.Trend), b.Reported.Total.Value},
		"malware": {total(b.Malware.Trend), b.Protection.Threats.Series[0].Total.Value},
	} {
		if got[0] != got[1] {
			t.Errorf("%s add up to %d, not %d", what, got[0], got[1])
		}
	}
	if day := 24 * time.Hour; b.Protection.Threats.BucketSeconds != int64(day/time.Second) || !b.Protection.Threats.Starts[0].Equal(b.From.Truncate(day)) {
		t.Errorf("buckets of %d s from %s", b.Protection.Threats.BucketSeconds, b.Protection.Threats.Starts[0])
	}
}
