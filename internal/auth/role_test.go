package auth

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestGuideTellsWhoMay compares the table of docs/guide/operators.md with what roles really give.
func TestGuideTellsWhoMay(t *testing.T) {
	raw, err := os.ReadFile("../../docs/guide/operators.md")
	if err != nil {
		t.Fatal(err)
	}
	columns := []Role{SecurityReader, SecurityOperator, SecurityAdministrator, GlobalAdministrator, Preview, SearchAndPurge, Approve}
	told := map[Permission]bool{SignedIn: true, Enrol: true} // everybody's
	_, table, _ := strings.Cut(string(raw), "| permission |")
	for _, line := range strings.Split(table, "\n")[2:] {
		cells := strings.Split(line, "|")
		if len(cells) != len(columns)+3 {
			break
		}
		names, _, _ := strings.Cut(cells[1], ":")
		for name := range strings.SplitSeq(names, ",") {
			p := Permission(strings.TrimSpace(name))
			told[p] = true
			for i, r := range columns {
				if says := strings.TrimSpace(cells[2+i]) == "x"; says != slices.Contains(r.Permissions(), p) {
					t.Errorf("%s, %s: the guide says %v", p, r, says)
				}
			}
		}
	}
	for _, r := range Roles() {
		for _, p := range r.Permissions() {
			if !told[p] {
				t.Errorf("%s is not in the guide", p)
			}
		}
	}
}

// TestSearchAndPurgeAloneRemovesNothing: it counts beside a group that works on mail.
func TestSearchAndPurgeAloneRemovesNothing(t *testing.T) {
	for group, may := range map[Role]bool{"": false, SecurityReader: false, Preview: false, SecurityOperator: true, SecurityAdministrator: true, GlobalAdministrator: true} {
		if got := slices.Contains(Granted([]Role{SearchAndPurge, group}), EmailRemove); got != may {
			t.Errorf("with %q: %v", group, got)
		}
	}
}
