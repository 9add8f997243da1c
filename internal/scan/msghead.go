package scan

// MSGHead is what a message that Outlook saved says of itself ([MS-OXMSG], properties of [MS-OXPROPS]). Everything in it is hostile.
type MSGHead struct {
	Headers       string // PidTagTransportMessageHeaders: the fields it came with; "" for one that was never sent over the Internet
	MessageID     string
	Subject       string
	SenderName    string
	SenderAddress string // SMTP address, "" when only Exchange knows it
	Body          string // plain text
}

// ReadMSGHead reads the head of a saved message. ok is false when b is none.
func ReadMSGHead(b []byte) (h MSGHead, ok bool) {
	c := openCompound(b)
	if c == nil || c.find("__properties_version1.0") == nil {
		return h, false
	}
	h = MSGHead{Headers: c.property("", "007D"), MessageID: c.property("", "1035"), Subject: c.property("", "0037"), SenderName: c.property("", "0C1A"),
		SenderAddress: c.property("", "5D01"), Body: c.property("", "1000")}
	if h.SenderAddress == "" && c.property("", "0C1E") == "SMTP" {
		h.SenderAddress = c.property("", "0C1F")
	}
	return h, true
}
