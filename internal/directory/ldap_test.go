package directory_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/directory"
)

// slapd runs OpenLDAP on a loopback port over a folder of its own, with 230 people, and returns its address and its authority's file.
func slapd(t *testing.T) (address, ca string) {
	t.Helper()
	binary, err := exec.LookPath("slapd")
	if err != nil {
		if _, err := os.Stat("/usr/sbin/slapd"); err != nil {
			t.Skip("slapd is not installed: apt-get install slapd runs this test against a real LDAP server")
		}
		binary = "/usr/sbin/slapd"
	}
	dir := t.TempDir()
	cert, key := certificate(t, dir)
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if err := os.Mkdir(filepath.Join(dir, "db"), 0o700); err != nil {
		t.Fatal(err)
	}
	conf := write("slapd.conf", fmt.Sprintf(`include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile %[1]s/pid
TLSCertificateFile %[2]s
TLSCertificateKeyFile %[3]s
sizelimit size.soft=50 size.hard=50 size.pr=100 size.prtotal=unlimited
database mdb
suffix "dc=own,dc=example"
rootdn "cn=admin,dc=own,dc=example"
rootpw secret
directory %[1]s/db
maxsize 104857600
access to attrs=userPassword by anonymous auth by * none
access to * by users read by * none
`, dir, cert, key))
	var ldif strings.Builder
	ldif.WriteString("dn: dc=own,dc=example\nobjectClass: domain\ndc: own\n\ndn: ou=people,dc=own,dc=example\nobjectClass: organizationalUnit\nou: people\n\n")
	ldif.WriteString("dn: cn=reader,dc=own,dc=example\nobjectClass: person\ncn: reader\nsn: reader\nuserPassword: read\n\n")
	for i := range 230 {
		fmt.Fprintf(&ldif, "dn: uid=p%[1]d,ou=people,dc=own,dc=example\nobjectClass: inetOrgPerson\nuid: p%[1]d\ncn: Person %[1]d\nsn: Person\ndisplayName: Person Number %[1]d\nmail: P%[1]d@own.example\nmail: person.%[1]d@own.example\n"+
			"title: Clerk\ndepartmentNumber: Works\nmanager: uid=p0, ou=people, dc=own, dc=example\nou: cn=Board%[2]d,ou=groups,dc=own,dc=example\n\n", i, i%10)
	}
	data := write("people.ldif", ldif.String())
	if out, err := exec.Command(filepath.Join(filepath.Dir(binary), "slapadd"), "-f", conf, "-l", data).CombinedOutput(); err != nil {
		t.Fatalf("slapadd: %v\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "-f", conf, "-h", "ldap://"+address+"/", "-d", "0")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() })
	for range 200 {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			return "ldap://" + address, cert
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatal("slapd does not listen")
	return "", ""
}

// certificate makes one for 127.0.0.1 that is its own authority.
func certificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "127.0.0.1"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestLDAP(t *testing.T) {
	address, ca := slapd(t)
	reader := directory.LDAP{
		URL: address, CA: ca, BindDN: "cn=reader,dc=own,dc=example", Password: "read", Base: "ou=people,dc=own,dc=example", Page: 40,
		Attributes: map[string]string{"department": "departmentNumber", "groups": "ou"}, PriorityGroups: []string{"board3", "CN=Board4,ou=groups, dc=own,dc=example"},
	}
	if err := reader.Validate(); err != nil {
		t.Fatal(err)
	}
	if err := reader.Try(t.Context()); err != nil {
		t.Error(err)
	}
	people, err := reader.People(t.Context())
	if err != nil || len(people) != 230 {
		t.Fatalf("%d people, %v", len(people), err)
	}
	priority := 0
	for _, p := range people {
		if p.Priority {
			priority++
		}
		if p.Address == "p3@own.example" {
			if got, want := fmt.Sprint(p), "{p3@own.example Person Number 3 Clerk Works p0@own.example [Board3] [person.3@own.example] [] true}"; got != want {
				t.Errorf("%s\nwant %s", got, want)
			}
		}
	}
	if priority != 46 {
		t.Errorf("%d priority accounts, want 46: two groups of ten", priority)
	}
	d := directory.New(directory.Options{Shelf: store(t), Base: base, Sources: []directory.Source{&reader}})
	if out := d.Sync(t.Context(), false); out[0].Err != nil || len(d.Organisation().People) != 232 {
		t.Errorf("%+v", out)
	}

	for name, c := range map[string]struct {
		change func(*directory.LDAP)
		want   string
	}{
		"wrong password":   {func(l *directory.LDAP) { l.Password = "wrong" }, "Invalid Credentials"},
		"unknown base":     {func(l *directory.LDAP) { l.Base = "ou=nobody,dc=own,dc=example" }, "No Such Object"},
		"unknown issuer":   {func(l *directory.LDAP) { l.CA = "" }, "certificate"},
		"page refused":     {func(l *directory.LDAP) { l.Page = 400 }, "Limit Exceeded"},
		"no TLS there":     {func(l *directory.LDAP) { l.URL = strings.Replace(l.URL, "ldap:", "ldaps:", 1) }, "TLS"},
		"nothing readable": {func(l *directory.LDAP) { l.BindDN, l.Plain = "", true }, "No Such Object"},
		"no such file":     {func(l *directory.LDAP) { l.CA = "none.pem" }, "none.pem"},
	} {
		l := reader
		c.change(&l)
		people, err := l.People(t.Context())
		if err == nil || people != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %d people, %v; want %s", name, len(people), err, c.want)
		}
	}
}

// fake answers every connection with do.
func fake(t *testing.T, do func(net.Conn)) *directory.LDAP {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			do(c)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return &directory.LDAP{URL: "ldap://" + l.Addr().String(), Plain: true, Base: "dc=own,dc=example", BindDN: "cn=x", Password: "y"}
}

// TestLDAPBroken: a server that hangs, hangs up or talks nonsense is an error, and soon.
func TestLDAPBroken(t *testing.T) {
	for name, do := range map[string]func(net.Conn){
		"hangs up": func(net.Conn) {},
		"hangs":    func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
		"nonsense": func(c net.Conn) {
			_, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			_, _ = io.Copy(io.Discard, c)
		},
		"an endless element": func(c net.Conn) {
			_, _ = c.Write([]byte{0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0x02})
			_, _ = io.Copy(io.Discard, c)
		},
		// LDAPMessage 1, BindResponse success; then the connection ends in the middle of a search (RFC 4511 section 4.2.2).
		"ends in the middle": func(c net.Conn) {
			_, _ = c.Read(make([]byte, 512))
			_, _ = c.Write([]byte{0x30, 0x0c, 0x02, 0x01, 0x01, 0x61, 0x07, 0x0a, 0x01, 0x00, 0x04, 0x00, 0x04, 0x00})
			_, _ = c.Read(make([]byte, 512))
			_, _ = c.Write([]byte{0x30, 0x40, 0x02, 0x01, 0x02, 0x64, 0x3b})
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := fake(t, do)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			people, err := l.People(ctx)
			if err == nil || people != nil {
				t.Errorf("%d people, %v", len(people), err)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
	l := &directory.LDAP{URL: "ldap://127.0.0.1:1", Base: "dc=own"}
	if _, err := l.People(t.Context()); err == nil {
		t.Error("nobody listens there")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.People(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestLDAPValidate(t *testing.T) {
	for want, l := range map[string]directory.LDAP{
		"url":        {URL: "dc.example.com", Base: "dc=x"},
		"base":       {URL: "ldaps://dc.example.com"},
		"no DN":      {URL: "ldaps://dc.example.com", Base: "people"},
		"filter":     {URL: "ldaps://dc.example.com", Base: "dc=x", Filter: "mail=*"},
		"attributes": {URL: "ldaps://dc.example.com", Base: "dc=x", Attributes: map[string]string{"phone": "x"}},
	} {
		if err := l.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
