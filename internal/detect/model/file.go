package model

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"
)

// A model file is: the magic, the length of a JSON head (uint32), the head, then for each feature the distance to the one before
// (unsigned varint) and its weight (float32), then the SHA-256 of everything before. Numbers are little endian.
const (
	magic           = "tocsin model 3\n"
	maxFile         = 1 << 20
	maxFileFeatures = 60000
	maxHead         = 4096
	maxWeight       = 100 // log-odds; no honest weight comes near
)

// ErrFile begins every error of Load.
var ErrFile = errors.New("not a model file of this version")

type head struct {
	Threat         string    `json:"threat"`
	Trained        time.Time `json:"trained"`
	Bad            int       `json:"bad"`
	Good           int       `json:"good"`
	Bias           float64   `json:"bias"`
	Caps           Caps      `json:"caps"`
	Toll           Caps      `json:"toll"`
	Slope          float64   `json:"slope"`
	Offset         float64   `json:"offset"`
	Threshold      float64   `json:"threshold"`
	FalsePositives float64   `json:"false_positives"`
	Ordinary       float64   `json:"ordinary"`
	Features       int       `json:"features"`
}

// Bytes is the model as a file.
func (m *Model) Bytes() ([]byte, error) {
	h, err := json.Marshal(head{m.Threat, m.Trained.UTC(), m.Bad, m.Good, m.Bias, m.Caps, m.Toll, m.Slope, m.Offset, m.Threshold, m.FalsePositives, m.Ordinary, len(m.features)})
	if err != nil {
		return nil, fmt.Errorf("write model: %w", err)
	}
	b := append([]byte(magic), 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(b[len(magic):], uint32(len(h)))
	b = append(b, h...)
	last := Feature(0)
	for i, f := range m.features {
		b = binary.AppendUvarint(b, uint64(f-last))
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(m.weights[i]))
		last = f
	}
	sum := sha256.Sum256(b)
	return append(b, sum[:]...), nil
}

// Load reads a model file. Whatever stands in it, the result is a model whose scores are finite numbers, or an error; it takes no more
// memory than a few times the size of b, which must not be above 1 MiB.
func Load(b []byte) (*Model, error) {
	if len(b) > maxFile || len(b) < len(magic)+4+sha256.Size || string(b[:len(magic)]) != magic {
		return nil, ErrFile
	}
	body, sum := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if have := sha256.Sum256(body); !bytes.Equal(have[:], sum) {
		return nil, fmt.Errorf("%w: the checksum does not fit", ErrFile)
	}
	size := binary.LittleEndian.Uint32(body[len(magic):])
	body = body[len(magic)+4:]
	if size > maxHead || int(size) > len(body) {
		return nil, fmt.Errorf("%w: the head is too long", ErrFile)
	}
	var h head
	dec := json.NewDecoder(bytes.NewReader(body[:size]))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&h); err != nil {
		return nil, fmt.Errorf("%w: the head cannot be read", ErrFile)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something stands behind the head", ErrFile)
	}
	for _, x := range append(append([]float64{h.Bias, h.Slope, h.Offset, h.Threshold, h.Ordinary}, h.Caps[:]...), h.Toll[:]...) {
		if math.IsNaN(x) || math.Abs(x) > 1e5 {
			return nil, fmt.Errorf("%w: a number is out of bounds", ErrFile)
		}
	}
	if slices.Min(h.Caps[:]) < 0 || slices.Min(h.Toll[:]) < 0 || h.Slope <= 0 || h.Ordinary > h.Threshold || h.Bad < 0 || h.Good < 0 || h.Features < 0 || h.Features > maxFileFeatures ||
		!(h.FalsePositives >= 0 && h.FalsePositives <= 1) || h.Threat != "Phish" && h.Threat != "Spam" {
		return nil, fmt.Errorf("%w: a number is out of bounds", ErrFile)
	}
	m := &Model{Threat: h.Threat, Trained: h.Trained, Bad: h.Bad, Good: h.Good, Bias: h.Bias, Caps: h.Caps, Toll: h.Toll, Slope: h.Slope, Offset: h.Offset,
		Threshold: h.Threshold, FalsePositives: h.FalsePositives, Ordinary: h.Ordinary}
	return m, m.loadWeights(body[size:], h.Features)
}

func (m *Model) loadWeights(b []byte, n int) error {
	if len(b) < 5*n {
		return fmt.Errorf("%w: weights are missing", ErrFile)
	}
	m.features, m.weights = make([]Feature, 0, n), make([]float32, 0, n)
	last := uint64(0)
	for i := range n {
		d, size := binary.Uvarint(b)
		if size <= 0 || d > 1<<32-1 || len(b) < size+4 {
			return fmt.Errorf("%w: weight %d is broken", ErrFile, i+1)
		}
		w := math.Float32frombits(binary.LittleEndian.Uint32(b[size:]))
		b = b[size+4:]
		last += d
		f := Feature(last)
		if last > 1<<32-1 || d == 0 && i > 0 || !f.valid() || !(w >= -maxWeight && w <= maxWeight) || f.Sign() == Raises && w < 0 || f.Sign() == Lowers && w > 0 || f.Sign() == Proves && w < 0 {
			return fmt.Errorf("%w: weight %d is out of bounds", ErrFile, i+1)
		}
		m.features, m.weights = append(m.features, f), append(m.weights, w)
	}
	if len(b) > 0 {
		return fmt.Errorf("%w: something stands behind the weights", ErrFile)
	}
	m.buildIndex()
	return nil
}
