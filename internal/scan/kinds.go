package scan

// Kinds tells what each Fact.ID means, one sentence for people without jargon. A fact that speaks for a threat has the same id in the
// catalogue of package detect; the others only inform.
var Kinds = map[string]string{
	// documents
	"calendar-invitation":  "The file is a calendar entry or an invitation.",
	"page-asks-password":   "The page has a field for a password.",
	"page-builds-file":     "A script in the page puts a file together, so that nobody sees it on its way.",
	"page-builds-unknown":  "A script in the page puts a file together whose contents cannot be read.",
	"page-decodes-itself":  "The real page is hidden in a script, which unpacks it when the page is opened.",
	"page-frames-site":     "The page shows another website as if it were its own contents.",
	"page-garbled-script":  "A script in the page was made unreadable on purpose.",
	"page-names-reader":    "The page holds the recipient's address, ready to fill into a form.",
	"page-redirects":       "The page sends its reader on to a website as soon as it is opened.",
	"page-runs-script":     "The page runs a script, as many pages do.",
	"page-sends-input":     "The page sends what is typed into it to a website.",
	"pdf-form-script":      "The PDF computes or prints with a script, as forms do.",
	"pdf-holds-file":       "The PDF carries another file.",
	"pdf-import":           "The PDF loads data from elsewhere when it is used.",
	"pdf-launch":           "The PDF can start a program.",
	"pdf-locked":           "The PDF is locked with a password that the mail does not name, so it could not be read.",
	"pdf-opens":            "The PDF opens something or runs a script by itself.",
	"pdf-page-link":        "A click anywhere on a page of the PDF opens a website.",
	"pdf-password-in-text": "The PDF is locked, and the mail names the password.",
	"pdf-picture-link":     "The PDF is a picture with a link and hardly any text.",
	"pdf-rich-media":       "The PDF holds Flash, video or 3D contents.",
	"pdf-script":           "The PDF holds a script that reaches out of the document or hides what it does.",
	"pdf-sends-form":       "The PDF sends what is typed into it to a website.",
	"pdf-share":            "The PDF leads to a file on another computer, which then learns the reader's log-on.",
	"pdf-xfa":              "The PDF holds a form of the old XML kind.",
	"qr-code":              "A QR code leads to a website.",
	"qr-drawn":             "A QR code is drawn with characters or table cells instead of a picture.",
	"qr-text":              "A QR code holds something else than an address: a contact, a payment, a ticket.",
	"svg-holds-page":       "The picture holds a web page.",
	"svg-script":           "The picture runs a script that reaches out or hides what it does.",
}
