package ingest

import (
	"encoding/binary"
	"hash/fnv"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tocsin/internal/email"
)

// Cluster is the number that messages of like content share (EmailClusterId), 0 for a message without any content to
// go by.
//
// It is a hash of three things that a mass mailing keeps while it changes names, numbers and tracking tokens: the shape of
// the subject (words without digits, without the recipients' names), the sites that its links lead to, and a
// sketch of the visible text: the four smallest hashes of its longer words, which stay the same when other words come
// and go. A sender who rewrites every word gets a cluster a message; package campaign looks deeper.
func Cluster(m *email.Message, recipients []string) int64 {
	named := recipientWords(m, recipients)
	h := fnv.New64a()
	empty := true
	put := func(label byte, values []string) {
		_, _ = h.Write([]byte{label})
		for _, v := range values {
			empty = false
			_, _ = h.Write([]byte(v))
			_, _ = h.Write([]byte{0})
		}
	}
	put('s', words(subjectCore(m.Subject), 2, named, 50))
	put('l', linkHosts(m))
	put('t', sketch(words(m.Visible, 4, named, 5000)))
	if empty {
		for _, a := range m.Attachments {
			put('a', []string{a.SHA256})
		}
	}
	if empty {
		return 0
	}
	return int64(h.Sum64())
}

// sketchSize is how many words stand for a text. More would tell texts apart better and let a change of one word
// part what belongs together.
const sketchSize = 4

func sketch(words []string) []string {
	hashes := make([]uint64, 0, len(words))
	for _, w := range words {
		h := fnv.New64a()
		_, _ = h.Write([]byte(w))
		hashes = append(hashes, h.Sum64())
	}
	slices.Sort(hashes)
	hashes = slices.Compact(hashes)
	out := make([]string, 0, sketchSize)
	for _, v := range hashes[:min(len(hashes), sketchSize)] {
		out = append(out, string(binary.BigEndian.AppendUint64(nil, v)))
	}
	return out
}

// words splits text into lower-case words of at least least letters and drops what is personal: words with digits, addresses,
// links, names of recipients.
func words(text string, least int, named map[string]bool, limit int) []string {
	var out []string
	for field := range strings.FieldsSeq(text) {
		if strings.ContainsAny(field, "@/0123456789") {
			continue
		}
		w := strings.ToLower(strings.TrimFunc(field, func(r rune) bool { return !unicode.IsLetter(r) }))
		if utf8.RuneCountInString(w) < least || len(w) > 60 || named[w] {
			continue
		}
		if out = append(out, w); len(out) == limit {
			break
		}
	}
	return out
}

// subjectCore is the subject without the prefixes of replies and forwards.
func subjectCore(s string) string {
	for {
		s = strings.TrimSpace(s)
		head, rest, ok := strings.Cut(s, ":")
		switch strings.ToLower(strings.TrimSpace(head)) {
		case "re", "fw", "fwd", "aw", "wg", "sv", "vs", "antw", "tr", "rif":
		default:
			return s
		}
		if !ok {
			return s
		}
		s = rest
	}
}

// linkHosts is the sorted set of sites that a reader could follow.
func linkHosts(m *email.Message) []string {
	var hosts []string
	for _, l := range m.Links {
		if l.Host != "" {
			hosts = append(hosts, l.Host)
		}
	}
	slices.Sort(hosts)
	hosts = slices.Compact(hosts)
	return hosts[:min(len(hosts), 20)]
}

// recipientWords are the words by which the message may address its reader.
func recipientWords(m *email.Message, recipients []string) map[string]bool {
	named := map[string]bool{}
	add := func(s string) {
		for w := range strings.FieldsFuncSeq(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) }) {
			named[w] = true
		}
	}
	for _, r := range recipients {
		local, _, _ := strings.Cut(r, "@")
		add(local)
	}
	for _, list := range [][]email.Address{m.To, m.Cc} {
		for _, a := range list[:min(len(list), maxHeaderRecipients)] {
			local, _, _ := strings.Cut(a.Addr, "@")
			add(local)
			add(a.Name)
		}
	}
	return named
}
