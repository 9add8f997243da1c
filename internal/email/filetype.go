package email

import (
	"bytes"
	"encoding/binary"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// fileType tells what a file is from its content; name and declared only decide where content cannot (scripts are text). mediaType is the
// detected media type, kind the short word analysts use: "pdf", "docx", "docm", "zip", "html", "lnk", "exe". Both are never empty:
// bytes that nothing is known about are "application/octet-stream" and "bin", or "text/plain" and "txt". Time is linear in content.
func fileType(content []byte, name, declared string) (mediaType, kind string) {
	if len(content) == 0 {
		return "application/x-empty", "empty"
	}
	for _, m := range magics {
		if m.at+len(m.bytes) <= len(content) && string(content[m.at:m.at+len(m.bytes)]) == m.bytes {
			return kindOf(m.kind)
		}
	}
	head := content[:min(len(content), 4096)]
	switch {
	case bytes.HasPrefix(content, []byte("PK")) && len(content) > 30:
		if k := zipKind(content); k != "" {
			return kindOf(k)
		}
	case bytes.HasPrefix(content, []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")):
		return kindOf(oleKind(content, extensionOf(name)))
	case bytes.HasPrefix(content, []byte("MZ")):
		if k := peKind(content); k != "" {
			return kindOf(k)
		}
		if _, text := plainSample(content); !text {
			return kindOf("dosexe")
		}
		if k := textKind(content, extensionOf(name), declared); k != "" {
			return kindOf(k)
		}
		return kindOf("txt")
	case pdfAt(head):
		return kindOf("pdf")
	}
	if k := textKind(content, extensionOf(name), declared); k != "" {
		return kindOf(k)
	}
	return kindFromLibrary(content, extensionOf(name))
}

// kindTypes gives each kind its media type.
var kindTypes = map[string]string{
	"pdf": "application/pdf", "rtf": "text/rtf", "exe": "application/vnd.microsoft.portable-executable", "dll": "application/vnd.microsoft.portable-executable",
	"sys": "application/vnd.microsoft.portable-executable", "dosexe": "application/x-dosexec",
	"elf": "application/x-elf", "macho": "application/x-mach-binary", "class": "application/java-vm", "lnk": "application/x-ms-shortcut", "url": "application/x-mswinurl", "msi": "application/x-msi",
	"zip": "application/zip", "rar": "application/vnd.rar", "7z": "application/x-7z-compressed", "cab": "application/vnd.ms-cab-compressed", "ace": "application/x-ace-compressed",
	"arj": "application/x-arj", "lzh": "application/x-lzh-compressed", "gz": "application/gzip", "bz2": "application/x-bzip2", "xz": "application/x-xz", "zst": "application/zstd", "lz4": "application/x-lz4", "lz": "application/x-lzip",
	"z": "application/x-compress", "tar": "application/x-tar", "iso": "application/x-iso9660-image", "udf": "application/x-udf-image", "img": "application/x-raw-disk-image", "vhd": "application/x-vhd", "vhdx": "application/x-vhdx", "vmdk": "application/x-vmdk", "dmg": "application/x-apple-diskimage", "wim": "application/x-ms-wim",
	"one": "application/onenote", "onepkg": "application/onenote", "chm": "application/vnd.ms-htmlhelp", "jar": "application/java-archive", "apk": "application/vnd.android.package-archive",
	"ipa": "application/x-ios-app", "xpi": "application/x-xpinstall", "crx": "application/x-chrome-extension", "appx": "application/appx", "msix": "application/msix", "epub": "application/epub+zip", "vsix": "application/vsix",
	"odt": "application/vnd.oasis.opendocument.text", "ods": "application/vnd.oasis.opendocument.spreadsheet", "odp": "application/vnd.oasis.opendocument.presentation", "odg": "application/vnd.oasis.opendocument.graphics",
	"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	"docm": "application/vnd.ms-word.document.macroEnabled.12", "xlsm": "application/vnd.ms-excel.sheet.macroEnabled.12", "pptm": "application/vnd.ms-powerpoint.presentation.macroEnabled.12",
	"xlsb": "application/vnd.ms-excel.sheet.binary.macroEnabled.12", "vsdx": "application/vnd.ms-visio.drawing", "xps": "application/vnd.ms-xpsdocument",
	"doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint", "msg": "application/vnd.ms-outlook", "vsd": "application/vnd.visio", "pub": "application/x-mspublisher", "ole": "application/x-ole-storage", "hwp": "application/x-hwp",
	"encrypted-office": "application/x-ole-encrypted-package", "pst": "application/vnd.ms-outlook-pst", "mdb": "application/x-msaccess",
	"html": "text/html", "hta": "application/hta", "svg": "image/svg+xml", "xhtml": "application/xhtml+xml", "xml": "application/xml", "mht": "multipart/related", "eml": "message/rfc822", "ics": "text/calendar", "vcf": "text/vcard", "iqy": "text/x-iqy", "slk": "text/x-sylk",
	"js": "text/javascript", "jse": "text/javascript", "vbs": "text/vbscript", "vbe": "text/vbscript", "ps1": "text/x-powershell", "bat": "application/x-bat", "cmd": "application/x-bat", "wsf": "text/x-wsf", "sct": "text/scriptlet", "sh": "text/x-shellscript", "py": "text/x-python", "pl": "text/x-perl", "php": "text/x-php", "reg": "text/x-ms-regedit", "inf": "text/x-inf", "scf": "text/x-scf",
	"rdp": "application/x-rdp", "mobileconfig": "application/x-apple-aspen-config", "library-ms": "application/windows-library+xml", "searchconnector-ms": "application/windows-search-connector+xml", "settingcontent-ms": "application/x-settingcontent-ms", "application": "application/x-ms-application", "desktop": "application/x-desktop", "applescript": "text/x-applescript", "xll": "application/vnd.microsoft.portable-executable", "scr": "application/vnd.microsoft.portable-executable",
	"tnef": "application/ms-tnef", "p7s": "application/pkcs7-signature", "p7m": "application/pkcs7-mime", "asc": "application/pgp-encrypted", "pgp-signature": "application/pgp-signature", "pgp-keys": "application/pgp-keys", "rpmsg": "application/x-microsoft-rpmsg-message", "pem": "application/x-pem-file",
	"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "webp": "image/webp", "bmp": "image/bmp", "ico": "image/vnd.microsoft.icon", "tif": "image/tiff", "heic": "image/heic", "avif": "image/avif", "emf": "image/emf", "wmf": "image/wmf", "psd": "image/vnd.adobe.photoshop",
	"mp3": "audio/mpeg", "wav": "audio/wav", "ogg": "audio/ogg", "mp4": "video/mp4", "swf": "application/x-shockwave-flash", "sqlite": "application/vnd.sqlite3", "wasm": "application/wasm", "ttf": "font/ttf",
	"json": "application/json", "csv": "text/csv", "txt": "text/plain", "bin": "application/octet-stream", "diff": "text/x-diff", "log": "text/plain", "md": "text/markdown", "css": "text/css", "ps": "application/postscript",
}

func kindOf(kind string) (string, string) {
	if t, ok := kindTypes[kind]; ok {
		return t, kind
	}
	return "application/octet-stream", kind
}

// magics are signatures at a fixed place, longest or surest first.
var magics = []struct {
	at    int
	bytes string
	kind  string
}{
	{0, "\x4C\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46", "lnk"},
	{0, "\xE4\x52\x5C\x7B\x8C\xD8\xA7\x4D\xAE\xB1\x53\x78\xD0\x29\x96\xD3", "one"},
	{0, "\xA1\x2F\xFF\x43\xD9\xEF\x76\x4C\x9E\xE2\x10\xEA\x57\x22\x76\x5F", "one"},
	{0, "\x76\xE8\x04\x60\xC4\x11\xE3\x86", "rpmsg"},
	{0, "vhdxfile", "vhdx"},
	{0, "conectix", "vhd"},
	{0, "KDMV", "vmdk"},
	{0, "MSWIM\x00\x00\x00", "wim"},
	{0, "Rar!\x1A\x07", "rar"},
	{0, "7z\xBC\xAF\x27\x1C", "7z"},
	{0, "MSCF\x00\x00\x00\x00", "cab"},
	{0, "ISc(", "cab"},
	{7, "**ACE**", "ace"},
	{0, "\x60\xEA", "arj"},
	{2, "-lh5-", "lzh"}, {2, "-lh0-", "lzh"}, {2, "-lh6-", "lzh"}, {2, "-lh7-", "lzh"}, {2, "-lzs-", "lzh"},
	{0, "\x1F\x8B\x08", "gz"},
	{0, "BZh", "bz2"},
	{0, "\xFD7zXZ\x00", "xz"},
	{0, "\x28\xB5\x2F\xFD", "zst"},
	{0, "\x04\x22\x4D\x18", "lz4"},
	{0, "LZIP", "lz"},
	{0, "\x1F\x9D", "z"},
	{0, "ITSF\x03\x00\x00\x00", "chm"},
	{0, "\x7FELF", "elf"},
	{0, "\xFE\xED\xFA\xCE", "macho"}, {0, "\xFE\xED\xFA\xCF", "macho"}, {0, "\xCE\xFA\xED\xFE", "macho"}, {0, "\xCF\xFA\xED\xFE", "macho"},
	{0, "Cr24", "crx"},
	{0, "!BDN", "pst"},
	{0, "\x00\x01\x00\x00Standard ", "mdb"},
	{0, "\x78\x9F\x3E\x22", "tnef"},
	{0, "FWS", "swf"}, {0, "CWS", "swf"}, {0, "ZWS", "swf"},
	{0, "\x89PNG\r\n\x1A\n", "png"},
	{0, "\xFF\xD8\xFF", "jpg"},
	{0, "GIF87a", "gif"}, {0, "GIF89a", "gif"},
	{0, "SQLite format 3\x00", "sqlite"},
	{0, "\x00asm", "wasm"},
	{0, "HWP Document File", "hwp"},
	{257, "ustar", "tar"},
	{32769, "CD001", "iso"}, {34817, "CD001", "iso"}, {37633, "CD001", "iso"},
	{32769, "BEA01", "udf"}, {34817, "NSR0", "udf"},
	{0, "\xD7\xCD\xC6\x9A", "wmf"},
	{40, " EMF", "emf"},
	{0, "{\\rt", "rtf"},
	{0, "#@~^", "vbe"},
	{0, "-----BEGIN PGP SIGNATURE", "pgp-signature"},
	{0, "-----BEGIN PGP PUBLIC KEY", "pgp-keys"},
	{0, "-----BEGIN PGP", "asc"},
	{0, "-----BEGIN PKCS7", "p7m"},
	{0, "-----BEGIN ", "pem"},
}

// pdfAt reports a PDF header within the first 1,024 octets, where readers still accept it (ISO 32000-1, annex H.3.4.1).
func pdfAt(head []byte) bool {
	return bytes.Contains(head[:min(len(head), 1024)], []byte("%PDF-"))
}

// zipKind looks at the names in a ZIP archive. "" when it is not one after all.
func zipKind(content []byte) string {
	if !bytes.HasPrefix(content, []byte("PK\x03\x04")) && !bytes.HasPrefix(content, []byte("PK\x05\x06")) && !bytes.HasPrefix(content, []byte("PK\x07\x08")) && !bytes.HasPrefix(content, []byte("PK00")) {
		return ""
	}
	var z zipNames
	z.read(content)
	switch {
	case z.office != "":
		if z.macros {
			return map[string]string{"docx": "docm", "xlsx": "xlsm", "pptx": "pptm", "xlsb": "xlsb", "vsdx": "vsdx", "xps": "xps"}[z.office]
		}
		return z.office
	case z.openDocument != "":
		return z.openDocument
	case z.android:
		return "apk"
	case z.appx:
		return "appx"
	case z.java:
		return "jar"
	case z.ios:
		return "ipa"
	case z.extension:
		return "xpi"
	}
	return "zip"
}

type zipNames struct {
	office, openDocument                string
	macros                              bool
	java, android, ios, appx, extension bool
}

const maxZipNames = 10_000

// read walks the central directory (APPNOTE.TXT section 4.3.12), or the local headers when there is none.
func (z *zipNames) read(content []byte) {
	if bytes.HasPrefix(content[30:], []byte("mimetype")) && len(content) > 38 {
		z.openDocument = openDocumentKind(content[38:min(len(content), 200)])
	}
	tail := content[max(0, len(content)-66000):]
	if end := bytes.LastIndex(tail, []byte("PK\x05\x06")); end >= 0 && end+20 <= len(tail) {
		at := int(binary.LittleEndian.Uint32(tail[end+16:]))
		size := int(binary.LittleEndian.Uint32(tail[end+12:]))
		if here := len(content) - len(tail) + end - size; here >= 0 && (at > here || at+4 > len(content) || string(content[at:min(at+4, len(content))]) != "PK\x01\x02") {
			at = here // something stands before the archive
		}
		if z.directory(content, at) > 0 {
			return
		}
	}
	for at, n := 0, 0; n < maxZipNames && at+30 <= len(content); n++ {
		next := bytes.Index(content[at:], []byte("PK\x03\x04"))
		if next < 0 || at+next+30 > len(content) {
			return
		}
		at += next
		end := at + 30 + int(binary.LittleEndian.Uint16(content[at+26:]))
		z.name(content[at+30 : min(end, len(content))])
		at += 30
	}
}

func (z *zipNames) directory(content []byte, at int) int {
	n := 0
	for ; n < maxZipNames && at >= 0 && at+46 <= len(content) && string(content[at:at+4]) == "PK\x01\x02"; n++ {
		length := int(binary.LittleEndian.Uint16(content[at+28:]))
		z.name(content[at+46 : min(at+46+length, len(content))])
		at += 46 + length + int(binary.LittleEndian.Uint16(content[at+30:])) + int(binary.LittleEndian.Uint16(content[at+32:]))
	}
	return n
}

func (z *zipNames) name(b []byte) {
	if len(b) > 300 {
		return
	}
	low := strings.ReplaceAll(strings.ToLower(string(b)), "\\", "/")
	switch low {
	case "word/document.xml", "word/document2.xml":
		z.office = "docx"
	case "xl/workbook.xml":
		z.office = "xlsx"
	case "xl/workbook.bin":
		z.office = "xlsb"
	case "ppt/presentation.xml":
		z.office = "pptx"
	case "visio/document.xml":
		z.office = "vsdx"
	case "fixeddocseq.fdseq", "fixeddocumentsequence.fdseq":
		z.office = "xps"
	case "androidmanifest.xml":
		z.android = true
	case "meta-inf/manifest.mf":
		z.java = true
	case "appxmanifest.xml", "appxbundlemanifest.xml", "appxmetadata/appxbundlemanifest.xml":
		z.appx = true
	case "install.rdf", "manifest.json", "mozilla.rsa":
		z.extension = z.extension || low == "install.rdf"
	}
	if strings.HasSuffix(low, "vbaproject.bin") || strings.HasPrefix(low, "xl/macrosheets/") {
		z.macros = true
	}
	if strings.HasPrefix(low, "payload/") && strings.HasSuffix(low, ".app/info.plist") {
		z.ios = true
	}
}

func openDocumentKind(head []byte) string {
	for _, k := range [...][2]string{{"opendocument.text", "odt"}, {"opendocument.spreadsheet", "ods"}, {"opendocument.presentation", "odp"}, {"opendocument.graphics", "odg"}, {"epub+zip", "epub"}} {
		if bytes.Contains(head, []byte(k[0])) {
			return k[1]
		}
	}
	return ""
}

// oleKind tells the applications that keep their files in OLE2 compound files ([MS-CFB]) apart by the names of their streams, which stand in
// the directory in UTF-16.
func oleKind(content []byte, ext string) string {
	limit := content[:min(len(content), 32<<20)]
	names := oleNames(limit)
	has := func(name string) bool { return names[name] }
	switch {
	case has("EncryptedPackage") || has("EncryptionInfo"):
		return "encrypted-office"
	case has("WordDocument"):
		return "doc"
	case has("Workbook") || has("Book"):
		return "xls"
	case has("PowerPoint Document"):
		return "ppt"
	case has("__properties_version1.0") || has("__nameid_version1.0"):
		return "msg"
	case has("VisioDocument"):
		return "vsd"
	case has("Quill") || has("Escher") && ext == "pub":
		return "pub"
	case has("HwpSummaryInformation") || has("\x05HwpSummaryInformation"):
		return "hwp"
	case has("\u4840\u3f3f\u4577\u446c\u3b6a\u45e4\u4824") || has("\u4840\u3b3f\u43f2\u4438\u45b1") || ext == "msi" || ext == "msp":
		return "msi"
	}
	return "ole"
}

// oleNames reads the directory's entry names along its sector chain, as far as the header's part of the allocation table goes.
func oleNames(b []byte) map[string]bool {
	names := map[string]bool{}
	if len(b) < 512 {
		return names
	}
	shift := binary.LittleEndian.Uint16(b[30:])
	if shift != 9 && shift != 12 {
		return names
	}
	size := 1 << shift
	sector := int64(binary.LittleEndian.Uint32(b[48:]))
	for range 512 {
		at := (sector + 1) << shift
		if sector > 1<<24 || at+int64(size) > int64(len(b)) {
			break
		}
		for e := at; e < at+int64(size); e += 128 {
			n := int(binary.LittleEndian.Uint16(b[e+64:]))
			if n < 2 || n > 64 || n%2 != 0 {
				continue
			}
			runes := make([]rune, 0, 32)
			for i := 0; i < n-2; i += 2 {
				runes = append(runes, rune(binary.LittleEndian.Uint16(b[e+int64(i):])))
			}
			names[string(runes)] = true
		}
		entry := sector >> (shift - 2) // which sector of the allocation table says what comes next
		if entry >= 109 {
			break
		}
		table := (int64(binary.LittleEndian.Uint32(b[76+4*entry:])) + 1) << shift
		place := table + 4*(sector&(int64(size)/4-1))
		if place < 0 || place+4 > int64(len(b)) {
			break
		}
		sector = int64(binary.LittleEndian.Uint32(b[place:]))
	}
	return names
}

// peKind reads the PE header's characteristics (Microsoft PE Format, COFF header).
func peKind(content []byte) string {
	if len(content) < 64 {
		return ""
	}
	at := int(binary.LittleEndian.Uint32(content[60:]))
	if at < 0 || at+24 > len(content) || string(content[at:min(at+4, len(content))]) != "PE\x00\x00" {
		if len(content) > 512 && content[2] < 0xFF && binary.LittleEndian.Uint16(content[4:]) > 0 && binary.LittleEndian.Uint16(content[24:]) >= 28 {
			return "dosexe"
		}
		return ""
	}
	flags := binary.LittleEndian.Uint16(content[at+22:])
	switch {
	case flags&0x2000 != 0:
		return "dll"
	case flags&0x1000 != 0:
		return "sys"
	}
	return "exe"
}

// kindFromLibrary asks mimetype for the rest.
func kindFromLibrary(content []byte, ext string) (string, string) {
	found := mimetype.Detect(content)
	mediaType, _, _ := strings.Cut(found.String(), ";")
	kind := strings.TrimPrefix(found.Extension(), ".")
	switch kind {
	case "jpeg":
		kind = "jpg"
	case "tiff":
		kind = "tif"
	case "":
		kind = "bin"
	}
	if kind == "bin" && (ext == "img" || ext == "iso") {
		return kindOf("img")
	}
	if kind == "txt" {
		switch ext {
		case "csv", "log", "md", "json", "css", "diff":
			return kindOf(ext)
		case "patch":
			return kindOf("diff")
		}
	}
	return mediaType, kind
}
