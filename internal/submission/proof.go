package submission

import (
	"fmt"
	"strings"

	"tocsin/internal/email"
	"tocsin/internal/mailauth"
)

// Proven reports whether who stands in From sent a report, and by what, or why that is not proven. A person who signed in to the organisation's
// mail system (authUser) is believed for their own address; else DMARC, or SPF or DKIM for the domain of From, must have passed, checked here
// or reported by a server that is believed. Whoever is not proven hears nothing back: an answer would go to a victim, and tell a
// stranger what Tocsin thinks of mail.
func Proven(m *email.Message, auth *mailauth.Results, authUser string) (bool, string) {
	if len(m.From) != 1 || m.From[0].Addr == "" {
		return false, "sender not proven: From does not name exactly one address"
	}
	from := strings.ToLower(m.From[0].Addr)
	if user := strings.ToLower(authUser); user != "" {
		local, _, _ := strings.Cut(from, "@")
		if user == from || !strings.Contains(user, "@") && user == local {
			return true, "signed in to the mail system as " + cut(user, maxName)
		}
	}
	if auth == nil {
		return false, "sender not proven: nobody checked SPF, DKIM and DMARC"
	}
	switch {
	case auth.DMARC.Result == mailauth.Pass:
		return true, "DMARC passed"
	case auth.Aligned:
		return true, auth.AlignedBy + " passed for the domain of From"
	case authUser != "":
		return false, fmt.Sprintf("sender not proven: %s signed in, and From is another", cut(authUser, maxName))
	}
	return false, fmt.Sprintf("sender not proven: SPF %s, DKIM %s, DMARC %s", auth.SPF.Result, auth.BestDKIM().Result, auth.DMARC.Result)
}
