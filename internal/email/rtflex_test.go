package email

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func rtfPieces(b []byte) string {
	var out []string
	l := NewRTFLexer(b)
	for t, ok := l.Next(); ok; t, ok = l.Next() {
		switch {
		case t.Kind == RTFWord && t.Plain:
			out = append(out, string(t.Word))
		case t.Kind == RTFWord:
			out = append(out, fmt.Sprint(string(t.Word), "=", t.Number))
			if string(t.Word) == "bin" {
				out = append(out, fmt.Sprintf("%q", l.Binary(t.Number)))
			}
		case t.Kind == RTFOpen:
			out = append(out, "{")
		case t.Kind == RTFClose:
			out = append(out, "}")
		default:
			out = append(out, fmt.Sprintf("%d%q", t.Kind, t.Char))
		}
	}
	return strings.Join(out, " ")
}

func TestRTFPieces(t *testing.T) {
	for in, want := range map[string]string{
		`{\rtf1\b x}`:           `{ rtf=1 b 4'x' }`,
		`\u-10 ?\'e4\'zz\*\~`:   `u=-10 4'?' 5'ä' 3'\'' 4'z' 4'z' 3'*' 3'~'`,
		"a\r\nb\x00c\\":         `4'a' 4'b' 4'c'`,
		`\bin3 }}}\bin99 a`:     `bin=3 "}}}" bin=99 "a"`,
		`\bin-5 x\u-\u99999999`: `bin=-5 "" 4'x' u u=99999999`,
		`\'`:                    `3'\''`,
	} {
		if got := rtfPieces([]byte(in)); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestReadRTF(t *testing.T) {
	for in, want := range map[string]string{
		`{\rtf1\ansi\ansicpg1251 \'cf\'e0\'f0\'ee\'eb\'fc}`:                              "Пароль",
		`{\rtf1 a{\*\generator x;}b{\*\unknown y}{\* z}c}`:                               "abc",
		`{\rtf1 {\field{\*\fldinst HYPERLINK "https://a.example/x"}{\fldrslt here}}}`:    "<https://a.example/x> here",
		`{\rtf1\uc1 \u1055?\u1072?b}`:                                                    "Паb",
		`{\rtf1\fromhtml1 {\*\htmltag64 <p>}\htmlrtf not\htmlrtf0 shown{\*\mhtmltag x}}`: "<p>shown",
		`{\rtf1 {\fonttbl{\f0 Arial;}}text\par next\tab x{\pict\bin4 }}}}}`:              "text\nnext\tx",
	} {
		if got, _ := readRTF([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzRTF(f *testing.F) {
	for _, s := range []string{`{\rtf1\ansi\ansicpg932 \'83\'5c{\*\fldinst HYPERLINK "x"}\u-3?\bin3 abc}`, `{\rtf1\fromhtml1{\*\htmltag1 <b>}\htmlrtf x\htmlrtf0}`, `\'`, `{\*\*`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l := NewRTFLexer(b)
		for n := 0; ; n++ {
			if _, ok := l.Next(); !ok {
				break
			}
			if n > len(b) {
				t.Fatal("more pieces than octets")
			}
		}
		if text, _ := readRTF(b); !utf8.ValidString(text) {
			t.Errorf("not UTF-8: %q", text)
		}
	})
}
