package sieve

import (
	"fmt"
	"slices"
	"strings"
)

// act is one action inside a rule with its strings and tags.
type act struct {
	name    string
	strings []string
	tags    []string
}

// actions lists the commands of a rule that do something, and the strings of its tests.
func (r Rule) actions() (out []act, tested []string) {
	start := true // a command may begin here
	for i := 0; i < len(r.tokens); i++ {
		t := r.tokens[i]
		if !start || t.kind != word {
			start = t.is(";") || t.is("{") || t.is("}")
			continue
		}
		if t.text == "if" || t.text == "elsif" || t.text == "else" {
			for i++; i < len(r.tokens) && !r.tokens[i].is("{"); i++ {
				if r.tokens[i].kind == text {
					tested = append(tested, r.tokens[i].text)
				}
			}
			continue
		}
		a := act{name: t.text}
		for i++; i < len(r.tokens) && !r.tokens[i].is(";") && !r.tokens[i].is("{"); i++ {
			switch r.tokens[i].kind {
			case text:
				a.strings = append(a.strings, r.tokens[i].text)
			case tag:
				a.tags = append(a.tags, r.tokens[i].text)
			}
		}
		out = append(out, a)
	}
	return out, tested
}

// last is the string that says whereto: the last one.
func (a act) last() string {
	if len(a.strings) == 0 {
		return ""
	}
	return a.strings[len(a.strings)-1]
}

// hiding are folders that nobody looks into, in lower case.
var hiding = []string{"trash", "deleted items", "deleted messages", "deleted", "rss", "rss feeds", "rss subscriptions", "conversation history", "notes", "archive", "junk",
	"spam", "junk e-mail", "drafts", "outbox", "sync issues", "papierkorb", "corbeille", "papelera", "cestino"}

// headers are names of fields that tests name; what else they name is what they look for.
var headers = []string{"subject", "from", "to", "cc", "bcc", "sender", "reply-to", "list-id", "return-path", "delivered-to", "received", "content-type", "auto-submitted",
	"precedence", "resent-from", "resent-to", "mailing-list"}

// Why says in a few words what is wrong with a rule, "" when nothing is. own are the organisation's domains; subdomains count. Rules that
// look at nothing but a spam filter's fields only sort.
func (r Rule) Why(own []string) string {
	if r.Unread {
		return "cannot be read: nobody knows what it does"
	}
	acts, tested := r.actions()
	var why []string
	add := func(format string, a ...any) {
		if s := fmt.Sprintf(format, a...); len(why) < 5 && !slices.Contains(why, s) {
			why = append(why, s)
		}
	}
	about := subject(tested)
	seen := slices.ContainsFunc(acts, func(a act) bool {
		return (a.name == "setflag" || a.name == "addflag" || slices.Contains(a.tags, ":flags")) && slices.ContainsFunc(a.strings, func(s string) bool {
			return strings.Contains(strings.ToLower(s), `\seen`)
		})
	})
	for _, a := range acts {
		to := a.last()
		switch a.name {
		case "redirect":
			if strings.Contains(to, "${") {
				add("forwards to an address that it makes up")
			} else if !within(to, own) {
				add("forwards to %s", short(to))
			}
		case "notify":
			if rest, ok := strings.CutPrefix(strings.ToLower(to), "mailto:"); ok && !within(strings.SplitN(rest, "?", 2)[0], own) {
				add("tells %s of mail", short(rest))
			}
		case "discard", "reject", "ereject":
			if verb := map[string]string{"discard": "deletes"}[a.name]; !spamOnly(tested) {
				if verb == "" {
					verb = "refuses"
				}
				add("%s %s", verb, about)
			}
		case "fileinto":
			if name := strings.ToLower(leaf(to)); !spamOnly(tested) && (seen || slices.Contains(hiding, name) || strings.Trim(name, ".-_ ") == "") {
				add("hides %s in %s", about, short(to))
			}
		case "execute", "pipe", "filter":
			add("runs the program %s", short(to))
		}
	}
	return strings.Join(why, "; ")
}

// leaf is the last part of a folder's name.
func leaf(name string) string {
	if i := strings.LastIndexAny(strings.TrimRight(name, "./"), "./"); i >= 0 {
		return name[i+1:]
	}
	return name
}

// subject says what mail a rule's tests are about.
func subject(tested []string) string {
	var words []string
	for _, s := range tested {
		low := strings.ToLower(strings.TrimSpace(s))
		if low == "" || slices.Contains(headers, low) || strings.HasPrefix(low, "x-") || slices.Contains(words, short(s)) {
			continue
		}
		if words = append(words, short(s)); len(words) == 5 {
			break
		}
	}
	switch {
	case len(tested) == 0:
		return "all mail"
	case len(words) == 0:
		return "mail"
	}
	return "mail about " + strings.Join(words, ", ")
}

// spamOnly reports whether the tests look at the fields of a spam filter and at no other.
func spamOnly(tested []string) bool {
	spam := false
	for _, s := range tested {
		low := strings.ToLower(s)
		if strings.HasPrefix(low, "x-spam") || strings.HasPrefix(low, "x-virus") || strings.HasPrefix(low, "x-rspamd") || strings.HasPrefix(low, "x-tocsin") {
			spam = true
		} else if slices.Contains(headers, low) {
			return false
		}
	}
	return spam
}

// within reports whether an address belongs to one of the domains.
func within(address string, own []string) bool {
	domain := strings.ToLower(strings.Trim(address[strings.LastIndexByte(address, '@')+1:], "<> ."))
	return strings.Contains(address, "@") && slices.ContainsFunc(own, func(d string) bool {
		d = strings.ToLower(d)
		return d != "" && (domain == d || strings.HasSuffix(domain, "."+d))
	})
}

func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 100 {
		return strings.ToValidUTF8(s[:100], "") + "..."
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// Includes lists the scripts of the same mailbox that a rule runs (RFC 6609).
func (r Rule) Includes() (out []string) {
	acts, _ := r.actions()
	for _, a := range acts {
		if a.name == "include" && !slices.Contains(a.tags, ":global") && a.last() != "" {
			out = append(out, a.last())
		}
	}
	return out
}
