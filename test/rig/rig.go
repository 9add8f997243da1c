// Package rig runs real mail servers for tests: a private Dovecot and, when it is asked for, a Postfix that delivers into it, from Debian's
// packages, in a folder of their own under the temporary folder and on loopback ports that they find free. Nothing of the machine's own
// mail system is read or written. They stop with the test.
//
// It needs root, because both servers change to users of their own, and the packages postfix, dovecot-imapd, dovecot-lmtpd, dovecot-sieve
// and dovecot-managesieved. Without them the test is skipped with a word why.
package rig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// Options say what runs.
type Options struct {
	Mailboxes      map[string]string // address to password; they are empty, with the folders INBOX, Junk, Trash and Sent
	InboxOnly      bool              // without Junk, Trash and Sent
	Master         string            // a user who may open every mailbox as ADDRESS*Master; "" for none
	MasterPassword string

	TokenInfo    string // URL that says whose an OAuth2 token is (answers {"sub": ADDRESS}); "" for no OAuth2
	Capabilities string // what Dovecot says it can do after sign-in (imap_capability); "" for what it can
	Dovecot      string // more lines of its configuration
	JunkHeader   string // "Name: value" of a field that files mail into Junk (Sieve); "" for none

	Postfix       bool
	Milter        string // host:port that Postfix asks about all mail; "" for none. It must listen before mail comes
	MilterDefault string // what Postfix does when the milter is away: accept, reject, tempfail (""), quarantine
	DeliverTo     string // host:port that Postfix delivers to by LMTP, telling of its client (XFORWARD); "": Dovecot's own
	Recipients    int    // of one delivery at most; 0: 1
	Journal       string // address that Postfix sends a copy of all mail to (always_bcc); "" for none
	JournalTo     string // host:port that takes the journal's mail by LMTP
}

// Rig is what runs.
type Rig struct {
	Dir   string // everything lies below it
	CA    string // PEM file of the authority that signed the certificate of 127.0.0.1
	IMAP  string // host:port, with STARTTLS and without
	IMAPS string
	Sieve string // ManageSieve, with STARTTLS and without
	LMTP  string // Dovecot's; no sign-in
	SMTP  string // Postfix's; "" without it

	t       testing.TB
	o       Options
	dovecot *process
	postfix *process
}

// process is a server in the foreground.
type process struct {
	cmd  *exec.Cmd
	done chan error
	out  bytes.Buffer
}

// Start starts the servers and waits until they answer. It skips the test where they cannot run.
func Start(t testing.TB, o Options) *Rig {
	t.Helper()
	needed := []string{"dovecot", "doveadm"}
	if o.Postfix {
		needed = append(needed, "postfix")
	}
	for _, name := range needed {
		if find(name) == "" {
			t.Skipf("%s is not installed: apt-get install postfix dovecot-imapd dovecot-lmtpd dovecot-sieve dovecot-managesieved runs this test against real servers", name)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("Dovecot and Postfix change to users of their own, for which this test must run as root")
	}
	dir, err := os.MkdirTemp("", "rig") // short: paths of sockets have at most 107 octets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	r := &Rig{Dir: dir, t: t, o: o}
	must(t, os.Chmod(dir, 0o755)) // the servers' users pass through
	ports := freePorts(t, 5)
	r.IMAP, r.IMAPS, r.Sieve, r.LMTP = ports[0], ports[1], ports[2], ports[3]
	r.writeDovecot()
	r.StartDovecot()
	t.Cleanup(r.StopDovecot)
	if o.Postfix {
		r.SMTP = ports[4]
		r.writePostfix()
		r.startPostfix()
		t.Cleanup(r.stopPostfix)
	}
	return r
}

// StartDovecot starts it again after StopDovecot, over the same mailboxes and ports.
func (r *Rig) StartDovecot() {
	r.t.Helper()
	r.dovecot = start(r.t, find("dovecot"), "-F", "-c", r.path("dovecot.conf"))
	r.await(r.dovecot, r.path("dovecot.log"), r.IMAP, r.IMAPS, r.Sieve, r.LMTP)
}

// StopDovecot ends it and every connection to it.
func (r *Rig) StopDovecot() {
	if r.dovecot != nil {
		r.dovecot.stop()
		r.dovecot = nil
	}
	if r.t.Failed() {
		r.t.Logf("Dovecot's log:\n%s", tail(r.path("dovecot.log")))
	}
}

func (r *Rig) startPostfix() {
	r.t.Helper()
	r.postfix = start(r.t, find("postfix"), "-c", r.path("postfix/etc"), "start-fg")
	r.await(r.postfix, r.path("maillog"), r.SMTP)
}

func (r *Rig) stopPostfix() {
	if r.t.Failed() {
		r.t.Logf("Postfix's log:\n%s", tail(r.path("maillog")))
	}
	if raw, err := os.ReadFile(r.path("postfix/spool/pid/master.pid")); err == nil { // a process group of its own
		if pid, err := strconv.Atoi(strings.TrimSpace(string(raw))); err == nil && pid > 1 {
			_ = syscall.Kill(-pid, syscall.SIGTERM)
		}
	}
	r.postfix.stop()
}

// Home is the folder that holds a mailbox.
func (r *Rig) Home(address string) string { return r.path("mail/" + strings.ToLower(address)) }

// Doveadm runs a command of Dovecot's administrator and returns what it prints.
func (r *Rig) Doveadm(args ...string) string {
	r.t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	out, err := exec.CommandContext(ctx, find("doveadm"), append([]string{"-c", r.path("dovecot.conf")}, args...)...).CombinedOutput()
	if err != nil {
		r.t.Fatalf("doveadm %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// Queue lists Postfix's queue as postqueue -j does: a JSON object a line.
func (r *Rig) Queue() string {
	r.t.Helper()
	out, err := exec.Command(find("postqueue"), "-c", r.path("postfix/etc"), "-j").Output()
	if err != nil {
		r.t.Fatalf("postqueue: %v", err)
	}
	return string(out)
}

// Unhold lets a message that a milter quarantined go (postsuper -H).
func (r *Rig) Unhold(queueID string) {
	r.t.Helper()
	if out, err := exec.Command(find("postsuper"), "-c", r.path("postfix/etc"), "-H", queueID).CombinedOutput(); err != nil {
		r.t.Fatalf("postsuper: %v\n%s", err, out)
	}
	if out, err := exec.Command(find("postqueue"), "-c", r.path("postfix/etc"), "-f").CombinedOutput(); err != nil {
		r.t.Fatalf("postqueue: %v\n%s", err, out)
	}
}

// Deliver gives a message to Dovecot over LMTP, as Postfix does.
func (r *Rig) Deliver(from, to string, raw []byte) {
	r.t.Helper()
	conn, err := net.Dial("tcp", r.LMTP)
	must(r.t, err)
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	must(r.t, c.Hello("rig.example"))
	must(r.t, c.Mail(from, nil))
	must(r.t, c.Rcpt(to, nil))
	w, err := c.Data()
	must(r.t, err)
	_, err = w.Write(raw)
	must(r.t, err)
	must(r.t, w.Close())
}

// Send gives a message to Postfix over SMTP. A refusal is the error.
func (r *Rig) Send(from string, to []string, raw []byte) error {
	c, err := smtp.Dial(r.SMTP)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.SendMail(from, to, bytes.NewReader(raw))
}

func (r *Rig) path(name string) string { return filepath.Join(r.Dir, name) }

// domains of the mailboxes.
func (r *Rig) domains() []string {
	seen := map[string]bool{}
	for a := range r.o.Mailboxes {
		seen[strings.ToLower(a[strings.LastIndexByte(a, '@')+1:])] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// write puts a file below Dir.
func (r *Rig) write(name, text string, mode os.FileMode) {
	r.t.Helper()
	must(r.t, os.MkdirAll(filepath.Dir(r.path(name)), 0o755))
	must(r.t, os.WriteFile(r.path(name), []byte(text), mode))
}

// own gives a file or folder below Dir to a user and a group.
func (r *Rig) own(name, who, group string) {
	r.t.Helper()
	u, err := user.Lookup(who)
	must(r.t, err)
	g, err := user.LookupGroup(group)
	must(r.t, err)
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(g.Gid)
	must(r.t, os.Chown(r.path(name), uid, gid))
}

// await waits until every address takes connections, at most a minute.
func (r *Rig) await(p *process, log string, addresses ...string) {
	r.t.Helper()
	end := time.Now().Add(time.Minute)
	for _, a := range addresses {
		for {
			conn, err := net.DialTimeout("tcp", a, time.Second)
			if err == nil {
				_ = conn.Close()
				break
			}
			select {
			case err := <-p.done:
				r.t.Fatalf("%s ended: %v\n%s%s", p.cmd.Path, err, p.out.Bytes(), tail(log))
			case <-time.After(20 * time.Millisecond):
			}
			if time.Now().After(end) {
				p.stop()
				r.t.Fatalf("%s does not answer on %s after a minute\n%s", p.cmd.Path, a, tail(log))
			}
		}
	}
}

func start(t testing.TB, name string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(name, args...), done: make(chan error, 1)}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what it starts ends with it
	p.cmd.Env = append(os.Environ(), "MAIL_CONFIG=")
	p.cmd.Env = slices.DeleteFunc(p.cmd.Env, func(s string) bool { return strings.HasPrefix(s, "MAIL_CONFIG=") })
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	p.cmd.WaitDelay = 2 * time.Second
	must(t, p.cmd.Start())
	go func() { p.done <- p.cmd.Wait() }()
	return p
}

// stop ends the process and those that it started: politely, after 5 s not.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(5 * time.Second):
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // the group, that of our own child
	select {
	case <-p.done:
	default:
	}
}

// freePorts finds n loopback ports that nobody listens on now.
func freePorts(t testing.TB, n int) []string {
	t.Helper()
	var out []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		defer l.Close() // when all are known, so that they differ
		out = append(out, l.Addr().String())
	}
	return out
}

func port(address string) string {
	_, p, _ := net.SplitHostPort(address)
	return p
}

// find looks a program up where Debian puts it; "" when it is not there.
func find(name string) string {
	for _, dir := range []string{"/usr/sbin", "/usr/bin"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return filepath.Join(dir, name)
		}
	}
	path, _ := exec.LookPath(name)
	return path
}

// tail is the end of a log.
func tail(path string) []byte {
	f, err := os.Open(path)
	if err != nil {
		return []byte(err.Error())
	}
	defer f.Close()
	if end, err := f.Seek(0, io.SeekEnd); err == nil {
		_, _ = f.Seek(max(0, end-8<<10), io.SeekStart)
	}
	b, err := io.ReadAll(io.LimitReader(f, 8<<10))
	if err != nil && !errors.Is(err, io.EOF) {
		return []byte(err.Error())
	}
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(fmt.Errorf("rig: %w", err))
	}
}
