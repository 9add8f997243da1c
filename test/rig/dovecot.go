package rig

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"net"
	"os"
	"slices"
	"strings"
	"time"
)

// dovecotConf is Dovecot's configuration (2.3). Mailboxes are Maildirs of the user mail below mail/ADDRESS. Beside the folders of a
// person there is a shared namespace, Public/, and one with a virtual folder of all mail, Virtual/All. Wrong passwords are answered at once.
const dovecotConf = `base_dir = {dir}/run
state_dir = {dir}/state
instance_name = {name}
log_path = {dir}/dovecot.log
listen = 127.0.0.1
protocols = imap lmtp sieve
ssl = yes
ssl_cert = <{dir}/server.pem
ssl_key = <{dir}/server.key
ssl_dh =
disable_plaintext_auth = no
auth_mechanisms = plain login{oauth}
auth_master_user_separator = *
auth_failure_delay = 0
auth_cache_size = 0
auth_verbose = yes
first_valid_uid = 1
first_valid_gid = 1
mail_uid = mail
mail_gid = mail
mail_home = {dir}/mail/%Lu
mail_location = maildir:~/Maildir
mail_plugins = $mail_plugins virtual
mailbox_list_index = yes
mail_max_userip_connections = 100
default_vsz_limit = 0
default_client_limit = 1000
service auth {
  client_limit = 2000
}
service anvil {
  chroot =
  client_limit = 2000
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  client_limit = 2000
}
namespace inbox {
  inbox = yes
  separator = /
{special}}
namespace public {
  type = public
  separator = /
  prefix = Public/
  location = maildir:{dir}/public:INDEXPVT=~/public
  subscriptions = no
}
namespace virtual {
  separator = /
  prefix = Virtual/
  location = virtual:{dir}/virtual:INDEX=~/virtual
  subscriptions = no
  mailbox All {
    special_use = \All
  }
}
{passdbs}
userdb {
  driver = passwd-file
  args = username_format=%Lu {dir}/users
  default_fields = uid=mail gid=mail home={dir}/mail/%Lu
}
service imap-login {
  chroot =
  inet_listener imap {
    address = 127.0.0.1
    port = {imap}
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = {imaps}
    ssl = yes
  }
}
service managesieve-login {
  chroot =
  inet_listener sieve {
    address = 127.0.0.1
    port = {sieve}
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = {lmtp}
  }
}
protocol lmtp {
  mail_plugins = $mail_plugins sieve
  postmaster_address = postmaster@rig.example
}
plugin {
  sieve = file:~/sieve;active=~/.dovecot.sieve
}
`

// special are the folders that a mailbox has from the beginning.
const special = `  mailbox Junk {
    special_use = \Junk
    auto = subscribe
  }
  mailbox Trash {
    special_use = \Trash
    auto = subscribe
  }
  mailbox Sent {
    special_use = \Sent
    auto = subscribe
  }
`

// writeDovecot writes the configuration, the users and a certificate.
func (r *Rig) writeDovecot() {
	r.t.Helper()
	for _, d := range []string{"run", "state", "mail", "public", "virtual/All"} {
		must(r.t, os.MkdirAll(r.path(d), 0o755))
	}
	r.own("mail", "mail", "mail")
	r.own("public", "mail", "mail")
	r.write("virtual/All/dovecot-virtual", "*\n-Virtual/*\n-Public/*\n  all\n", 0o644)
	r.certificate()

	var users strings.Builder
	for _, a := range slices.Sorted(maps.Keys(r.o.Mailboxes)) {
		fmt.Fprintf(&users, "%s:{PLAIN}%s::::::\n", strings.ToLower(a), r.o.Mailboxes[a])
	}
	r.write("users", users.String(), 0o640)
	r.own("users", "root", "dovecot")

	var passdbs, oauth string
	if r.o.TokenInfo != "" {
		oauth = " xoauth2 oauthbearer"
		passdbs += "passdb {\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = {dir}/oauth2.conf\n}\n"
		r.write("oauth2.conf", fmt.Sprintf("tokeninfo_url = %s\nusername_attribute = sub\nusername_format = %%u\nopenid_configuration_url =\n", r.o.TokenInfo), 0o640)
		r.own("oauth2.conf", "root", "dovecot")
	}
	if r.o.Master != "" {
		r.write("masters", fmt.Sprintf("%s:{PLAIN}%s::::::\n", r.o.Master, r.o.MasterPassword), 0o640)
		r.own("masters", "root", "dovecot")
		passdbs += "passdb {\n  driver = passwd-file\n  args = {dir}/masters\n  master = yes\n  result_success = continue\n  mechanisms = plain login\n}\n"
	}
	passdbs += "passdb {\n  driver = passwd-file\n  args = username_format=%Lu {dir}/users\n  mechanisms = plain login\n}"

	folders := special
	if r.o.InboxOnly {
		folders = ""
	}
	conf := strings.NewReplacer("{passdbs}", passdbs, "{oauth}", oauth, "{special}", folders).Replace(dovecotConf)
	conf = strings.NewReplacer("{dir}", r.Dir, "{name}", "rig-"+port(r.IMAP), "{imap}", port(r.IMAP), "{imaps}", port(r.IMAPS),
		"{sieve}", port(r.Sieve), "{lmtp}", port(r.LMTP)).Replace(conf)
	if r.o.Capabilities != "" {
		conf += "protocol imap {\n  imap_capability = " + r.o.Capabilities + "\n}\n"
	}
	if name, value, found := strings.Cut(r.o.JunkHeader, ": "); found {
		r.write("junk.sieve", fmt.Sprintf("require \"fileinto\";\nif header :is %q %q { fileinto \"Junk\"; stop; }\n", name, value), 0o644)
		conf += "plugin {\n  sieve_before = " + r.path("junk.sieve") + "\n}\n"
	}
	r.write("dovecot.conf", conf+r.o.Dovecot, 0o644)
}

// certificate makes an authority and, signed by it, the certificate of 127.0.0.1.
func (r *Rig) certificate() {
	r.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(r.t, err)
	authority := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "rig"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	ca, err := x509.CreateCertificate(rand.Reader, authority, authority, &key.PublicKey, key)
	must(r.t, err)
	server := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "127.0.0.1"}, NotBefore: authority.NotBefore,
		NotAfter: authority.NotAfter, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	signed, err := x509.CreateCertificate(rand.Reader, server, authority, &key.PublicKey, key)
	must(r.t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	must(r.t, err)
	block := func(kind string, b []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}))
	}
	r.write("ca.pem", block("CERTIFICATE", ca), 0o644)
	r.write("server.pem", block("CERTIFICATE", signed), 0o644)
	r.write("server.key", block("PRIVATE KEY", der), 0o600)
	r.CA = r.path("ca.pem")
}
