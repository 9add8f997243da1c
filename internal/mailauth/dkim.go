package mailauth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
)

// dkim evaluates every signature (RFC 6376, ed25519 by RFC 8463) up to maxSignatures. Without DNS it says who claims to have signed.
func (c *Checker) dkim(ctx context.Context, wire []byte) []Check {
	header, _ := fields(wire)
	var unread []Check
	for _, f := range header {
		if f.name != "dkim-signature" {
			continue
		}
		t, err := parseTags(f.value())
		claim := Check{Result: None, Origin: Unknown, Domain: normalDomain(compact(t["d"])), Detail: "DNS was not asked; selector " + clip(compact(t["s"]))}
		if err != nil {
			claim.Detail = err.Error()
		}
		unread = append(unread, claim)
		if len(unread) == maxSignatures {
			break
		}
	}
	if c.Resolver == nil || len(unread) == 0 {
		return unread
	}
	found, err := c.verify(ctx, wire)
	if len(found) == 0 {
		result := TempError
		if err == nil {
			result = PermError
		}
		for i := range unread {
			unread[i].Result, unread[i].Origin = result, Checked
			unread[i].Detail = fmt.Sprintf("the signatures could not be read: %v", err)
		}
		return unread
	}
	out := make([]Check, len(found))
	for i, v := range found {
		out[i] = Check{Result: dkimResult(v.Err), Origin: Checked, Domain: normalDomain(v.Domain), Detail: "signed by " + v.Identifier}
		if v.Err != nil {
			out[i].Detail = strings.TrimPrefix(v.Err.Error(), "dkim: ")
		}
		if out[i].Result == Pass && !covers(v.HeaderKeys, "subject") {
			out[i].Detail += "; the Subject is not signed"
		}
	}
	return out
}

// verify runs the library, which has been seen to trust its input more than hostile mail deserves.
func (c *Checker) verify(ctx context.Context, wire []byte) (found []*dkim.Verification, err error) {
	defer func() {
		if p := recover(); p != nil {
			found, err = nil, fmt.Errorf("reading signatures: %v", p)
		}
	}()
	found, err = dkim.VerifyWithOptions(bytes.NewReader(wire), &dkim.VerifyOptions{
		LookupTXT:        func(name string) ([]string, error) { return c.Resolver.LookupTXT(ctx, name) },
		MaxVerifications: maxSignatures,
	})
	if errors.Is(err, dkim.ErrTooManySignatures) {
		err = nil
	}
	return found, err
}

func dkimResult(err error) Result {
	switch {
	case err == nil:
		return Pass
	case dkim.IsTempFail(err):
		return TempError
	case dkim.IsPermFail(err):
		return PermError
	default: // the library's third kind: body hash or signature did not verify
		return Fail
	}
}

func covers(keys []string, name string) bool {
	for _, k := range keys {
		if strings.EqualFold(k, name) {
			return true
		}
	}
	return false
}
