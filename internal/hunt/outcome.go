package hunt

import "tocsin/internal/event"

// Outcome is what became of one email event, seen from today.
type Outcome string

const (
	Blocked         Outcome = "blocked"          // never reached the mailbox
	Junked          Outcome = "junked"           // delivered to the junk folder, still there
	Replaced        Outcome = "replaced"         // delivered without its malicious attachment
	Removed         Outcome = "removed"          // delivered, taken out afterwards
	DeliveredThreat Outcome = "delivered_threat" // in the mailbox, and today's verdict is against it
	Delivered       Outcome = "delivered"        // in the mailbox, no threat known
)

// Outcomes lists them in the order of charts, with their names for people.
var Outcomes = []struct {
	Key   Outcome
	Label string
}{
	{Blocked, "Blocked"},
	{Junked, "Junked"},
	{Replaced, "Replaced"},
	{Removed, "Removed"},
	{DeliveredThreat, "Still delivered"},
	{Delivered, "Delivered, clean"},
}

// outcomeKQL computes an Outcome in a query. OutcomeOf is the same in Go; a test holds them together.
//
// The latest place decides. Mail that was stopped and not let go since is blocked, wherever the store of stopped mail
// moved it. Mail that was delivered and is now neither in the inbox nor where delivery had put it was removed. Whether what
// lies in a mailbox is a threat is said by the latest judgement: mail that turned out bad later is a threat that was delivered,
// and mail that turned out harmless is none any more.
const outcomeKQL = `case(` +
	`DeliveryAction == "Blocked" and LatestDeliveryLocation !in ("Inbox/folder", "On-premises/external", "Junk folder"), "blocked", ` +
	`LatestDeliveryLocation in ("Quarantine", "Deleted items folder", "Removed", "Failed", "Dropped") or LatestDeliveryAction in ("Soft delete", "Hard delete"), "removed", ` +
	`LatestDeliveryLocation == "Junk folder" and DeliveryAction in ("Delivered", "Replaced"), "removed", ` +
	`LatestDeliveryLocation == "Junk folder" or (LatestDeliveryLocation == "" and DeliveryAction == "Junked"), "junked", ` +
	`DeliveryAction == "Replaced", "replaced", ` +
	`LatestThreatTypes != "", "delivered_threat", ` +
	`"delivered")`

// OutcomeOf is the outcome of one event.
func OutcomeOf(e *event.EmailEvent) Outcome {
	return outcomeOf(e.DeliveryAction, e.LatestDeliveryAction, e.LatestDeliveryLocation, e.LatestThreatTypes)
}

func outcomeOf(action, latestAction, latestLocation, latestThreats string) Outcome {
	inbox := latestLocation == "Inbox/folder" || latestLocation == "On-premises/external"
	junk := latestLocation == "Junk folder"
	switch {
	case action == "Blocked" && !inbox && !junk:
		return Blocked
	case latestLocation == "Quarantine", latestLocation == "Deleted items folder", latestLocation == "Removed", latestLocation == "Failed", latestLocation == "Dropped",
		latestAction == "Soft delete", latestAction == "Hard delete":
		return Removed
	case junk && (action == "Delivered" || action == "Replaced"):
		return Removed
	case junk, latestLocation == "" && action == "Junked":
		return Junked
	case action == "Replaced":
		return Replaced
	case latestThreats != "":
		return DeliveredThreat
	}
	return Delivered
}
