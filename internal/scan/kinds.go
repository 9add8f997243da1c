package scan

// Kinds tells what each Fact.ID means, one sentence for people without jargon. A fact that speaks for a threat has the same id in the
// catalogue of package detect; the others only inform.
var Kinds = map[string]string{
	// archives, disks, shortcuts
	"archive-bomb":           "An archive is built to unpack to far more than it could hold.",
	"archive-encrypted":      "An archive is encrypted.",
	"archive-name-trick":     "A name in an archive is built to be read differently by different programs, or to land elsewhere on a disk.",
	"archive-password-wrong": "An archive is encrypted, and none of the passwords that the mail names could open it here.",
	"archive-two-names":      "An archive names one file in two ways, of which some programs see the one and some the other.",
	"archive-unlisted":       "An archive holds files that its own list leaves out.",
	"file-not-opened":        "A file is of a kind that Tocsin does not look into.",
	"image-inside":           "An archive holds hardly more than a disk image.",
	"link-file-remote":       "A shortcut file leads to a folder or file on a server outside.",
	"link-file-runs":         "A shortcut file starts a program.",
	"link-file-target":       "A shortcut file leads to an address or program.",
	"locked-archive":         "An archive is encrypted, and the mail says a password.",
	"locked-archive-opened":  "An encrypted archive opens with a password that stands in the mail.",
	"program-among-files":    "An archive holds a program or script among many other files.",
	"program-in-image":       "A disk image holds a program, script or shortcut.",
	"program-inside":         "An archive or attached mail holds hardly more than a program, script or shortcut.",
	"program-locked":         "An encrypted archive holds hardly more than a program, script or shortcut.",
	"shortcut-disguised":     "A Windows shortcut shows the icon of a document and starts a program.",
	"shortcut-padded":        "A Windows shortcut hides what it does behind a long row of blanks.",
	"shortcut-remote":        "A Windows shortcut leads to a server outside.",
	"shortcut-runs":          "A Windows shortcut starts a command interpreter or another program that runs what it is told.",
	"shortcut-target":        "A Windows shortcut starts a program or opens a file.",
}
