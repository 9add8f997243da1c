package outbound

import (
	"crypto/x509"
	"fmt"
	"os"
)

// Roots reads the authorities whose certificates are believed from a file in PEM, instead of those of the system. The error says when it holds none.
func Roots(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", file)
	}
	return pool, nil
}
