package email

import (
	"reflect"
	"testing"
	"unicode/utf8"
)

// checkMessage fails when a Message breaks what message.go promises of every one.
func checkMessage(t *testing.T, m *Message, size int) {
	t.Helper()
	lim := Limits{}.withDefaults()
	if m.Root == nil || len(m.Parts) == 0 || m.Parts[0] != m.Root {
		t.Fatal("the first part is not the root")
	}
	if m.Size != size {
		t.Errorf("Size is %d, want %d", m.Size, size)
	}
	if len(m.Parts) > lim.Parts {
		t.Errorf("%d parts, more than the limit", len(m.Parts))
	}
	if len(m.Links) > lim.Links {
		t.Errorf("%d links, more than the limit", len(m.Links))
	}
	if len(m.Defects) > maxDefects {
		t.Errorf("%d defects, more than the limit", len(m.Defects))
	}
	for _, d := range m.Defects {
		if DefectText(d.ID) == "" {
			t.Errorf("defect %q has no text", d.ID)
		}
		if d.ID == "internal-error" {
			t.Errorf("internal error: %s", d.Where)
		}
	}
	for _, p := range m.Parts {
		if p.Depth > lim.Depth+2 {
			t.Errorf("part %s is %d deep", p.Path, p.Depth)
		}
		for _, child := range p.Children {
			if child.Parent != p || child.Depth != p.Depth+1 {
				t.Errorf("part %s does not know its parent", child.Path)
			}
		}
	}
	for _, a := range m.Attachments {
		if a.Part == nil || a.Size != len(a.Part.Content) || len(a.MD5) != 32 || len(a.SHA1) != 40 || len(a.SHA256) != 64 {
			t.Errorf("attachment %q is not described by its part", a.Name)
		}
	}
	if !allUTF8(reflect.ValueOf(m), map[uintptr]bool{}) {
		checkUTF8(t, "Message", reflect.ValueOf(m), map[uintptr]bool{})
	}
}

// allUTF8 reports whether every string below v is valid UTF-8; it costs less than to say which is not.
func allUTF8(v reflect.Value, seen map[uintptr]bool) bool {
	switch v.Kind() {
	case reflect.String:
		return utf8.ValidString(v.String())
	case reflect.Pointer:
		if v.IsNil() || seen[v.Pointer()] {
			return true
		}
		seen[v.Pointer()] = true
		return allUTF8(v.Elem(), seen)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && !allUTF8(v.Field(i), seen) {
				return false
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return true
		}
		for i := range v.Len() {
			if !allUTF8(v.Index(i), seen) {
				return false
			}
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			if !allUTF8(k, seen) || !allUTF8(v.MapIndex(k), seen) {
				return false
			}
		}
	}
	return true
}

// checkUTF8 fails for every string below v that is not valid UTF-8.
func checkUTF8(t *testing.T, path string, v reflect.Value, seen map[uintptr]bool) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		if !utf8.ValidString(v.String()) {
			t.Errorf("%s is not UTF-8: %q", path, v.String())
		}
	case reflect.Pointer:
		if v.IsNil() || seen[v.Pointer()] {
			return
		}
		seen[v.Pointer()] = true
		checkUTF8(t, path, v.Elem(), seen)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				checkUTF8(t, path+"."+f.Name, v.Field(i), seen)
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		for i := range v.Len() {
			checkUTF8(t, path, v.Index(i), seen)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			checkUTF8(t, path+" key", k, seen)
			checkUTF8(t, path, v.MapIndex(k), seen)
		}
	}
}
