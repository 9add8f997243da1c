package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"tocsin/internal/casestore"
	"tocsin/internal/directory"
)

// Directory says where people come from, beside organisation.people.
type Directory struct {
	Files []string      `koanf:"files"` // CSV
	Every time.Duration `koanf:"every"` // between two rounds of asking; 0: only by hand
	LDAP  LDAP          `koanf:"ldap"`
}

// LDAP is a server that knows the people.
type LDAP struct {
	URL            string         `koanf:"url"` // empty: none
	Plain          bool           `koanf:"plain"`
	CA             string         `koanf:"ca"`
	BindDN         string         `koanf:"bind_dn"`
	Password       string         `koanf:"password"`
	PasswordFile   string         `koanf:"password_file"`
	Base           string         `koanf:"base"`
	Filter         string         `koanf:"filter"`
	Page           int            `koanf:"page"`
	PriorityGroups []string       `koanf:"priority_groups"`
	Attributes     LDAPAttributes `koanf:"attributes"`
}

// LDAPAttributes are the names that the server has for what is read.
type LDAPAttributes struct {
	Address    string `koanf:"address"`
	Name       string `koanf:"name"`
	Title      string `koanf:"title"`
	Department string `koanf:"department"`
	Manager    string `koanf:"manager"`
	Groups     string `koanf:"groups"`
	Aliases    string `koanf:"aliases"`
	Private    string `koanf:"private"`
}

func defaultDirectory() Directory {
	a := directory.LDAPFields()
	return Directory{Files: []string{}, Every: time.Hour, LDAP: LDAP{
		Filter: directory.DefaultFilter, Page: 500, PriorityGroups: []string{},
		Attributes: LDAPAttributes{
			Address: a["address"], Name: a["name"], Title: a["title"], Department: a["department"], Manager: a["manager"], Groups: a["groups"],
			Aliases: a["aliases"], Private: a["private"],
		},
	}}
}

func (d Directory) validate() error {
	if d.Every != 0 && d.Every < time.Minute {
		return fmt.Errorf("config: directory.every: %s is too often; 1m or more, or 0", d.Every)
	}
	if d.LDAP.URL == "" {
		return nil
	}
	if d.LDAP.Password != "" && d.LDAP.PasswordFile != "" {
		return errors.New("config: directory.ldap: give password or password_file, not both")
	}
	if d.LDAP.Page < 1 || d.LDAP.Page > 10_000 {
		return fmt.Errorf("config: directory.ldap.page: %d is out of bounds; 1 to 10000", d.LDAP.Page)
	}
	if err := d.LDAP.source().LDAP.Validate(); err != nil {
		return fmt.Errorf("config: directory.ldap.%w", err)
	}
	return nil
}

// ldapSource is a server whose password is read when it is needed, so that a new one needs no restart.
type ldapSource struct {
	directory.LDAP
	passwordFile string
}

var _ directory.Source = (*ldapSource)(nil)

func (l LDAP) source() *ldapSource {
	a := l.Attributes
	return &ldapSource{passwordFile: l.PasswordFile, LDAP: directory.LDAP{
		URL: l.URL, Plain: l.Plain, CA: l.CA, BindDN: l.BindDN, Password: l.Password, Base: l.Base, Filter: l.Filter, Page: l.Page, PriorityGroups: l.PriorityGroups,
		Attributes: map[string]string{
			"address": a.Address, "name": a.Name, "title": a.Title, "department": a.Department, "manager": a.Manager, "groups": a.Groups,
			"aliases": a.Aliases, "private": a.Private,
		},
	}}
}

// ready is the server with its password.
func (l *ldapSource) ready() (*directory.LDAP, error) {
	server := l.LDAP
	if l.passwordFile != "" {
		b, err := os.ReadFile(l.passwordFile)
		if err != nil {
			return nil, fmt.Errorf("directory.ldap.password_file: %w", err)
		}
		server.Password = strings.TrimRight(string(b), "\r\n")
	}
	return &server, nil
}

// People asks the server.
func (l *ldapSource) People(ctx context.Context) ([]directory.Person, error) {
	server, err := l.ready()
	if err != nil {
		return nil, err
	}
	return server.People(ctx)
}

// newDirectory puts the directory of the settings together over a case store.
func (c Config) newDirectory(s *casestore.Store, now func() time.Time, reported func(string, error)) *directory.Directory {
	o := directory.Options{Shelf: s, Base: c.Org(), Every: c.Directory.Every, Now: now, Reported: reported}
	for _, path := range c.Directory.Files {
		o.Sources = append(o.Sources, directory.File{Path: path})
	}
	if c.Directory.LDAP.URL != "" {
		o.Sources = append(o.Sources, c.Directory.LDAP.source())
	}
	return directory.New(o)
}

// OpenDirectory opens the directory of the data folder alone. It works beside a running server, which notices changes.
func OpenDirectory(ctx context.Context, c Config) (*directory.Directory, *People, error) {
	p, err := OpenPeople(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	d := c.newDirectory(p.Store, time.Now, nil)
	if err := d.Load(ctx); err != nil {
		return nil, nil, errors.Join(err, p.Close())
	}
	return d, p, nil
}

// followDirectory keeps the directory up to date until ctx ends.
func (a *App) followDirectory(ctx context.Context) {
	if a.opt.Upkeep {
		_ = a.directory.Run(ctx) // it ends when ctx does; what goes wrong on the way is reported
	}
}

// checkDirectory reads the files and tries the server.
func checkDirectory(ctx context.Context, c Config) []Finding {
	var out []Finding
	for _, path := range c.Directory.Files {
		about := "directory.files " + path
		people, err := directory.File{Path: path}.People(ctx)
		switch {
		case err != nil:
			out = append(out, Finding{about, Bad, oneLine(err), "correct the file; until then its last good copy is used"})
		case len(people) == 0:
			out = append(out, Finding{about, Bad, "holds nobody", "fill it or take it out of the settings; its last good copy is used"})
		default:
			out = append(out, Finding{about, Good, fmt.Sprintf("%d people", len(people)), ""})
		}
	}
	if c.Directory.LDAP.URL == "" {
		return out
	}
	about := "directory.ldap " + c.Directory.LDAP.URL
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	server, err := c.Directory.LDAP.source().ready()
	if err == nil {
		err = server.Try(ctx)
	}
	if err != nil {
		return append(out, Finding{about, Bad, oneLine(err), "check the address, the certificate, bind_dn, the password and base; until then the last good copy is used"})
	}
	if server.Plain {
		return append(out, Finding{about, Warn, "answers, without TLS: the password can be read on the way", "use ldaps://, or take plain out"})
	}
	return append(out, Finding{about, Good, "answers", ""})
}
