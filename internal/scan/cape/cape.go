// Package cape hands files to a CAPEv2 sandbox and reads what they did there.
//
// It speaks CAPE's REST API (web/apiv2 of the CAPEv2 project): tasks/create/file takes a file, tasks/status tells how far it
// is, tasks/get/report/{id}/lite gives the findings, tasks/search/sha256 finds an earlier analysis of the same file, so
// that no file is run twice. Only files are sent, never whole messages: a sandbox is shared by many readers.
package cape

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/scan"
)

// Config says where CAPE is. Zero fields mean the default.
type Config struct {
	URL      string        // "https://cape.example"; without /apiv2
	Token    string        // sent as "Authorization: Token ..."
	Options  string        // CAPE's submission options, "free=yes,procmemdump=1"; may be ""
	Run      time.Duration // how long a file may run; default 2 m
	Score    float64       // malscore from which a file counts as malicious without a named family; default 7, of 10
	Timeout  time.Duration // of one request; default 30 s
	MaxSize  int           // octets of a file; default 25 MiB
	Client   *http.Client  // nil: one without redirects
	Instance string        // name for people when there are several; default "CAPE"
}

// Client is one CAPE. It is safe for concurrent use.
type Client struct {
	cfg  Config
	base *url.URL
}

var _ scan.Sandbox = (*Client)(nil)

// New prepares a client; nothing is asked yet.
func New(c Config) (*Client, error) {
	base, err := url.Parse(strings.TrimRight(c.URL, "/") + "/apiv2/")
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || base.User != nil {
		return nil, errors.New("CAPE address: want https://host or http://host, without a name and password in it")
	}
	if c.Run <= 0 {
		c.Run = 2 * time.Minute
	}
	if c.Score <= 0 {
		c.Score = 7
	}
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	if c.MaxSize <= 0 {
		c.MaxSize = 25 << 20
	}
	if c.Instance == "" {
		c.Instance = "CAPE"
	}
	if c.Client == nil {
		c.Client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return &Client{cfg: c, base: base}, nil
}

// Name is the configured name, "CAPE" by default.
func (c *Client) Name() string { return c.cfg.Instance }

// Submit hands over a file. name only helps CAPE to choose how it is opened.
func (c *Client) Submit(ctx context.Context, name string, content []byte) (id string, err error) {
	if len(content) > c.cfg.MaxSize {
		return "", fmt.Errorf("the file is larger than %d MiB: %w", c.cfg.MaxSize>>20, scan.ErrGone)
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	fields := map[string]string{"timeout": strconv.Itoa(int(c.cfg.Run.Seconds())), "options": c.cfg.Options}
	for k, v := range fields {
		if err == nil && v != "" {
			err = form.WriteField(k, v)
		}
	}
	part, ferr := form.CreateFormFile("file", fileName(name))
	if err = errors.Join(err, ferr); err == nil {
		_, err = part.Write(content)
	}
	if err = errors.Join(err, form.Close()); err != nil {
		return "", err
	}
	var data struct {
		IDs []int64 `json:"task_ids"`
	}
	if err := c.ask(ctx, http.MethodPost, "tasks/create/file/", form.FormDataContentType(), &body, &data); err != nil {
		return "", err
	}
	if len(data.IDs) == 0 {
		return "", errors.New("CAPE took the file and names no task")
	}
	return strconv.FormatInt(data.IDs[0], 10), nil
}

// errRefused says that CAPE is there and does not do what it was asked.
var errRefused = errors.New("CAPE refuses")

// Version asks CAPE how it is (cuckoo/status) and returns its version, "" when it does not tell: its settings may forbid the question.
func (c *Client) Version(ctx context.Context) (string, error) {
	var data struct {
		Version string `json:"version"`
	}
	err := c.ask(ctx, http.MethodGet, "cuckoo/status/", "", nil, &data)
	switch {
	case errors.Is(err, errRefused):
		return "", nil
	case errors.Is(err, scan.ErrGone):
		return "", errors.New("there is no CAPE at this address: it answers 404")
	}
	return short(data.Version), err
}

// fileName keeps the last part of a name and its extension, in ASCII: what is sent goes into a form and onto a disk.
func fileName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, name)
	if clean == "" {
		clean = "file"
	}
	return clean[max(0, len(clean)-100):]
}

// Known returns the newest finished analysis of a file, "" when there is none. sha256 is lower-case hex.
func (c *Client) Known(ctx context.Context, sha256 string) (id string, err error) {
	var tasks []struct {
		ID     int64  `json:"id"`
		Status string `json:"status"`
	}
	if err := c.ask(ctx, http.MethodGet, "tasks/search/sha256/"+url.PathEscape(sha256)+"/", "", nil, &tasks); err != nil {
		return "", err
	}
	var best int64
	for _, t := range tasks {
		if t.Status == "reported" && t.ID > best {
			best = t.ID
		}
	}
	if best == 0 {
		return "", nil
	}
	return strconv.FormatInt(best, 10), nil
}

// Result reads a finished analysis.
func (c *Client) Result(ctx context.Context, id string) (a scan.Answer, done bool, err error) {
	if _, err := strconv.ParseUint(id, 10, 63); err != nil {
		return a, false, fmt.Errorf("task %q: %w", id, scan.ErrGone)
	}
	var status string
	if err := c.ask(ctx, http.MethodGet, "tasks/status/"+id+"/", "", nil, &status); err != nil {
		return a, false, err
	}
	switch status {
	case "reported":
	case "failed_analysis", "failed_processing", "failed_reporting", "banned":
		return a, false, fmt.Errorf("the analysis ended as %s: %w", status, scan.ErrGone)
	default: // pending, running, distributed, completed
		return a, false, nil
	}
	var r report
	if err := c.ask(ctx, http.MethodGet, "tasks/get/report/"+id+"/lite/", "", nil, &r); err != nil {
		return a, false, err
	}
	a = scan.Answer{Engine: c.Name(), Kind: scan.KindSandbox, Run: true, At: time.Now(), Details: r.details()}
	if family := r.family(); family != "" {
		a.Threat = family
	} else if r.Score >= c.cfg.Score {
		a.Threat = "behaves like malware"
	}
	return a, true, nil
}

// report is what is used of CAPE's report (modules/reporting of the project): a score from 0 to 10, families that were recognised, and what
// the file did.
type report struct {
	Score      float64 `json:"malscore"`
	Family     string  `json:"malfamily"`
	Detections any     `json:"detections"` // a name, or [{"family": name}]
	Signatures []struct {
		Name        string  `json:"name"`
		Description string  `json:"description"`
		Severity    float64 `json:"severity"`
	} `json:"signatures"`
}

func (r *report) family() string {
	switch d := r.Detections.(type) {
	case string:
		if d != "" {
			return short(d)
		}
	case []any:
		for _, v := range d {
			if m, ok := v.(map[string]any); ok {
				if s, _ := m["family"].(string); s != "" {
					return short(s)
				}
			}
		}
	}
	return short(r.Family)
}

// details tells the three gravest things that the file did.
func (r *report) details() string {
	out := fmt.Sprintf("score %.1f of 10", r.Score)
	n := 0
	for grave := 3.0; grave >= 2 && n < 3; grave-- {
		for _, s := range r.Signatures {
			if s.Severity == grave && n < 3 && s.Description != "" {
				out += "; " + short(s.Description)
				n++
			}
		}
	}
	return out
}

// short cuts a text of the sandbox, which quotes the hostile file.
func short(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if r := []rune(s); len(r) > 100 {
		return string(r[:100]) + "…"
	}
	return s
}

// maxAnswer bounds what is read of a reply, in octets: a report can be very long.
const maxAnswer = 32 << 20

// ask does one request and reads the "data" of the reply, or the whole reply when it has none (a report).
func (c *Client) ask(ctx context.Context, method, path, kind string, body io.Reader, into any) error {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.base.JoinPath(path).String(), body)
	if err != nil {
		return err
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if c.cfg.Token != "" {
		req.Header.Set("Authorization", "Token "+c.cfg.Token)
	}
	res, err := c.cfg.Client.Do(req)
	if err != nil {
		return fmt.Errorf("CAPE cannot be reached: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("CAPE: %w", err)
	case len(raw) > maxAnswer:
		return errors.New("CAPE's answer is too long")
	case res.StatusCode == http.StatusNotFound:
		return scan.ErrGone
	case res.StatusCode != http.StatusOK:
		return fmt.Errorf("CAPE answers %s", res.Status)
	}
	var reply struct {
		Error json.RawMessage `json:"error"` // true, false, or a list of errors
		Value any             `json:"error_value"`
		Data  json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(raw, &reply); err != nil {
		return fmt.Errorf("CAPE's answer is no JSON: %w", err)
	}
	if string(reply.Error) == "true" {
		return fmt.Errorf("%w: %s", errRefused, short(fmt.Sprint(reply.Value)))
	}
	if reply.Data != nil {
		raw = reply.Data
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("CAPE's answer has another form than expected: %w", err)
	}
	return nil
}
