package hunt

import "time"

// OutcomeWhere is the condition, as KQL over EmailEvents, that an event has this outcome. It is outcomeKQL taken apart, so that a filter
// says what it looks for; a test holds the two together.
func OutcomeWhere(o Outcome) string {
	const (
		inMailbox = `LatestDeliveryLocation in ("Inbox/folder", "On-premises/external", "Junk folder")`
		taken     = `LatestDeliveryLocation in ("Quarantine", "Deleted items folder", "Removed", "Failed", "Dropped")`
		deleted   = `LatestDeliveryAction in ("Soft delete", "Hard delete")`
		junk      = `(LatestDeliveryLocation == "Junk folder" or (LatestDeliveryLocation == "" and DeliveryAction == "Junked"))`
		lies      = `(DeliveryAction != "Blocked" or ` + inMailbox + `) and not(` + taken + `) and not(` + deleted + `) and not(LatestDeliveryLocation == "Junk folder" and DeliveryAction in ("Delivered", "Replaced"))`
		readable  = lies + ` and not` + junk + ` and DeliveryAction != "Replaced"`
	)
	switch o {
	case Blocked:
		return `DeliveryAction == "Blocked" and not(` + inMailbox + `)`
	case Removed:
		return `(DeliveryAction != "Blocked" or ` + inMailbox + `) and (` + taken + ` or ` + deleted + ` or (LatestDeliveryLocation == "Junk folder" and DeliveryAction in ("Delivered", "Replaced")))`
	case Junked:
		return lies + ` and ` + junk
	case Replaced:
		return lies + ` and not` + junk + ` and DeliveryAction == "Replaced"`
	case DeliveredThreat:
		return `LatestThreatTypes != "" and ` + readable
	case Delivered:
		return `LatestThreatTypes == "" and ` + readable
	}
	return "false"
}

// OutcomeCase is the outcome of an event as an expression over EmailEvents. Its values are those of Outcomes.
func OutcomeCase() string { return outcomeKQL }

// ViewWhere is the condition of a view, "" of all mail.
func ViewWhere(v View) string {
	switch v {
	case Malware:
		return `ThreatTypes has "Malware" or LatestThreatTypes has "Malware"`
	case Phish:
		return `ThreatTypes has "Phish" or LatestThreatTypes has "Phish"`
	case Submissions:
		return `NetworkMessageId in ((UserSubmissions | where NetworkMessageId != "" | distinct NetworkMessageId))`
	}
	return ""
}

// Bucket is the length of the buckets of a chart of [from, to): the shortest that makes few enough of it, aligned to the day.
func Bucket(from, to time.Time) time.Duration { return bucket(from, to) }
