// Package crash kills the whole product at random moments and looks whether it kept its word: what was answered 250, or
// taken in from a file, is in the stores exactly once, and the tables are those of a run that nobody disturbed.
//
// The defaults suit a test run of a minute. The figures of docs/design/ingest.md come from
//
//	go test ./test/crash -v -timeout 60m -messages 5000 -kills 20 -smtp-messages 10000 -smtp-kills 5
package crash

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	netsmtp "net/smtp"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tocsin/internal/demo"
)

var (
	importMessages = flag.Int("messages", 250, "messages to import")
	importKills    = flag.Int("kills", 3, "kills during the import")
	smtpMessages   = flag.Int("smtp-messages", 600, "messages to send over SMTP")
	smtpKills      = flag.Int("smtp-kills", 2, "kills while they are sent")
	connections    = flag.Int("connections", 20, "SMTP connections at the same time")
)

var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "tocsin-crash-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "tocsin")
	build := exec.Command("go", "build", "-o", binary, "tocsin/cmd/tocsin")
	build.Stderr = os.Stderr
	code := 1
	if err := build.Run(); err == nil {
		code = m.Run()
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// mail invents n different messages: the demo's, as often as needed, each time with another message id.
func mail(t testing.TB, n int) []demo.Mail {
	t.Helper()
	var all []demo.Mail
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	enough := errors.New("enough")
	for round := uint64(1); len(all) < n; round++ {
		err := demo.Generate(round, now, func(m demo.Mail) error {
			m.Raw = append(fmt.Appendf(nil, "X-Crash-Test: %d\r\n", len(all)), m.Raw...)
			all = append(all, m)
			if len(all) == n {
				return enough
			}
			return nil
		})
		if err != nil && !errors.Is(err, enough) {
			t.Fatal(err)
		}
	}
	return all
}

// run starts the product; the caller waits for it.
func run(t testing.TB, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.Command(binary, args...)
	// What other messages say of a message depends on which came first, and a kill changes that. So each is judged by itself here.
	cmd.Env = append(os.Environ(), "TOCSIN_DNS_ENABLED=false", "TOCSIN_CAMPAIGNS_ENABLED=false", "TOCSIN_ORGANISATION_DOMAINS="+demo.Domain)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, &out
}

func must(t *testing.T, args ...string) {
	t.Helper()
	cmd, out := run(t, args...)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("tocsin %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// tables are what was stored of mail, except clicks and what happened after delivery.
var tables = []string{"EmailEvents", "EmailUrlInfo", "EmailAttachmentInfo"}

// tooOften is how many differences a test shows before it stops looking.
const tooOften = 5

// rows reads a table, by a key that names what a row is about. Columns named in ignore are left out.
func rows(t *testing.T, data, table string, ignore []string) map[string][]map[string]any {
	t.Helper()
	cmd := exec.Command(binary, "hunt", "--data", data, "--format", "json", table)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("hunt %s: %v", table, err)
	}
	var all []map[string]any
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatal(err)
	}
	byKey := map[string][]map[string]any{}
	for _, r := range all {
		key := fmt.Sprint(r["RawSHA256"], r["RecipientEmailAddress"], r["Url"], r["UrlLocation"], r["SHA256"], r["FileName"])
		if !slices.Contains(ignore, "NetworkMessageId") {
			key += fmt.Sprint(r["NetworkMessageId"])
		}
		maps.DeleteFunc(r, func(column string, _ any) bool { return slices.Contains(ignore, column) })
		byKey[key] = append(byKey[key], r)
	}
	return byKey
}

// compare tells what differs between the tables of two data folders.
func compare(t *testing.T, undisturbed, killed string, ignore ...string) {
	t.Helper()
	for _, table := range tables {
		want, got := rows(t, undisturbed, table, ignore), rows(t, killed, table, ignore)
		if len(want) == 0 {
			t.Errorf("%s is empty in the undisturbed run", table)
		}
		total, bad := 0, 0
		for key, rows := range want {
			total += len(rows)
			if bad < tooOften && !same(t, table, key, rows, got[key]) {
				bad++
			}
			delete(got, key)
		}
		for key := range got {
			if bad++; bad <= tooOften {
				t.Errorf("%s: too much: %s", table, key)
			}
		}
		t.Logf("%s: %d rows compared", table, total)
	}
}

func same(t *testing.T, table, key string, want, got []map[string]any) bool {
	t.Helper()
	if len(want) != len(got) {
		t.Errorf("%s: %d rows instead of %d for %s", table, len(got), len(want), key)
		return false
	}
	text := func(r map[string]any) string { return fmt.Sprint(r) } // maps print in order of their keys
	byText := func(a, b map[string]any) int { return strings.Compare(text(a), text(b)) }
	slices.SortFunc(want, byText)
	slices.SortFunc(got, byText)
	for i := range want {
		for column, v := range want[i] {
			if fmt.Sprint(v) != fmt.Sprint(got[i][column]) {
				t.Errorf("%s: %s is %v instead of %v for %s", table, column, got[i][column], v, key)
				return false
			}
		}
	}
	return true
}

// whenJudged is the column that says when a message was judged, which is another moment in every run.
const whenJudged = "LastEventExecutionTime"

func TestImportSurvivesKills(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "mail")
	if err := os.Mkdir(source, 0o700); err != nil {
		t.Fatal(err)
	}
	// Half of the messages are files of their own, half stand in one mbox: the two differ in how an import goes on.
	var mbox bytes.Buffer
	for i, m := range mail(t, *importMessages) {
		if i%2 == 0 {
			fmt.Fprintf(&mbox, "From %s Thu Jan  1 00:00:00 1970\n%s\n", m.MailFrom, quote(m.Raw))
			continue
		}
		if err := os.WriteFile(filepath.Join(source, fmt.Sprintf("%06d.eml", i)), m.Raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(source, "half.mbox"), mbox.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}

	undisturbed, killed := filepath.Join(dir, "undisturbed"), filepath.Join(dir, "killed")
	began := time.Now()
	must(t, "import", "--data", undisturbed, source)
	whole := time.Since(began)

	died := 0
	for range *importKills {
		cmd, out := run(t, "import", "--data", killed, source)
		// On average each life gets its share of the work, after the time that a start takes. So the kills meet an import from its
		// first moments to its last, and some lives are too short to get anywhere.
		time.Sleep(time.Duration(rand.Int64N(int64(2*whole)/int64(*importKills) + int64(300*time.Millisecond))))
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			died++
			if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() {
				t.Errorf("an import after a kill failed by itself: %v\n%s", err, out)
			}
		}
	}
	if died == 0 {
		t.Error("no kill met an import")
	}
	t.Logf("undisturbed %s; killed %d of %d times before its end", whole.Round(time.Millisecond), died, *importKills)
	must(t, "import", "--data", killed, source)
	compare(t, undisturbed, killed, whenJudged)
	// Everything again adds nothing.
	must(t, "import", "--again", "--data", killed, source)
	compare(t, undisturbed, killed, whenJudged)
}

// quote writes a message for an mbox (mboxrd).
func quote(raw []byte) []byte {
	lines := bytes.Split(bytes.TrimRight(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), "\n"), []byte("\n"))
	for i, l := range lines {
		if bytes.HasPrefix(bytes.TrimLeft(l, ">"), []byte("From ")) {
			lines[i] = append([]byte(">"), l...)
		}
	}
	return append(bytes.Join(lines, []byte("\n")), '\n')
}

// server is a running product that can be killed and started again on the same data and ports.
type server struct {
	data, http, smtp string
	milter, lmtp     string // "": off
	config           string // file of settings; "": none
	token            string // of an operator who may ask for the coverage
	cmd              *exec.Cmd
	out              *bytes.Buffer
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (s *server) start(t testing.TB) {
	t.Helper()
	args := []string{"serve", "--data", s.data, "--http", s.http, "--smtp", s.smtp, "--milter", s.milter, "--lmtp", s.lmtp}
	if s.config != "" {
		args = append(args, "--config", s.config)
	}
	s.cmd, s.out = run(t, args...)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if res, err := http.Get("http://" + s.http + "/readyz"); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
			t.Fatalf("the server does not become ready:\n%s", s.out)
		}
	}
}

// kill ends the process without a word, as a power cut would for everything but the disk's own cache.
func (s *server) kill(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = s.cmd.Wait() // says that it was killed
}

// stop asks the server to finish, which it does with status 0.
func (s *server) stop(t testing.TB) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v\n%s", err, s.out)
	}
}

// send offers all mail over several connections, each message again until it is answered 250. It returns how many
// connections broke.
func (s *server) send(t *testing.T, all []demo.Mail, answered *atomic.Int64) (broken int64) {
	todo := make(chan demo.Mail, len(all))
	for _, m := range all {
		todo <- m
	}
	close(todo)
	var breaks atomic.Int64
	var wg sync.WaitGroup
	for range *connections {
		wg.Go(func() {
			var c *netsmtp.Client
			for m := range todo {
				for {
					var err error
					if c == nil {
						c, err = netsmtp.Dial(s.smtp)
					}
					if err == nil {
						err = offer(c, m)
					}
					if err == nil {
						answered.Add(1)
						break
					}
					if c != nil {
						breaks.Add(1)
						_ = c.Close()
						c = nil
					}
					time.Sleep(20 * time.Millisecond) // the server is away
				}
			}
			if c != nil {
				_ = c.Quit()
			}
		})
	}
	wg.Wait()
	return breaks.Load()
}

func offer(c *netsmtp.Client, m demo.Mail) error {
	if err := c.Mail(m.MailFrom); err != nil {
		return err
	}
	for _, r := range m.Recipients {
		if err := c.Rcpt(r); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(m.Raw); err != nil {
		return err
	}
	return w.Close() // nil only for 250
}

// settled waits until everything accepted is judged.
func (s *server) settled(t *testing.T) {
	t.Helper()
	if s.token == "" {
		must(t, "user", "add", "--data", s.data, "--email", "reader@"+demo.Domain, "--role", "Security Reader")
		token, err := exec.Command(binary, "user", "token", "--data", s.data, "--email", "reader@"+demo.Domain, "--name", "test").Output()
		if err != nil {
			t.Fatal(err)
		}
		s.token = strings.TrimSpace(string(token))
	}
	for deadline := time.Now().Add(10 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		req, err := http.NewRequest(http.MethodGet, "http://"+s.http+"/api/v1/coverage", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+s.token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var c struct {
			Pending *int64 `json:"pending_jobs"`
		}
		err = json.NewDecoder(res.Body).Decode(&c)
		_ = res.Body.Close()
		if err != nil || c.Pending == nil {
			t.Fatalf("coverage: %s %v", res.Status, err)
		}
		if *c.Pending == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d messages still wait", *c.Pending)
		}
	}
}

// whenTaken are the columns that follow from the moment of acceptance.
var whenTaken = []string{"Timestamp", "TimeGenerated", "NetworkMessageId", "ReportId", whenJudged}

func TestSMTPSurvivesKills(t *testing.T) {
	dir := t.TempDir()
	all := mail(t, *smtpMessages)
	undisturbed := &server{data: filepath.Join(dir, "undisturbed"), http: freePort(t), smtp: freePort(t)}
	undisturbed.start(t)
	var answered atomic.Int64
	began := time.Now()
	undisturbed.send(t, all, &answered)
	t.Logf("undisturbed: %d messages answered 250 in %s", answered.Load(), time.Since(began).Round(time.Millisecond))
	undisturbed.settled(t)
	t.Logf("undisturbed: judged after %s", time.Since(began).Round(time.Millisecond))
	undisturbed.stop(t)

	killed := &server{data: filepath.Join(dir, "killed"), http: freePort(t), smtp: freePort(t)}
	killed.start(t)
	answered.Store(0)
	done := make(chan int64, 1)
	go func() { done <- killed.send(t, all, &answered) }()
	for i := range *smtpKills {
		// After a random share of the messages that this life of the server may take.
		share := int64(len(all)) / int64(*smtpKills+1)
		at := int64(i)*share + rand.Int64N(share) + 1
		for answered.Load() < at {
			time.Sleep(time.Millisecond)
		}
		killed.kill(t)
		t.Logf("killed after %d of %d answers", answered.Load(), len(all))
		killed.start(t)
	}
	broken := <-done
	if broken == 0 {
		t.Error("no kill met a connection")
	}
	killed.settled(t)
	killed.stop(t)
	if answered.Load() != int64(len(all)) {
		t.Errorf("%d of %d messages were answered 250", answered.Load(), len(all))
	}
	t.Logf("%d connections broke", broken)
	compare(t, undisturbed.data, killed.data, whenTaken...)
}
