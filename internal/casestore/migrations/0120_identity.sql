-- +goose Up
-- Who an operator is at an OpenID Connect provider.
CREATE TABLE identities (
    issuer      TEXT   NOT NULL,
    subject     TEXT   NOT NULL,
    operator_id TEXT   NOT NULL REFERENCES operators (id) ON DELETE CASCADE,
    since       BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject),
    UNIQUE (operator_id, issuer)
);

-- +goose Down
DROP TABLE identities;
