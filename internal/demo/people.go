package demo

import (
	"fmt"
	"strings"
)

// Name, domain and servers of the invented organisation. Domains under .example belong to nobody (RFC 2606).
const (
	Name   = "Kestrel Quay"
	Domain = "kestrelquay.example"
	// AuthServer is the authserv-id under which the organisation's mail server reports SPF, DKIM and DMARC.
	AuthServer = "mx1.kestrelquay.example"
	mxAddress  = "192.0.2.25"
)

// Person works for the organisation.
type Person struct {
	First, Last string
	Address     string
	Department  string // Operations, Finance, Engineering
	Title       string
	Language    string // ISO 639-1; their foreign correspondents write to them in it
	Priority    bool   // priority account
}

// FullName is the display name.
func (p Person) FullName() string { return p.First + " " + p.Last }

// roster is "First Last, language, title"; a star marks a priority account. Sixty people, in three departments.
var roster = map[string][]string{
	"Operations": {
		"*Maren Okafor, en, Managing director", "Tomas Lindqvist, en, Head of operations", "Ines Caldeira, pt, Berth planner",
		"Yemi Adeyemi, en, Duty manager", "Hanne Sorensen, en, Pilotage desk", "Lukas Brandt, de, Yard planner",
		"Sofia Villanueva, es, Customs desk", "Noor Achterberg, nl, Barge planner", "Piotr Zawadzki, pl, Crane shift lead",
		"Greta Falkner, de, Gate supervisor", "Rui Monteiro, pt, Agency desk", "Elodie Marchand, fr, Agency desk",
		"Callum Reid, en, Mooring lead", "Dorota Wilk, pl, Yard planner", "Marco Bellini, it, Ro-ro supervisor",
		"Aoife Brennan, en, Duty manager", "Jonas Eklund, en, Bunkering desk", "Carmen Ibarra, es, Reefer desk",
		"Thijs Vermeer, nl, Barge planner", "Amira Haddad, fr, Passenger desk", "Viktor Horvat, en, Crane shift lead",
		"Leonie Kaufmann, de, Dangerous goods", "Matteo Ricci, it, Stevedore planner", "Freya Dunlop, en, Reception",
	},
	"Finance": {
		"*Dana Wirth, en, Chief financial officer", "Priya Raman, en, Financial controller", "*Sander Groot, nl, Treasurer",
		"Claire Aubert, fr, Accounts payable", "Felix Neumann, de, Accounts payable", "Lucia Ferreira, pt, Accounts receivable",
		"Owen Pritchard, en, Payroll", "Marta Kowal, pl, Payroll", "Diego Santamaria, es, Tariffs",
		"Beatrice Conti, it, Tax", "Hugo Lefevre, fr, Audit", "Sarah Kettle, en, Purchasing",
		"Nils Bergstrom, en, Insurance", "Katrin Vogel, de, Billing", "Tom Ashworth, en, Billing", "Joana Prates, pt, Credit control",
		"Ewa Nowicka, pl, Bookkeeping", "Ben Halloran, en, Bookkeeping",
	},
	"Engineering": {
		"*Rachel Oduya, en, Chief technology officer", "Stefan Roth, de, Infrastructure", "Mila Petrovic, en, Terminal systems",
		"Arjun Mehta, en, Terminal systems", "Paula Duarte, pt, Data", "Kees Molenaar, nl, Networks",
		"Ana Belmonte, es, Crane automation", "Luc Fontaine, fr, Crane automation", "Ingrid Solberg, en, Service desk",
		"Daniel Weiss, de, Service desk", "Giulia Moretti, it, Maintenance planning", "Sean Gallagher, en, Electrical",
		"Zofia Maj, pl, Quality", "Ravi Pillai, en, Security", "Emma Lockwood, en, Documentation",
		"Oskar Lund, en, Weighbridge systems", "Nadia Rahal, fr, Data", "Pavel Dvorak, en, Networks",
	},
}

// People returns the sixty, always in the same order.
func People() []Person {
	var out []Person
	for _, department := range []string{"Operations", "Finance", "Engineering"} {
		for _, line := range roster[department] {
			fields := strings.SplitN(line, ", ", 3)
			name, priority := strings.CutPrefix(fields[0], "*")
			first, last, _ := strings.Cut(name, " ")
			out = append(out, Person{First: first, Last: last, Department: department, Language: fields[1], Title: fields[2], Priority: priority,
				Address: fmt.Sprintf("%c.%s@%s", first[0]|0x20, strings.ToLower(last), Domain)})
		}
	}
	return out
}
