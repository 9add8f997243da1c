package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Action is what an audit record is about. The list is closed, so that records can be counted and searched.
type Action string

const (
	ActSignIn           Action = "sign-in"
	ActSignInRefused    Action = "sign-in refused"
	ActSignOut          Action = "sign-out"
	ActSetupLink        Action = "set-up link made"
	ActOperatorAdded    Action = "operator added"
	ActTokenMade        Action = "token made"
	ActTokenRevoked     Action = "token revoked"
	ActOperatorChanged  Action = "operator changed" // subject: the address; detail: before and after
	ActInvited          Action = "invitation made"  // a link with which the operator chooses a password
	ActInvitationUsed   Action = "invitation used"
	ActSessionEnded     Action = "session ended" // somebody's, before its time; subject: the operator
	ActPassword         Action = "password changed"
	ActFactorSet        Action = "second factor set up"
	ActFactorRemoved    Action = "second factor removed" // by an administrator, or by its owner with a code; subject: the operator
	ActRecoveryUsed     Action = "recovery code used"
	ActRecoveryMade     Action = "recovery codes made"
	ActStepUp           Action = "second factor shown"
	ActCodeRefused      Action = "code refused"       // or a key's answer, or another identity at the provider; detail: why
	ActKeyAdded         Action = "security key added" // detail: its name
	ActKeyRemoved       Action = "security key removed"
	ActKeySuspect       Action = "security key suspected" // its counter went back: there may be a copy
	ActProviderLinked   Action = "provider linked"        // detail: issuer and subject
	ActProviderUnlinked Action = "provider unlinked"
	ActContent          Action = "content looked at"
	ActDownload         Action = "message downloaded"
	ActExport           Action = "rows exported"
	ActQuery            Action = "query run"
	ActQueryEnded       Action = "query ended"   // subject: the run's id, as in the detail of "query run"
	ActQueryStopped     Action = "query stopped" // somebody else's; subject: the run's id
	ActQuerySaved       Action = "query saved"   // also when it is changed; subject: the saved query's id
	ActQueryRemoved     Action = "saved query removed"
	ActImport           Action = "mail imported"
	ActPriority         Action = "priority account changed" // subject: the address
	ActDirectory        Action = "directory changed"        // subject: the source; "" for all
	ActLabel            Action = "message labelled"         // subject: the network message id
	ActModel            Action = "model activated"          // subject: the threat it speaks of
	ActModelReset       Action = "learning reset"

	ActPolicyChanged    Action = "policy changed" // subject: the version
	ActEntryAdded       Action = "entry added"    // of the allow and block list; subject: kind and value
	ActEntryChanged     Action = "entry changed"
	ActEntryRemoved     Action = "entry removed"
	ActMailboxChanged   Action = "mailbox settings changed" // subject: the mailbox
	ActMailboxRemoved   Action = "mailbox settings removed"
	ActRuleChanged      Action = "rule changed"     // written, turned on or off, or given another weight; subject: its id
	ActRuleRemoved      Action = "rule removed"     // or, for one with a file, all that was decided about it
	ActIndicatorAdded   Action = "indicators added" // detail: values and counts
	ActIndicatorChanged Action = "indicators changed"
	ActRetroHunt        Action = "retro-hunt started" // subject: its id
	ActRejudged         Action = "mail judged again"  // subject: the run
	ActWhatIf           Action = "what-if run"
	ActRunCancelled     Action = "run cancelled"

	ActActionAsked     Action = "action asked for" // on mailboxes; subject: its id, as in the following
	ActActionApproved  Action = "action approved"
	ActActionRejected  Action = "action rejected"
	ActActionExpired   Action = "action expired"
	ActActionCancelled Action = "action cancelled"
	ActActionRetried   Action = "action tried again"
	ActActionUndone    Action = "action undone"           // subject: the action that is undone
	ActApprovals       Action = "approval policy changed" // subject: the version
	ActMessageSent     Action = "message sent"            // to recipients of mail; subject: its id

	ActIncidentOpened    Action = "incident opened" // subject: its id, as in the following
	ActIncidentChanged   Action = "incident changed"
	ActIncidentMail      Action = "incident's mail changed" // put in or taken out, a query kept or dropped
	ActIncidentNote      Action = "incident note written"   // changed or removed too
	ActIncidentTask      Action = "incident task changed"
	ActIncidentMerged    Action = "incident merged" // or separated again
	ActIncidentReport    Action = "incident report made"
	ActIncidentExported  Action = "incident exported" // as a bundle
	ActReleaseAsked      Action = "release asked for" // by the recipient of held mail; subject: the network message id
	ActReleaseRefused    Action = "release refused"
	ActSubmissionAdded   Action = "submission added"   // by somebody who signed in; subject: its id, as in the following
	ActSubmissionChanged Action = "submission changed" // taken, given away, reopened
	ActSubmissionClosed  Action = "submission closed"
	ActSubmissionAnswers Action = "answers to reporters changed" // subject: the revision
	ActAlertChanged      Action = "alert changed"                // taken, given a note or an incident, opened again; subject: its id
	ActAlertResolved     Action = "alert resolved"
	ActTrackerSaved      Action = "tracked query saved" // also when it is changed; subject: the tracker's id
	ActTrackerRemoved    Action = "tracked query removed"
	ActTrackerRun        Action = "tracked query run"     // by a person, apart from its schedule
	ActTrackerStopped    Action = "tracked query stopped" // by itself; reason: why

	ActCampaignSplit   Action = "campaign split" // subject: its id, as in the following
	ActCampaignMerged  Action = "campaign merged"
	ActCampaignRenamed Action = "campaign renamed"
	ActCampaignUndone  Action = "campaign decision undone"

	ActMailboxLooked Action = "mailbox rules looked at" // subject: the mailbox, as in the following
	ActAidRemoved    Action = "mailbox rule removed"    // about to be; what fails has another record
	ActAidPutBack    Action = "mailbox rule put back"
	ActAidSignedOut  Action = "mailbox signed out everywhere"
	ActAidFailed     Action = "first aid failed"

	ActFeedAdded   Action = "feed added" // subject: its id, as in the following
	ActFeedChanged Action = "feed changed"
	ActFeedRemoved Action = "feed removed"
	ActFeedRun     Action = "feed read"    // by somebody's wish
	ActFeedTried   Action = "feed tried"   // the server connected to where somebody said
	ActSTIX        Action = "told in STIX" // as a file for others; subject: the incident or campaign

	ActScheduleAdded   Action = "report schedule added" // subject: its id, as in the following
	ActScheduleChanged Action = "report schedule changed"
	ActScheduleRemoved Action = "report schedule removed"
	ActScheduleSent    Action = "report schedule sent" // to whoever asked

	ActHistoryCleared Action = "query history cleared" // of the operator's own
	ActTrained        Action = "model trained"         // in shadow

	ActAuditKey      Action = "audit key made"         // subject: the key's id
	ActAuditChained  Action = "audit log chained"      // records of an older version, at the upgrade
	ActAuditRemoved  Action = "audit records removed"  // as their retention says
	ActAuditExported Action = "audit records exported" // subject: the filter in words
	ActAuditVerified Action = "audit log verified"     // by somebody's wish
)

// Actions lists every action, in the order of the groups above. Each new one stands here too; a test of this package looks.
func Actions() []Action {
	return []Action{
		ActSignIn, ActSignInRefused, ActSignOut, ActSetupLink, ActOperatorAdded, ActTokenMade, ActTokenRevoked,
		ActOperatorChanged, ActInvited, ActInvitationUsed, ActSessionEnded, ActPassword,
		ActFactorSet, ActFactorRemoved, ActRecoveryUsed, ActRecoveryMade, ActStepUp, ActCodeRefused,
		ActKeyAdded, ActKeyRemoved, ActKeySuspect, ActProviderLinked, ActProviderUnlinked,
		ActContent, ActDownload, ActExport, ActQuery, ActQueryEnded, ActQueryStopped, ActQuerySaved, ActQueryRemoved, ActHistoryCleared,
		ActImport, ActPriority, ActDirectory, ActLabel, ActTrained, ActModel, ActModelReset,
		ActPolicyChanged, ActEntryAdded, ActEntryChanged, ActEntryRemoved, ActMailboxChanged, ActMailboxRemoved, ActRuleChanged, ActRuleRemoved,
		ActIndicatorAdded, ActIndicatorChanged, ActRetroHunt,
		ActRejudged, ActWhatIf, ActRunCancelled,
		ActActionAsked, ActActionApproved, ActActionRejected, ActActionExpired, ActActionCancelled, ActActionRetried, ActActionUndone, ActApprovals, ActMessageSent,
		ActIncidentOpened, ActIncidentChanged, ActIncidentMail, ActIncidentNote, ActIncidentTask, ActIncidentMerged, ActIncidentReport, ActIncidentExported,
		ActReleaseAsked, ActReleaseRefused,
		ActCampaignSplit, ActCampaignMerged, ActCampaignRenamed, ActCampaignUndone,
		ActMailboxLooked, ActAidRemoved, ActAidPutBack, ActAidSignedOut, ActAidFailed,
		ActScheduleAdded, ActScheduleChanged, ActScheduleRemoved, ActScheduleSent,
		ActSubmissionAdded, ActSubmissionChanged, ActSubmissionClosed, ActSubmissionAnswers, ActAlertChanged, ActAlertResolved,
		ActFeedAdded, ActFeedChanged, ActFeedRemoved, ActFeedRun, ActFeedTried, ActSTIX,
		ActTrackerSaved, ActTrackerRemoved, ActTrackerRun, ActTrackerStopped,
		ActAuditKey, ActAuditChained, ActAuditRemoved, ActAuditExported, ActAuditVerified,
	}
}

// Record is one line of the audit log: who did what to what, when, from where, and why.
type Record struct {
	Seq        int64 // set by the store, rises without end
	At         time.Time
	OperatorID string // "" for the local command line and for refused sign-ins
	Operator   string // email address, or the name of who acted
	Via        string // "session", "token", "local", "console"
	Address    string
	Action     Action
	Subject    string // what it was done to: a network message id, an operator, a query
	Recipient  string // which recipient's event, for mail
	Reason     string // as the operator gave it
	Detail     json.RawMessage
}

// Journal keeps audit records. Append is the only way in: nothing changes or removes a record, and the record is durable
// when Append returns. A caller that is about to show content appends first and shows nothing when that fails.
type Journal interface {
	Append(ctx context.Context, r Record) error
	// About returns the records of one subject, oldest first, at most limit.
	About(ctx context.Context, subject string, limit int) ([]Record, error)
}

// Write is the one function through which records are written. It fills in who acts from the context and the time.
// detail may be nil; it is kept as JSON.
func (g *Gate) Write(ctx context.Context, r Record, detail any) error {
	if p := From(ctx); p != nil && r.Operator == "" {
		r.OperatorID, r.Operator, r.Via, r.Address = p.Operator.ID, p.Operator.Email, p.Via, p.Address
	}
	r.At = g.now()
	r.Detail = json.RawMessage("{}")
	if detail != nil {
		raw, err := json.Marshal(detail)
		if err != nil {
			return fmt.Errorf("audit detail: %w", err)
		}
		r.Detail = raw
	}
	if err := g.journal.Append(ctx, r); err != nil {
		return fmt.Errorf("audit log: %w", err)
	}
	return nil
}
