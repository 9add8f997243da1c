package scan

import "bytes"

// disguisedKind says as what a file is to be opened whose first octets are no archive's though its name is: programs find an archive behind
// what stands before it. "" when nothing is found. It looks only at files whose names promise an archive or disk.
func disguisedKind(f *file) string {
	b := f.content
	switch f.Extension {
	case "zip", "zipx":
		if len(b) > 22 && bytes.Contains(b[max(0, len(b)-maxZipTail):], []byte("PK\x05\x06")) || bytes.Contains(b[:min(len(b), 1<<20)], []byte("PK\x03\x04")) {
			return "zip"
		}
	case "rar":
		if bytes.Contains(b[:min(len(b), 1<<20)], []byte(rarSignature)) {
			return "rar"
		}
	case "7z":
		if bytes.Contains(b[:min(len(b), 1<<20)], []byte(sevenSignature)) {
			return "7z"
		}
	case "img", "ima", "vfd", "flp", "vhd", "iso":
		return "img"
	case "ace", "arj", "lzh", "lha", "vmdk", "vhdx", "wim", "dmg", "daa":
		if len(b) > 0 && f.Kind == "bin" {
			return "ace"
		}
	case "eml":
		return "eml" // one whose parts are not encoded looks like no text
	case "mbox", "mbx":
		if bytes.HasPrefix(b, []byte("From ")) {
			return "eml"
		}
	}
	return ""
}

// openNothing is for kinds that are not looked into: that is said, so that silence never means harmless.
func openNothing(s *session, f *file) {
	kind := f.Kind
	if kind == "bin" {
		kind = f.Extension
	}
	s.fact(f, "file-not-opened", kind)
	s.defect("file-not-opened", f.way)
}
