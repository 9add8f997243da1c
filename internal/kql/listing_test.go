package kql

import "testing"

func TestFunctionsAreListed(t *testing.T) {
	want := map[string]string{"substring": "substring(string, long, [long])", "strcat": "strcat(string, string, ...)", "count": "count()", "dcountif": "dcountif(any, bool, [long])"}
	for _, f := range Functions() {
		if w, ok := want[f.Name]; ok && f.Signature != w {
			t.Errorf("%s: %s, want %s", f.Name, f.Signature, w)
		}
		delete(want, f.Name)
	}
	for name := range want {
		t.Errorf("%s is not listed", name)
	}
}
