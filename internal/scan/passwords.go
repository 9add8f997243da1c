package scan

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of the search for passwords.
const (
	maxPasswords    = 50       // tried on one archive
	maxPasswordText = 64 << 10 // octets of text that are searched
	maxMentions     = 40       // words like "password" that are followed up
	maxPassword     = 64       // octets of one
)

// password is one that the message may name.
type password struct {
	value   string
	mention string // the words it stands in, "" for one that is only guessed: tried, but said to nobody
}

// passwordWords are how eight languages call it, in lower case. A longer word stands before one that it begins with.
var passwordWords = []string{
	"password", "passwd", "passcode", "pass code", "passphrase", "pass-code", "pwd", "pw", "pin code", "access code", "unlock code", "zip code", "archive code",
	"passwort", "kennwort", "zugangscode", "entsperrcode", "codewort", "zip-code",
	"mot de passe", "mdp", "code d'accès", "code d’accès",
	"contraseña", "contrasena", "clave", "código de acceso", "palavra-passe", "palavra passe", "senha", "código de acesso",
	"wachtwoord", "toegangscode", "parola d'ordine", "parola chiave", "codice di accesso", "hasło", "haslo", "hasła", "kod dostępu",
}

// linking words may stand between the word and the password; values are never among them.
var linking = set(`is ist est es è é jest to lautet lautet: the das le la il el o de für for dla zum zur zu of file files archive archiv datei archivo fichier
	zip rar 7z anhang attachment open öffnen opening unlock your ihr votre su sua uw je twoje as below : = - – → is: ist: est: es: are und and para per
	van voor het een bestand plik pliku do arquivo archivio document dokument documento :- => der die den dem this dieses`)

// elsewhere are words that stand where a password would and say that it comes later.
var elsewhere = set(`will wird werden follows follow folgt folgen sent send separately separat separate gesondert sms phone telephone telefonisch telefon
	suit suivra envoyé séparément sera seguirá sigue segue aparte separado separata verrà apart volgt later osobno protected geschützt protégé protegido
	protegida protetto beveiligd chronione reset forgotten vergessen expired expires change changed manager must should can cannot may not nicht here hier click
	kommt see siehe voir ver zie vedi zobacz by per in on an at via with mit you sie has have was were been our my meine unsere please bitte required needed benötigt encrypted verschlüsselt
	zabezpieczone wysłane zostanie podane same gleich known bekannt usual`)

// candidates lists the passwords that the message may name, likeliest first, each once, at most maxPasswords. Subject, visible text, text of
// pictures and documents, and names of files are searched.
func (s *session) candidates() []password {
	if s.looked && s.lookedText == s.text.Len() {
		return s.passwords
	}
	s.looked, s.lookedText = true, s.text.Len()
	var sure, guessed []password
	for _, text := range [...]string{s.m.Subject, s.m.Visible, s.text.String(), s.m.Text} {
		a, b := passwordsIn(text[:min(len(text), maxPasswordText)])
		sure, guessed = append(sure, a...), append(guessed, b...)
	}
	for i := range s.m.Attachments {
		if i == 20 {
			break
		}
		name := s.m.Attachments[i].Name
		a, b := passwordsIn(strings.NewReplacer("_", " ", ".", " ").Replace(name[:min(len(name), maxName)]))
		sure, guessed = append(sure, a...), append(guessed, b...)
	}
	guessed = append(guessed, s.bareNumbers()...)
	seen := map[string]bool{}
	s.passwords = s.passwords[:0]
	for _, p := range append(sure, guessed...) {
		if !seen[p.value] && len(s.passwords) < maxPasswords {
			seen[p.value] = true
			s.passwords = append(s.passwords, p)
		}
	}
	return s.passwords
}

// named returns the words of the text that name a password, "" when there are none.
func (s *session) named() string {
	for _, p := range s.candidates() {
		if p.mention != "" {
			return p.mention
		}
	}
	return ""
}

// bareNumbers are the numbers of a short text: some mails say nothing but the file and a number.
func (s *session) bareNumbers() []password {
	var out []password
	text := s.m.Visible
	if len(text) > 2000 {
		return nil
	}
	for _, w := range strings.FieldsFunc(s.m.Subject+" "+text, func(r rune) bool { return !unicode.IsDigit(r) && !unicode.IsLetter(r) }) {
		if len(w) >= 3 && len(w) <= 12 && strings.Trim(w, "0123456789") == "" && len(out) < 12 {
			out = append(out, password{value: w})
		}
	}
	return out
}

// passwordsIn finds what stands around words like "password".
func passwordsIn(text string) (sure, guessed []password) {
	low := lowered(text)
	mentions := 0
	for at := 0; at < len(low) && mentions < maxMentions; {
		start, end := nextWord(low, at)
		if start < 0 {
			break
		}
		mentions++
		a, b := follow(text, start, end)
		sure, guessed = append(sure, a...), append(guessed, b...)
		at = end
	}
	return sure, guessed
}

// lowered is text in lower case, octet for octet as long: letters whose lower case has another length are left alone.
func lowered(text string) string {
	return strings.Map(func(r rune) rune {
		l := unicode.ToLower(r)
		if utf8.RuneLen(l) != utf8.RuneLen(r) {
			return r
		}
		return l
	}, strings.ToValidUTF8(text, "?"))
}

// nextWord finds the first of passwordWords in low from at on, as a word of its own.
func nextWord(low string, at int) (start, end int) {
	for i := at; i < len(low); i++ {
		if i > 0 && isWordByte(low[i-1]) {
			continue
		}
		switch low[i] {
		case 'p', 'a', 'u', 'z', 'k', 'e', 'c', 'm', 's', 'w', 't', 'h':
		default:
			continue
		}
		for _, w := range passwordWords {
			if strings.HasPrefix(low[i:], w) && (i+len(w) == len(low) || !isWordByte(low[i+len(w)])) {
				return i, i + len(w)
			}
		}
	}
	return -1, -1
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}

// follow reads the words behind a mention, and the two before it.
func follow(text string, start, end int) (sure, guessed []password) {
	if end > len(text) {
		return nil, nil
	}
	mention := strings.Join(strings.Fields(strings.ToValidUTF8(text[max(0, start-20):min(len(text), end+40)], "")), " ")
	tail := text[end:min(len(text), end+160)]
	marked := false // something says that a value follows: a colon, a quote, a verb
	byVerb := false // a verb alone, behind which a sentence may go on: "the password is the one on your slip"
	words := fieldsOf(tail, 10)
	for n, word := range words {
		low := strings.ToLower(word)
		if strings.Trim(word, ":=-–→>") == "" || strings.HasPrefix(word, ":") && len(word) == 1 {
			marked, byVerb = true, false
			continue
		}
		if strings.HasPrefix(word, ":") || strings.HasPrefix(word, "=") {
			marked, byVerb = true, false
			word, low = strings.TrimLeft(word, ":="), strings.TrimLeft(low, ":=")
		}
		if linking[strings.TrimRight(low, ":")] && n < 8 && valueLike(word) < 2 {
			switch strings.TrimRight(low, ":") {
			case "is", "ist", "est", "es", "è", "é", "jest", "to", "lautet":
				byVerb = byVerb || !marked
				marked = true
			}
			byVerb = byVerb && !strings.HasSuffix(low, ":")
			marked = marked || strings.HasSuffix(low, ":")
			continue
		}
		if elsewhere[strings.Trim(low, ".,;:!")] {
			break
		}
		quoted := strings.ContainsAny(word[:1], "\"'([{<*`") || strings.HasPrefix(word, "“") || strings.HasPrefix(word, "„") || strings.HasPrefix(word, "«") || strings.HasPrefix(word, "‘")
		like := valueLike(word)
		said := ""
		goesOn := byVerb && n+1 < len(words) && strings.TrimRight(word, ".,;:!?") == word && !strings.HasPrefix(strings.TrimLeft(tail[strings.Index(tail, word)+len(word):], " "), "\n")
		if quoted || marked && !goesOn || like == 2 {
			said = mention
		}
		for _, v := range spellings(word) {
			if said != "" {
				sure = append(sure, password{v, said})
			} else {
				guessed = append(guessed, password{value: v})
			}
		}
		if said != "" || len(guessed) > 8 {
			break
		}
	}
	before := fieldsOf(text[max(0, start-60):start], 12)
	for _, word := range before[max(0, len(before)-3):] {
		if valueLike(word) == 2 {
			for _, v := range spellings(word) {
				guessed = append(guessed, password{value: v})
			}
		}
	}
	return sure, guessed
}

func fieldsOf(text string, most int) []string {
	words := strings.Fields(text)
	return words[:min(len(words), most)]
}

// valueLike is 2 for a word that is no ordinary one (digits, signs, capitals inside), 1 for one that could be both, 0 for too short or long.
func valueLike(word string) int {
	w := strings.Trim(word, "\"'()[]{}<>*`.,;:!?“”„«»‘’")
	if len(w) < 3 || len(w) > maxPassword {
		return 0
	}
	inside := false
	for i, r := range w {
		if unicode.IsDigit(r) || strings.ContainsRune("@#$%&+=_!?^~", r) {
			return 2
		}
		inside = inside || i > 0 && unicode.IsUpper(r)
	}
	if inside && strings.ToUpper(w) != w {
		return 2
	}
	return 1
}

// spellings are a word as it stands, and without the signs around it.
func spellings(word string) []string {
	bare := strings.Trim(word, "\"'()[]{}<>*`“”„«»‘’")
	out := []string{bare}
	if w := strings.TrimRight(bare, ".,;:!?"); w != bare {
		out = []string{w, bare}
	}
	if bare != word {
		out = append(out, strings.Trim(word, "\"“”„«»"))
	}
	kept := out[:0]
	for _, w := range out {
		if len(w) >= 2 && len(w) <= maxPassword {
			kept = append(kept, w)
		}
	}
	return kept
}
