package email

import "strconv"

// ReadCodePage reads octets in a Windows code page as UTF-8. Octets that do not fit it, or stand in a page that is not known, are read as
// what they look like.
func ReadCodePage(b []byte, page int) string {
	if asciiOnly(b) {
		return string(b)
	}
	text, _ := toUTF8(b, codePageName(page))
	return text
}

// codePageName is the charset of a Windows code page.
func codePageName(page int) string {
	switch page {
	case 65001:
		return "utf-8"
	case 932:
		return "shift_jis"
	case 936:
		return "gbk"
	case 949:
		return "euc-kr"
	case 950:
		return "big5"
	case 874, 1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258:
		return "windows-" + strconv.Itoa(page)
	case 28591:
		return "iso-8859-1"
	case 10000:
		return "macintosh"
	case 20127:
		return "us-ascii"
	case 20866:
		return "koi8-r"
	}
	return "cp" + strconv.Itoa(page)
}
