package detect_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/internal/detect"
	"tocsin/internal/email"
	"tocsin/internal/mailauth"
	"tocsin/internal/scan"
	"tocsin/internal/scan/scantest"
)

// letter is what a message of the tests below says, and where its code or link leads.
type letter struct{ from, subject, text, link string }

// bad letters want a telephone to open a foreign site; good ones hold codes as honest senders use them.
var (
	badLetters = []letter{
		{"IT Desk <desk@helpdesk-notice.test>", "Your authenticator expires today", "Scan the code with your telephone to set up multi-factor again.", "https://mfa-renew.test/a"},
		{"Human Resources <hr@staff-papers.test>", "Salary review 2026", "Your new compensation is ready. Scan the code to read it.", "https://papers-hr.test/x?e=1"},
		{"Document Service <no-reply@sign-now.test>", "Signature required", "Please review and sign the document. Scan the QR code below.", "https://sign-doc.test/s/8841"},
		{"Voice <vm@pbx-mail.test>", "New voicemail", "You have a new voice message of 34 seconds. Scan to listen.", "https://vm-listen.test/q"},
		{"Personalabteilung <personal@lohn-portal.test>", "Ihre Gehaltsabrechnung", "Bitte scannen Sie den Code, um Ihre Gehaltsabrechnung anzusehen.", "https://lohn-abruf.test/g"},
		{"Sicherheit <info@konto-schutz.test>", "Zwei-Faktor-Authentifizierung erneuern", "Ihr Zugang wird sonst gesperrt.", "https://tan-neu.test/"},
		{"Service RH <rh@paie-enligne.test>", "Votre bulletin de salaire", "Scannez le code pour consulter le document.", "https://paie-acces.test/b"},
		{"Recursos Humanos <rrhh@nomina-web.test>", "Su nómina de noviembre", "Escanee el código para ver el documento.", "https://ver-nomina.test/n"},
		{"Suporte <ti@suporte-mail.test>", "Sua senha expira hoje", "Leia o código para manter o acesso.", "https://senha-nova.test/s"},
		{"Ufficio Personale <hr@cedolini.test>", "La sua busta paga", "Scansioni il codice per visualizzare.", "https://busta-online.test/b"},
		{"Belasting <info@teruggaaf.test>", "Uw belastingteruggave", "Scan de code om het document te bekijken.", "https://teruggaaf-nu.test/"},
		{"Dział IT <it@haslo-serwis.test>", "Twoje hasło wygasa", "Zeskanuj kod, aby zachować dostęp.", "https://haslo-nowe.test/h"},
		{"Tax Office <refund@tax-papers.test>", "Tax refund notice", "Scan the code to claim your tax refund.", "https://bit.ly/3xyz"},
	}
	goodLetters = []letter{
		{"Harbour Ferries <tickets@ferries.test>", "Your ticket for 18 November", "Show this code when you board.", "M1FERRY/7730/18NOV/12A"},
		{"Harbour Ferries <tickets@ferries.test>", "Your booking", "Your account shows all trips.", "https://www.ferries.test/b/7730"},
		{"Guest House <stay@guesthouse.test>", "Welcome", "Scan for the wireless network.", "WIFI:S:Guests;T:WPA;P:seagull77;;"},
		{"Jonas Okoye <jonas@okoye.test>", "My new card", "Scan it to save my number.", "BEGIN:VCARD\nVERSION:3.0\nFN:Jonas Okoye\nTEL:+15550100\nEND:VCARD"},
		{"Elektro Meyer <rechnung@elektro-meyer.test>", "Rechnung 2026-118", "Sie können mit dem Code bezahlen.", "BCD\n002\n1\nSCT\n\nElektro Meyer\nDE02120300000000202051\nEUR118.00\n\n\nRechnung 2026-118"},
		{"Museum <news@museum.test>", "Autumn in the museum", "Scan to download our guide.", "https://apps.apple.com/app/id1"},
		{"Parcel Shop <info@parcelshop.test>", "Your parcel label", "Let the shop scan this code.", "JJD000390007720001"},
		{"Conference <team@conference.test>", "Your badge", "Please bring this code.", "CONF-2026-00118-AB"},
		{"Sports Club <club@sports.test>", "Summer party", "All about the party behind the code.", "https://sports.test/party"},
		{"Bistro <hello@bistro.test>", "Our menu", "Scan the code for today's menu.", "https://menu-cards.test/bistro"},
		{"Choir <choir@singers.test>", "Rehearsal notes", "The code leads to the recordings.", "https://recordings.test/choir/5"},
		{"Energy Works <service@energyworks.test>", "Your annual statement", "You find the statement in our portal.", "https://portal.energyworks.test/statements"},
	}
)

// carriers put a code into a message.
var carriers = map[string]func(l letter, q scantest.QR) []byte{
	"picture": func(l letter, q scantest.QR) []byte {
		return compose(l, "text/plain", l.text, scantest.File{Name: "code.png", Type: "image/png", Content: scantest.PNG(q.Draw(scantest.Picture{}))})
	},
	"PDF": func(l letter, q scantest.QR) []byte {
		p := &scantest.PDF{}
		n := p.Picture(q.Draw(scantest.Picture{}), "bits")
		p.PageOf("", fmt.Sprintf("/XObject << /I %d 0 R >>", n), "q 200 0 0 200 100 400 cm /I Do Q")
		return compose(l, "text/plain", l.text, scantest.File{Name: "paper.pdf", Type: "application/pdf", Content: p.Bytes()})
	},
	"PDF that says it": func(l letter, q scantest.QR) []byte {
		p := &scantest.PDF{}
		n := p.Picture(q.Draw(scantest.Picture{}), "rgb")
		form := fmt.Sprintf("/XObject << /I %d 0 R >>", n)
		p.Page("", ascii(l.subject), ascii(l.text))
		p.PageOf("", form, "/I Do")
		return compose(letter{l.from, "Paper", "", ""}, "text/plain", "Please see the paper.", scantest.File{Name: "paper.pdf", Type: "application/pdf", Content: p.Bytes()})
	},
	"characters": func(l letter, q scantest.QR) []byte {
		return compose(l, "text/plain", l.text+"\n\n"+q.HalfBlocks(false))
	},
	"cells": func(l letter, q scantest.QR) []byte {
		return compose(l, "text/html", "<p>"+l.text+"</p>"+q.Table("bgcolor"))
	},
}

// ascii writes letters as the standard encoding of PDF does.
func ascii(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < 0x100 {
			b.WriteByte(byte(r))
		} else {
			b.WriteByte('?')
		}
	}
	return b.String()
}

func compose(l letter, bodyType, body string, files ...scantest.File) []byte {
	raw := string(scantest.Mail(bodyType, body, files...))
	raw = strings.Replace(raw, "From: Harbour Papers <office@papers.example>", "From: "+l.from, 1)
	return []byte(strings.Replace(raw, "Subject: Papers", "Subject: "+l.subject, 1))
}

func judgeRaw(judge *detect.Judge, raw []byte, proven bool) detect.Verdict {
	m := email.Parse(raw, email.Limits{})
	c := &detect.Context{Message: m, Direction: detect.Inbound, Recipients: []string{"maren.okafor@northwindharbour.example"}, Now: time.Date(2026, 11, 18, 12, 0, 0, 0, time.UTC)}
	c.Org = detect.Organisation{Name: "Northwind Harbour", Domains: []string{"northwindharbour.example"}}
	c.Files = scan.Open(context.Background(), m, scan.Limits{Time: time.Minute})
	if proven && len(m.From) > 0 {
		pass := mailauth.Check{Result: mailauth.Pass, Origin: mailauth.Reported, Domain: m.From[0].Domain}
		c.Auth.SPF, c.Auth.DKIM, c.Auth.DMARC = pass, []mailauth.Check{pass}, pass
		c.Auth.Aligned, c.Auth.AlignedBy = true, "SPF and DKIM"
	}
	return judge.Judge(context.Background(), c)
}

// TestCodesAreJudged holds that codes of phishing mail are caught, by whatever way they come, and those of honest mail are not.
func TestCodesAreJudged(t *testing.T) {
	judge := detect.NewJudge(detect.Options{Rules: shippedRules(t)})
	for name, carry := range carriers {
		missed, wrong := 0, 0
		for _, l := range badLetters {
			if v := judgeRaw(judge, carry(l, scantest.NewQR(l.link)), false); !v.Is(detect.Phish) {
				missed++
				t.Logf("%s: %q missed: %s", name, l.subject, ids(v))
			}
		}
		for _, l := range goodLetters {
			if (name == "characters" || name == "cells") && (strings.Contains(l.link, "menu-cards") || strings.Contains(l.link, "recordings")) {
				continue // nobody honest draws a code to a foreign site
			}
			for _, proven := range []bool{true, false} {
				if v := judgeRaw(judge, carry(l, scantest.NewQR(l.link)), proven); len(v.Threats) > 0 {
					wrong++
					t.Logf("%s: %q flagged: %s", name, l.subject, ids(v))
				}
			}
		}
		if 10*missed > len(badLetters) || wrong > 0 {
			t.Errorf("%s: %d of %d missed, %d of %d flagged", name, missed, len(badLetters), wrong, 2*len(goodLetters))
		}
	}
}

// TestInvitationsAreJudged does the same for invitations.
func TestInvitationsAreJudged(t *testing.T) {
	judge := detect.NewJudge(detect.Options{Rules: shippedRules(t)})
	invite := func(l letter) []byte {
		ics := "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nORGANIZER:mailto:" + strings.Trim(l.from[strings.Index(l.from, "<"):], "<>") + "\r\nSUMMARY:" + l.subject + "\r\nDESCRIPTION:" + l.text + " " + l.link + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
		return compose(l, "text/plain", l.text, scantest.File{Name: "invite.ics", Type: "text/calendar; method=REQUEST", Content: []byte(ics)})
	}
	caught := 0
	for _, l := range badLetters {
		v := judgeRaw(judge, invite(l), false)
		spoke := false
		for _, s := range v.Signals {
			spoke = spoke || s.ID == "invitation-lure"
		}
		if spoke {
			caught++
		} else {
			t.Logf("%q: %s", l.subject, ids(v))
		}
	}
	if 10*caught < 9*len(badLetters) {
		t.Errorf("invitation-lure spoke in %d of %d", caught, len(badLetters))
	}
	for _, l := range goodLetters {
		if !strings.HasPrefix(l.link, "https:") {
			l.link = "https://teams.microsoft.com/l/meetup-join/19"
		}
		if v := judgeRaw(judge, invite(l), true); len(v.Threats) > 0 {
			t.Errorf("%q flagged: %s", l.subject, ids(v))
		}
	}
}
