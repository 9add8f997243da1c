package scan

// Kinds tells what each Fact.ID means, one sentence for people without jargon. A fact that speaks for a threat has the same id in the
// catalogue of package detect; the others only inform.
var Kinds = map[string]string{
	// Office files
	"macro-document":            "The document holds macros: small programs that run inside Office.",
	"macro-starts-alone":        "A macro runs by itself, as when the document is opened or closed.",
	"macro-reaches-out":         "A macro can start programs, fetch files or put code into memory.",
	"macro-attack":              "A macro runs by itself and starts programs, fetches files or puts code into memory.",
	"macro-hidden":              "A macro is written so that nobody can see what it does.",
	"macro-source-removed":      "The macro that runs is not the one that can be read: its source was taken out or exchanged.",
	"old-excel-macro":           "The workbook holds macros of the old kind that are written into cells.",
	"hidden-macro-sheet":        "The sheet with the macros is hidden.",
	"remote-template":           "The document loads its template, which can hold macros, from the internet when it is opened.",
	"remote-object":             "The document loads a part of itself from the internet when it is opened.",
	"remote-script":             "The document loads a script from elsewhere.",
	"remote-share":              "The document loads a part of itself from a network share on the internet, which gives away the reader's account.",
	"remote-picture":            "The document loads a picture from the internet, which tells its sender that it was opened.",
	"program-address":           "The document holds an address that starts a program on the reader's computer.",
	"linked-file":               "The document is linked to another file or source of data.",
	"dde-program":               "A field or formula of the document starts a program.",
	"embedded-program":          "A program or script is packed into the document, note or saved message.",
	"activex-object":            "The document holds a control, a small program with buttons or fields.",
	"equation-object":           "The document holds a formula of the old equation editor, which Office no longer opens.",
	"equation-exploit":          "The document abuses a hole of the old equation editor to run code.",
	"rtf-hidden-object":         "An object in the document is written so that scanners do not see it.",
	"rtf-opening-object":        "An object in the document asks to be opened with the document.",
	"document-locked":           "The document is encrypted with a password.",
	"document-unlocked":         "The document is encrypted, and a password that the mail names opened it.",
	"document-default-password": "The document is encrypted with a password that Excel tries by itself: locked for scanners, open for readers.",
}
