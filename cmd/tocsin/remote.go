package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/casestore"
)

// remote is a running server, for the commands that would otherwise open the stores that it holds.
type remote struct {
	url    string
	token  string
	client *http.Client
	here   bool // this process stands in for the server that does not run
}

// findRemote returns the server to go through: the named one, or the one that holds the data folder; nil when the folder is free.
func findRemote(server, token string, cfg app.Config) (*remote, error) {
	if server != "" {
		if token == "" {
			return nil, errors.New("--server needs a token: --token, or TOCSIN_TOKEN in the environment (tocsin user token makes one)")
		}
		u, err := url.Parse(server)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return nil, fmt.Errorf("--server: %q is not the address of a server; write https://tocsin.example.com", server)
		}
		return &remote{url: strings.TrimSuffix(server, "/"), token: token, client: http.DefaultClient}, nil
	}
	holder, held, err := casestore.HolderOf(cfg.Data)
	if err != nil || !held {
		return nil, err
	}
	if holder.Address == "" {
		return nil, &app.InUse{Folder: cfg.Data, Holder: holder}
	}
	if token, err = app.LocalToken(cfg.Data); err != nil {
		return nil, err
	}
	return &remote{url: holder.Address, token: token, client: thisMachine()}, nil
}

// thisMachine is a client for the server that holds the data folder. Its certificate is made out to the name that people use, not
// to the address it listens on; that this is the right server is known from the folder, which only its owner can write.
func thisMachine() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = nil
	t.TLSClientConfig = &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}
	return &http.Client{Transport: t}
}

// post sends a body and returns the answer's body, which the caller closes. What the server says is wrong becomes the error.
func (r *remote) post(ctx context.Context, path, kind string, body []byte) (io.ReadCloser, error) {
	return r.send(ctx, http.MethodPost, path, kind, body)
}

func (r *remote) send(ctx context.Context, method, path, kind string, body []byte) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, method, r.url+api.Prefix+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := r.client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return nil, fmt.Errorf("server %s: %w", r.url, err)
	}
	if res.StatusCode == http.StatusOK || res.StatusCode == http.StatusNoContent {
		return res.Body, nil
	}
	defer res.Body.Close()
	var problem struct {
		Detail string
		Errors []struct {
			Message  string
			Location string
			Value    json.RawMessage
		}
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&problem); err != nil || problem.Detail == "" {
		return nil, fmt.Errorf("server %s answered %s", r.url, res.Status)
	}
	if res.StatusCode == http.StatusUnprocessableEntity {
		for _, e := range problem.Errors {
			var at api.FilterDefect
			if e.Location == "body.query" && json.Unmarshal(e.Value, &at) == nil && at.Line > 0 {
				return nil, &wrongQuery{line: at.Line, column: at.Column, msg: at.Message, table: at.Table}
			}
		}
	}
	if problem.Detail == "validation failed" && len(problem.Errors) > 0 { // huma's words for all that a shape refuses
		problem.Detail = problem.Errors[0].Location + ": " + problem.Errors[0].Message
	}
	if r.here {
		return nil, errors.New(problem.Detail)
	}
	return nil, fmt.Errorf("server %s: %s", r.url, problem.Detail)
}

// remoteFlags are the flags of commands that can go through a server.
type remoteFlags struct {
	Server string `help:"Go through this server instead of the data folder." placeholder:"URL" env:"TOCSIN_SERVER"`
	Token  string `help:"API token for --server." env:"TOCSIN_TOKEN"`
}

// plainTerminal reports whether a writer is somebody's screen, or a reader somebody's keyboard.
func plainTerminal(w any) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
