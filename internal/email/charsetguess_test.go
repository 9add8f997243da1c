package email

import (
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

const (
	sampleZH = "尊敬的客户，您的账户已被暂停，请点击此处验证您的身份信息。如有疑问，请联系我们的客服 (24 小时)。"
	sampleTW = "親愛的客戶您好，您的帳戶已經被暫停使用，請點選下面的連結 http://a.example/ 以確認您的身分，謝謝！"
	sampleJA = "お客様のアカウントが停止されました。こちらをクリックして確認してください。ご不明な点は、カスタマーセンターまで。"
	sampleKO = "고객님의 계정이 정지되었습니다. 여기를 클릭하여 확인해 주십시오. 문의 사항은 고객센터로 연락 바랍니다."
	sampleRU = "Уважаемый клиент, ваша посылка задержана на таможне. Пожалуйста, оплатите пошлину до конца недели. СПАСИБО ЗА ПОНИМАНИЕ"
	sampleEL = "Αγαπητέ πελάτη, ο λογαριασμός σας έχει ανασταλεί. Παρακαλούμε κάντε κλικ εδώ για επαλήθευση."
	sampleHE = "לקוח יקר, החשבון שלך הושעה. אנא לחץ כאן כדי לאמת את הפרטים שלך תוך יום אחד."
	sampleTH = "เรียนลูกค้า บัญชีของคุณถูกระงับ โปรดคลิกที่นี่เพื่อยืนยันตัวตนของคุณ"
	sampleFR = "Cher client, votre colis a été retenu à la douane : réglez dès à présent les frais. À bientôt, l’équipe dévouée ÉÀÇÈ"
	sampleCS = "Vážený zákazníku, váš účet byl pozastaven. Klikněte prosím sem a ověřte své údaje, děkujeme za pochopení."
)

func encode(t *testing.T, e encoding.Encoding, s string) []byte {
	t.Helper()
	b, err := e.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGuessEastAsian(t *testing.T) {
	for _, c := range []struct {
		name, text string
		in, want   encoding.Encoding
	}{
		{"Shift_JIS", sampleJA, japanese.ShiftJIS, japanese.ShiftJIS},
		{"EUC-JP", sampleJA, japanese.EUCJP, japanese.EUCJP},
		{"EUC-KR", sampleKO, korean.EUCKR, korean.EUCKR},
		{"GB2312", sampleZH, simplifiedchinese.GBK, simplifiedchinese.GB18030},
		{"Big5", sampleTW, traditionalchinese.Big5, traditionalchinese.Big5},
		{"windows-1251", sampleRU, charmap.Windows1251, nil},
		{"KOI8-R", sampleRU, charmap.KOI8R, nil},
		{"ISO-8859-7", sampleEL, charmap.ISO8859_7, nil},
		{"windows-1255", sampleHE, charmap.Windows1255, nil},
		{"windows-874", sampleTH, charmap.Windows874, nil},
		{"windows-1252", sampleFR, charmap.Windows1252, nil},
		{"windows-1250", sampleCS, charmap.Windows1250, nil},
		{"too short to tell", "退订", simplifiedchinese.GBK, nil},
	} {
		b := encode(t, c.in, c.text)
		if got := guessEastAsian(b); got != c.want {
			t.Errorf("%s: guessed %v, want %v", c.name, got, c.want)
		}
		if c.want == nil {
			continue
		}
		if text, fit := toUTF8(b, ""); text != c.text || fit != charsetMissing {
			t.Errorf("%s: read as %q (%v)", c.name, text, fit)
		}
		if text, _ := toUTF8(b, "x-no-such"); text != c.text {
			t.Errorf("%s under an unknown name: read as %q", c.name, text)
		}
	}
}

// TestCharsetOfWords checks that a text without a charset is read in the one of the encoded words above it.
func TestCharsetOfWords(t *testing.T) {
	body := encode(t, charmap.Windows1251, sampleRU)
	for header, want := range map[string]string{
		"Subject: =?windows-1251?B?0vPw?=\n":                     sampleRU,
		"Subject: plain\nFrom: =?windows-1251?Q?=D2?= <a@b.c>\n": sampleRU,
		"Subject: plain\n":                                       decodeWith(charmap.Windows1252, body),
		"Subject: =?x-no-such?Q?x?=\n":                           decodeWith(charmap.Windows1252, body),
		"Subject: =?utf-8?Q?=C3=A9?=\n":                          decodeWith(charmap.Windows1252, body),
	} {
		m := Parse(append([]byte(header+"\n"), body...), Limits{})
		if m.Text != want {
			t.Errorf("%q: text is %q", header, m.Text)
		}
		if !hasDefect(m, "charset-missing") {
			t.Errorf("%q: defects %v", header, m.Defects)
		}
	}
}
