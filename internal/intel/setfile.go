package intel

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
)

// setHeader is what a kept set says before its table.
type setHeader struct {
	Number   int64
	Slots    int
	Used     int
	Dead     int
	Facts    [][7]int64 // from, threat, source, kind, confidence, good, suspicious
	Threats  []string
	Sources  []string
	Prefixes map[int]int
	Kinds    [len(kindNames)]int
	Patterns []Indicator
}

const setMagic = "tocsin indicators 1\n"

// Bounds of a file that is read: it lies in a folder of the program's own, and may be damaged all the same.
const (
	maxSetHeader = 1 << 30
	maxSetSlots  = 1 << 28
)

var errDamaged = errors.New("the kept set of indicators is damaged")

// WriteSet writes the set with a number of the caller's. It can be read back in a fraction of the time that filling takes.
func (x *Indicators) WriteSet(w io.Writer, number int64) error {
	h := setHeader{Number: number, Slots: len(x.table.keys), Used: x.table.used, Dead: x.table.dead, Threats: x.threats.list, Sources: x.sources.list, Prefixes: x.prefixes, Kinds: x.kinds}
	for _, f := range x.facts {
		h.Facts = append(h.Facts, [7]int64{f.from, int64(f.threat), int64(f.source), int64(f.kind), int64(f.confidence), bit(f.good), bit(f.suspicious)})
	}
	for i := range x.patterns.list {
		h.Patterns = append(h.Patterns, x.patterns.list[i].in)
	}
	head, err := json.Marshal(h)
	if err != nil {
		return err
	}
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	b := bufio.NewWriterSize(w, 1<<20)
	out := io.MultiWriter(b, sum)
	if _, err := io.WriteString(out, setMagic); err != nil {
		return err
	}
	if err := binary.Write(out, binary.LittleEndian, uint32(len(head))); err != nil {
		return err
	}
	if _, err := out.Write(head); err != nil {
		return err
	}
	var room [20 * 1024]byte
	n := 0
	for i, k := range x.table.keys {
		s := x.table.rest[i]
		binary.LittleEndian.PutUint64(room[n:], k)
		binary.LittleEndian.PutUint32(room[n+8:], s.check)
		binary.LittleEndian.PutUint32(room[n+12:], s.facts)
		binary.LittleEndian.PutUint32(room[n+16:], s.until)
		if n += 20; n == len(room) || i == len(x.table.keys)-1 {
			if _, err := out.Write(room[:n]); err != nil {
				return err
			}
			n = 0
		}
	}
	if err := binary.Write(b, binary.LittleEndian, sum.Sum32()); err != nil {
		return err
	}
	return b.Flush()
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// ReadSet reads what WriteSet wrote. A file that is not whole, or not right, is an error.
func ReadSet(r io.Reader) (x *Indicators, number int64, err error) {
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	in := &summed{bufio.NewReaderSize(r, 1<<20), sum}
	magic := make([]byte, len(setMagic)+4)
	if _, err := io.ReadFull(in, magic); err != nil || string(magic[:len(setMagic)]) != setMagic {
		return nil, 0, errDamaged
	}
	size := binary.LittleEndian.Uint32(magic[len(setMagic):])
	if size > maxSetHeader {
		return nil, 0, errDamaged
	}
	var h setHeader
	head, err := io.ReadAll(io.LimitReader(in, int64(size)))
	if err != nil || len(head) != int(size) || json.Unmarshal(head, &h) != nil || h.Slots < 0 || h.Slots > maxSetSlots || h.Used > h.Slots || h.Dead > h.Used {
		return nil, 0, errDamaged
	}
	x = NewIndicators()
	if err := x.restore(&h); err != nil {
		return nil, 0, err
	}
	var room [20 * 1024]byte
	for at := 0; at < h.Slots; {
		part := room[:min(len(room), 20*(h.Slots-at))]
		if _, err := io.ReadFull(in, part); err != nil {
			return nil, 0, errDamaged
		}
		for ; len(part) > 0; part, at = part[20:], at+1 {
			x.table.keys[at] = binary.LittleEndian.Uint64(part)
			x.table.rest[at] = slot{binary.LittleEndian.Uint32(part[8:]), binary.LittleEndian.Uint32(part[12:]), binary.LittleEndian.Uint32(part[16:])}
			if int(x.table.rest[at].facts) >= len(x.facts) {
				return nil, 0, errDamaged
			}
		}
	}
	want := sum.Sum32()
	var got uint32
	if err := binary.Read(in.r, binary.LittleEndian, &got); err != nil || got != want {
		return nil, 0, errDamaged
	}
	return x, h.Number, nil
}

func (x *Indicators) restore(h *setHeader) error {
	for _, t := range h.Threats {
		x.threats.id(t)
	}
	for _, s := range h.Sources {
		x.sources.id(s)
	}
	for i, f := range h.Facts {
		if int(f[1]) > len(h.Threats) || int(f[2]) > len(h.Sources) || f[1] < 0 || f[2] < 0 {
			return errDamaged
		}
		one := facts{from: f[0], threat: uint32(f[1]), source: uint32(f[2]), kind: Kind(f[3]), confidence: uint8(f[4]), good: f[5] == 1, suspicious: f[6] == 1}
		if i == 0 {
			continue
		}
		x.facts = append(x.facts, one)
		x.factID[one] = uint32(i)
	}
	for k, n := range h.Prefixes {
		x.prefixes[k] = n
	}
	for i := range h.Patterns {
		if !x.patterns.put(h.Patterns[i]) {
			return fmt.Errorf("%w: a pattern twice", errDamaged)
		}
	}
	x.kinds = h.Kinds
	x.table = table{keys: make([]uint64, h.Slots), rest: make([]slot, h.Slots), used: h.Used, dead: h.Dead}
	return nil
}

// summed reads and sums up.
type summed struct {
	r   *bufio.Reader
	sum hash.Hash32
}

func (s *summed) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	_, _ = s.sum.Write(p[:n])
	return n, err
}
