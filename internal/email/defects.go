package email

import "sort"

// defectTexts has one sentence for people for each Defect.ID.
var defectTexts = map[string]string{
	"address-in-word":           "A whole address stands inside an encoded word, where mail programs expect only a name.",
	"address-malformed":         "A list of addresses holds something that is not an address.",
	"address-text-after-angle":  "Text follows an address in angle brackets without a comma between them.",
	"address-two-angles":        "One mailbox has two addresses in angle brackets; programs differ in which they use.",
	"address-unclosed-angle":    "An address in angle brackets has no closing bracket.",
	"address-unclosed-quote":    "A quoted name has no closing quote.",
	"address-unquoted-comma":    "A name holds a comma without being quoted.",
	"bare-cr":                   "A line ends with a carriage return alone, which some programs take for a line end and others do not.",
	"base64-illegal-byte":       "Base64 data holds bytes that do not belong there; programs differ in whether they stop or go on.",
	"boundary-trailing-text":    "A line starts like a delimiter of the multipart but goes on with other text.",
	"byte-order-mark":           "The header starts with a byte order mark.",
	"charset-mismatch":          "The text is UTF-8 but is declared to be ASCII or Latin-1.",
	"charset-missing":           "The text is neither ASCII nor UTF-8 and declares no charset.",
	"charset-unknown":           "The declared charset does not exist.",
	"charset-wrong":             "The text is not in the charset that it declares.",
	"content-type-unreadable":   "The Content-Type field holds no media type; the part was read as what it looks like.",
	"date-unreadable":           "The Date field holds no date.",
	"encoding-decorated":        "The Content-Transfer-Encoding field holds more than the encoding's name.",
	"encoding-unknown":          "The declared transfer encoding does not exist; the body was read as it is or as the encoding that was probably meant.",
	"filename-conflict":         "Content-Type and Content-Disposition give the file different names.",
	"filename-nul":              "A file name holds a NUL byte, which hides what follows it from some programs.",
	"filename-path":             "A file name holds a path.",
	"from-several":              "The message claims more than one author.",
	"from-unreadable":           "The From field holds no usable address.",
	"header-8bit":               "A header field holds 8-bit bytes that are not UTF-8.",
	"header-blank-with-space":   "The line between header and body holds white space; some programs would go on reading the header.",
	"header-conflict":           "A field that may stand once stands several times with different values; programs differ in which they use.",
	"header-leading-blank-line": "Blank lines stand above the header.",
	"header-line-broken":        "A line in the header is neither a field nor the continuation of one.",
	"header-missing":            "A field that every message must have is missing.",
	"header-no-blank-line":      "No blank line stands between header and body.",
	"header-no-body":            "The message ends inside its header.",
	"header-repeated":           "A field that may stand once stands several times with the same value.",
	"header-space-before-colon": "White space stands between a field's name and its colon.",
	"header-starts-folded":      "The header starts with the continuation of a field that is not there.",
	"header-utf8":               "A header field holds raw UTF-8, which only internationalised mail (SMTPUTF8) may.",
	"internal-error":            "Tocsin failed while reading the message; what it had read by then is shown. This is a mistake in Tocsin.",
	"limit-addresses":           "A field holds more addresses than are read.",
	"limit-decoded":             "The contents are larger than what is decoded of one message; the rest was not read.",
	"limit-defects":             "The message has more defects than are listed.",
	"limit-depth":               "Parts are nested deeper than is read; the part was kept as one block.",
	"limit-header":              "The header is larger than what is read; only the most important fields of the rest were kept.",
	"limit-links":               "The message has more links than are kept.",
	"limit-nesting":             "Messages are nested in messages deeper than is read; the part was kept as one block.",
	"limit-params":              "A field has more parameters than are read.",
	"limit-parts":               "The message has more parts than are read; the rest was not read.",
	"limit-text":                "The text is longer than what is read; the rest was not read.",
	"limit-time":                "The message took too long to read; the rest was not read.",
	"message-encoded":           "An embedded message is transfer-encoded, which the rules forbid; many programs do not look into it.",
	"multipart-encoded":         "A multipart is transfer-encoded, which the rules forbid; many programs do not look into it.",
	"multipart-epilogue":        "Text stands after the last delimiter of a multipart, where mail programs do not show it.",
	"multipart-no-boundary":     "A multipart declares no boundary.",
	"multipart-no-parts":        "The delimiter that a multipart declares does not occur in it.",
	"multipart-preamble":        "Text stands before the first delimiter of a multipart, where mail programs do not show it.",
	"multipart-reopened":        "A multipart goes on after its last delimiter; some programs show what follows and others do not.",
	"multipart-unclosed":        "The last delimiter of a multipart is missing.",
	"multipart-wrong-boundary":  "A multipart uses another boundary than it declares.",
	"nul-byte":                  "The message holds NUL bytes, at which some programs stop reading.",
	"param-conflict":            "A parameter stands several times with different values; programs differ in which they use.",
	"param-continuation-gap":    "Pieces of a parameter that was split up are missing or out of order.",
	"param-malformed":           "A field's parameters cannot be read in full.",
	"param-no-charset":          "An extended parameter does not say its charset.",
	"param-single-quotes":       "A parameter stands in single quotes, which do not quote.",
	"param-text-after-quote":    "Text follows the closing quote of a parameter; programs differ in whether it belongs to the value.",
	"param-unclosed-quote":      "A quoted parameter has no closing quote.",
	"param-unquoted-space":      "A parameter holds white space without being quoted.",
	"qp-illegal":                "Quoted-printable text holds an equals sign that starts no escape.",
	"rtf-broken":                "The compressed rich text of an Outlook container cannot be read in full.",
	"smime-broken":              "Signed content cannot be read.",
	"tnef-broken":               "An Outlook container (winmail.dat) cannot be read in full.",
	"uuencode-empty":            "A uuencoded part holds no uuencoded file.",
	"uuencode-inline":           "A file stands uuencoded in the text, where most scanners do not look.",
	"word-bad-base64":           "An encoded word holds broken base64; programs differ in whether they show it decoded.",
	"word-space":                "An encoded word holds white space; programs differ in whether they show it decoded.",
	"word-unfinished":           "An encoded word has no end; programs differ in whether they show it decoded.",
	"word-unknown-charset":      "An encoded word is in a charset that does not exist.",
}

// DefectText returns one sentence that tells a person what the defect id means, "" for an unknown id.
func DefectText(id string) string { return defectTexts[id] }

// DefectIDs returns all ids that a Defect may have, sorted.
func DefectIDs() []string {
	ids := make([]string, 0, len(defectTexts))
	for id := range defectTexts {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	return ids
}
