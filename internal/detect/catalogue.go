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
	{"brand-subject", Identity, Phish, ImpersonationBrand, 10, "Subject names a brand that neither sender nor links belong to"},
	{"brand-lookalike-sender", Identity, Phish, ImpersonationBrand, 34, "Sender domain imitates a brand's"},
	{"brand-cousin-sender", Identity, Phish, ImpersonationBrand, 18, "Sender domain is a brand's name under another ending"},
	{"own-lookalike-sender", Identity, Phish, ImpersonationDomain, 48, "Sender domain imitates yours"},
	{"own-person-name", Identity, Phish, ImpersonationUser, 42, "Display name is one of your protected people; the address is not theirs"},
	{"own-name-outside", Identity, Phish, ImpersonationDomain, 16, "Display name uses your organisation's name; the sender is outside"},
	{"address-in-display-name", Identity, Phish, ImpersonationUser, 18, "Display name shows another address than the one that sent"},
	{"own-address-in-display-name", Identity, Phish, ImpersonationUser, 40, "Display name shows one of your addresses; another one sent"},
	{"mixed-script-name", Identity, Phish, ImpersonationBrand, 24, "Sender name or subject mixes alphabets inside a word"},
	{"styled-letters", Identity, Phish, AdvancedFilter, 18, "Sender name or subject is written in mathematical or enclosed letters"},
	{"reply-to-free-mail", Identity, Phish, AdvancedFilter, 10, "Replies go to a free mail address, not to the sender's domain"},
	{"several-from", Identity, Phish, AdvancedFilter, 14, "From names several senders, or none that can be read"},
	// authentication
	{"spoof-own-domain", Authentication, Phish, SpoofIntraOrg, 46, "Claims to come from your own domain, and is not authenticated"},
	{"dmarc-fail-enforced", Authentication, Phish, SpoofDMARC, 42, "DMARC fails, and the domain's owner asks to refuse such mail"},
	{"dmarc-fail", Authentication, Phish, SpoofDMARC, 18, "DMARC fails; the domain's owner only watches"},
	{"spf-fail-unsigned", Authentication, Phish, SpoofExternalDomain, 16, "The server may not send for this domain, and no signature holds"},
	{"unauthenticated-html", Authentication, Phish, SpoofExternalDomain, 24, "Nothing proves the sender; HTML only; every link leads elsewhere"},
	{"unsigned-html", Authentication, Phish, AdvancedFilter, 18, "Not signed, HTML only, every link leads away from the sender's domain"},
	{"unsigned-elsewhere", Authentication, Phish, AdvancedFilter, 8, "Signed only for a domain that is not the sender's; HTML only"},
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
	{"qr-link", Links, Phish, AdvancedFilter, 16, "A QR code holds the link"},
	// aim
	{"recipient-in-link", Aim, Phish, AdvancedFilter, 18, "The links, not only one to unsubscribe, carry the recipient's address"},
	{"recipient-in-subject", Aim, Phish, AdvancedFilter, 20, "Subject holds the recipient's address"},
	{"recipient-in-greeting", Aim, Phish, AdvancedFilter, 16, "The text greets the recipient by the address, not by name"},
	{"generic-greeting", Aim, Phish, AdvancedFilter, 8, "Greets nobody in particular"},
	// content
	{"hidden-text", Content, Phish, AdvancedFilter, 16, "HTML only, with text that a reader cannot see"},
	{"little-text", Content, Phish, AdvancedFilter, 16, "HTML only, with a link and almost no text"},
	{"image-as-text", Content, Phish, AdvancedFilter, 12, "A picture that can be clicked stands in for the text"},
	{"split-words", Content, Phish, AdvancedFilter, 16, "Invisible characters inside words"},
	{"mixed-script-text", Content, Phish, AdvancedFilter, 14, "Words in the text mix alphabets"},
	{"form-asks-password", Content, Phish, AdvancedFilter, 40, "A form in the mail asks for a password"},
	{"form-in-mail", Content, Phish, AdvancedFilter, 12, "A form in the mail sends what is typed to another site"},
	{"hidden-by-defect", Content, Phish, AdvancedFilter, 10, "Built so that programs read it differently"},
	// lures
	{"lure-prize", Lure, Phish, GeneralFilter, 12, "Talks of a prize, gift or paid survey"},
	{"lure-urgency", Lure, Phish, GeneralFilter, 6, "Presses to act at once"},
	{"lure-account", Lure, Phish, GeneralFilter, 12, "Says an account must be verified, paid for or unlocked"},
	{"lure-delivery", Lure, Phish, GeneralFilter, 8, "Says a parcel waits"},
	{"lure-invoice", Lure, Phish, GeneralFilter, 4, "Speaks of a bill or a payment"},
	{"lure-share", Lure, Phish, GeneralFilter, 6, "Says a message or document waits behind a link"},
	{"lure-crypto", Lure, Phish, GeneralFilter, 8, "Speaks of coins or wallets"},
	{"lure-payroll", Lure, Phish, GeneralFilter, 10, "Asks for gift cards, a favour or another bank account"},
	{"lure-with-foreign-link", Content, Phish, AdvancedFilter, 14, "A lure in HTML only, and every link leads away from the sender's domain"},
	{"lure-with-rented-link", Links, Phish, AdvancedFilter, 14, "A lure whose link goes through a shortener or rented host, never to the sender's domain"},
	{"urgent-account", Content, Phish, AdvancedFilter, 8, "Threatens an account and presses for time"},
	{"extortion", Content, Phish, AdvancedFilter, 46, "Threatens to expose the reader unless paid"},
	{"advance-fee", Content, Phish, AdvancedFilter, 44, "Promises a stranger money: advance-fee fraud"},
	{"impostor-request", Content, Phish, MixedAnalysisDetection, 16, "A favour asked from a free mail address"},
	{"lure-junk", Lure, Spam, GeneralFilter, 22, "Sells what unwanted mail sells"},
	{"lure-junk-strong", Lure, Spam, GeneralFilter, 12, "Sells it in many words"},
	{"junk-foreign-link", Content, Spam, AdvancedFilter, 16, "Sells something, HTML only, and every link leads away from the sender's domain"},
	// files
	{"eicar", Files, Malware, AntimalwareProtection, 100, "Holds the EICAR test file"},
	{"program-attached", Files, Malware, FileReputation, 60, "A program or script is attached"},
	{"disk-image-attached", Files, Malware, FileReputation, 44, "A disk image or similar container is attached"},
	{"double-extension", Files, Malware, AdvancedFilter, 40, "File name ends in two extensions to look harmless"},
	{"rtl-file-name", Files, Malware, AdvancedFilter, 50, "File name is turned around by a direction mark"},
	{"type-mismatch", Files, Malware, AdvancedFilter, 30, "A program dressed as another kind of file"},
	{"locked-archive", Files, Malware, AdvancedFilter, 42, "Encrypted archive, and its password in the text"},
	{"locked-archive-opened", Files, Malware, AdvancedFilter, 10, "Encrypted archive opens with a password from this very mail"},
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
	{"html-attachment", Files, Phish, AdvancedFilter, 16, "A web page is attached"},
	{"html-attachment-active", Files, Phish, AdvancedFilter, 34, "The attached page runs a script or asks for input"},
	{"svg-active", Files, Phish, AdvancedFilter, 36, "The attached picture holds a script or a page"},
	{"bare-attachment", Files, Phish, AdvancedFilter, 12, "A document with hardly a word around it"},
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
	// indicators
	{"known-url", Known, Phish, URLMaliciousReputation, 80, "A link is on a list of known-bad URLs"},
	{"known-link-domain", Known, Phish, DomainReputation, 70, "A link's host is on a list of known-bad domains"},
	{"known-sender", Known, Phish, DomainReputation, 70, "The sender is on a list of known-bad senders"},
	{"known-ip", Known, Phish, IPReputation, 50, "The sending server is on a list of known-bad addresses"},
	{"known-file", Known, Malware, FileReputation, 100, "An attachment is on a list of known-bad files"},
	// shape
	{"risky-sender-tld", Shape, Phish, DomainReputation, 12, "Sender's top-level domain is known for abuse"},
	{"random-sender", Shape, Phish, AdvancedFilter, 12, "Sender address looks machine-made"},
	{"emoji-bait", Shape, Phish, GeneralFilter, 10, "Emoji in subject or sender name"},
	{"high-priority", Shape, Phish, GeneralFilter, 8, "Marked as of high priority"},
	{"odd-structure", Shape, Phish, AdvancedFilter, 14, "A container type that mail programs do not use for such mail"},
	{"spaced-subject", Shape, Phish, GeneralFilter, 8, "Subject or sender name is padded, spelled out or tagged with a serial number"},
	{"no-recipient", Shape, Phish, GeneralFilter, 4, "Names no recipient"},
	{"script-mailer", Shape, Phish, GeneralFilter, 8, "Sent by a script on a web server"},
	// learned; the weight is graded, up to the one that stands here
	{"learned", Learned, Phish, MixedAnalysisDetection, maxLearned, "Resembles mail that your own people called bad, more than mail they keep"},
	{"learned-ordinary", Balance, "", "", -maxOrdinary, "Resembles the mail that your own people get every day"},
	// against
	{"authenticated-brand", Balance, "", "", -24, "DMARC passes for a domain of the brand it names"},
	{"aligned-sender", Balance, "", "", -6, "SPF or DKIM proves the sender's domain, and nothing more"},
	{"own-thread", Balance, "", "", -20, "Answers a message that came from you"},
	{"internal-authenticated", Balance, "", "", -24, "Comes from your own domain, authenticated"},
	{"mailing-list", Balance, "", "", -14, "Comes through a discussion list"},
	{"plain-conversation", Balance, "", "", -10, "An answer in plain text that quotes what it answers"},
	{"links-to-sender", Balance, "", "", -8, "Links lead to the sender's own domain"},
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
