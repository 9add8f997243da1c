package audit

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// FileName is the file of checkpoints in the data folder.
const FileName = "audit-checkpoints"

// Kinds of checkpoints.
const (
	KindCheckpoint = "checkpoint" // the log had these records
	KindAnchor     = "anchor"     // and those up to this one were removed, as their retention says
)

// Checkpoint says under a signature what the last record was at some time.
type Checkpoint struct {
	Number    int64 // counts checkpoints from 1, without gaps
	Kind      string
	Seq       int64
	Hash      Sum
	At        time.Time
	Key       string // ID of the key that signed
	Signature []byte
}

// message is what is signed: "tocsin audit checkpoint 1\n"; number, seq and time in microseconds, each as 64 bits, big-endian; the hash
// (32 octets); kind and key, each as its length (64 bits) and its octets.
func (c *Checkpoint) message() []byte {
	b := []byte(checkpointDomain)
	for _, n := range []int64{c.Number, c.Seq, Micros(c.At)} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	b = append(b, c.Hash[:]...)
	for _, s := range []string{c.Kind, c.Key} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

// Sign fills in key and signature.
func (k *Key) Sign(c Checkpoint) Checkpoint {
	c.At = FromMicros(Micros(c.At))
	c.Key = k.Public().ID()
	c.Signature = k.sign(c.message())
	return c
}

// Signed reports whether the checkpoint was signed with this key.
func (p Public) Signed(c *Checkpoint) bool { return p.verify(c.message(), c.Signature) }

// checkpointLine is a checkpoint in files: one line of JSON.
type checkpointLine struct {
	Type      string    `json:"type"` // "checkpoint" or "anchor"
	Number    int64     `json:"number"`
	Seq       int64     `json:"seq"`
	Hash      string    `json:"hash"`
	At        time.Time `json:"at"`
	Key       string    `json:"key"`
	Signature string    `json:"signature"` // base64
}

// Line is the checkpoint as a line of JSON, with its end.
func (c *Checkpoint) Line() []byte {
	raw, _ := json.Marshal(checkpointLine{c.Kind, c.Number, c.Seq, c.Hash.String(), c.At.UTC(), c.Key, base64.StdEncoding.EncodeToString(c.Signature)}) // cannot fail
	return append(raw, '\n')
}

func parseCheckpoint(line []byte) (Checkpoint, error) {
	var l checkpointLine
	if err := json.Unmarshal(line, &l); err != nil {
		return Checkpoint{}, errors.New("it is no JSON")
	}
	if l.Type != KindCheckpoint && l.Type != KindAnchor {
		return Checkpoint{}, errors.New("it is no checkpoint")
	}
	sum, err := parseSum(l.Hash)
	if err != nil {
		return Checkpoint{}, err
	}
	signature, err := base64.StdEncoding.DecodeString(l.Signature)
	if err != nil {
		return Checkpoint{}, errors.New("its signature is no base64")
	}
	return Checkpoint{Number: l.Number, Kind: l.Type, Seq: l.Seq, Hash: sum, At: l.At, Key: l.Key, Signature: signature}, nil
}

func parseSum(text string) (Sum, error) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(Sum{}) {
		return Sum{}, errors.New("its hash is not 64 hex digits")
	}
	return Sum(raw), nil
}

// Bounds of files of checkpoints.
const (
	maxCheckpointLine = 4 << 10
	maxCheckpoints    = 5_000_000
)

// Sheet is what a file of checkpoints holds.
type Sheet struct {
	Name   string
	Points []Checkpoint
	Broken []string // lines that are none, at most ten, in words
	Lines  int      // that are none
}

// ReadCheckpoints reads lines of checkpoints. Lines that are none are counted and named; the rest is read.
func ReadCheckpoints(name string, r io.Reader) (Sheet, error) {
	s := Sheet{Name: name}
	in := bufio.NewReaderSize(r, maxCheckpointLine)
	for n := 1; ; n++ {
		line, err := in.ReadSlice('\n')
		long := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = in.ReadSlice('\n')
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return s, fmt.Errorf("%s: %w", name, err)
		}
		if text := bytes.TrimSpace(line); len(text) > 0 {
			c, wrong := parseCheckpoint(text)
			if long {
				wrong = errors.New("it is too long")
			}
			switch {
			case wrong == nil && len(s.Points) == maxCheckpoints:
				return s, fmt.Errorf("%s: it has more than %d checkpoints", name, maxCheckpoints)
			case wrong == nil:
				s.Points = append(s.Points, c)
			default:
				if s.Lines++; len(s.Broken) < 10 {
					s.Broken = append(s.Broken, fmt.Sprintf("line %d of %s is no checkpoint: %s", n, name, wrong))
				}
			}
		}
		if err != nil {
			return s, nil
		}
	}
}

// ReadCheckpointFile is ReadCheckpoints for a file.
func ReadCheckpointFile(path string) (Sheet, error) {
	f, err := os.Open(path)
	if err != nil {
		return Sheet{Name: path}, err
	}
	defer func() { _ = f.Close() }()
	return ReadCheckpoints(path, f)
}

// lastNumber is the number of the last checkpoint in a file, from its end; 0 when there is none to be seen. tail says that the file
// does not end with a line's end: a write was cut off.
func lastNumber(path string) (number int64, tail bool, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	} else if err != nil {
		return 0, false, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return 0, false, err
	}
	if !info.Mode().IsRegular() {
		return 0, false, fmt.Errorf("%s is no file", path)
	}
	const look = 4 * maxCheckpointLine
	buf := make([]byte, min(info.Size(), look))
	if _, err := f.ReadAt(buf, info.Size()-int64(len(buf))); err != nil && !errors.Is(err, io.EOF) {
		return 0, false, err
	}
	tail = len(buf) > 0 && buf[len(buf)-1] != '\n'
	lines := bytes.Split(buf, []byte("\n"))
	for i := len(lines) - 1; i >= 0; i-- {
		if c, err := parseCheckpoint(lines[i]); err == nil {
			return c.Number, tail, nil
		}
	}
	return 0, tail, nil
}

// appendCheckpoints brings a file up to date: those with a number above its last one are added at its end and synced. It never
// changes what stands there, so the file may lie where nothing can be changed.
func appendCheckpoints(path string, since func(after int64) ([]Checkpoint, error)) error {
	last, tail, err := lastNumber(path)
	if err != nil {
		return err
	}
	fresh, err := since(last)
	if err != nil || len(fresh) == 0 {
		return err
	}
	var b bytes.Buffer
	if tail {
		b.WriteByte('\n')
	}
	for i := range fresh {
		b.Write(fresh[i].Line())
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(b.Bytes())
	return errors.Join(err, f.Sync(), f.Close())
}
