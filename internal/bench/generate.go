package bench

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // the generator writes with the engine's own functions

	"tocsin/internal/eventstore/duckdb"
)

// days is how far back the invented mail reaches.
const days = 30

// generate fills the store in dir, which no Store may hold open, with rows email events that end at end. Everything follows
// from the row's number by hashing, so equal arguments give equal stores. Rows are in the order of their time, as
// they are when mail arrives; every id is a UUIDv7 of its row's time.
//
// It writes SQL, which nothing else outside the stores does: ten million wide rows through Append take the better
// part of an hour of both processors, and this takes minutes.
func generate(ctx context.Context, dir string, rows int64, end time.Time, progress func(done int64)) error {
	s, err := duckdb.Open(ctx, dir, duckdb.Options{}) // makes the tables
	if err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	db, err := sql.Open("duckdb", filepath.Join(dir, duckdb.Name)+"?memory_limit=1GB&storage_compatibility_version=latest")
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, m := range macros {
		if _, err := conn.ExecContext(ctx, "CREATE TEMP MACRO "+m); err != nil {
			return fmt.Errorf("%s: %w", m, err)
		}
	}
	start := end.Add(-days * 24 * time.Hour).UnixMicro()
	step := float64(days*24*time.Hour/time.Microsecond) / float64(rows)
	const chunk = 250_000 // keeps the sort of the tables that follow in memory
	for from := int64(0); from < rows; from += chunk {
		to := min(from+chunk, rows)
		bounds := strings.NewReplacer("$from", fmt.Sprint(from), "$to", fmt.Sprint(to), "$start", fmt.Sprint(start), "$step", fmt.Sprintf("%.6f", step))
		for _, q := range []string{insertEmails, insertUrls, insertAttachments, insertClicks} {
			if _, err := conn.ExecContext(ctx, bounds.Replace(q)); err != nil {
				return fmt.Errorf("generate rows %d to %d: %w", from, to, err)
			}
		}
		progress(to)
	}
	if _, err := conn.ExecContext(ctx, insertCampaigns); err != nil {
		return fmt.Errorf("generate campaigns: %w", err)
	}
	_, err = conn.ExecContext(ctx, "CHECKPOINT")
	return err
}

// The dimensions follow Zipf's law with exponent 1, as popularity does: floor(n^u) for uniform u. 50,000 sender domains, 20,000
// recipients, 4,000 subjects (40 % with a token of their own), 30,000 domains in links.
var macros = []string{
	`u(i, salt) AS ((hash(i, salt) >> 11)::DOUBLE / 9007199254740992.0)`,
	`zipf(n, i, salt) AS floor(pow(n, u(i, salt)))::BIGINT`,
	`hex(i, salt) AS lpad(lower(to_hex(hash(i, salt))), 16, '0')`,
	`word(k) AS (['invoice','payment','meeting','report','urgent','delivery','account','update','security','order','team','project','contract','review','offer','password','travel','budget','status','request','holiday','training','network','server','office','customer','quarter','plan','notice','document','shared','voicemail','parcel','tax','bonus','salary','survey','event','launch','release','ticket','support','renewal','domain','license','statement','receipt','booking','flight','interview','policy','compliance','audit','benefits','newsletter','digest','summary','reminder','deadline','approval'])[1 + (k % 60)]`,
	`domain(k) AS word(k) || '-' || word(k // 60 + 7) || (k // 3600)::VARCHAR || (['.example','.example.com','.example.net','.example.org'])[1 + (k % 4)]`,
	`message(i) AS CASE WHEN i % 10 < 3 THEN i - i % 10 ELSE i END`, // three of ten rows are one mail to three people
	`micros(m, start, step) AS start + (m * step)::BIGINT + (u(m, 1) * step * 0.9)::BIGINT`,
	`uuid7(m, us) AS substr(lpad(lower(to_hex(us // 1000)), 12, '0'), 1, 8) || '-' || substr(lpad(lower(to_hex(us // 1000)), 12, '0'), 9, 4) || '-7' || substr(hex(m, 2), 1, 3) || '-8' || substr(hex(m, 2), 4, 3) || '-' || substr(hex(m, 3), 1, 12)`,
}

const insertEmails = `
INSERT INTO "EmailEvents" BY NAME
WITH n AS (SELECT i, message(i) AS m FROM range($from, $to) t(i)),
a AS (SELECT i, m, micros(m, $start, $step) AS us, zipf(50000, m, 10) AS d, zipf(20000, i, 11) AS r, zipf(4000, m, 12) AS s, u(m, 13) AS v, u(i, 14) AS w FROM n),
b AS (SELECT *, uuid7(m, us) AS id, make_timestamp(us) AS ts,
	CASE WHEN v < 0.012 THEN 'Malware' WHEN v < 0.05 THEN 'Phish' WHEN v < 0.06 THEN 'Phish, Spam' WHEN v < 0.18 THEN 'Spam' ELSE '' END AS threat FROM a),
c AS (SELECT *,
	CASE WHEN threat = '' THEN 'Delivered' WHEN threat = 'Malware' THEN (CASE WHEN w < 0.85 THEN 'Blocked' WHEN w < 0.95 THEN 'Replaced' ELSE 'Delivered' END)
		WHEN threat LIKE 'Phish%' THEN (CASE WHEN w < 0.7 THEN 'Blocked' WHEN w < 0.92 THEN 'Junked' ELSE 'Delivered' END)
		ELSE (CASE WHEN w < 0.1 THEN 'Blocked' WHEN w < 0.95 THEN 'Junked' ELSE 'Delivered' END) END AS action FROM b),
e AS (SELECT *, CASE action WHEN 'Blocked' THEN 'Quarantine' WHEN 'Junked' THEN 'Junk folder' ELSE 'Inbox/folder' END AS place,
	threat <> '' AND action = 'Delivered' AND u(i, 15) < 0.6 AS zapped FROM c)
SELECT ts AS "Timestamp", id AS "NetworkMessageId", '<' || hex(m, 16) || '@' || domain(d) || '>' AS "InternetMessageId",
	'bounce-' || (m % 97) || '@mta' || (d % 9) || '.' || domain(d) AS "SenderMailFromAddress", 'mta' || (d % 9) || '.' || domain(d) AS "SenderMailFromDomain",
	word(zipf(300, m, 17)) || '.' || word(zipf(3000, m, 18) + d) || (zipf(40, m, 19)) || '@' || domain(d) AS "SenderFromAddress", domain(d) AS "SenderFromDomain",
	word(zipf(300, m, 17)) || ' ' || word(zipf(3000, m, 18) + d) AS "SenderDisplayName",
	(1 + d % 223) || '.' || (d // 223 % 256) || '.' || (zipf(30, m, 20)) || '.' || (zipf(200, m, 21)) AS "SenderIPv4",
	'user' || r || '@corp' || (r % 3) || '.example' AS "RecipientEmailAddress", 'corp' || (r % 3) || '.example' AS "RecipientDomain", hex(r, 22) AS "RecipientObjectId",
	word(s) || ' ' || word(s // 60 + 11) || ' ' || word(s * 7 + 3) || ' ' || s || CASE WHEN u(m, 23) < 0.4 THEN ' ' || substr(hex(m, 24), 1, 10) ELSE '' END AS "Subject",
	CASE WHEN s < 500 THEN (hash(s) >> 1)::BIGINT ELSE 0 END AS "EmailClusterId", CASE WHEN u(m, 25) < 0.8 THEN 'Inbound' WHEN u(m, 25) < 0.92 THEN 'Intra-org' ELSE 'Outbound' END AS "EmailDirection",
	action AS "DeliveryAction", place AS "DeliveryLocation", CASE WHEN zapped THEN 'Moved to quarantine' ELSE action END AS "LatestDeliveryAction",
	CASE WHEN zapped THEN 'Quarantine' ELSE place END AS "LatestDeliveryLocation", threat AS "ThreatTypes", threat AS "LatestThreatTypes",
	CASE WHEN threat = 'Malware' THEN (['EICAR','Emotet','Qakbot','AgentTesla','Formbook'])[1 + zipf(5, m, 26) % 5] ELSE '' END AS "ThreatNames",
	CASE threat WHEN '' THEN '' WHEN 'Malware' THEN 'Antimalware protection' WHEN 'Spam' THEN (['General filter','Bulk','Domain reputation'])[1 + m % 3]
		ELSE (['URL malicious reputation','Impersonation brand, Advanced filter','Spoof DMARC','Impersonation user','Fingerprint matching, URL malicious reputation','Mixed analysis detection'])[1 + zipf(6, m, 27) % 6] END AS "DetectionTechnologies", "DetectionTechnologies" AS "LatestDetectionTechnologies",
	CASE WHEN threat = '' THEN '' ELSE '{"' || threat || '":["General filter"]}' END AS "DetectionMethods", CASE WHEN threat LIKE 'Phish%' THEN (CASE WHEN w < 0.5 THEN 'High' ELSE 'Normal' END) ELSE '' END AS "PhishConfidence",
	CASE WHEN threat = '' THEN (u(m, 28) * 30)::INTEGER ELSE 40 + (u(m, 28) * 60)::INTEGER END AS "ThreatScore", (zipf(10, m, 29) - 1)::INTEGER AS "BulkComplaintLevel",
	CASE action WHEN 'Blocked' THEN 'Send to quarantine' WHEN 'Junked' THEN 'Move message to junk mail folder' ELSE 'No action taken' END AS "EmailAction",
	'{"SPF":"' || CASE WHEN u(d, 30) < 0.9 THEN 'pass' ELSE 'softfail' END || '","DKIM":"' || CASE WHEN u(d, 31) < 0.85 THEN 'pass' ELSE 'none' END || '","DMARC":"' || CASE WHEN u(d, 32) < 0.8 THEN 'pass' ELSE 'fail' END || '"}' AS "AuthenticationDetails",
	CASE WHEN u(d, 30) < 0.9 THEN 'pass' ELSE 'softfail' END AS "AuthSPF", CASE WHEN u(d, 31) < 0.85 THEN 'pass' ELSE 'none' END AS "AuthDKIM", CASE WHEN u(d, 32) < 0.8 THEN 'pass' ELSE 'fail' END AS "AuthDMARC",
	CASE WHEN hash(m, 40) % 10 < 2 THEN 1 ELSE 0 END AS "AttachmentCount", (hash(m, 50) % 4)::INTEGER AS "UrlCount", (['en','de','fr','es','it','ja'])[1 + (zipf(6, m, 33) - 1)::INTEGER] AS "EmailLanguage",
	2000 + pow(2, u(m, 34) * 12)::BIGINT * 50 AS "EmailSize", (['journal','milter','imap'])[1 + m % 3] AS "Connectors", u(i, 35) < 0.07 AS "IsFirstContact", (['US','DE','FR','GB','NL','CN','BR','IN',''])[1 + d % 9] AS "SenderCountry",
	CASE WHEN threat = '' THEN '' ELSE (['a link goes elsewhere than its text says','the sender is new','DMARC fails','a look-alike of a brand','the file is known malware'])[1 + m % 5] END AS "FirstSignal",
	CASE WHEN threat = '' THEN '' ELSE (['link-text-brand, lure-account','first-contact-request, qr-link, qr-lure','dmarc-fail, brand-display-name','own-lookalike-sender','known-file, html-attachment, page-asks-password'])[1 + m % 5] END AS "Signals",
	sha256('m' || m) AS "RawSHA256", r < 50 AS "IsPriorityAccount", CASE WHEN zapped THEN ts + INTERVAL 20 MINUTE ELSE ts END AS "LastEventExecutionTime",
	'["user' || r || '@corp' || (r % 3) || '.example"]' AS "To",
	'{"signals":[{"id":"spf.pass","weight":-2,"claim":"SPF passes","evidence":"' || domain(d) || '"},{"id":"sender.seen","weight":-' || (m % 9) || ',"claim":"known sender","evidence":"' || hex(m, 36) || '"}],"source":"bench"}' AS "AdditionalFields",
	id || '/' || (i % 10) AS "ReportId"
FROM e ORDER BY i`

const insertUrls = `
INSERT INTO "EmailUrlInfo" BY NAME
WITH n AS (SELECT DISTINCT message(i) AS m FROM range($from, $to) t(i)),
a AS (SELECT m, micros(m, $start, $step) AS us, unnest(range((hash(m, 50) % 4)::BIGINT)) AS k FROM n),
b AS (SELECT *, m * 4 + k AS j, zipf(30000, m * 4 + k, 51) AS d FROM a)
SELECT make_timestamp(us) AS "Timestamp", uuid7(m, us) AS "NetworkMessageId", domain(d) AS "UrlDomain", (['Body','Body','Body','Subject','Attachment','QRCode'])[1 + j % 6] AS "UrlLocation", 'click here' AS "UrlText",
	'https://' || domain(d) || '/' || word(zipf(500, j, 52)) || CASE WHEN u(j, 53) < 0.5 THEN '?t=' || hex(j, 54) ELSE '' END AS "Url", uuid7(m, us) || '/' || k AS "ReportId"
FROM b ORDER BY m, k`

const insertAttachments = `
INSERT INTO "EmailAttachmentInfo" BY NAME
WITH n AS (SELECT i, message(i) AS m FROM range($from, $to) t(i)),
a AS (SELECT i, m, micros(m, $start, $step) AS us, zipf(100000, m, 60) AS f, zipf(20000, i, 11) AS r FROM n WHERE hash(m, 40) % 10 < 2)
SELECT make_timestamp(us) AS "Timestamp", uuid7(m, us) AS "NetworkMessageId", 'user' || r || '@corp' || (r % 3) || '.example' AS "RecipientEmailAddress",
	word(f) || f || (['.pdf','.docx','.xlsx','.zip','.png'])[1 + f % 5] AS "FileName", (['pdf','docx','xlsx','zip','png'])[1 + f % 5] AS "FileExtension", sha256('f' || f) AS "SHA256", md5('f' || f) AS "MD5", 1000 + f * 7 AS "FileSize",
	uuid7(m, us) || '/' || i AS "ReportId"
FROM a ORDER BY i`

// One of fifty recipients clicks on a link, minutes to hours after the mail.
const insertClicks = `
INSERT INTO "UrlClickEvents" BY NAME
WITH n AS (SELECT i, message(i) AS m FROM range($from, $to) t(i)),
a AS (SELECT i, m, micros(m, $start, $step) AS us, unnest(range((hash(m, 50) % 4)::BIGINT)) AS k, zipf(20000, i, 11) AS r FROM n),
b AS (SELECT *, m * 4 + k AS j, zipf(30000, m * 4 + k, 51) AS d FROM a WHERE u(i * 4 + k, 70) < 0.02)
SELECT make_timestamp(us + 60000000 + (pow(u(i, 71), 3) * 36000000000)::BIGINT) AS "Timestamp", uuid7(m, us) AS "NetworkMessageId",
	'https://' || domain(d) || '/' || word(zipf(500, j, 52)) || CASE WHEN u(j, 53) < 0.5 THEN '?t=' || hex(j, 54) ELSE '' END AS "Url",
	CASE WHEN u(i, 72) < 0.93 THEN 'ClickAllowed' ELSE 'ClickBlocked' END AS "ActionType", 'user' || r || '@corp' || (r % 3) || '.example' AS "AccountUpn", 'Email' AS "Workload",
	CASE WHEN u(i, 72) >= 0.93 THEN 'Phish' ELSE '' END AS "ThreatTypes", '10.' || (r // 250 % 250) || '.' || (r % 250) || '.7' AS "IPAddress", u(i, 72) > 0.98 AS "IsClickedThrough",
	uuid7(m, us) || '/' || i || '/' || k AS "ReportId"
FROM b ORDER BY i, k`

// Threats with one of the common subjects are a campaign for a week.
const insertCampaigns = `
INSERT INTO "CampaignInfo" BY NAME
SELECT "Timestamp", 'c' || to_hex(hash("EmailClusterId", date_trunc('week', "Timestamp")) >> 16) AS "CampaignId", "CampaignId" AS "OriginalCampaignId",
	"Subject"[:60] AS "CampaignName", CASE WHEN "ThreatTypes" LIKE 'Phish%' THEN 'Phish' ELSE "ThreatTypes" END AS "CampaignType", "ThreatNames" AS "CampaignSubtype",
	"NetworkMessageId", "RecipientEmailAddress", 'words: 0.9' AS "Likeness", "NetworkMessageId" || '/c/' || "RecipientEmailAddress" AS "ReportId"
FROM "EmailEvents" WHERE "ThreatTypes" <> '' AND "EmailClusterId" <> 0`
