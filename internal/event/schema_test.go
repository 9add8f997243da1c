package event

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestSchema(t *testing.T) {
	names := map[string]bool{}
	word := regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)
	for _, table := range Schema() {
		if names[table.Name] || Elsewhere(table.Name) {
			t.Errorf("%s is there twice", table.Name)
		}
		names[table.Name] = true
		if table.Group == "" || table.Doc == "" {
			t.Errorf("%s has no group or says nothing", table.Name)
		}
		if table.Collected != (table.Row != nil && len(table.Key) > 0) || table.Collected != slices.Contains(Tables(), table) {
			t.Errorf("%s: collected %v, key %v", table.Name, table.Collected, table.Key)
		}
		if of, ok := TableNamed(table.AliasOf); table.AliasOf != "" && (!ok || of.AliasOf != "" || len(of.Columns) != len(table.Columns)) {
			t.Errorf("%s is an earlier name of %q, which is not there or differs", table.Name, table.AliasOf)
		}
		columns := map[string]bool{}
		for _, c := range slices.Concat(table.Columns, table.Legacy) {
			if columns[c.Name] {
				t.Errorf("%s.%s is there twice", table.Name, c.Name)
			}
			columns[c.Name] = true
			if !word.MatchString(c.Name) || c.Doc == "" || strings.HasSuffix(strings.TrimSuffix(c.Doc, "..."), ".") {
				t.Errorf("%s.%s: %q", table.Name, c.Name, c.Doc)
			}
			switch c.Type {
			case String, Datetime, Bool, Int, Long, Real, Dynamic:
			default:
				t.Errorf("%s.%s has the type %q", table.Name, c.Name, c.Type)
			}
			if table.Collected == (c.Field == nil) && !slices.Contains([]string{"TimeGenerated", "TenantId", "SourceSystem", "Type"}, c.Name) && c.Expr == "" {
				t.Errorf("%s.%s: field %v", table.Name, c.Name, c.Field)
			}
		}
		for _, must := range []string{"Timestamp", "TimeGenerated", "TenantId", "SourceSystem", "Type"} {
			if !columns[must] {
				t.Errorf("%s has no %s", table.Name, must)
			}
		}
	}
	for _, name := range []string{"AlertInfo", "IdentityInfo", "AADSignInEventsBeta", "DeviceEvents", "OfficeActivity"} {
		if !names[name] {
			t.Errorf("no %s", name)
		}
	}
	for _, name := range []string{"SecurityAlert", "ExposureGraphNodes", "BehaviorInfo", "CommonSecurityLog", "Syslog"} {
		if !Elsewhere(name) {
			t.Errorf("%s is not known", name)
		}
	}
}
