package campaign

import (
	"encoding/binary"
	"hash/fnv"
	"slices"

	"tocsin/internal/email"
)

// Cluster is the number that messages of like content share (EmailClusterId), 0 for a message without any content to
// go by.
//
// It is a hash of three things that a mass mailing keeps while it changes names, numbers and tracking tokens: the shape of
// the subject (words without digits, without the recipients' names), the sites that its links lead to, and a
// sketch of the visible text: the four smallest hashes of its longer words, which stay the same when other words come
// and go. A sender who rewrites every word gets a cluster a message; a Print finds it all the same.
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
	put('s', wordsOf(subjectCore(m.Subject), 2, named, 50))
	put('l', linkHosts(m))
	put('t', smallest(wordsOf(m.Visible, 4, named, 5000)))
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

func smallest(words []string) []string {
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
