package rig

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

// postfixMain is main.cf (Postfix 3.6 and later). Nothing is ever looked up in the DNS, and mail to anybody but the mailboxes is refused.
const postfixMain = `compatibility_level = 3.6
queue_directory = {dir}/postfix/spool
data_directory = {dir}/postfix/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {dir}/maillog
maillog_file_prefixes = {dir}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.rig.example
mydomain = rig.example
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
smtp_dns_support_level = disabled
smtp_host_lookup = native
lmtp_host_lookup = native
smtpd_peername_lookup = no
default_transport = error:this is a test
relay_transport = error:this is a test
virtual_mailbox_domains = {domains}
virtual_mailbox_maps = texthash:{dir}/postfix/etc/mailboxes
virtual_transport = lmtp:inet:{lmtp}
transport_maps = texthash:{dir}/postfix/etc/transport
always_bcc = {journal}
smtpd_milters = {milter}
non_smtpd_milters =
milter_protocol = 6
milter_default_action = {default}
milter_connect_timeout = 5s
milter_command_timeout = 10s
milter_content_timeout = 30s
smtpd_recipient_restrictions = permit_mynetworks, reject
message_size_limit = 104857600
virtual_mailbox_limit = 0
mailbox_size_limit = 0
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
lmtp_destination_recipient_limit = {recipients}
lmtp_send_xforward_command = {xforward}
lmtp_destination_concurrency_limit = 20
smtpd_error_sleep_time = 0
minimal_backoff_time = 5s
maximal_backoff_time = 10s
queue_run_delay = 5s
`

const postfixMaster = `{smtp} inet n - n - - smtpd
pickup    unix  n  -  n  60     1  pickup
cleanup   unix  n  -  n  -      0  cleanup
qmgr      unix  n  -  n  300    1  qmgr
rewrite   unix  -  -  n  -      -  trivial-rewrite
bounce    unix  -  -  n  -      0  bounce
defer     unix  -  -  n  -      0  bounce
trace     unix  -  -  n  -      0  bounce
verify    unix  -  -  n  -      1  verify
flush     unix  n  -  n  1000?  0  flush
proxymap  unix  -  -  n  -      -  proxymap
smtp      unix  -  -  n  -      -  smtp
relay     unix  -  -  n  -      -  smtp
showq     unix  n  -  n  -      -  showq
error     unix  -  -  n  -      -  error
retry     unix  -  -  n  -      -  error
discard   unix  -  -  n  -      -  discard
lmtp      unix  -  -  n  -      -  lmtp
anvil     unix  -  -  n  -      1  anvil
scache    unix  -  -  n  -      1  scache
postlog   unix-dgram n - n -    1  postlogd
`

// writePostfix writes main.cf, master.cf and the maps.
func (r *Rig) writePostfix() {
	r.t.Helper()
	for _, d := range []string{"postfix/etc", "postfix/spool", "postfix/data"} {
		must(r.t, os.MkdirAll(r.path(d), 0o755))
	}
	r.own("postfix/data", "postfix", "postfix")
	milter, journal := "", r.o.Journal
	if r.o.Milter != "" {
		milter = "inet:" + r.o.Milter
	}
	missing := r.o.MilterDefault
	if missing == "" {
		missing = "tempfail"
	}
	deliver, xforward := r.LMTP, "no"
	if r.o.DeliverTo != "" {
		deliver, xforward = r.o.DeliverTo, "yes"
	}
	fill := strings.NewReplacer("{dir}", r.Dir, "{domains}", strings.Join(r.domains(), " "), "{lmtp}", deliver, "{xforward}", xforward,
		"{recipients}", strconv.Itoa(max(1, r.o.Recipients)), "{smtp}", r.SMTP,
		"{milter}", milter, "{default}", missing, "{journal}", journal)
	r.write("postfix/etc/main.cf", fill.Replace(postfixMain), 0o644)
	r.write("postfix/etc/master.cf", fill.Replace(postfixMaster), 0o644)
	var boxes strings.Builder
	for _, a := range slices.Sorted(maps.Keys(r.o.Mailboxes)) {
		fmt.Fprintf(&boxes, "%s ok\n", strings.ToLower(a))
	}
	r.write("postfix/etc/mailboxes", boxes.String(), 0o644)
	transport := ""
	if journal != "" {
		transport = fmt.Sprintf("%s lmtp:inet:%s\n", journal[strings.LastIndexByte(journal, '@')+1:], r.o.JournalTo)
	}
	r.write("postfix/etc/transport", transport, 0o644)
}
