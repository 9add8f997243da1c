package demo

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/mail"
	"strings"
	"time"

	"github.com/google/uuid"

	"tocsin/internal/event"
)

// ReportAddress is where the people of the organisation send mail that they do not trust.
const ReportAddress = "report@" + Domain

// Lure is a message that somebody has, with what one could do about it.
type Lure struct {
	event.EmailEvent
	URL string // a link of it; "" without one
}

// Clicks says who followed which link, as a mail system tells that rewrites links: two of five readers within the hour, and one of those went on
// past a warning. The same seed and lures give the same clicks.
func Clicks(seed uint64, lures []Lure, now time.Time) []event.UrlClick {
	r := rand.New(rand.NewPCG(seed, 0xc11c))
	var out []event.UrlClick
	for _, l := range lures {
		if l.URL == "" || r.IntN(5) > 1 {
			continue
		}
		at := l.Timestamp.Add(time.Duration(2+r.IntN(55)) * time.Minute)
		if at.After(now) {
			continue
		}
		c := event.UrlClick{
			Timestamp: at, Url: l.URL, ActionType: "ClickAllowed", AccountUpn: l.RecipientEmailAddress, Workload: "Email", NetworkMessageId: l.NetworkMessageId,
			IPAddress: fmt.Sprintf("10.20.%d.%d", 1+r.IntN(30), 2+r.IntN(250)), AppName: "Mail", ReportId: id(r, at),
		}
		if l.LatestThreatTypes != "" {
			c.ActionType, c.ThreatTypes, c.IsClickedThrough = "ClickBlocked", l.LatestThreatTypes, r.IntN(4) == 0
		}
		out = append(out, c)
	}
	return out
}

// id is a UUIDv7 of the time, from r.
func id(r *rand.Rand, at time.Time) string {
	var u uuid.UUID
	for i := range u {
		u[i] = byte(r.UintN(256))
	}
	ms := at.UnixMilli()
	for i := range 6 {
		u[i] = byte(ms >> (40 - 8*i))
	}
	u[6], u[8] = 0x70|u[6]&0x0f, 0x80|u[8]&0x3f
	return u.String()
}

// words of people who report something.
var words = []string{
	"Is this real? I did not order anything.", "Looks odd, the sender never writes like this.", "Please check, I clicked the link before I noticed.",
	"Not for me, I think this is phishing.", "Got this twice today.", "Is this one of your tests?",
}

// Report is a message that its recipient sent to ReportAddress, forwarded as an attachment. as is spam or notjunk, "" for phishing.
func Report(seed uint64, l event.EmailEvent, raw []byte, as string, now time.Time) Mail {
	r := rand.New(rand.NewPCG(seed, uint64(l.Timestamp.UnixMicro())))
	at := l.Timestamp.Add(time.Duration(4+r.IntN(90)) * time.Minute)
	if at.After(now) {
		at = now
	}
	to := ReportAddress
	if as != "" {
		to = strings.Replace(to, "@", "+"+as+"@", 1)
	}
	from := mail.Address{Address: l.RecipientEmailAddress}
	for _, p := range People() {
		if p.Address == l.RecipientEmailAddress {
			from.Name = p.FullName()
		}
	}
	boundary := "=_" + hex.EncodeToString([]byte(l.NetworkMessageId))[:24]
	var b bytes.Buffer
	d := draft{date: at}
	fmt.Fprintf(&b, "Return-Path: <%s>\r\n%sFrom: %s\r\nTo: <%s>\r\nSubject: Fw: suspicious mail\r\nDate: %s\r\nMessage-ID: <%s@%s>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n",
		from.Address, d.received(r), from.String(), to, at.Format("Mon, 02 Jan 2006 15:04:05 -0700"), id(r, at), Domain, boundary)
	fmt.Fprintf(&b, "--%s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n--%s\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n%s\r\n--%s--\r\n",
		boundary, words[r.IntN(len(words))], boundary, raw, boundary)
	return Mail{Raw: b.Bytes(), MailFrom: from.Address, Recipients: []string{to}, Time: at}
}
