package audit

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"tocsin/internal/auth"
)

// An export is lines of JSON: a head, records oldest first, the checkpoints that speak of them, and an end, which signs all octets
// before it.

// ExportHead is the first line.
type ExportHead struct {
	Type      string    `json:"type"` // "head"
	Tocsin    string    `json:"tocsin"`
	Version   int       `json:"version"`
	Made      time.Time `json:"made"`
	By        string    `json:"by"`
	Filter    string    `json:"filter"`   // in words; "" when every record is there
	Complete  bool      `json:"complete"` // records follow one another without gaps
	Key       string    `json:"key"`
	PublicKey string    `json:"public_key"` // PEM; who wants proof compares it with a copy kept elsewhere
}

// exportRecord is one record. Detail stands as it was hashed; what is no compact JSON stands as text.
type exportRecord struct {
	Type       string          `json:"type"` // "record"
	Seq        int64           `json:"seq"`
	At         time.Time       `json:"at"`
	OperatorID string          `json:"operator_id"`
	Operator   string          `json:"operator"`
	Via        string          `json:"via"`
	Address    string          `json:"address"`
	Action     string          `json:"action"`
	Subject    string          `json:"subject"`
	Recipient  string          `json:"recipient"`
	Reason     string          `json:"reason"`
	Detail     json.RawMessage `json:"detail,omitempty"`
	DetailText *string         `json:"detail_text,omitempty"`
	Prev       string          `json:"prev"`
	Hash       string          `json:"hash,omitempty"`
}

type exportEnd struct {
	Type      string `json:"type"` // "end"
	Records   int64  `json:"records"`
	SHA256    string `json:"sha256"` // of all octets before this line
	Key       string `json:"key"`
	Signature string `json:"signature"`
}

// message is what the end signs: "tocsin audit export 1\n", the count as 64 bits, big-endian, and the SHA-256.
func (e *exportEnd) message(sum Sum) []byte {
	b := binary.BigEndian.AppendUint64([]byte(exportDomain), uint64(e.Records))
	return append(b, sum[:]...)
}

// Exporter writes an export. Head first, End last.
type Exporter struct {
	w       io.Writer
	sum     hash.Hash
	key     *Key
	records int64
}

// NewExporter writes to w, signed with the key.
func NewExporter(w io.Writer, key *Key) *Exporter {
	return &Exporter{w: w, sum: sha256.New(), key: key}
}

func (e *Exporter) line(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // the detail's octets are hashed as they are
	if err := enc.Encode(v); err != nil {
		return err
	}
	e.sum.Write(b.Bytes())
	_, err := e.w.Write(b.Bytes())
	return err
}

// Head writes the first line; key and version are filled in.
func (e *Exporter) Head(h ExportHead) error {
	h.Type, h.Tocsin, h.Version = "head", "audit export", 1
	h.Key, h.PublicKey = e.key.Public().ID(), string(e.key.Public().PEM())
	return e.line(h)
}

// Record writes one record.
func (e *Exporter) Record(l *Link) error {
	r := exportRecord{
		Type: "record", Seq: l.Seq, At: l.At.UTC(), OperatorID: l.OperatorID, Operator: l.Operator, Via: l.Via, Address: l.Address, Action: string(l.Action),
		Subject: l.Subject, Recipient: l.Recipient, Reason: l.Reason, Prev: l.Prev.String(), Hash: l.Hash.String(),
	}
	if l.Bare {
		r.Hash = ""
	}
	var compact bytes.Buffer
	if json.Compact(&compact, l.Detail) == nil && bytes.Equal(compact.Bytes(), l.Detail) {
		r.Detail = l.Detail
	} else {
		text := string(l.Detail)
		r.DetailText = &text
	}
	e.records++
	return e.line(r)
}

// Checkpoint writes one checkpoint.
func (e *Exporter) Checkpoint(c *Checkpoint) error {
	raw := c.Line()
	e.sum.Write(raw)
	_, err := e.w.Write(raw)
	return err
}

// End signs what was written.
func (e *Exporter) End() error {
	sum := Sum(e.sum.Sum(nil))
	end := exportEnd{Type: "end", Records: e.records, SHA256: sum.String(), Key: e.key.Public().ID()}
	end.Signature = base64.StdEncoding.EncodeToString(e.key.sign(end.message(sum)))
	return e.line(end)
}

// maxExportLine bounds one line: a detail and a subject at their longest, escaped.
const maxExportLine = 64 << 20

// VerifyExport checks an exported file. When the key is not known, the one in the file is used, and the report says that it proves
// nothing by itself. sheets are files of checkpoints beside it. The error is for what is no export at all.
func VerifyExport(r io.Reader, public Public, sheets ...Sheet) (*Report, error) {
	in := bufio.NewReaderSize(r, 1<<20)
	sum := sha256.New()
	line, _, err := exportLine(in, sum)
	var head ExportHead
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if json.Unmarshal(line, &head) != nil || head.Type != "head" || head.Tocsin != "audit export" {
		return nil, errors.New("this is no export of the audit log: the first line is not its head")
	}
	if head.Version != 1 {
		return nil, fmt.Errorf("this export was made by a newer Tocsin (version %d of the format; this one knows 1)", head.Version)
	}
	note := ""
	if !public.Known() {
		if public, err = ParsePublic([]byte(head.PublicKey)); err == nil {
			note = "signatures were checked with the key in the file itself (" + public.ID() + "): compare it with the key of the installation, or give it with --key"
		}
	}
	x := &exportCheck{v: NewVerifier(public), in: in, sum: sum, public: public}
	x.v.report.Partial = !head.Complete
	x.anchors(sheets)
	if note != "" {
		x.v.report.Notes = append(x.v.report.Notes, note)
	}
	if !head.Complete {
		x.v.report.Notes = append(x.v.report.Notes, "the export holds only some records ("+clip(head.Filter, 500)+"): each is checked by itself, and the file by its signature")
	}
	if err := x.lines(); err != nil {
		return nil, err
	}
	x.late()
	return x.v.End(nil), nil
}

// exportCheck reads an export after its head.
type exportCheck struct {
	v      *Verifier
	in     *bufio.Reader
	sum    hash.Hash
	public Public
	points []Checkpoint
	byHash map[int64]Sum // hashes of records, for checkpoints that stand after them
	whole  bool          // the end was there
	count  int64
	first  bool
}

// anchors gives the verifier the checkpoints that are known before the first record.
func (x *exportCheck) anchors(sheets []Sheet) { x.v.Checkpoints(nil, sheets...) }

func (x *exportCheck) lines() error {
	x.first = true
	for n := 2; ; n++ {
		before := Sum(x.sum.Sum(nil))
		line, long, err := exportLine(x.in, x.sum)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		ended := err != nil
		if len(bytes.TrimSpace(line)) > 0 || long {
			if x.whole {
				x.v.problem(Inserted, nil, fmt.Sprintf("line %d stands after the signed end of the export", n))
			} else if wrong := x.line(line, long, before); wrong != "" {
				x.v.problem(Changed, nil, fmt.Sprintf("line %d cannot be read: %s", n, wrong))
			}
		}
		if ended {
			break
		}
	}
	if !x.whole {
		x.v.problem(Removed, nil, "the export has no signed end: its tail was cut off, or it was not written to its end")
	}
	return nil
}

func (x *exportCheck) line(raw []byte, long bool, before Sum) (wrong string) {
	if long {
		return "it is too long"
	}
	var kind struct{ Type string }
	if json.Unmarshal(raw, &kind) != nil {
		return "it is no JSON"
	}
	switch kind.Type {
	case "record":
		l, err := parseLink(raw)
		if err != nil {
			return err.Error()
		}
		x.count++
		if x.first && x.v.report.Anchor == 0 && !x.v.report.Partial && l.Seq > 1 {
			// The export begins where the store did; the anchor that allows it stands among its checkpoints and is looked for at the end.
			x.v.prev = Link{Record: auth.Record{Seq: l.Seq - 1}, Hash: l.Prev}
			x.v.sum = l.Prev
		}
		x.first = false
		if x.byHash == nil {
			x.byHash = map[int64]Sum{}
		}
		x.byHash[l.Seq] = l.Hash
		x.v.Record(&l)
	case KindCheckpoint, KindAnchor:
		c, err := parseCheckpoint(raw)
		if err != nil {
			return err.Error()
		}
		if len(x.points) == maxCheckpoints {
			return "there are too many checkpoints"
		}
		x.points = append(x.points, c)
	case "end":
		var e exportEnd
		if json.Unmarshal(raw, &e) != nil {
			return "it is no end"
		}
		x.end(&e, before)
	default:
		return "it is of a kind that is not known"
	}
	return ""
}

func (x *exportCheck) end(e *exportEnd, before Sum) {
	x.whole = true
	signature, err := base64.StdEncoding.DecodeString(e.Signature)
	switch {
	case e.Records != x.count:
		x.v.problem(Removed, nil, fmt.Sprintf("the export's end counts %d records; there are %d", e.Records, x.count))
	case e.SHA256 != before.String():
		x.v.problem(Signed, nil, "the file was changed after it was exported: its SHA-256 is not the one that its end signed")
	}
	if x.public.Known() && (err != nil || !x.public.verify(e.message(before), signature) && e.SHA256 == before.String() || e.Key != x.public.ID()) {
		x.v.problem(Signed, nil, fmt.Sprintf("the signature at the end of the export is wrong: it was not made with the key %s", x.public.ID()))
	}
}

// late compares the checkpoints of the file itself, which stand after the records.
func (x *exportCheck) late() {
	rep := &x.v.report
	anchored := rep.Anchor > 0
	for i := range x.points {
		c := &x.points[i]
		if !x.public.Known() {
			break
		}
		if c.Key != x.public.ID() || !x.public.Signed(c) {
			x.v.problem(Signed, nil, fmt.Sprintf("checkpoint %d in the export has a wrong signature: it was changed or made by somebody else", c.Number))
			continue
		}
		rep.Checkpoints++
		sum, there := x.byHash[c.Seq]
		switch {
		case there && sum == c.Hash, !there && c.Kind == KindAnchor && c.Seq < rep.First.Seq:
			rep.Holding++
			if rep.Latest == nil || c.Number > rep.Latest.Number {
				rep.Latest = &Held{Checkpoint: *c, From: "the export", Holds: true}
			}
			if c.Kind == KindAnchor {
				rep.Anchor, anchored = max(rep.Anchor, c.Seq), true
			}
		case there:
			x.v.problem(Forked, &auth.Record{Seq: c.Seq, At: c.At}, fmt.Sprintf("record %d is not the one that checkpoint %d signed: records up to it were written anew", c.Seq, c.Number))
		}
	}
	if !rep.Partial && rep.First.Seq > 1 && x.public.Known() && (!anchored || rep.Anchor != rep.First.Seq-1) {
		x.v.problem(Removed, &auth.Record{Seq: 1}, fmt.Sprintf("records 1 to %d are missing, and no signed anchor says that they were removed as their retention says", rep.First.Seq-1))
	}
}

// exportLine reads one line and hashes all of it. long: it was longer than any line of an export, and was skipped.
func exportLine(in *bufio.Reader, sum hash.Hash) (line []byte, long bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		sum.Write(part)
		if len(line)+len(part) > maxExportLine {
			long, line = true, nil
		} else if !long {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, long, err
		}
	}
}

func parseLink(raw []byte) (Link, error) {
	var e exportRecord
	if err := json.Unmarshal(raw, &e); err != nil {
		return Link{}, errors.New("it is no record")
	}
	l := Link{Record: auth.Record{
		Seq: e.Seq, At: e.At, OperatorID: e.OperatorID, Operator: e.Operator, Via: e.Via, Address: e.Address, Action: auth.Action(e.Action),
		Subject: e.Subject, Recipient: e.Recipient, Reason: e.Reason, Detail: e.Detail,
	}}
	if e.At.Year() == 1 {
		l.At = time.Time{}
	}
	if e.DetailText != nil {
		l.Detail = json.RawMessage(*e.DetailText)
	}
	prev, err := parseSum(e.Prev)
	if err != nil {
		return Link{}, errors.New("its prev is not 64 hex digits")
	}
	l.Prev = prev
	if e.Hash == "" {
		l.Bare = true
		return l, nil
	}
	l.Hash, err = parseSum(e.Hash)
	return l, err
}
