package directory

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestReadCSV(t *testing.T) {
	for name, in := range map[string]string{
		"plain":      "email,name,title,department,manager,groups,aliases,private,priority\nAda@own.example,Ada Lind,Chair,Board,tom@own.example,Board;All,chair@own.example|a.lind@own.example,ada@home.example,yes\n",
		"semicolons": "\xef\xbb\xbfE-Mail;Vorname;Nachname;Titel;Abteilung;Vorgesetzter;Gruppen;Alias;private;VIP\r\nada@own.example;Ada;Lind;Chair;Board;tom@own.example;\"Board;All\";chair@own.example|a.lind@own.example;ada@home.example;x\r\n",
		"tabs":       "Job Title\tDisplay Name\tPrimary SMTP address\tDept.\tManager Email\tMember of\tProxyAddresses\tPersonal Email\tunknown\tPriority account\nChair\tAda Lind\tSMTP:ada@own.example\tBoard\ttom@own.example\tBoard|All\tsmtp:chair@own.example;X500:/o=x;smtp:a.lind@own.example\tada@home.example\t?\ttrue\n\n",
		"quoted":     "name,email,title,department,manager,groups,aliases,private,priority\n\"Ada\n Lind\",ada@own.example,Chair,Board,tom@own.example,\"Board\nAll\",chair@own.example;a.lind@own.example,ada@home.example,1",
	} {
		people, err := ReadCSV(strings.NewReader(in), "people.csv")
		if err != nil || len(people) != 1 {
			t.Errorf("%s: %+v %v", name, people, err)
			continue
		}
		want := "{ada@own.example Ada Lind Chair Board tom@own.example [Board All] [chair@own.example a.lind@own.example] [ada@home.example] true}"
		if got := fmt.Sprint(people[0]); got != want {
			t.Errorf("%s: %s\nwant %s", name, got, want)
		}
	}
}

func TestReadCSVErrors(t *testing.T) {
	for in, want := range map[string]string{
		"":                              "people.csv:1: the file is empty",
		"name,title\nAda,Chair\n":       "people.csv:1: no column for the address",
		"email\nada@own.example\nAda\n": `people.csv:3: "Ada" is no address`,
		"email\n\nada@own.example\nADA@own.example\n": "people.csv:4: ada@own.example stands in line 3 already",
		"email,name\nada@own.example,\"Ada\n":         "people.csv:",
		"email,name\nada@own.example,A\"da\n":         `people.csv:2: bare " in non-quoted`,
		"email,priority\nada@own.example,maybe\n":     `people.csv:2: priority is "maybe"; write yes or no`,
		"email,name\nada@own.example,L\xf6we\n":       "people.csv:2: is not UTF-8",
		"email\n" + strings.Repeat("x\n", 15):         "and 5 more",
	} {
		people, err := ReadCSV(strings.NewReader(in), "people.csv")
		if people != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v %v, want %s", in, people, err, want)
		}
		var file *FileError
		if !errors.As(err, &file) {
			t.Errorf("%q: %T", in, err)
		}
	}
	if _, err := ReadCSV(strings.NewReader("email\n"+strings.Repeat("x", MaxFile)), "big.csv"); err == nil || !strings.Contains(err.Error(), "larger") {
		t.Error(err)
	}
}

// FuzzReadCSV: whatever a file holds, what comes out is fit to be kept.
func FuzzReadCSV(f *testing.F) {
	f.Add("email,name\nada@own.example,Ada\n")
	f.Add("E-Mail;Name\r\n\"a@b.c\";\"x\ny\"\r\n")
	f.Fuzz(func(t *testing.T, in string) {
		people, err := ReadCSV(strings.NewReader(in), "f")
		if err != nil && people != nil {
			t.Fatal("people beside an error")
		}
		again, err := tidied(people)
		if err != nil || len(again) != len(people) {
			t.Fatalf("%d people, %d tidied: %v", len(people), len(again), err)
		}
		for _, p := range people {
			if addressOf(p.Address) != p.Address || strings.ContainsAny(p.Name, "\r\n") || len(p.Name) > maxText {
				t.Fatalf("%+v", p)
			}
		}
	})
}
