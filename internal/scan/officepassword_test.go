package scan_test

import (
	"context"
	"testing"

	"tocsin/internal/scan"
	"tocsin/internal/scan/scantest"
)

// TestOfficePassword opens locked documents with what the mail says.
func TestOfficePassword(t *testing.T) {
	inside := scantest.DOCX(scantest.Field(`DDEAUTO c:\\windows\\system32\\cmd.exe "/k calc"`))
	for name, content := range map[string][]byte{
		"a.docx": scantest.Encrypt(inside, "4471-Harbour", 1000),
		"a.xls":  scantest.LockXLS("4471-Harbour", xlm(2, true)...),
	} {
		m := withFile(name, "The figures are attached.\r\nPassword: 4471-Harbour\r\n", content)
		r := scan.Open(context.Background(), m, scan.Limits{})
		if _, ok := r.Has("document-unlocked"); !ok {
			t.Errorf("%s: %+v", name, r.Facts)
		}
		if _, ok := r.Has("dde-program"); !ok && name == "a.docx" {
			t.Errorf("%s: nothing was seen inside: %+v", name, r.Facts)
		}
		m = withFile(name, "The figures are attached.\r\nPassword: 8812-Cliff\r\n", content)
		if r = scan.Open(context.Background(), m, scan.Limits{}); len(r.Facts) == 0 {
			t.Errorf("%s: nobody says that it is locked", name)
		} else if _, ok := r.Has("locked-document"); !ok {
			t.Errorf("%s: %+v", name, r.Facts)
		}
	}
}
