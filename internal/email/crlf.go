package email

// CRLF returns raw with CRLF at the end of every line, as SMTP and IMAP carry it (RFC 5321 section 2.3.8): a lone LF becomes CRLF, a lone
// CR stays. The result may be raw itself.
func CRLF(raw []byte) []byte {
	bare := 0
	for i, b := range raw {
		if b == '\n' && (i == 0 || raw[i-1] != '\r') {
			bare++
		}
	}
	if bare == 0 {
		return raw
	}
	out := make([]byte, 0, len(raw)+bare)
	for i, b := range raw {
		if b == '\n' && (i == 0 || raw[i-1] != '\r') {
			out = append(out, '\r')
		}
		out = append(out, b)
	}
	return out
}
