package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tocsin": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
	}})
}

// TestScripts runs testdata/script/*.txtar: the command line as people type it, in a folder of their own. Beside testscript's own
// words they know
//
//	port NAME...     puts a free loopback address into each variable
//	ready ADDRESS    waits until a server there is ready
//	post ADDRESS PATH TOKEN BODY   sends a file to a route of the API there, with the token in a file
//	token FILE       puts the token in a file into TOCSIN_TOKEN
//	status N ARG...  runs tocsin and fails unless its exit status is N
//	oneline FILE     fails unless the file (stdout, stderr or a path) is exactly one line
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("TOCSIN_DNS_ENABLED", "false")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"port":    port,
			"ready":   ready,
			"post":    post,
			"token":   token,
			"status":  status,
			"oneline": oneLine,
		},
	})
}

func port(ts *testscript.TestScript, _ bool, names []string) {
	for _, name := range names {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		ts.Setenv(name, l.Addr().String())
		ts.Check(l.Close())
	}
}

func ready(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: ready ADDRESS")
	}
	var last error
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		res, err := http.Get("http://" + args[0] + "/readyz")
		if err != nil {
			last = err
			continue
		}
		ts.Check(res.Body.Close())
		if res.StatusCode == http.StatusOK {
			return
		}
		last = errors.New(res.Status)
	}
	ts.Fatalf("no server is ready on %s: %v", args[0], last)
}

func post(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 4 {
		ts.Fatalf("usage: post ADDRESS PATH TOKEN BODY")
	}
	req, err := http.NewRequest(http.MethodPost, "http://"+args[0]+"/api/v1"+args[1], strings.NewReader(ts.ReadFile(args[3])))
	ts.Check(err)
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(ts.ReadFile(args[2])))
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	ts.Check(err)
	ts.Check(res.Body.Close())
	if res.StatusCode/100 != 2 {
		ts.Fatalf("%s answered %s", args[1], res.Status)
	}
}

func token(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: token FILE")
	}
	ts.Setenv("TOCSIN_TOKEN", strings.TrimSpace(ts.ReadFile(args[0])))
}

func status(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: status N ARG...")
	}
	got, err := 0, ts.Exec("tocsin", args[1:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("exit status %d, want %s", got, args[0])
	}
}

func oneLine(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: oneline FILE")
	}
	text := strings.TrimSuffix(ts.ReadFile(args[0]), "\n")
	if text == "" || strings.Contains(text, "\n") {
		ts.Fatalf("%s is not one line:\n%s", args[0], text)
	}
}
