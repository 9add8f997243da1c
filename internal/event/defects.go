package event

// Defects that the road itself adds to those of the message, in the Defects column. Each says that a part of the judgement is
// missing.
const (
	DefectRawMissing = "raw-missing"
	DefectRawDamaged = "raw-damaged"
	DefectParse      = "parse-error"
	DefectFiles      = "files-error"
	DefectAuth       = "auth-error"
	DefectMemory     = "memory-error"
	DefectEngine     = "engine-missing"
	DefectJudge      = "judge-error"
	DefectPartial    = "judge-partial"
	DefectSuspect    = "judge-crashed"
	DefectRefused    = "event-refused"
	DefectRecipients = "recipient-limit"
	DefectJournal    = "journal-unreadable"
)

var defectTexts = map[string]string{
	DefectRawMissing: "The stored bytes of the message were gone before it was judged.",
	DefectRawDamaged: "The stored bytes are not those that were accepted.",
	DefectParse:      "Reading the message failed, so nothing in it was judged.",
	DefectFiles:      "Looking into its files failed, so what is inside them was not judged.",
	DefectAuth:       "Checking who sent it failed.",
	DefectMemory:     "What is remembered of the sender could not be asked, so the message was judged like a stranger's.",
	DefectEngine:     "A malware engine gave no answer, so the verdict is made without it.",
	DefectJudge:      "Judging it failed, so it has no verdict.",
	DefectPartial:    "A detector or rule failed on it or did not come to an end; the verdict is made of the others.",
	DefectSuspect:    "The process ended each time this message was judged; it was given up unjudged.",
	DefectRefused:    "The event store refused the full row; this one holds the essentials.",
	DefectRecipients: "Its headers name more recipients than are listed.",
	DefectJournal:    "It calls itself a journal report and cannot be read as one; it is listed as it came.",
}

// DefectText returns one sentence that tells a person what a defect of the road means, "" for any other id.
func DefectText(id string) string { return defectTexts[id] }
