package main

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"time"
)

var b64 = base64.RawURLEncoding

// keys is the set of public keys: the present one alone, so that an earlier one is known no more.
func (p *provider) keys(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := binary.BigEndian.AppendUint32(nil, uint32(p.key.E))
	answer(w, map[string]any{"keys": []any{map[string]string{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": fmt.Sprint(p.kid), "n": b64.EncodeToString(p.key.N.Bytes()), "e": b64.EncodeToString(new(big.Int).SetBytes(e).Bytes()),
	}}})
}

// lie changes an ID token in one way and signs it again.
func (p *provider) lie(twist, raw string) (string, error) {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return "", fmt.Errorf("no ID token: %q", raw)
	}
	body, err := b64.DecodeString(parts[1])
	if err != nil {
		return "", err
	}
	claims := map[string]any{}
	if err := json.Unmarshal(body, &claims); err != nil {
		return "", err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	alg, key := "RS256", p.key
	switch twist {
	case "nonce":
		claims["nonce"] = "of-another-sign-in"
	case "no nonce":
		delete(claims, "nonce")
	case "issuer":
		claims["iss"] = "https://elsewhere.example"
	case "aud":
		claims["aud"] = []string{"another-program"}
	case "azp":
		claims["aud"], claims["azp"] = []string{"tocsin", "another-program"}, "another-program"
	case "two aud":
		claims["aud"] = []string{"tocsin", "another-program"}
	case "expired":
		claims["exp"] = time.Now().Add(-time.Hour).Unix()
	case "at_hash":
		claims["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA"
	case "old":
		claims["auth_time"] = time.Now().Add(-time.Hour).Unix()
	case "no time":
		delete(claims, "auth_time")
	case "no sub":
		delete(claims, "sub")
	case "none", "HS256":
		alg = twist
	case "key":
		if key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			return "", err
		}
	case "no token":
		return "", nil
	case "junk":
		return strings.Repeat("junk.", 2) + "junk", nil
	default:
		return raw, nil
	}
	return p.sign(alg, key, claims)
}

func (p *provider) sign(alg string, key *rsa.PrivateKey, claims map[string]any) (string, error) {
	head, err := json.Marshal(map[string]string{"alg": alg, "typ": "JWT", "kid": fmt.Sprint(p.kid)})
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	text := b64.EncodeToString(head) + "." + b64.EncodeToString(body)
	sum := sha256.Sum256([]byte(text))
	switch alg {
	case "none":
		return text + ".", nil
	case "HS256": // with what everybody knows as the key, as in the attack on verifiers that let the token choose
		m := hmac.New(sha256.New, p.key.N.Bytes())
		m.Write([]byte(text))
		return text + "." + b64.EncodeToString(m.Sum(nil)), nil
	}
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	return text + "." + b64.EncodeToString(sig), err
}
