package submission

import "strings"

// A label is what stands before a colon in the head that a mail program quotes when it forwards.
type label int

const (
	noLabel label = iota
	labelFrom
	labelDate
	labelTo
	labelCc
	labelSubject
	labelOther // Reply-To, Importance, Attachments: part of the head, of no use here
)

// labels as mail programs write them in the languages of their interfaces: Outlook, Gmail, Apple Mail, Thunderbird. Lower case, without
// the colon and the space that French puts before it.
var labels = func() map[string]label {
	out := map[string]label{}
	for l, words := range map[label]string{
		labelFrom: "from|von|de|da|van|od|från|fra|lähettäjä|kimden|gönderen|от|від|差出人|发件人|寄件者|寄件人|보낸 사람|보낸사람|feladó|от кого|expéditeur|remitente|mittente|afzender|nadawca|avsändare|afsender|avsender|odesílatel|отправитель|відправник|από|de la|expeditor|expediteur|送信者|מאת|من",
		labelDate: "date|sent|datum|gesendet|gesendet am|envoyé|envoyé le|fecha|enviado|enviado el|enviada|enviada em|data|inviato|verzonden|verzonden op|wysłano|data wysłania|skickat|skickat den|sendt|sendt den|dato|lähetetty|päivämäärä|tarih|gönderildi|gönderme tarihi|odesláno|дата|отправлено|надіслано|日付|送信日時|送信日|日期|发送时间|发送日期|寄件日期|날짜|보낸 날짜|dátum|elküldve|ημερομηνία|στάλθηκε|trimis|dată|dátum odoslania|odoslané|נשלח|تاريخ",
		labelTo:   "to|an|à|para|a|aan|do|till|til|vastaanottaja|kime|alıcı|komu|кому|宛先|收件人|收件者|받는 사람|받는사람|címzett|προς|către|pour|per|empfänger|destinataire|destinatario|destinatário|ontvanger|mottagare|modtager|mottaker|adresat|אל|إلى",
		labelCc:   "cc|kopie|copie|copia|cópia|kopia|kopi|dw|kopio|bilgi|копия|копія|抄送|副本|참조|másolat|κοιν|bcc|bcc:|cci|cco|ccn",
		labelSubject: "subject|betreff|objet|asunto|oggetto|assunto|onderwerp|temat|ämne|emne|aihe|konu|předmět|predmet|тема|件名|主题|主旨|主題|제목|tárgy|θέμα|subiect|" +
			"sujet|re|נושא|الموضوع",
		labelOther: "reply-to|antwort an|répondre à|responder a|rispondi a|beantwoorden|importance|wichtigkeit|priorité|attachments|anlagen|anhänge|pièces jointes|datos adjuntos|allegati|anexos|bijlagen|załączniki|bilagor|liitteet|вложения|添付ファイル|附件|첨부|organization|organisation|message-id|sensitivity|resent-from|x-mailer",
	} {
		for w := range strings.SplitSeq(words, "|") {
			if w != "re" {
				out[w] = l
			}
		}
	}
	return out
}()

// months by the first letters of their names, folded to lower case, in the languages above. Longer beginnings stand before shorter ones where
// they differ in meaning.
var months = [][2]string{
	{"juil", "7"}, {"juin", "6"}, {"julho", "7"}, {"junho", "6"}, {"jul", "7"}, {"jun", "6"}, {"mars", "3"}, {"marzo", "3"}, {"março", "3"}, {"mär", "3"}, {"maart", "3"}, {"maa", "3"}, {"mar", "3"}, {"mai", "5"}, {"may", "5"}, {"mag", "5"}, {"maj", "5"}, {"mei", "5"},
	{"jan", "1"}, {"gen", "1"}, {"ene", "1"}, {"feb", "2"}, {"fév", "2"}, {"fev", "2"}, {"apr", "4"}, {"avr", "4"}, {"abr", "4"}, {"aug", "8"}, {"août", "8"}, {"aou", "8"}, {"ago", "8"}, {"sep", "9"}, {"set", "9"}, {"oct", "10"}, {"okt", "10"}, {"ott", "10"}, {"out", "10"},
	{"nov", "11"}, {"dec", "12"}, {"dez", "12"}, {"déc", "12"}, {"dic", "12"}, {"des", "12"}, {"giu", "6"}, {"lug", "7"},
	{"styc", "1"}, {"lut", "2"}, {"kwie", "4"}, {"czer", "6"}, {"lip", "7"}, {"sier", "8"}, {"wrz", "9"}, {"paź", "10"}, {"list", "11"}, {"gru", "12"},
	{"ledna", "1"}, {"led", "1"}, {"úno", "2"}, {"bře", "3"}, {"dub", "4"}, {"kvě", "5"}, {"červenc", "7"}, {"čer", "6"}, {"srp", "8"}, {"zář", "9"}, {"říj", "10"}, {"pros", "12"},
	{"янв", "1"}, {"фев", "2"}, {"мар", "3"}, {"апр", "4"}, {"мая", "5"}, {"май", "5"}, {"июн", "6"}, {"июл", "7"}, {"авг", "8"}, {"сен", "9"}, {"окт", "10"}, {"ноя", "11"}, {"дек", "12"},
	{"oca", "1"}, {"şub", "2"}, {"nis", "4"}, {"haz", "6"}, {"tem", "7"}, {"ağu", "8"}, {"eyl", "9"}, {"eki", "10"}, {"kas", "11"}, {"ara", "12"},
	{"tam", "1"}, {"hel", "2"}, {"huh", "4"}, {"tou", "5"}, {"kes", "6"}, {"hei", "7"}, {"elo", "8"}, {"syy", "9"}, {"lok", "10"}, {"mar", "11"}, {"jou", "12"},
}

// forwardWords begin the line that some programs put above the head.
var forwardWords = []string{
	"forwarded message", "begin forwarded message", "original message", "weitergeleitete nachricht", "anfang der weitergeleiteten", "ursprüngliche nachricht", "message transféré", "début du message", "message d'origine", "message original",
	"mensaje reenviado", "inicio del mensaje", "mensaje original", "messaggio inoltrato", "inizio messaggio", "messaggio originale", "mensagem encaminhada", "mensagem reencaminhada", "mensagem original", "início da mensagem",
	"doorgestuurd bericht", "oorspronkelijk bericht", "begin doorgestuurd", "wiadomość przekazana", "wiadomość oryginalna", "vidarebefordrat", "ursprungligt meddelande", "videresendt", "oprindelig meddelelse", "opprinnelig melding",
	"přeposlaná zpráva", "původní zpráva", "пересылаемое", "пересланное", "исходное сообщение", "転送", "元のメッセージ", "转发", "原始邮件", "轉寄", "전달된 메시지", "továbbított", "iletilen", "edelleenlähetetty", "alkuperäinen viesti",
}
