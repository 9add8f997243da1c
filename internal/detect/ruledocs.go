package detect

// What the names of rules mean, one line each. The names themselves come from the environment; a test keeps the two together.

var nameDocs = map[string]string{
	"msg": "The message.", "auth": "What was checked about the sender.", "org": "Your organisation.",
	"direction": "Where the message goes: in, out, or within.", "recipients": "Who gets it, as the envelope says.", "signals": "Ids of what detectors saw. Other rules cannot be seen.",

	"message.subject": "The subject.", "message.from": "The sender that is shown.", "message.reply_to": "Where an answer goes; empty when nothing else is asked for.",
	"message.to": "Shown recipients, at most 100.", "message.cc": "Shown copies, at most 100.", "message.return_path": "The envelope's sender.", "message.message_id": "The message's own id.",
	"message.text": "The text part, at most 64 KiB.", "message.html": "The HTML part as it came, at most 256 KiB.", "message.visible": "What a reader sees, at most 64 KiB.",
	"message.hidden": "Text that a reader does not see.", "message.html_only": "There is HTML and no text part.", "message.is_reply": "It says that it answers another message.",
	"message.is_list": "It came over a mailing list.", "message.foreign_links": "There are links, and none leads to the sender's domain.", "message.language": "Language of the text, like en; empty when unsure.",
	"message.size": "Octets of the whole message.", "message.links": "Links that a reader can follow.", "message.attachments": "Files, also those that are shown in the text.",
	"message.defects": "Ids of what was built against the standards.", "message.files_text": "What documents say, in the order they were opened.", "message.file_facts": "Ids of what was found inside files.",

	"address.name": "The display name.", "address.address": "The address.", "address.domain": "The domain of the address.",

	"link.url": "The address as written.", "link.target": "The address behind wrappers such as Safe Links.", "link.host": "The host it leads to.", "link.text": "What a reader sees of it.",
	"link.where": "Where it stands: Body, Subject, Header, Attachment or QRCode.", "link.tag": "The element it is: a, area, button, form or text.",

	"attachment.name": "The file's name.", "attachment.kind": "What the file really is, like pdf or exe.", "attachment.type": "The media type that the sender gave it.",
	"attachment.extension": "The end of its name, without the dot.", "attachment.size": "Octets.", "attachment.sha256": "Its SHA-256.", "attachment.within": "The archive or message it lies in; empty: the message itself.",
	"attachment.inline": "It is shown in the text.",

	"authentication.spf": "Result of SPF, or unknown when nobody checked.", "authentication.dkim": "Result of DKIM, or unknown.", "authentication.dmarc": "Result of DMARC, or unknown.",
	"authentication.arc": "Result of ARC, or unknown.", "authentication.aligned": "The domain of the sender that is shown is proven.", "authentication.known": "Something was checked.",
	"authentication.policy": "What the domain's owner asks for: none, quarantine or reject.",

	"organisation.name": "Its name.", "organisation.domains": "Its domains.",
}

var functionDocs = map[string]string{
	"says":          "One of the phrases stands in the text, as whole words; case, accents and look-alike letters do not matter, * at the end lets the last word go on.",
	"mentions":      "Like says, and looks into subject and sender name too.",
	"head_says":     "Like says, in subject and sender name only.",
	"files_say":     "Like says, in names of files and in what documents say.",
	"links_contain": "One of the pieces stands in an address that a reader can follow.",
	"phone_numbers": "Telephone numbers in the visible text.",
	"header":        "The topmost header field of that name; empty when there is none.",
	"headers":       "All header fields of that name.",
	"has_signal":    "A detector raised the signal of that id.",
	"brand_of":      "The brand that a text names; empty when none.",
	"official":      "Whether a host belongs to a brand: official(brand, host).",
	"lookalike":     "The domain that a host imitates; empty when none.",
	"free_mail":     "Whether anybody can get an address at that host for nothing.",
	"shortener":     "Whether the host shortens links.",
	"rented_host":   "Whether anybody can put pages on that host.",
	"dynamic_dns":   "Whether the host is a name of a dynamic DNS service.",
	"risky_tld":     "Whether the host's top-level domain is one that abuse prefers.",
	"domain_of":     "The host of an address or URL.",
	"org_domain":    "The registrable domain of an address, URL or host.",
	"path_of":       "The path of a URL.",
	"query_of":      "The query of a URL.",
	"fragment_of":   "What follows # in a URL.",
	"redirect_of":   "The address that a URL carries within, and likely leads on to; empty when none.",
	"fold":          "A text without accents, capitals and look-alike letters.",

	"size": "How many characters or elements there are.", "matches": "A regular expression (RE2) fits somewhere in the text.", "contains": "A text stands in another, exactly.",
	"startsWith": "A text begins so.", "endsWith": "A text ends so.", "lowerAscii": "The text with small letters.", "upperAscii": "The text with capital letters.",
	"trim": "The text without blanks at its ends.", "split": "The text cut at a separator.", "join": "The elements of a list as one text.", "replace": "The text with one piece replaced by another.",
	"substring": "A part of the text, by places from 0.", "indexOf": "Where a text stands first, from 0; -1 when it does not.", "lastIndexOf": "Where a text stands last.",
	"charAt": "The character at a place, from 0.", "string": "A value as text.", "int": "A value as a number.",
	"exists": "The condition holds for at least one element.", "all": "The condition holds for every element.", "exists_one": "The condition holds for exactly one element.",
	"filter": "The elements for which the condition holds.", "map": "Something made of every element.",
}

var macroShapes = map[string]string{
	"has_signal": `has_signal("id") gives bool`, "exists": "list.exists(x, condition) gives bool", "all": "list.all(x, condition) gives bool",
	"exists_one": "list.exists_one(x, condition) gives bool", "filter": "list.filter(x, condition) gives list", "map": "list.map(x, value) gives list",
}

var keyDocs = map[string]string{
	"id": "The rule's name for ever: small letters, digits and hyphens.", "title": "What is claimed when it matches; one short sentence.", "description": "What it finds and why that is bad.",
	"author": "Who wrote it.", "threat": "What it speaks for, or against with a negative weight.", "technology": "Which kind of protection found it.",
	"severity": "How bad it is when it is right.", "weight": "Points, from -50 to 100. A threat is named from 40, phish has high confidence from 70.",
	"attack": "ATT&CK techniques, like T1566.002.", "references": "Addresses of reports.", "false_positives": "Honest mail that it may hit.",
	"when": "The condition, in CEL; gives true or false.", "evidence": "What was seen, in CEL; gives a text. Without it the title stands in.", "samples": "Messages on which it must, or must not, speak.",
	"match": "Whether the rule must speak.", "why": "Why, for the reader of a failed test.", "file": "A message beside the rule, samples/x.eml.", "message": "A message written out.",
	"auth": "What was checked: spf, dkim, dmarc, policy. Without it nothing is known.", "recipients": "Who got it; without it To and Cc.", "domains": "Domains of the organisation; without it the first recipient's.",
	"direction": "Inbound, Outbound or Intra-org.", "spf": "A word of RFC 8601, like pass or fail.", "dkim": "A word of RFC 8601, like pass or fail.",
	"dmarc": "A word of RFC 8601, like pass or fail.", "policy": "What the domain's owner asks for: none, quarantine, reject.",
}
