package scan

import "strings"

// looseBase64 decodes base64 as the most forgiving program would: other characters are left out, both alphabets count, it ends at "=".
func looseBase64[T string | []byte](s T) []byte {
	out := make([]byte, 0, len(s)/4*3+3)
	var word uint32
	n := 0
	for i := 0; i < len(s); i++ {
		v := base64Value[s[i]]
		if v == 0xFF {
			if s[i] == '=' && n%4 >= 2 {
				break
			}
			continue
		}
		word = word<<6 | uint32(v)
		if n++; n%4 == 0 {
			out = append(out, byte(word>>16), byte(word>>8), byte(word))
		}
	}
	switch n % 4 {
	case 2:
		out = append(out, byte(word>>4))
	case 3:
		out = append(out, byte(word>>10), byte(word>>2))
	}
	return out
}

// base64Value gives each character its six bits, 0xFF for the others.
var base64Value = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xFF
	}
	for i, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		t[c] = byte(i)
	}
	t['-'], t['_'] = 62, 63
	return t
}()

// indexFold is strings.Index for a lower-case ASCII word, in any case.
func indexFold(s, word string) int {
	letter := word[0] >= 'a' && word[0] <= 'z'
	for at := 0; at+len(word) <= len(s); at++ {
		if !letter {
			i := strings.IndexByte(s[at:], word[0])
			if i < 0 || at+i+len(word) > len(s) {
				return -1
			}
			at += i
		} else if s[at]|0x20 != word[0] {
			continue
		}
		if strings.EqualFold(s[at:at+len(word)], word) {
			return at
		}
	}
	return -1
}
