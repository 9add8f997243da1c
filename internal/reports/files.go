package reports

import (
	"context"
	"fmt"

	"tocsin/internal/dashboard"
	"tocsin/internal/kql"
)

// fileTypes counts files of email events: one row of EmailAttachmentInfo is one file that one recipient got, files inside of files included.
var fileTypes = ReportKind{
	Name: "file-types", Title: "File types", Says: "Which files come with mail, and which of them are malicious.",
	Splits: []ReportChoice{{"type", "Type"}, {"verdict", "Verdict"}, {"extension", "Extension of the name"}},
	fill: func(ctx context.Context, x *making) error {
		x.out.Chart.What = "file"
		files := func(conditions ...string) string {
			return x.table("EmailAttachmentInfo", "RecipientEmailAddress", conditions...)
		}
		hostile := "NetworkMessageId in ((EmailEvents" + where(x.between(), threat) + "\n| distinct NetworkMessageId))"
		for _, p := range []part{
			{"files", "Files", "Files that recipients got or would have got; those inside of archives and messages too. Each recipient counts", ""},
			{"hostile", "In mail with a threat", "Files in messages with a threat, whatever was found in the file itself", hostile},
			{"malicious", "Malicious", "Files with a verdict of their own against them: an engine, a list or a sandbox knows the file", `ThreatTypes != ""`},
			{"malware", "Malware", "Files with malware", `ThreatTypes has "Malware"`},
			{"phish", "Phish", "Files that are part of phish: a page, or a link in a document", `ThreatTypes has "Phish"`},
		} {
			if err := x.count(ctx, p, "count", files(p.where)+"\n| count"); err != nil {
				return err
			}
		}
		if err := x.count(ctx, part{key: "types", label: "Types", says: "Different types of files, by their content"}, "count", files()+"\n| summarize Types = count_distinct(FileType)"); err != nil {
			return err
		}
		column, none := "FileType", "Not known"
		switch x.split {
		case "verdict":
			column, none = "ThreatTypes", "No verdict against it"
		case "extension":
			column, none = "FileExtension", "(none)"
		}
		if err := x.chartValues(ctx, files(), column, false, or(none), nil); err != nil {
			return err
		}
		err := x.detail(ctx, ReportTable{Key: "types", Title: "By type", Says: "Files whose content is of one type, whatever their name says.",
			Columns: columns("type|Type|text", "files|Files|number", "hostile|In mail with a threat|number", "malicious|Malicious|number", "malware|Malware|number", "phish|Phish|number", "messages|Messages|number", "names|Different files|number")},
			files()+"\n| summarize Files = count(), Hostile = countif("+hostile+"), Malicious = countif(ThreatTypes != \"\"), Malware = countif(ThreatTypes has \"Malware\"), Phish = countif(ThreatTypes has \"Phish\"), Messages = count_distinct(NetworkMessageId), Different = count_distinct(SHA256) by FileType\n| sort by Files desc, FileType asc",
			func(row []any) (*dashboard.ExplorerState, string) {
				return nil, files(is("FileType", kql.Text(row[0])))
			})
		if err != nil {
			return err
		}
		// Malicious files lead to the mail that holds them: an email event has a row for each of its files.
		return x.detail(ctx, ReportTable{Key: "malicious", Title: "Malicious files", Says: "One file, by its SHA-256, and the mail that it came with.",
			Columns: columns("sha256|SHA-256|text", "name|Name|text", "type|Type|text", "verdict|Verdict|text", "family|Malware|threats", "mail|Email events|number", "last|Last seen|time")},
			files(`ThreatTypes != "" and SHA256 != ""`)+"\n| summarize arg_max(Timestamp, FileName, FileType, ThreatTypes, ThreatNames), Mail = count_distinct(strcat(NetworkMessageId, \" \", RecipientEmailAddress)) by SHA256\n| project SHA256, FileName, FileType, ThreatTypes, ThreatNames, Mail, Timestamp\n| sort by Mail desc, SHA256 asc",
			func(row []any) (*dashboard.ExplorerState, string) {
				carried := fmt.Sprintf("EmailAttachmentInfo | where %s and ThreatTypes != \"\" and %s | project Event = strcat(NetworkMessageId, \" \", RecipientEmailAddress)", x.between(), is("SHA256", kql.Text(row[0])))
				return x.state(`strcat(NetworkMessageId, " ", RecipientEmailAddress) in ((` + carried + `))`), ""
			})
	},
}
