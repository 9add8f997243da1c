package mailauth

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// arcSet is one hand the message went through (RFC 8617 section 4.2): what it saw, what it signed, and its seal.
type arcSet struct {
	results, message, seal *field
	messageTags, sealTags  tags
}

// errTemp marks what may go better another time: the DNS did not answer.
var errTemp = errors.New("DNS did not answer")

// arc validates the chain (RFC 8617 section 5.2) and says how many instances it has.
func (c *Checker) arc(ctx context.Context, wire []byte) (Check, int) {
	header, body := fields(wire)
	sets, err := arcSets(header)
	n := len(sets)
	switch {
	case err == nil && n == 0:
		return Check{Result: None, Origin: Checked, Detail: "not forwarded with ARC"}, 0
	case err != nil:
		return Check{Result: Fail, Origin: Checked, Detail: err.Error()}, n
	}
	last := sets[n-1]
	domain := normalDomain(last.sealTags["d"])
	for i, s := range sets { // step 2 and 3: what each seal says of the chain before it
		want := "pass"
		if i == 0 {
			want = "none"
		}
		if got := s.sealTags["cv"]; got != want {
			return Check{Result: Fail, Origin: Checked, Domain: domain, Detail: fmt.Sprintf("instance %d says cv=%s, a valid chain has %s there", i+1, clip(got), want)}, n
		}
	}
	if c.Resolver == nil {
		return Check{Result: None, Origin: Unknown, Domain: domain, Detail: "DNS was not asked"}, n
	}
	if err := c.arcMessage(ctx, last, header, body); err != nil { // step 4: only the newest must still fit the message
		return arcFailure(fmt.Errorf("ARC-Message-Signature of instance %d: %w", n, err), domain), n
	}
	for i := n; i >= 1; i-- { // step 5 and 6
		if err := c.arcSeal(ctx, sets[:i]); err != nil {
			return arcFailure(fmt.Errorf("ARC-Seal of instance %d: %w", i, err), domain), n
		}
	}
	return Check{Result: Pass, Origin: Checked, Domain: domain, Detail: fmt.Sprintf("%d instances, newest sealed by %s", n, domain)}, n
}

func arcFailure(err error, domain string) Check {
	result := Fail
	if errors.Is(err, errTemp) {
		result = TempError
	}
	return Check{Result: result, Origin: Checked, Domain: domain, Detail: err.Error()}
}

// arcSets collects the sets in order of instance. Any gap, repeat or unreadable field breaks the chain.
func arcSets(header []field) ([]arcSet, error) {
	var sets []arcSet
	for k := range header {
		f := &header[k]
		switch f.name {
		case "arc-authentication-results", "arc-message-signature", "arc-seal":
		default:
			continue
		}
		i, t, err := instance(*f)
		if err != nil {
			return sets, fmt.Errorf("%s: %w", f.name, err)
		}
		for len(sets) < i {
			sets = append(sets, arcSet{})
		}
		s := &sets[i-1]
		var slot **field
		switch f.name {
		case "arc-authentication-results":
			slot = &s.results
		case "arc-message-signature":
			slot, s.messageTags = &s.message, t
		default:
			slot, s.sealTags = &s.seal, t
		}
		if *slot != nil {
			return sets, fmt.Errorf("instance %d has two %s fields", i, f.name)
		}
		*slot = f
	}
	for i, s := range sets {
		if s.results == nil || s.message == nil || s.seal == nil {
			return sets, fmt.Errorf("instance %d is not complete", i+1)
		}
		if _, ok := s.sealTags["h"]; ok { // RFC 8617 section 4.1.3
			return sets, fmt.Errorf("the seal of instance %d has an h tag", i+1)
		}
	}
	return sets, nil
}

// instance reads i=, which in ARC-Authentication-Results is a prefix and in the others a tag.
func instance(f field) (int, tags, error) {
	var value string
	var t tags
	if f.name == "arc-authentication-results" {
		first, _, ok := strings.Cut(unfold(f.value()), ";")
		name, v, eq := strings.Cut(first, "=")
		if !ok || !eq || strings.TrimSpace(name) != "i" {
			return 0, nil, errors.New("it does not begin with an instance")
		}
		value = v
	} else {
		var err error
		if t, err = parseTags(f.value()); err != nil {
			return 0, nil, err
		}
		value = t["i"]
	}
	i, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil || i < 1 || i > maxARCInstances {
		return 0, nil, fmt.Errorf("%q is no instance between 1 and %d", clip(strings.TrimSpace(value)), maxARCInstances)
	}
	return i, t, nil
}

// arcMessage checks an ARC-Message-Signature: a DKIM signature without v= that must not cover ARC-Seal (RFC 8617 section 4.1.2).
func (c *Checker) arcMessage(ctx context.Context, s arcSet, header []field, body []byte) error {
	t := s.messageTags
	if err := stamped(t); err != nil {
		return err
	}
	if _, ok := t["c"]; !ok {
		// RFC 6376 section 3.5 makes simple/simple the default, but signers are about that sign relaxed/relaxed and leave the
		// tag out. Either way the key's owner signed this content, so both are tried.
		if err := c.arcMessageAs(ctx, s, header, body, false, false); err == nil {
			return nil
		}
		return c.arcMessageAs(ctx, s, header, body, true, true)
	}
	relaxedHeader, relaxedBody, err := canonicalization(t["c"])
	if err != nil {
		return err
	}
	return c.arcMessageAs(ctx, s, header, body, relaxedHeader, relaxedBody)
}

func (c *Checker) arcMessageAs(ctx context.Context, s arcSet, header []field, body []byte, relaxedHeader, relaxedBody bool) error {
	t := s.messageTags
	want, err := base64.StdEncoding.DecodeString(compact(t["bh"]))
	if err != nil || len(want) == 0 {
		return errors.New("the body hash cannot be read")
	}
	got := sha256.Sum256(canonicalBody(body, relaxedBody))
	if subtle.ConstantTimeCompare(got[:], want) != 1 {
		return errors.New("the body was changed")
	}
	names, ok := t["h"]
	if !ok {
		return errors.New("it does not say which fields it signed")
	}
	var signed strings.Builder
	picked := map[string]int{} // how many fields of a name were used up, from the bottom (RFC 6376 section 5.4.2)
	for name := range strings.SplitSeq(names, ":") {
		name = strings.ToLower(compact(name))
		if name == "arc-seal" {
			return errors.New("it signs ARC-Seal")
		}
		if f := fromBottom(header, name, picked[name]); f != nil {
			writeField(&signed, f.raw, relaxedHeader)
		}
		picked[name]++
	}
	own := withoutSignature(s.message.raw)
	if relaxedHeader {
		own = relaxedField(own)
	}
	signed.WriteString(strings.TrimRight(own, "\r\n"))
	return c.verifyKey(ctx, t, signed.String())
}

// arcSeal checks the newest of the sets: it seals all fields of all sets up to its own (RFC 8617 section 5.1.1).
func (c *Checker) arcSeal(ctx context.Context, sets []arcSet) error {
	var sealed strings.Builder
	for i, s := range sets {
		writeField(&sealed, s.results.raw, true)
		writeField(&sealed, s.message.raw, true)
		if i < len(sets)-1 {
			writeField(&sealed, s.seal.raw, true)
		}
	}
	newest := sets[len(sets)-1]
	if err := stamped(newest.sealTags); err != nil {
		return err
	}
	sealed.WriteString(relaxedField(withoutSignature(newest.seal.raw)))
	return c.verifyKey(ctx, newest.sealTags, sealed.String())
}

func stamped(t tags) error {
	at, ok := t["t"]
	if !ok {
		return nil
	}
	if _, err := strconv.ParseUint(at, 10, 63); err != nil {
		return fmt.Errorf("the time stamp %q is no number of seconds", clip(at))
	}
	return nil
}

func canonicalization(c string) (header, body bool, err error) {
	h, b, both := strings.Cut(c, "/")
	if !both {
		b = "simple"
	}
	for _, word := range []string{h, b} {
		if word != "simple" && word != "relaxed" {
			return false, false, fmt.Errorf("unknown canonicalisation %q", clip(c))
		}
	}
	return h == "relaxed", b == "relaxed", nil
}

func fromBottom(header []field, name string, skip int) *field {
	for i := len(header) - 1; i >= 0; i-- {
		if header[i].name != name {
			continue
		}
		if skip == 0 {
			return &header[i]
		}
		skip--
	}
	return nil
}

func writeField(b *strings.Builder, raw string, relaxed bool) {
	if relaxed {
		b.WriteString(relaxedField(raw))
		b.WriteString("\r\n")
		return
	}
	b.WriteString(raw)
}

// withoutSignature empties the b tag and leaves every other octet (RFC 6376 section 3.7).
func withoutSignature(raw string) string {
	name, value, _ := strings.Cut(raw, ":")
	specs := strings.Split(value, ";")
	for i, spec := range specs {
		tag, signature, ok := strings.Cut(spec, "=")
		if !ok || strings.TrimSpace(tag) != "b" {
			continue
		}
		end := ""
		if i == len(specs)-1 && strings.HasSuffix(signature, "\r\n") {
			end = "\r\n"
		}
		specs[i] = tag + "=" + end
	}
	return name + ":" + strings.Join(specs, ";")
}

// verifyKey fetches the public key and verifies b over the data, as DKIM does (RFC 6376 section 6.1, RFC 8463).
func (c *Checker) verifyKey(ctx context.Context, t tags, data string) error {
	signature, err := base64.StdEncoding.DecodeString(compact(t["b"]))
	if err != nil || len(signature) == 0 {
		return errors.New("the signature cannot be read")
	}
	domain, selector := normalDomain(t["d"]), normalDomain(t["s"])
	if domain == "" || selector == "" {
		return errors.New("it does not name its domain and selector")
	}
	algorithm, key, err := c.publicKey(ctx, selector+"."+domainKeyService+"."+domain)
	if err != nil {
		return err
	}
	if t["a"] != algorithm+"-sha256" {
		return fmt.Errorf("algorithm %q; the key is for %s-sha256", clip(t["a"]), algorithm)
	}
	sum := sha256.Sum256([]byte(data))
	switch k := key.(type) {
	case *rsa.PublicKey:
		if err := rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], signature); err != nil {
			return errors.New("the signature does not fit")
		}
	case ed25519.PublicKey:
		if !ed25519.Verify(k, sum[:], signature) {
			return errors.New("the signature does not fit")
		}
	}
	return nil
}

// publicKey reads a DKIM key record (RFC 6376 section 3.6.1).
func (c *Checker) publicKey(ctx context.Context, name string) (algorithm string, key crypto.PublicKey, err error) {
	answers, err := c.Resolver.LookupTXT(ctx, name)
	switch {
	case missing(err), err == nil && len(answers) == 0:
		return "", nil, fmt.Errorf("no key at %s", name)
	case err != nil:
		return "", nil, fmt.Errorf("asking for the key at %s: %w", name, errTemp)
	case len(answers) > 1:
		return "", nil, fmt.Errorf("%d keys at %s", len(answers), name)
	}
	t, err := parseTags(answers[0])
	if err != nil {
		return "", nil, fmt.Errorf("key at %s: %w", name, err)
	}
	if v, ok := t["v"]; ok && v != "DKIM1" {
		return "", nil, fmt.Errorf("key at %s is of version %q", name, clip(v))
	}
	der, err := base64.StdEncoding.DecodeString(compact(t["p"]))
	switch {
	case err != nil:
		return "", nil, fmt.Errorf("key at %s cannot be read", name)
	case len(der) == 0:
		return "", nil, fmt.Errorf("key at %s was revoked", name)
	case t["k"] == "ed25519":
		if len(der) != ed25519.PublicKeySize {
			return "", nil, fmt.Errorf("ed25519 key at %s has %d octets", name, len(der))
		}
		return "ed25519", ed25519.PublicKey(der), nil
	case t["k"] != "" && t["k"] != "rsa":
		return "", nil, fmt.Errorf("key at %s is of unknown kind %q", name, clip(t["k"]))
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		if parsed, err = x509.ParsePKCS1PublicKey(der); err != nil { // RFC 6376 erratum 3017: both are in use
			return "", nil, fmt.Errorf("RSA key at %s cannot be read", name)
		}
	}
	pub, ok := parsed.(*rsa.PublicKey)
	switch {
	case !ok:
		return "", nil, fmt.Errorf("key at %s is not RSA", name)
	case pub.N.BitLen() < minRSABits:
		return "", nil, fmt.Errorf("RSA key at %s has %d bits, at least %d are needed", name, pub.N.BitLen(), minRSABits)
	}
	return "rsa", pub, nil
}
