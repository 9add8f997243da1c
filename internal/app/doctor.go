package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"

	"tocsin/internal/casestore"
)

// Finding is one thing that Doctor looked at.
type Finding struct {
	About string // what was checked
	State State
	Text  string // what is so
	Fix   string // what to do about it; empty when nothing is
}

// State of a finding.
type State string

const (
	Good State = "ok"
	Warn State = "warn" // works, but not as it should
	Bad  State = "bad"  // will not work
)

const (
	scarceDisk = 5 << 30
	emptyDisk  = 500 << 20
)

// Doctor looks at everything the server depends on and changes nothing but a probe file in the data folder.
func Doctor(ctx context.Context, c Config, resolver *net.Resolver) []Finding {
	out := []Finding{{"settings", Good, "read and understood", ""}}
	out = append(out, checkFolder(c)...)
	out = append(out, checkDisk(c))
	holder, _, _ := casestore.HolderOf(c.Data) // checkFolder says what is wrong with the folder
	running := holder.Address != ""
	out = append(out, checkPort(ctx, "http.listen", c.HTTP.Listen, running), checkPort(ctx, "smtp.listen", c.SMTP.Listen, running), checkPort(ctx, "lmtp.listen", c.LMTP.Listen, running))
	out = append(out, checkMilter(ctx, c, running)...)
	out = append(out, checkLMTP(ctx, c)...)
	out = append(out, checkMailboxes(ctx, c)...)
	out = append(out, checkTLS("http", c.HTTP.Certificate, c.HTTP.Key), checkTLS("smtp", c.SMTP.Certificate, c.SMTP.Key), checkTLS("lmtp", c.LMTP.Certificate, c.LMTP.Key))
	out = append(out, checkDirectory(ctx, c)...)
	out = append(out, checkExposure(c), checkDNS(ctx, c, resolver), checkGeoIP(c), checkOrganisation(c), checkClock(c))
	out = append(out, checkSignIn(ctx, c)...)
	out = append(out, checkEngines(ctx, c)...)
	out = append(out, checkOutgoing(ctx, c))
	kept := out[:0]
	for _, f := range out {
		if f.About != "" {
			kept = append(kept, f)
		}
	}
	return kept
}

func checkFolder(c Config) []Finding {
	about := "data folder " + c.Data
	info, err := os.Stat(c.Data)
	if errors.Is(err, fs.ErrNotExist) {
		return []Finding{{about, Warn, "does not exist", "tocsin serve makes it; mount or make it first if it belongs on another disk"}}
	}
	d, err := openFolder(c.Data, "doctor")
	var used *InUse
	switch {
	case errors.As(err, &used) && used.Holder.Address != "":
		return []Finding{{about, Good, fmt.Sprintf("in use by tocsin %s (process %d, %s)", used.Holder.Command, used.Holder.PID, used.Holder.Address), ""}}
	case errors.As(err, &used):
		return []Finding{{about, Warn, used.Error(), "wait until it is done before you start the server"}}
	case err != nil:
		return []Finding{{about, Bad, err.Error(), "give the user who runs tocsin the right to write there, and make room"}}
	}
	out := []Finding{{about, Good, "can be written, nobody uses it", ""}}
	if info.Mode().Perm()&0o077 != 0 {
		out = append(out, Finding{about, Warn, fmt.Sprintf("other users of this machine can look into it (mode %04o)", info.Mode().Perm()), "chmod 700 " + c.Data})
	}
	if err := d.close(); err != nil {
		out = append(out, Finding{about, Bad, err.Error(), "look at the permissions of the files in it"})
	}
	return out
}

func checkDisk(c Config) Finding {
	dir := c.Data
	for {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	free, err := freeSpace(dir)
	text := fmt.Sprintf("%.1f GB free under %s", float64(free)/(1<<30), dir)
	switch {
	case err != nil:
		return Finding{"disk", Warn, "free space is not known: " + err.Error(), ""}
	case free < emptyDisk:
		return Finding{"disk", Bad, text, "make room; mail is refused when the disk is full"}
	case free < scarceDisk:
		return Finding{"disk", Warn, text, "make room soon, or shorten retention"}
	}
	return Finding{"disk", Good, text, ""}
}

func checkPort(ctx context.Context, key, address string, running bool) Finding {
	if address == "" {
		return Finding{}
	}
	about := key + " " + address
	if path, ok := socketPath(address); ok {
		return checkSocket(about, path)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err == nil {
		_ = l.Close()
		return Finding{about, Good, "free", ""}
	}
	if running {
		return Finding{about, Good, "in use while the server runs", ""}
	}
	return Finding{about, Bad, listenReason(err), "stop what uses it, or choose another with " + key}
}

func checkTLS(key, certificate, private string) Finding {
	if certificate == "" {
		return Finding{}
	}
	about := key + " certificate " + certificate
	pair, err := tls.LoadX509KeyPair(certificate, private)
	if err != nil {
		return Finding{about, Bad, err.Error(), "certificate and key must be PEM files that belong together and that tocsin may read"}
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return Finding{about, Bad, err.Error(), "have it issued again"}
	}
	left := time.Until(leaf.NotAfter)
	switch {
	case left <= 0:
		return Finding{about, Bad, "ended on " + leaf.NotAfter.UTC().Format(time.DateOnly), "renew it"}
	case time.Until(leaf.NotBefore) > 0:
		return Finding{about, Bad, "is not valid before " + leaf.NotBefore.UTC().Format(time.RFC3339), "check this machine's clock"}
	case left < 14*24*time.Hour:
		return Finding{about, Warn, "ends on " + leaf.NotAfter.UTC().Format(time.DateOnly), "renew it"}
	}
	return Finding{about, Good, "valid until " + leaf.NotAfter.UTC().Format(time.DateOnly), ""}
}

func checkExposure(c Config) Finding {
	host, _, err := net.SplitHostPort(c.HTTP.Listen)
	ip := net.ParseIP(host)
	if err != nil || host == "localhost" || ip != nil && ip.IsLoopback() {
		return Finding{}
	}
	if c.Secure() {
		return Finding{"http.listen", Good, "open to the network, over TLS", ""}
	}
	return Finding{"http.listen", Warn, "open to the network without TLS: passwords and mail can be read on the way", "give http.certificate and http.key, or put a proxy with TLS in front and set http.public_url"}
}

func checkDNS(ctx context.Context, c Config, r *net.Resolver) Finding {
	if !c.DNS.Enabled {
		return Finding{"DNS", Warn, "off: SPF, DKIM and DMARC are only known where a trusted server noted them", "set dns.enabled: true when this machine may ask"}
	}
	domain := "example.com"
	if len(c.Organisation.Domains) > 0 {
		domain = c.Organisation.Domains[0]
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	began := time.Now()
	_, err := r.LookupNS(ctx, domain)
	var dns *net.DNSError
	if err != nil && !(errors.As(err, &dns) && dns.IsNotFound) {
		return Finding{"DNS", Bad, "looking up " + domain + " failed: " + err.Error(), "check /etc/resolv.conf, or set dns.enabled: false"}
	}
	return Finding{"DNS", Good, fmt.Sprintf("%s answered in %d ms", domain, time.Since(began).Milliseconds()), ""}
}

func checkGeoIP(c Config) Finding {
	if c.GeoIP.File == "" {
		return Finding{"GeoIP", Warn, "no file: senders have no country", "set geoip.file to a MaxMind DB of countries (GeoLite2, DB-IP lite)"}
	}
	db, err := maxminddb.Open(c.GeoIP.File)
	if err != nil {
		return Finding{"GeoIP", Bad, err.Error(), "geoip.file must be a MaxMind DB that tocsin may read"}
	}
	built := time.Unix(int64(db.Metadata.BuildEpoch), 0)
	if err := db.Close(); err != nil {
		return Finding{"GeoIP", Bad, err.Error(), ""}
	}
	if time.Since(built) > 365*24*time.Hour {
		return Finding{"GeoIP", Warn, "the file is from " + built.UTC().Format(time.DateOnly), "download a newer one"}
	}
	return Finding{"GeoIP", Good, "file from " + built.UTC().Format(time.DateOnly), ""}
}

func checkOrganisation(c Config) Finding {
	if len(c.Organisation.Domains) == 0 {
		return Finding{"organisation", Warn, "no domains: inbound and outbound mail cannot be told apart, and spoofing of your own names is not seen", "list your domains under organisation.domains"}
	}
	return Finding{"organisation", Good, fmt.Sprintf("%d domains, %d protected people, %d own servers", len(c.Organisation.Domains), len(c.Organisation.People), len(c.Organisation.Servers)), ""}
}

// checkClock compares the clock with files that a working clock must have left behind.
func checkClock(c Config) Finding {
	now := time.Now()
	for _, path := range []string{os.Args[0], c.path(caseFile), c.path(casestore.LockName)} {
		if info, err := os.Stat(path); err == nil && info.ModTime().Sub(now) > 5*time.Minute {
			return Finding{"clock", Bad, fmt.Sprintf("it is %s here, but %s was written later (%s)", now.UTC().Format(time.RFC3339), path, info.ModTime().UTC().Format(time.RFC3339)), "set the clock; ids and verdicts depend on it"}
		}
	}
	return Finding{"clock", Good, now.UTC().Format(time.RFC3339), ""}
}

// listenReason says why a port cannot be listened on.
func listenReason(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		var sys *os.SyscallError
		if errors.As(op.Err, &sys) {
			return sys.Err.Error()
		}
		return op.Err.Error()
	}
	return err.Error()
}
