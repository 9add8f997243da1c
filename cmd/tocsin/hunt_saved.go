package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/hunt"
)

// savedWord in the place of a query lists the saved queries: tocsin hunt saved.
const savedWord = "saved"

// shelf is where saved queries are read: a server, or the case store in the data folder.
type shelf struct {
	cfg    app.Config
	server *remote // nil: the folder
}

// me stands for the owner of what a server says is one's own.
const me = "me"

// list returns the saved queries that may be seen: with a token one's own and those that are shared, otherwise those that are shared.
func (s shelf) list(ctx context.Context) ([]hunt.Saved, error) {
	if s.server == nil {
		if _, err := os.Stat(s.cfg.Data); err != nil {
			return nil, fmt.Errorf("there is no data folder %s; tocsin import or tocsin serve makes one", s.cfg.Data)
		}
		people, err := app.OpenPeople(ctx, s.cfg)
		if err != nil {
			return nil, err
		}
		all, err := people.Store.SavedQueries(ctx, "")
		return all, errors.Join(err, people.Close())
	}
	body, err := s.server.send(ctx, http.MethodGet, "/hunt/queries", "", nil)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var answer []api.HuntSaved
	if err := json.NewDecoder(body).Decode(&answer); err != nil {
		return nil, fmt.Errorf("server %s broke off its answer: %w", s.server.url, err)
	}
	all := make([]hunt.Saved, len(answer))
	for i, q := range answer {
		all[i] = hunt.Saved{ID: q.ID, Name: q.Name, Description: q.Description, Folder: q.Folder, Query: q.Query, Shared: q.Shared, Owner: q.Owner, Updated: q.Updated}
		if q.Own {
			all[i].OwnerID = me
		}
	}
	return all, nil
}

// pick returns one saved query by its name or id.
func (s shelf) pick(ctx context.Context, name string) (hunt.Saved, error) {
	all, err := s.list(ctx)
	if err != nil {
		return hunt.Saved{}, err
	}
	return hunt.PickSaved(all, me, name)
}

// print lists the saved queries.
func (s shelf) print(ctx context.Context, p printer) error {
	all, err := s.list(ctx)
	if err != nil {
		return err
	}
	columns := []api.HuntColumn{{Name: "Folder", Type: "string"}, {Name: "Name", Type: "string"}, {Name: "Owner", Type: "string"}, {Name: "Shared", Type: "bool"}, {Name: "Updated", Type: "datetime"}, {Name: "Description", Type: "string"}, {Name: "Id", Type: "string"}}
	if err := p.head(columns); err != nil {
		return err
	}
	for _, q := range all {
		if err := p.row([]any{q.Folder, q.Name, q.Owner, q.Shared, api.Value(q.Updated), q.Description, q.ID}); err != nil {
			return err
		}
	}
	return p.end("")
}

// saved is the shelf that the command's settings name.
func (c huntCommand) shelf() (shelf, error) {
	cfg, err := c.load(nil)
	if err != nil {
		return shelf{}, err
	}
	server, err := findRemote(c.Server, c.Token, cfg)
	return shelf{cfg, server}, err
}

// listSaved is tocsin hunt saved.
func (c huntCommand) listSaved(ctx context.Context, out, errs io.Writer) error {
	if c.File != "" || c.Saved != "" || c.Check {
		return errors.New("tocsin hunt saved only lists; run one with: tocsin hunt --saved NAME")
	}
	s, err := c.shelf()
	if err != nil {
		return err
	}
	return s.print(ctx, newPrinter(c.Format, c.Limit, out, errs, plainTerminal(out)))
}

// savedText is the text of the query that --saved names, and on a server its id.
func (c huntCommand) savedText(ctx context.Context) (text, id string, err error) {
	if c.File != "" || c.Query != "" {
		return "", "", errors.New("give a query, a file or --saved, not two of them")
	}
	s, err := c.shelf()
	if err != nil {
		return "", "", err
	}
	q, err := s.pick(ctx, c.Saved)
	if s.server != nil {
		id = q.ID
	}
	return q.Query, id, err
}
