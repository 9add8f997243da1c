package detect

// Family says what kind of evidence a signal is. Families matter in one place only: a weak family alone never flags a message.
type Family string

const (
	Identity       Family = "identity"       // who it says it is from
	Authentication Family = "authentication" // whether that holds
	Links          Family = "links"          // where it leads
	Aim            Family = "aim"            // how it addresses its reader
	Content        Family = "content"        // how it is built and what it hides
	Lure           Family = "lure"           // what it says
	Files          Family = "files"          // what it carries
	Known          Family = "known"          // indicators
	Shape          Family = "shape"          // looks of mass mail and careless tools
	Memory         Family = "memory"         // what was remembered of sender and recipients
	Likeness       Family = "likeness"       // messages it belongs together with
	Rule           Family = "rule"           // rules/*.yaml
	Learned        Family = "learned"        // what a local model was taught (learned.go)
	Balance        Family = "balance"        // combination rules, and facts against
)

// weak families say nothing about intent when they stand alone.
var weak = map[Family]bool{Lure: true, Shape: true}

// Kind is what a signal id stands for. The catalogue is the one place where built-in weights live.
type Kind struct {
	ID         string
	Family     Family
	Threat     Threat // "" with a negative weight: speaks against whichever threat is suspected, except Malware
	Technology Technology
	Weight     int
	Claim      string
}

// Kinds returns every built-in kind of signal in the order of the catalogue. Do not change it.
func Kinds() []Kind { return catalogue }

var catalogue = []Kind{
	// identity
	{"brand-display-name", Identity, Phish, ImpersonationBrand, 34, "Display name is a brand; neither sender domain nor any link is the brand's"},
	{"brand-display-name-linked", Identity, Phish, ImpersonationBrand, 14, "Display name is a brand; the sender domain is not the brand's, some links are"},
	{"brand-free-mail", Identity, Phish, ImpersonationBrand, 20, "A brand writes from a free mail address"},
	{"brand-name-bare", Identity, Phish, ImpersonationBrand, 10, "Display name is nothing but the name of a brand that did not send this"},
	{"brand-name-disguised", Identity, Phish, ImpersonationBrand, 34, "Display name spells a brand with letters that only look right"},
	{"brand-in-address", Identity, Phish, ImpersonationBrand, 10, "The sender's address has a brand before the @, and another domain behind it"},
	{"brand-subject", Identity, Phish, ImpersonationBrand, 10, "Subject names a brand that neither sender nor links belong to"},
	{"brand-lookalike-sender", Identity, Phish, ImpersonationBrand, 34, "Sender domain imitates a brand's"},
	{"brand-cousin-sender", Identity, Phish, ImpersonationBrand, 18, "Sender domain is a brand's name under another ending"},
	{"own-lookalike-sender", Identity, Phish, ImpersonationDomain, 48, "Sender domain imitates yours"},
	{"own-person-name", Identity, Phish, ImpersonationUser, 42, "Display name is one of your protected people; the address is not theirs"},
	{"own-colleague-name", Identity, Phish, ImpersonationUser, 16, "Display name is one of your people's; the address is not theirs"},
	{"own-person-disguised", Identity, Phish, ImpersonationUser, 48, "Display name spells one of your people with letters that only look right"},
	{"own-person-similar", Identity, Phish, ImpersonationUser, 30, "Display name is almost that of one of your people; the address is not theirs"},
	{"own-person-address", Identity, Phish, ImpersonationUser, 22, "A free mail address is made of the name of one of your people"},
	{"own-person-reply", Identity, Phish, ImpersonationUser, 26, "Answers go to an address outside in the name of one of your people"},
	{"own-name-outside", Identity, Phish, ImpersonationDomain, 16, "Display name uses your organisation's name; the sender is outside"},
	{"address-in-display-name", Identity, Phish, ImpersonationUser, 18, "Display name shows another address than the one that sent"},
	{"own-address-in-display-name", Identity, Phish, ImpersonationUser, 40, "Display name shows one of your addresses; another one sent"},
	{"mixed-script-name", Identity, Phish, ImpersonationBrand, 24, "Sender name or subject mixes alphabets inside a word"},
	{"sender-name-mixed", Identity, Phish, ImpersonationUser, 18, "Sender name has letters of another alphabet inside a Latin word"},
	{"sender-name-styled", Identity, Phish, ImpersonationUser, 22, "Sender name is written in mathematical or enclosed letters"},
	{"sender-name-hidden", Identity, Phish, ImpersonationUser, 40, "Sender name has characters that nobody sees between its letters"},
	{"sender-domain-mixed", Identity, Phish, ImpersonationDomain, 46, "Sender domain is spelled with letters of another alphabet that look Latin"},
	{"styled-letters", Identity, Phish, AdvancedFilter, 18, "Sender name or subject is written in mathematical or enclosed letters"},
	{"reply-to-free-mail", Identity, Phish, AdvancedFilter, 14, "Replies go to a free mail address, not to the sender's domain"},
	{"several-from", Identity, Phish, AdvancedFilter, 14, "From names several senders, or none that can be read"},
	{"malformed-sender", Identity, Phish, AdvancedFilter, 20, "The sender's address cannot exist"},
	{"sender-rented-host", Identity, Phish, DomainReputation, 16, "The sender's domain is a free one that anybody gets from a hosting provider"},
	// authentication
	{"spoof-own-domain", Authentication, Phish, SpoofIntraOrg, 46, "Claims to come from your own domain, and is not authenticated"},
	{"dmarc-fail-enforced", Authentication, Phish, SpoofDMARC, 42, "DMARC fails, and the domain's owner asks to refuse such mail"},
	{"dmarc-fail", Authentication, Phish, SpoofDMARC, 18, "DMARC fails; the domain's owner only watches"},
	{"spf-fail-unsigned", Authentication, Phish, SpoofExternalDomain, 16, "The server may not send for this domain, and no signature holds"},
	{"unauthenticated-html", Authentication, Phish, SpoofExternalDomain, 24, "Nothing proves the sender; HTML only; every link leads elsewhere"},
	{"unsigned-html", Authentication, Phish, AdvancedFilter, 20, "Not signed, HTML only, every link leads away from the sender's domain"},
	{"unsigned-mail", Authentication, Phish, AdvancedFilter, 8, "Mail with links that nobody signed, as hardly any sender does today"},
	{"html-leads-away", Authentication, Phish, AdvancedFilter, 8, "HTML only, and every link leads away from the sender's domain"},
	{"unsigned-elsewhere", Authentication, Phish, AdvancedFilter, 8, "Signed only for a domain that is not the sender's; HTML only"},
	{"free-mail-unsigned", Authentication, Phish, SpoofExternalDomain, 22, "Claims a mail provider that signs all its mail, and carries no signature of it"},
	{"brand-domain-unsigned", Authentication, Phish, SpoofExternalDomain, 24, "Claims a brand's own domain without its signature, and every link leads elsewhere"},
	{"signed-by-stranger", Authentication, Phish, AdvancedFilter, 10, "Signed by a domain that has nothing to do with the sender"},
	// links
	{"link-text-mismatch", Links, Phish, AdvancedFilter, 12, "Link text names one site, the link goes to another"},
	{"link-text-brand", Links, Phish, ImpersonationBrand, 30, "Link text names a brand's site, the link goes elsewhere"},
	{"brand-lookalike-link", Links, Phish, ImpersonationBrand, 26, "Link goes to a host that imitates a brand"},
	{"own-lookalike-link", Links, Phish, ImpersonationDomain, 34, "Link goes to a host that imitates yours"},
	{"link-shortener", Links, Phish, AdvancedFilter, 22, "A link shortener hides where the link goes"},
	{"link-rented-host", Links, Phish, AdvancedFilter, 20, "Link goes to a page anybody can put up under a provider's name"},
	{"link-dynamic-dns", Links, Phish, AdvancedFilter, 20, "Link goes to a dynamic DNS name"},
	{"link-risky-tld", Links, Phish, DomainReputation, 10, "Link goes to a top-level domain known for abuse"},
	{"link-ip-host", Links, Phish, AdvancedFilter, 16, "Link goes to a bare IP address"},
	{"link-userinfo", Links, Phish, AdvancedFilter, 20, "Link hides its host behind a name before \"@\""},
	{"link-port", Links, Phish, AdvancedFilter, 8, "Link goes to an unusual port"},
	{"link-nested", Links, Phish, AdvancedFilter, 10, "Link carries another site's address: an open redirect"},
	{"link-scheme", Links, Phish, AdvancedFilter, 24, "Link runs a script or holds a whole page"},
	{"link-mixed-script", Links, Phish, ImpersonationDomain, 22, "Link host mixes alphabets"},
	{"links-all-one", Links, Phish, AdvancedFilter, 6, "Three or more links, all with one target"},
	{"link-disguised-host", Links, Phish, AdvancedFilter, 26, "Link writes where it goes in numbers, codes or fancy letters"},
	{"link-broken-into", Links, Phish, AdvancedFilter, 14, "Link goes to a folder that websites do not show: a sign of a break-in"},
	{"link-random-host", Links, Phish, AdvancedFilter, 8, "Link goes to a name that looks drawn at random"},
	{"consent-broad", Links, Phish, AdvancedFilter, 56, "A sign-in link gives an application the mailbox, the files or the whole organisation"},
	{"consent-foreign", Links, Phish, AdvancedFilter, 20, "A sign-in link gives its answer to a site that is not the sender's"},
	{"device-code", Links, Phish, AdvancedFilter, 56, "A code to type in at a provider's page signs somebody else's device in"},
	{"qr-link", Links, Phish, AdvancedFilter, 16, "A QR code holds the link"},
	// aim
	{"recipient-in-link-coded", Aim, Phish, AdvancedFilter, 22, "The links carry the recipient's address in a form that readers do not notice"},
	{"recipient-in-link", Aim, Phish, AdvancedFilter, 8, "The links, not only one to unsubscribe, carry the recipient's address"},
	{"recipient-in-subject", Aim, Phish, AdvancedFilter, 20, "Subject holds the recipient's address"},
	{"recipient-in-greeting", Aim, Phish, AdvancedFilter, 12, "The text greets the recipient by the address, not by name"},
	{"generic-greeting", Aim, Phish, AdvancedFilter, 10, "Greets nobody in particular"},
	// content
	{"hidden-text", Content, Phish, AdvancedFilter, 18, "HTML only, with text that a reader cannot see"},
	{"little-text", Content, Phish, AdvancedFilter, 16, "HTML only, with a link and almost no text"},
	{"image-as-text", Content, Phish, AdvancedFilter, 12, "A picture that can be clicked stands in for the text"},
	{"split-words", Content, Phish, AdvancedFilter, 16, "Invisible characters inside words"},
	{"mixed-script-text", Content, Phish, AdvancedFilter, 14, "Words in the text mix alphabets"},
	{"template-leftover", Content, Phish, AdvancedFilter, 20, "A placeholder of a mass mailing program was left unfilled"},
	{"random-words", Content, Phish, AdvancedFilter, 12, "Many words are letters and digits thrown together"},
	{"text-differs", Content, Phish, AdvancedFilter, 8, "The plain text is no version of what the reader sees"},
	{"hidden-prose", Content, Phish, AdvancedFilter, 10, "More text is hidden than shown"},
	{"form-asks-password", Content, Phish, AdvancedFilter, 40, "A form in the mail asks for a password"},
	{"form-in-mail", Content, Phish, AdvancedFilter, 6, "A form in the mail sends what is typed to another site"},
	{"hidden-by-defect", Content, Phish, AdvancedFilter, 10, "Built so that programs read it differently"},
	// lures
	{"lure-prize", Lure, Phish, GeneralFilter, 14, "Talks of a prize, gift or paid survey"},
	{"lure-urgency", Lure, Phish, GeneralFilter, 6, "Presses to act at once"},
	{"lure-account", Lure, Phish, GeneralFilter, 12, "Says an account must be verified, paid for or unlocked"},
	{"lure-delivery", Lure, Phish, GeneralFilter, 8, "Says a parcel waits"},
	{"lure-invoice", Lure, Phish, GeneralFilter, 6, "Speaks of a bill or a payment"},
	{"lure-share", Lure, Phish, GeneralFilter, 6, "Says a document waits to be opened or signed"},
	{"lure-crypto", Lure, Phish, GeneralFilter, 12, "Speaks of coins or wallets"},
	{"lure-payroll", Lure, Phish, GeneralFilter, 10, "Asks to pay a salary to another account"},
	{"lure-voicemail", Lure, Phish, GeneralFilter, 8, "Says a voice message, call or fax was missed"},
	{"lure-qr", Lure, Phish, GeneralFilter, 10, "Asks to scan a code with the telephone"},
	{"lure-giftcard", Lure, Phish, GeneralFilter, 12, "Asks to buy gift cards and send their codes"},
	{"lure-with-foreign-link", Content, Phish, AdvancedFilter, 14, "A lure in HTML only, and every link leads away from the sender's domain"},
	{"lure-with-rented-link", Links, Phish, AdvancedFilter, 14, "A lure whose link goes through a shortener or rented host, never to the sender's domain"},
	{"urgent-account", Content, Phish, AdvancedFilter, 8, "Threatens an account and presses for time"},
	{"extortion", Content, Phish, AdvancedFilter, 46, "Threatens to expose the reader unless paid"},
	{"advance-fee", Content, Phish, AdvancedFilter, 44, "Promises a stranger money: advance-fee fraud"},
	{"impostor-request", Content, Phish, MixedAnalysisDetection, 16, "A favour asked from a free mail address"},
	{"impostor-of-own", Content, Phish, MixedAnalysisDetection, 24, "A favour or payment asked in the name of one of your people, from outside"},
	{"call-back", Content, Phish, AdvancedFilter, 30, "An order or charge to be cancelled by telephone only"},
	{"call-back-disputed", Content, Phish, AdvancedFilter, 18, "Who did not order it is to ring, and there is no other way"},
	{"request-hurried", Content, Phish, MixedAnalysisDetection, 48, "Asks for a payment, cards or a favour at once, and not to be rung or told on"},
	{"request-lists", Content, Phish, MixedAnalysisDetection, 48, "Asks from outside for lists of staff, customers or open bills"},
	{"request-salary", Content, Phish, MixedAnalysisDetection, 48, "Somebody outside asks to pay their salary to another account"},
	{"bank-change", Lure, Phish, MixedAnalysisDetection, 16, "Names another bank account to pay to"},
	{"bank-change-pressed", Content, Phish, MixedAnalysisDetection, 32, "The other bank account comes with a pretext, hurry or from elsewhere, and no number to ring first"},
	{"call-back-brand", Content, Phish, ImpersonationBrand, 12, "Speaks for a brand that did not send it, and asks to be called"},
	{"lure-junk", Lure, Spam, GeneralFilter, 22, "Sells what unwanted mail sells"},
	{"lure-junk-strong", Lure, Spam, GeneralFilter, 12, "Sells it in many words"},
	{"junk-foreign-link", Content, Spam, AdvancedFilter, 16, "Sells something, HTML only, and every link leads away from the sender's domain"},
	// files
	{"eicar", Files, Malware, AntimalwareProtection, 100, "Holds the EICAR test file"},
	{"program-attached", Files, Malware, FileReputation, 60, "A program or script is attached"},
	{"disk-image-attached", Files, Malware, FileReputation, 44, "A disk image or similar container is attached"},
	{"disk-image-papers", Files, Malware, FileReputation, 12, "A disk image is attached, and holds nothing but documents and pictures"},
	{"disk-image-proven", Files, Malware, FileReputation, 20, "A disk image from a proven sender; no shortcut or script was found in it"},
	{"double-extension", Files, Malware, AdvancedFilter, 40, "File name ends in two extensions to look harmless"},
	{"rtl-file-name", Files, Malware, AdvancedFilter, 50, "File name is turned around by a direction mark"},
	{"type-mismatch", Files, Malware, AdvancedFilter, 30, "A program dressed as another kind of file"},
	{"locked-archive", Files, Malware, AdvancedFilter, 42, "Encrypted archive, and its password in the text"},
	{"locked-archive-opened", Files, Malware, AdvancedFilter, 10, "Encrypted archive opens with a password from this very mail"},
	{"locked-archive-papers", Files, Malware, AdvancedFilter, 14, "Encrypted archive opens with a password from this mail, and holds nothing but documents and pictures"},
	{"locked-archive-proven", Files, Malware, AdvancedFilter, 28, "Encrypted archive that no password in the text opens, from a proven sender who tempts to nothing"},
	{"program-inside", Files, Malware, FileReputation, 46, "An archive or attached mail holds hardly more than a program, script or shortcut"},
	{"program-locked", Files, Malware, FileReputation, 56, "An encrypted archive holds hardly more than a program, script or shortcut"},
	{"program-in-image", Files, Malware, FileReputation, 56, "A disk image holds a program, script or shortcut"},
	{"image-inside", Files, Malware, FileReputation, 44, "An archive holds hardly more than a disk image"},
	{"archive-bomb", Files, Malware, AdvancedFilter, 40, "An archive is built to overwhelm whoever opens it"},
	{"archive-two-names", Files, Malware, AdvancedFilter, 40, "An archive shows some programs another type of file than others"},
	{"archive-name-trick", Files, Malware, AdvancedFilter, 20, "A file name in an archive is built to mislead programs"},
	{"padded-file-name", Files, Malware, AdvancedFilter, 40, "Blanks push the true ending of a file name out of sight"},
	{"shortcut-runs", Files, Malware, AdvancedFilter, 70, "A Windows shortcut starts a program that runs whatever it is told"},
	{"shortcut-disguised", Files, Malware, AdvancedFilter, 40, "A Windows shortcut that starts a program looks like a document"},
	{"shortcut-padded", Files, Malware, AdvancedFilter, 40, "A Windows shortcut hides its command behind a row of blanks"},
	{"shortcut-remote", Files, Malware, AdvancedFilter, 40, "A Windows shortcut leads to a server outside"},
	{"link-file-remote", Files, Malware, AdvancedFilter, 46, "A shortcut file opens something on a server outside as if it were here"},
	{"link-file-runs", Files, Malware, AdvancedFilter, 60, "A shortcut file starts a program"},
	// files: Office documents (facts of package scan; the ids that only inform are in scan.Kinds alone)
	{"macro-document", Files, Malware, AdvancedFilter, 14, "A document with macros is attached"},
	{"macro-starts-alone", Files, Malware, AdvancedFilter, 16, "A macro in a document runs by itself"},
	{"macro-reaches-out", Files, Malware, AdvancedFilter, 22, "A macro in a document can start programs or fetch files"},
	{"macro-attack", Files, Malware, AdvancedFilter, 60, "A macro runs by itself and starts programs or fetches files"},
	{"macro-hidden", Files, Malware, AdvancedFilter, 26, "A macro is written so that nobody can see what it does"},
	{"macro-source-removed", Files, Malware, AdvancedFilter, 50, "The macro that runs is not the one that can be read"},
	{"old-excel-macro", Files, Malware, AdvancedFilter, 18, "A workbook holds macros of the old kind that are written into cells"},
	{"hidden-macro-sheet", Files, Malware, AdvancedFilter, 20, "A workbook hides the sheet with its macros"},
	{"remote-template", Files, Malware, AdvancedFilter, 56, "A document loads its template from the internet when it is opened"},
	{"remote-object", Files, Malware, AdvancedFilter, 54, "A document loads a part of itself from the internet when it is opened"},
	{"remote-script", Files, Malware, AdvancedFilter, 60, "A document loads a script from elsewhere"},
	{"remote-share", Files, Malware, AdvancedFilter, 44, "A document loads a part of itself from a network share on the internet"},
	{"program-address", Files, Malware, AdvancedFilter, 60, "A document holds an address that starts a program on the reader's computer"},
	{"dde-program", Files, Malware, AdvancedFilter, 56, "A field or formula of a document starts a program"},
	{"embedded-program", Files, Malware, AdvancedFilter, 44, "A program or script is packed into a document, note or saved message"},
	{"equation-exploit", Files, Malware, AdvancedFilter, 60, "A document abuses a hole of the old equation editor to run code"},
	{"rtf-hidden-object", Files, Malware, AdvancedFilter, 44, "An object in a document is written so that scanners do not see it"},
	{"rtf-opening-object", Files, Malware, AdvancedFilter, 24, "An object in a document asks to be opened with it"},
	{"document-default-password", Files, Malware, AdvancedFilter, 22, "A document is locked for scanners, but opens without a password"},
	{"document-unlocked", Files, Malware, AdvancedFilter, 20, "An encrypted document; a password in the mail opens it"},
	{"locked-document", Files, Malware, AdvancedFilter, 34, "An encrypted document that could not be looked into; the text speaks of a password"},
	{"bare-attachment", Files, Phish, AdvancedFilter, 14, "A document with hardly a word around it"},
	// documents and pages; what is found in them comes from package scan
	{"html-attachment", Files, Phish, AdvancedFilter, 10, "A web page is attached"},
	{"page-asks-password", Files, Phish, AdvancedFilter, 38, "The attached page asks for a password"},
	{"page-builds-file", Files, Malware, AdvancedFilter, 60, "The attached page builds a file that nobody sees on its way"},
	{"page-builds-unknown", Files, Malware, AdvancedFilter, 34, "The attached page builds a file that cannot be read"},
	{"page-decodes-itself", Files, Phish, AdvancedFilter, 34, "The attached page hides its contents in a script"},
	{"page-garbled-script", Files, Phish, AdvancedFilter, 30, "A script in the attached page was made unreadable"},
	{"page-redirects", Files, Phish, AdvancedFilter, 32, "The attached page leads to a website as soon as it is opened"},
	{"page-frames-site", Files, Phish, AdvancedFilter, 18, "The attached page shows another website as its contents"},
	{"page-names-reader", Files, Phish, AdvancedFilter, 24, "The attached page holds the recipient's address, ready to fill in"},
	{"page-sends-input", Files, Phish, AdvancedFilter, 12, "The attached page sends what is typed to a website"},
	{"page-runs-script", Files, Phish, AdvancedFilter, 4, "The attached page runs a script"},
	{"svg-script", Files, Phish, AdvancedFilter, 30, "The attached picture runs a script that reaches out"},
	{"picture-link", Files, Phish, AdvancedFilter, 30, "A click on the attached picture leads away from the sender's domain"},
	{"picture-link-reader", Files, Phish, AdvancedFilter, 16, "The link of the attached picture carries the recipient's address"},
	{"svg-holds-page", Files, Phish, AdvancedFilter, 24, "The attached picture holds a web page"},
	{"pdf-launch", Files, Malware, AdvancedFilter, 60, "The PDF can start a program"},
	{"pdf-opens", Files, Phish, AdvancedFilter, 26, "The PDF opens something by itself"},
	{"pdf-script", Files, Malware, AdvancedFilter, 30, "The PDF holds a script that reaches out or hides what it does"},
	{"pdf-share", Files, Malware, AdvancedFilter, 46, "The PDF leads to a file on a foreign computer, which learns the reader's log-on"},
	{"pdf-page-link", Files, Phish, AdvancedFilter, 24, "A click anywhere on a page of the PDF opens a website"},
	{"pdf-picture-link", Files, Phish, AdvancedFilter, 16, "The PDF is a picture with a link and hardly any text"},
	{"pdf-password-in-text", Files, Phish, AdvancedFilter, 16, "The PDF is locked, and the mail names the password"},
	{"pdf-sends-form", Files, Phish, AdvancedFilter, 14, "The PDF sends what is typed into it to a website"},
	{"document-lure-link", Files, Phish, AdvancedFilter, 16, "A document tempts or threatens, and its links lead away from the sender's domain"},
	{"qr-lure", Files, Phish, AdvancedFilter, 30, "Asks to sign in, pay or read something by a QR code that leads to a foreign site"},
	{"qr-only-way", Files, Phish, AdvancedFilter, 10, "The QR code is the only way to the site"},
	{"qr-drawn-link", Files, Phish, AdvancedFilter, 12, "The QR code is drawn with characters or table cells, past filters that look at pictures"},
	{"invitation-lure", Files, Phish, AdvancedFilter, 26, "An invitation from a stranger tempts or threatens, and its links lead elsewhere"},
	{"qr-pressed", Files, Phish, AdvancedFilter, 56, "Presses or tempts the reader to sign in, pay or read something by scanning a code"},
	{"invitation-pressed", Files, Phish, AdvancedFilter, 56, "An invitation presses or tempts the reader to sign in, pay or read something by a link"},
	{"invitation-false-meeting", Files, Phish, ImpersonationBrand, 56, "An invitation speaks of a meeting service, and its link leads to another site"},
	{"invitation-own-name", Files, Phish, ImpersonationUser, 34, "An invitation from outside is in the name of one of your people"},
	{"invitation-number", Files, Phish, AdvancedFilter, 50, "An invitation warns or tempts, and the only way is a telephone number"},
	{"invitation-program", Files, Phish, AdvancedFilter, 56, "An invitation from outside wants a program installed from a link"},
	// indicators
	{"known-url", Known, Phish, URLMaliciousReputation, 80, "A link is on a list of known-bad URLs"},
	{"known-link-domain", Known, Phish, DomainReputation, 70, "A link's host is on a list of known-bad domains"},
	{"known-sender", Known, Phish, DomainReputation, 70, "The sender is on a list of known-bad senders"},
	{"known-ip", Known, Phish, IPReputation, 50, "The sending server is on a list of known-bad addresses"},
	{"known-file", Known, Malware, FileReputation, 100, "An attachment is on a list of known-bad files"},
	// engines
	{"engine-malware", Files, Malware, AntimalwareProtection, 100, "A malware engine knows the file"},
	{"engine-phish", Files, Phish, AntimalwareProtection, 70, "A malware engine knows the page or message as phishing"},
	{"engine-rule", Files, Malware, AntimalwareProtection, 60, "One of your YARA rules matches the file"},
	{"engine-guess", Files, Malware, AntimalwareProtection, 15, "A malware engine finds the file's form suspicious"},
	{"sandbox-malware", Files, Malware, FileDetonation, 100, "Run in a sandbox, the file behaved like malware"},
	{"sandbox-known", Files, Malware, FileDetonationReputation, 100, "The same file behaved like malware before, run in a sandbox"},
	{"page-known", Links, Phish, URLDetonationReputation, 60, "The same link led to a page that deceives before"},
	{"page-deceives", Links, Phish, URLDetonation, 60, "Opened in a browser, the link leads to a page that deceives"},
	// messages of the last days
	{"like-known-malware", Likeness, Malware, FingerprintMatching, 60, "Carries the same file as a message that was malware"},
	{"like-known-phish", Likeness, Phish, FingerprintMatching, 36, "Is a copy of a message that was phishing"},
	{"like-known-junk", Likeness, Spam, FingerprintMatching, 30, "Is a copy of a message that was junk"},
	{"campaign-bad", Likeness, Phish, Campaign, 24, "One of many copies from different senders, and some of them were bad"},
	{"campaign-wave", Likeness, Spam, Campaign, 24, "One of many copies that came from different senders within a day"},
	// shape
	{"risky-sender-tld", Shape, Phish, DomainReputation, 16, "Sender's top-level domain is known for abuse"},
	{"random-sender", Shape, Phish, AdvancedFilter, 12, "Sender address looks machine-made"},
	{"emoji-bait", Shape, Phish, GeneralFilter, 12, "Emoji in subject or sender name"},
	{"high-priority", Shape, Phish, GeneralFilter, 8, "Marked as of high priority"},
	{"odd-structure", Shape, Phish, AdvancedFilter, 14, "A container type that mail programs do not use for such mail"},
	{"spaced-subject", Shape, Phish, GeneralFilter, 10, "Subject or sender name is padded, spelled out or tagged with a serial number"},
	{"no-recipient", Shape, Phish, GeneralFilter, 4, "Names no recipient"},
	{"script-mailer", Shape, Phish, GeneralFilter, 10, "Sent by a script on a web server"},
	{"fake-reply", Shape, Phish, GeneralFilter, 12, "Subject begins like an answer, and answers nothing"},
	{"shouting-subject", Shape, Phish, GeneralFilter, 6, "Subject shouts"},
	{"money-in-subject", Shape, Phish, GeneralFilter, 10, "Subject names a sum of money"},
	{"name-unlike-address", Shape, Phish, GeneralFilter, 4, "Sender name and address have nothing in common"},
	{"bulk-undeclared", Shape, Phish, GeneralFilter, 8, "Offers to unsubscribe in the text, but not in the form that mass mail must have"},
	{"careless-server", Shape, Phish, IPReputation, 10, "The server that sent it does not give a proper name"},
	{"decorated-name", Shape, Phish, GeneralFilter, 6, "Sender name is dressed up with signs"},
	// memory: who writes to whom (past.go, pastsignals.go, thread.go)
	{"first-contact", Memory, Phish, "", 0, "This sender writes to you for the first time"},
	{"first-contact-request", Lure, Phish, AdvancedFilter, 8, "Somebody who never wrote before wants something"},
	{"unusual-address", Memory, Phish, MailboxIntelligenceImpersonation, 26, "The name is a correspondent's, who normally writes from another address"},
	{"unusual-server", Memory, Phish, SpoofExternalDomain, 30, "A correspondent's mail always proves itself; this does not, and comes from a new server"},
	{"usual-proof-missing", Memory, Phish, SpoofExternalDomain, 10, "A correspondent's mail always proves itself; this does not"},
	{"strange-network", Memory, Phish, SpoofExternalDomain, 12, "A correspondent's mail comes from a network it never came from"},
	{"reply-to-changed", Memory, Phish, AdvancedFilter, 22, "A known correspondent, but answers would go to an address nobody knows"},
	{"reply-to-nothing", Memory, Phish, AdvancedFilter, 12, "A stranger answers a message that nobody here wrote or got"},
	{"partner-lookalike-sender", Memory, Phish, ImpersonationDomain, 34, "Sender domain imitates one that your people write to"},
	{"partner-cousin-sender", Memory, Phish, ImpersonationDomain, 14, "Sender domain is like one that your people write to"},
	{"thread-lookalike", Identity, Phish, ImpersonationDomain, 46, "Answers in a conversation, from an imitation of the other side's domain"},
	{"thread-added-words", Identity, Phish, ImpersonationDomain, 30, "Answers in a conversation; its domain is the other side's with words added"},
	{"thread-other-ending", Identity, Phish, ImpersonationDomain, 16, "Answers in a conversation; its domain is the other side's with another ending"},
	{"thread-other-address", Identity, Phish, ImpersonationUser, 14, "Answers under the name of somebody in the conversation, from another address"},
	{"thread-other-house", Identity, Phish, ImpersonationUser, 26, "Answers under the name of somebody in the conversation, from an unrelated domain"},
	{"thread-reply-lookalike", Identity, Phish, ImpersonationDomain, 36, "Answers in a conversation; the next answer would go to an imitation of its own domain"},
	{"thread-brings", Content, Phish, MixedAnalysisDetection, 24, "The newcomer in the conversation brings a link or a locked file"},
	{"thread-stranger", Content, Phish, MixedAnalysisDetection, 20, "Answers in a conversation of other people, with a link, locked file or account"},
	{"thread-bait", Content, Phish, MixedAnalysisDetection, 26, "A short answer in a conversation does nothing but hand over a document on a site of nobody in it"},
	{"thread-bait-dressed", Links, Phish, AdvancedFilter, 24, "What the answer hands over lies on a page anybody can put up, under a borrowed name, or behind a sign-in"},
	{"thread-other-contact", Identity, Phish, ImpersonationUser, 48, "An answer wants the next one at another address: an imitation of its domain, or free mail for a payment"},
	{"thread-other-language", Content, Phish, MixedAnalysisDetection, 24, "The answer is in another language than all before it, and brings a link or locked file"},
	{"thread-locked", Content, Phish, MixedAnalysisDetection, 16, "An answer hands over a locked file in words that fit any conversation"},
	{"copy-to-double", Identity, Phish, ImpersonationDomain, 50, "A copy goes to an imitation of your domain or the sender's, as if somebody read along"},
	{"copy-to-name", Identity, Phish, ImpersonationUser, 20, "A copy goes to an address outside in the name of one of your people"},
	{"thread-approved", Content, Phish, MixedAnalysisDetection, 42, "Urges a payment that one of your house is said to have approved below"},
	{"thread-request", Content, Phish, MixedAnalysisDetection, 14, "The newcomer in the conversation speaks of money or accounts"},
	{"mail-bombing", Memory, Spam, MailBombing, 50, "One of dozens of sign-ups that flood the mailbox within an hour"},
	{"known-correspondent", Balance, "", "", -12, "Mail has gone to and fro for long, and the sender is proven as always"},
	{"known-thread", Balance, "", "", -16, "Answers a message on record, from somebody who took part in it"},
	// learned; the weight is graded, up to the one that stands here
	{"learned", Learned, Phish, MixedAnalysisDetection, maxLearned, "Resembles mail that your own people called bad, more than mail they keep"},
	{"learned-ordinary", Balance, "", "", -maxOrdinary, "Resembles the mail that your own people get every day"},
	// against
	{"authenticated-brand", Balance, "", "", -24, "DMARC passes for a domain of the brand it names"},
	{"aligned-sender", Balance, "", "", -6, "SPF or DKIM proves the sender's domain, and nothing more"},
	{"own-thread", Balance, "", "", -8, "Says it answers a message that came from you"},
	{"internal-authenticated", Balance, "", "", -24, "Comes from your own domain, authenticated"},
	{"mailing-list", Balance, "", "", -14, "Comes through a discussion list"},
	{"plain-conversation", Balance, "", "", -10, "An answer in plain text that quotes what it answers"},
	{"links-to-sender", Balance, "", "", -8, "Links lead to the sender's own domain"},
	{"open-bulk", Balance, "", "", -3, "Mass mail that says so, signed by its sender, with a way to unsubscribe"},
	{"delivery-report", Balance, "", "", -14, "A delivery report in the form that mail servers send"},
	// combination rules of verdict.go
	{"one-kind-of-evidence", Balance, "", "", 0, "Only wording or looks speak; without another kind of evidence that is not enough"},
	{"phish-signs", Balance, Spam, MixedAnalysisDetection, 0, "Signs of phishing, not enough to name it, count as junk"},
}

// kinds finds a Kind by its id.
var kinds = func() map[string]*Kind {
	m := make(map[string]*Kind, len(catalogue))
	for i := range catalogue {
		m[catalogue[i].ID] = &catalogue[i]
	}
	return m
}()
