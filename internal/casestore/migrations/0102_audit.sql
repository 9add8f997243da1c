-- +goose Up
-- Append-only: the program has one INSERT for this table, no UPDATE and no DELETE.
CREATE TABLE audit (
    seq         {{serial}},
    at          BIGINT NOT NULL,
    operator_id TEXT   NOT NULL,
    operator    TEXT   NOT NULL,
    via         TEXT   NOT NULL,
    address     TEXT   NOT NULL,
    action      TEXT   NOT NULL,
    subject     TEXT   NOT NULL,
    recipient   TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    detail      TEXT   NOT NULL  -- JSON object
);
CREATE INDEX audit_subject ON audit (subject, seq);

-- +goose Down
DROP TABLE audit;
