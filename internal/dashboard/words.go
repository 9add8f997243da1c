package dashboard

import "strings"

// Words is who a filter leaves, for people; "" for everybody.
func (f Filter) Words() string {
	var all []string
	for _, p := range []struct{ what, name string }{{"the department ", f.Department}, {"the group ", f.Group}, {"", f.Domain}} {
		if p.name != "" {
			all = append(all, p.what+p.name)
		}
	}
	return strings.Join(all, ", ")
}
