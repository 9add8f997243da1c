package detect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	"tocsin/internal/intel"
)

// ScanResult is one message of `tocsin scan --json`. Its keys are a promise to scripts: they may grow, never change. Lists are never null.
type ScanResult struct {
	File              string           `json:"file"`
	NetworkMessageID  string           `json:"network_message_id"`
	InternetMessageID string           `json:"internet_message_id"`
	Subject           string           `json:"subject"`
	SenderFrom        string           `json:"sender_from"`
	ThreatTypes       []Threat         `json:"threat_types"`
	PhishConfidence   Confidence       `json:"phish_confidence"`
	Score             int              `json:"score"`
	Technologies      []Technology     `json:"detection_technologies"`
	Signals           []ScanSignal     `json:"signals"`
	URLs              []ScanURL        `json:"urls"`
	Attachments       []ScanAttachment `json:"attachments"`
	Defects           []ScanDefect     `json:"defects"`
	ParseMS           float64          `json:"parse_ms"`
	JudgeMS           float64          `json:"judge_ms"`
}

// ScanSignal is a Signal in short. Weights of one threat add up to its score; the message's score is the highest of them.
type ScanSignal struct {
	ID         string     `json:"id"`
	Technology Technology `json:"technology"`
	Weight     int        `json:"weight"`
	Evidence   string     `json:"evidence"`
}

// ScanURL is one address in the message; each (url, location) once.
type ScanURL struct {
	URL      string `json:"url"`
	Domain   string `json:"domain"`
	Location string `json:"location"` // Body, Subject, Header, Attachment, QRCode
}

// ScanAttachment is one file. Type is the media type detected from its content; Within names the containing file or message.
type ScanAttachment struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Size   int    `json:"size"`
	MD5    string `json:"md5"`
	SHA1   string `json:"sha1"`
	SHA256 string `json:"sha256"`
	Within string `json:"within"`
}

// ScanDefect is a place where the message broke a rule.
type ScanDefect struct {
	ID    string `json:"id"`
	Where string `json:"where"`
}

// NewScanResult puts together what scan tells about one message.
func NewScanResult(file, networkMessageID string, c *Context, v Verdict, parse, judge time.Duration) ScanResult {
	m := c.Message
	r := ScanResult{File: file, NetworkMessageID: networkMessageID, InternetMessageID: m.MessageID, Subject: m.Subject,
		ThreatTypes: append([]Threat{}, v.Threats...), PhishConfidence: v.Confidence, Score: v.Score, Technologies: append([]Technology{}, v.Technologies...),
		Signals: make([]ScanSignal, len(v.Signals)), URLs: []ScanURL{}, Attachments: make([]ScanAttachment, len(m.Attachments)),
		Defects: make([]ScanDefect, len(m.Defects)), ParseMS: ms(parse), JudgeMS: ms(judge)}
	if len(m.From) > 0 {
		r.SenderFrom = m.From[0].Addr
	}
	for i, s := range v.Signals {
		r.Signals[i] = ScanSignal{s.ID, s.Technology, s.Weight, s.Evidence}
	}
	seen := map[ScanURL]bool{}
	for _, l := range m.Links {
		u := ScanURL{l.URL, l.Host, string(l.Where)}
		if !seen[u] {
			seen[u] = true
			r.URLs = append(r.URLs, u)
		}
	}
	for i := range m.Attachments {
		a := &m.Attachments[i]
		r.Attachments[i] = ScanAttachment{a.Name, a.Type, a.Size, a.MD5, a.SHA1, a.SHA256, a.Within}
	}
	for i, d := range m.Defects {
		r.Defects[i] = ScanDefect{d.ID, d.Where}
	}
	return r
}

// ms is d in milliseconds, to the microsecond.
func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// AppendJSON appends r as one line of JSON without the line end. Characters that could act on a terminal or hide in it are written as
// \uXXXX, so that the line is safe to look at and decodes to the very values of the message.
func (r ScanResult) AppendJSON(b []byte) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return b, fmt.Errorf("scan result of %s: %w", Clean(r.File, maxValue), err)
	}
	text := bytes.TrimRight(buf.Bytes(), "\n")
	for len(text) > 0 {
		c, n := utf8.DecodeRune(text)
		switch {
		case c < utf8.RuneSelf && c != 0x7f, !unicode.IsControl(c) && !intel.Invisible(c):
			b = append(b, text[:n]...)
		case c > 0xffff:
			c -= 0x10000
			b = fmt.Appendf(b, `\u%04x\u%04x`, 0xd800+(c>>10), 0xdc00+(c&0x3ff))
		default:
			b = fmt.Appendf(b, `\u%04x`, c)
		}
		text = text[n:]
	}
	return b, nil
}
