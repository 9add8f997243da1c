package auth

import (
	"fmt"
	"slices"
	"strings"
)

// Permission is the right to do one thing. Routes ask for permissions, never for roles.
type Permission string

const (
	// Public needs no sign-in at all: health, the sign-in form, the one-time link of the first administrator.
	Public Permission = "public"
	// SignedIn is what every operator may do: read their own session, keep their own preferences, sign out.
	SignedIn Permission = "session.own"
	// Enrol is all that a session may do which lacks a second factor that it must have: set one up, and sign out.
	Enrol Permission = "session.enrol"

	ExplorerRead    Permission = "explorer.read"    // ask Explorer's questions and see the coverage
	ExplorerExport  Permission = "explorer.export"  // take rows out as a file
	HuntRun         Permission = "hunt.run"         // run any KQL over the event tables; columns that quote messages need email.preview too
	HuntSave        Permission = "hunt.save"        // keep queries, and share them
	HuntManage      Permission = "hunt.manage"      // see and stop what others run, change and remove what others saved
	EmailRead       Permission = "email.read"       // one message: verdict, headers, hops, URLs, attachments, timeline
	EmailContent    Permission = "email.content"    // look into and download mail that was kept from its recipient
	EmailPreview    Permission = "email.preview"    // the same for mail that its recipient has
	EmailLabel      Permission = "email.label"      // say what a message is, for the local model to learn from
	LearningManage  Permission = "learning.manage"  // train, activate and reset the local model
	EmailRemove     Permission = "email.remove"     // take mail out of mailboxes
	ActionApprove   Permission = "action.approve"   // approve what somebody else proposed
	ActionRead      Permission = "action.read"      // see actions on mail: who, why, what, and the result in every mailbox
	QuarantineRead  Permission = "quarantine.read"  // see what is in quarantine, and who asks for it
	MailboxRead     Permission = "mailbox.read"     // see what a mailbox does with mail by itself, and what was done there
	SessionManage   Permission = "sessions.manage"  // see and end sessions of others
	PolicyRead      Permission = "policy.read"      // see the policy, the allow and block entries, settings of mailboxes, and runs that judged again
	PolicyBlock     Permission = "policy.block"     // add block entries
	PolicyEdit      Permission = "policy.edit"      // change the policy, add allow entries, change and remove entries and settings of mailboxes
	RulesRead       Permission = "rules.read"       // see the rules that judge mail, and their history
	RulesEdit       Permission = "rules.edit"       // write rules, turn them on and off
	RejudgeRun      Permission = "rejudge.run"      // have delivered mail judged again
	WhatIfRun       Permission = "whatif.run"       // try a rule, an entry or a policy on stored mail
	DirectoryRead   Permission = "directory.read"   // see the people of the organisation
	DirectoryManage Permission = "directory.manage" // mark priority accounts, ask the sources anew
	MailImport      Permission = "mail.import"      // take mail from files into the stores
	OperatorManage  Permission = "operators.manage" // add operators, change roles, make tokens for others
	AuditRead       Permission = "audit.read"       // read what operators did
	MetricsRead     Permission = "metrics.read"     // read /metrics from another machine
	ApprovalsEdit   Permission = "approvals.edit"   // say who has to approve which actions
	IncidentRead    Permission = "incident.read"    // see incidents: their mail, notes, tasks and timeline, and their reports
	IncidentWork    Permission = "incident.work"    // open and change incidents, put mail in, write notes, merge them, take them out as a bundle
	SubmissionRead  Permission = "submission.read"  // see what users reported, and what came of it
	SubmissionWork  Permission = "submission.work"  // triage it, report messages oneself or for others
	ReportSchedule  Permission = "report.schedule"  // have reports sent to people by mail, once or on a schedule
	AlertRead       Permission = "alert.read"       // see alerts: what was found, and why it was raised
	AlertWork       Permission = "alert.work"       // take alerts, write notes, resolve them

	FeedsEdit        Permission = "feeds.edit"        // set feeds of indicators up: where they are read, with which password, and what they bring counts for
	IntelligenceRead Permission = "intelligence.read" // see what is known of threats, the indicators and where they come from
	IntelligenceEdit Permission = "intelligence.edit" // add indicators, confirm and retire them, search stored mail for them
	CampaignWork     Permission = "campaign.work"     // split, merge and rename campaigns
)

// Role is a named set of permissions. The first four are the groups of the field's own products; the last three are
// extra roles that somebody has on top of a group, and that no group includes: even a Global Administrator reads
// delivered mail only after being given Preview, by name and on record.
type Role string

const (
	GlobalAdministrator   Role = "Global Administrator"
	SecurityAdministrator Role = "Security Administrator"
	SecurityOperator      Role = "Security Operator"
	SecurityReader        Role = "Security Reader"
	SearchAndPurge        Role = "Search and Purge"
	Preview               Role = "Preview"
	Approve               Role = "Approve"
)

// Roles lists every role, groups first.
func Roles() []Role {
	return []Role{GlobalAdministrator, SecurityAdministrator, SecurityOperator, SecurityReader, SearchAndPurge, Preview, Approve}
}

// Permissions of the role, in a fixed order. An unknown role has none.
func (r Role) Permissions() []Permission {
	reader := []Permission{SignedIn, Enrol, ExplorerRead, EmailRead, HuntRun, PolicyRead, RulesRead, DirectoryRead, ActionRead, IncidentRead, QuarantineRead, SubmissionRead, AlertRead, IntelligenceRead}
	operator := append(slices.Clone(reader), ExplorerExport, HuntSave, EmailContent, EmailLabel, PolicyBlock, WhatIfRun, IncidentWork, SubmissionWork, MailboxRead, AlertWork, IntelligenceEdit, CampaignWork)
	administrator := append(slices.Clone(operator), HuntManage, PolicyEdit, RulesEdit, DirectoryManage, RejudgeRun, LearningManage, MailImport, AuditRead, MetricsRead, ApprovalsEdit, ReportSchedule, FeedsEdit)
	switch r {
	case SecurityReader:
		return reader
	case SecurityOperator:
		return operator
	case SecurityAdministrator:
		return administrator
	case GlobalAdministrator:
		return append(administrator, OperatorManage, SessionManage)
	case SearchAndPurge:
		return []Permission{SignedIn, Enrol, ExplorerRead, EmailRead, EmailRemove, RulesRead, ActionRead, QuarantineRead}
	case Preview:
		return []Permission{SignedIn, Enrol, EmailRead, EmailContent, EmailPreview, RulesRead}
	case Approve:
		return []Permission{SignedIn, Enrol, ExplorerRead, EmailRead, ActionApprove, RulesRead, ActionRead}
	}
	return nil
}

// Group reports whether the role is one of the four groups rather than an extra role.
func (r Role) Group() bool {
	return r == GlobalAdministrator || r == SecurityAdministrator || r == SecurityOperator || r == SecurityReader
}

// Granted is the union of the roles' permissions, sorted. Search and Purge lets nobody touch mail who is not at least an Operator: with
// it alone, or beside Reader, mail can be searched and nothing removed.
func Granted(roles []Role) []Permission {
	var all []Permission
	acts := false
	for _, r := range roles {
		all = append(all, r.Permissions()...)
		acts = acts || r == SecurityOperator || r == SecurityAdministrator || r == GlobalAdministrator
	}
	if !acts {
		all = slices.DeleteFunc(all, func(p Permission) bool { return p == EmailRemove })
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// ParseRole reads a role's name, in any case and with or without spaces ("security-reader", "GlobalAdministrator").
// The error names the roles there are.
func ParseRole(s string) (Role, error) {
	flat := func(s string) string {
		return strings.ToLower(strings.NewReplacer(" ", "", "-", "", "_", "").Replace(s))
	}
	names := make([]string, 0, len(Roles()))
	for _, r := range Roles() {
		if flat(string(r)) == flat(s) {
			return r, nil
		}
		names = append(names, string(r))
	}
	return "", fmt.Errorf("there is no role %q; the roles are %s", s, strings.Join(names, ", "))
}
