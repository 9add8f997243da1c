package scan

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/nwaples/rardecode/v2"
)

// rar5Header puts a header together: checksum, size, and what it says.
func rar5Header(body []byte) []byte {
	b := append(binary.AppendUvarint(nil, uint64(len(body))), body...)
	return append(binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(b)), b...)
}

func uvarints(v ...uint64) []byte {
	var b []byte
	for _, n := range v {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

// rar5Archive makes an archive of one file. method 0 is stored, 3 packed.
func rar5Archive(name string, packed, content []byte, method uint64, extra []byte, crc uint32) []byte {
	b := []byte(rarSignature + "\x01\x00")
	b = append(b, rar5Header(uvarints(1, 0, 0))...)
	flags := uint64(2)
	if extra != nil {
		flags |= 1
	}
	h := uvarints(2, flags)
	if extra != nil {
		h = append(h, uvarints(uint64(len(extra)))...)
	}
	h = append(h, uvarints(uint64(len(packed)), 4, uint64(len(content)), 0)...)
	h = binary.LittleEndian.AppendUint32(h, crc)
	h = append(h, uvarints(method<<7|3<<10, 1, uint64(len(name)))...)
	h = append(append(h, name...), extra...)
	b = append(b, rar5Header(h)...)
	b = append(b, packed...)
	return append(b, rar5Header(uvarints(5, 0, 0))...)
}

// bitWriter writes bits, most significant first.
type bitWriter struct {
	b []byte
	n int
}

func (w *bitWriter) put(v, n int) {
	for i := n - 1; i >= 0; i-- {
		if w.n&7 == 0 {
			w.b = append(w.b, 0)
		}
		w.b[len(w.b)-1] |= byte(v>>i&1) << (7 - w.n&7)
		w.n++
	}
}

// rar5Packed packs random operations with codes of one length each: literals, matches of all kinds, filters.
func rar5Packed(r *rand.Rand, operations int) (packed []byte, size int) {
	w := &bitWriter{}
	for i := range 20 { // lengths of the code of lengths: 4, 6 and 9 are used
		n := 0
		if i == 4 || i == 6 || i == 9 || i == 15 {
			n = 2
		}
		w.put(n, 4)
	}
	code := map[int]int{4: 0, 6: 1, 9: 2}
	for range 306 {
		w.put(code[9], 2)
	}
	for range 64 {
		w.put(code[6], 2)
	}
	for range 16 {
		w.put(code[4], 2)
	}
	for range 44 {
		w.put(code[6], 2)
	}
	known := 0 // distances that were used
	last := 0
	for i := range operations {
		switch op := r.IntN(20); {
		case op < 12 || size < 300:
			if r.IntN(8) == 0 {
				w.put(0xE8, 9)
			} else {
				w.put(r.IntN(256), 9)
			}
			size++
		case op == 12 && i < operations-400:
			w.put(256, 9)
			w.put(0, 2)
			w.put(r.IntN(16), 8) // begins soon
			w.put(0, 2)
			w.put(40+r.IntN(100), 8)
			kind := r.IntN(4)
			w.put(kind, 3)
			if kind == 0 {
				w.put(r.IntN(4), 5)
			}
			for range 160 { // so that filters do not meet
				w.put(r.IntN(256), 9)
				size++
			}
		case op == 13 && last > 0:
			w.put(257, 9)
			size += last
		case op < 16 && known >= 4:
			k := r.IntN(4)
			w.put(258+k, 9)
			slot := r.IntN(10)
			w.put(slot, 6)
			last = slot + 2
			if slot >= 8 {
				v := r.IntN(2)
				w.put(v, 1)
				last = (4|slot&3)<<1 + v + 2
			}
			size += last
		default:
			slot := r.IntN(8)
			w.put(262+slot, 9)
			last = slot + 2
			far := r.IntN(14) // slots up to a distance of 256
			w.put(far, 6)
			d := far + 1
			if far >= 4 {
				n := far/2 - 1
				v := 0
				if n >= 4 {
					if n > 4 {
						v = r.IntN(1<<(n-4)) << 4
						w.put(v>>4, n-4)
					}
					low := r.IntN(16)
					w.put(low, 4)
					v += low
				} else {
					v = r.IntN(1 << n)
					w.put(v, n)
				}
				d = (2|far&1)<<n + v + 1
			}
			if d > 256 {
				last++
			}
			known++
			size += last
		}
	}
	bits := w.n
	flags := byte(0x80|0x40) | byte((bits-1)&7) | 2<<3
	n := len(w.b)
	head := []byte{flags, 0x5A ^ flags ^ byte(n) ^ byte(n>>8) ^ byte(n>>16), byte(n), byte(n >> 8), byte(n >> 16)}
	return append(head, w.b...), size
}

// TestRarUnpack holds our decoder against rardecode's.
func TestRarUnpack(t *testing.T) {
	compared := 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		packed, size := rar5Packed(r, 200+r.IntN(1500))
		archive := rar5Archive("a.bin", packed, make([]byte, size), 3, nil, 0)
		lib, err := rardecode.NewReader(bytes.NewReader(archive), rardecode.SkipCheck)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := lib.Next(); err != nil {
			t.Fatal(err)
		}
		want, wantErr := io.ReadAll(lib)
		var u rarUnpacker
		got, err := u.file(packed, size, false, 1<<20, func() bool { return false })
		if wantErr != nil || err != nil {
			if (wantErr == nil) != (err == nil) {
				t.Errorf("seed %d: ours %v, theirs %v", seed, err, wantErr)
			}
			continue
		}
		compared++
		if !bytes.Equal(got, want) {
			i := 0
			for i < len(got) && i < len(want) && got[i] == want[i] {
				i++
			}
			t.Errorf("seed %d: differs at %d of %d", seed, i, len(want))
		}
	}
	if compared < 200 {
		t.Errorf("only %d of 300 were compared", compared)
	}
}

// TestRar opens archives that the library reads too.
func TestRar(t *testing.T) {
	exe := program()
	plain := rar5Archive("dir/offer.exe", exe, exe, 0, nil, crc32.ChecksumIEEE(exe))
	lock := &rarLock{rounds: 15, salt: bytes.Repeat([]byte{7}, 16), iv: bytes.Repeat([]byte{9}, 16)}
	keys := rarKeys5("7731", lock)
	block, err := aes.NewCipher(keys.key)
	if err != nil {
		t.Fatal(err)
	}
	secret := bytes.Clone(exe)
	cipher.NewCBCEncrypter(block, lock.iv).CryptBlocks(secret, secret)
	record := append(append(uvarints(1, 0, 2), 15), append(bytes.Clone(lock.salt), lock.iv...)...)
	record = append(uvarints(uint64(len(record))), record...)
	locked := rar5Archive("offer.exe", secret, exe, 0, record, keys.keyed(crc32.ChecksumIEEE(exe)))
	for name, b := range map[string][]byte{"plain": plain, "locked": locked} {
		lib, err := rardecode.NewReader(bytes.NewReader(b), rardecode.Password("7731"))
		if err != nil {
			t.Fatal(name, err)
		}
		if _, err := lib.Next(); err != nil {
			t.Fatal(name, err)
		}
		if got, err := io.ReadAll(lib); err != nil || !bytes.Equal(got, exe) {
			t.Fatalf("%s: the library reads %d octets: %v", name, len(got), err)
		}
		m, r := look(t, Limits{}, "Passcode: 7731", attached{"offer.rar", b})
		if got := inner(m); !slices.Equal(got, []string{"offer.exe exe"}) {
			t.Errorf("%s: %v, defects %v", name, got, defectIDs(m))
		}
		want := "program-inside"
		if name == "locked" {
			want = "archive-encrypted locked-archive locked-archive-opened program-locked"
		}
		if got := strings.Join(factIDs(r), " "); got != want {
			t.Errorf("%s: facts %s, want %s", name, got, want)
		}
	}
}

// rar4Archive makes an archive of the older format: one file, stored, or said to be packed.
func rar4Archive(name string, content []byte, method byte) []byte {
	block := func(kind byte, flags uint16, body, data []byte) []byte {
		h := []byte{kind}
		h = binary.LittleEndian.AppendUint16(h, flags)
		h = binary.LittleEndian.AppendUint16(h, uint16(7+len(body)))
		h = append(h, body...)
		h = append(binary.LittleEndian.AppendUint16(nil, uint16(crc32.ChecksumIEEE(h))), h...)
		return append(h, data...)
	}
	b := []byte(rarSignature + "\x00")
	b = append(b, block(0x73, 0, make([]byte, 6), nil)...)
	le := binary.LittleEndian
	body := le.AppendUint32(nil, uint32(len(content)))
	body = le.AppendUint32(body, uint32(len(content)))
	body = append(body, 2)
	body = le.AppendUint32(body, crc32.ChecksumIEEE(content))
	body = le.AppendUint32(body, 0)
	body = append(body, 29, method)
	body = le.AppendUint16(body, uint16(len(name)))
	body = le.AppendUint32(body, 0x20)
	body = append(body, name...)
	b = append(b, block(0x74, 0x8000, body, content)...)
	return append(b, block(0x7B, 0, nil, nil)...)
}

func TestRarOld(t *testing.T) {
	stored := rar4Archive(`dir\offer.exe`, program(), 0x30)
	lib, err := rardecode.NewReader(bytes.NewReader(stored))
	if err != nil {
		t.Fatal(err)
	}
	if h, err := lib.Next(); err != nil || h.Name != "dir/offer.exe" {
		t.Fatalf("the library reads %+v: %v", h, err)
	}
	m, r := look(t, Limits{}, "", attached{"offer.rar", stored}, attached{"packed.rar", rar4Archive("packed.scr", program(), 0x33)})
	if got := inner(m); !slices.Equal(got, []string{"offer.exe exe", "packed.scr "}) {
		t.Errorf("%v; defects %v", got, defectIDs(m))
	}
	if got := strings.Join(factIDs(r), " "); got != "file-not-opened program-inside" {
		t.Errorf("facts %s", got)
	}
}
