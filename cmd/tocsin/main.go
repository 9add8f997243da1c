// Command tocsin is the whole product in one program: the server, and the tools that work on the same stores or on none.
//
// `tocsin serve --data DIR` runs everything. Each subcommand stands in a file of its name; what they share with the
// server is built by package app, so that a command and the server never disagree about the stores.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// commands is the command line.
type commands struct {
	Serve     serveCommand     `cmd:"" help:"Run the server: intake, judgement, API and interface."`
	Demo      demoCommand      `cmd:"" help:"Run the server with an invented organisation and its mail."`
	Import    importCommand    `cmd:"" help:"Take mail from .eml, mbox and Maildir into the stores."`
	Scan      scanCommand      `cmd:"" help:"Judge mail without any store."`
	Explain   explainCommand   `cmd:"" help:"Say why one message is judged as it is."`
	Hunt      huntCommand      `cmd:"" help:"Run a KQL query over the event tables."`
	Indicator indicatorCommand `cmd:"" help:"What is known to be bad: add, list, find and retire indicators."`
	Rules     rulesCommand     `cmd:"" help:"Detection rules."`
	Policy    policyCommand    `cmd:"" help:"What is done with judged mail."`
	List      listCommand      `cmd:"" help:"The allow and block list."`
	Rejudge   rejudgeCommand   `cmd:"" help:"Judge delivered mail again, and decide what is to be done about it."`
	WhatIf    whatIfCommand    `cmd:"" name:"whatif" help:"Say what a rule, an entry or a policy would have done to stored mail."`
	Action    actionCommand    `cmd:"" help:"Take mail out of mailboxes, put it back, approve what others ask for."`
	Incident  incidentCommand  `cmd:"" help:"Incidents: see them, write their reports, take them out as a bundle."`
	Tracker   trackerCommand   `cmd:"" help:"Queries on a schedule, questions worth asking, and what is new."`
	Directory directoryCommand `cmd:"" help:"People of the organisation: CSV files, LDAP."`
	User      userCommand      `cmd:"" help:"Operators and their API tokens."`
	Audit     auditCommand     `cmd:"" help:"The log of what operators did: read it, export it, prove it."`
	Learn     learnCommand     `cmd:"" help:"The local model: what it learned from your own people, and whether it speaks."`
	Doctor    doctorCommand    `cmd:"" help:"Check everything the server depends on."`
	Bench     benchCommand     `cmd:"" help:"Measure this machine."`
	OpenAPI   openapiCommand   `cmd:"" name:"openapi" help:"Print the OpenAPI 3.1 document of the HTTP API."`
	Version   versionCommand   `cmd:"" help:"Print the version."`
}

// stdout and stderr are where a command's answer and its remarks go.
type (
	stdout interface{ io.Writer }
	stderr interface{ io.Writer }
	stdin  interface{ io.Reader }
)

func main() {
	private()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process: arguments in, exit status out. Wrong usage and failures are 1, unless a command
// says otherwise.
func run(ctx context.Context, args []string, out, errs io.Writer) (code int) {
	var line commands
	done := -1
	parser, err := kong.New(&line,
		kong.Name("tocsin"),
		kong.Description("Email threat investigation and response, self-hosted."),
		kong.Writers(out, errs),
		kong.Exit(func(code int) { done = code; panic(stopped{}) }), // --help
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.BindTo(out, (*stdout)(nil)),
		kong.BindTo(errs, (*stderr)(nil)),
		kong.BindTo(os.Stdin, (*stdin)(nil)),
	)
	if err != nil {
		fmt.Fprintln(errs, "tocsin:", err)
		return 1
	}
	defer func() {
		if p := recover(); p != nil {
			if _, help := p.(stopped); !help {
				panic(p)
			}
			code = done
		}
	}()
	parsed, err := parser.Parse(args)
	if err == nil {
		err = parsed.Run()
	}
	var status *exit
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errSilent):
		return 1
	case errors.As(err, &status):
		if words := firstLine(err); words != "" {
			fmt.Fprintln(errs, "tocsin:", words)
		}
		if status.detail != "" && plainTerminal(errs) { // whoever reads it by a program wants one line
			fmt.Fprintln(errs, status.detail)
		}
		return status.code
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(errs, "tocsin: stopped")
		return 130
	}
	fmt.Fprintln(errs, "tocsin:", firstLine(err))
	return 1
}

// stopped unwinds to run when kong would end the process.
type stopped struct{}

// firstLine keeps errors to the one line that people read.
func firstLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
