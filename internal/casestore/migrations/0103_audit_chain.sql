-- +goose Up
-- prev and hash chain the records (internal/audit); they are filled in for older records when the store opens.
ALTER TABLE audit ADD COLUMN prev {{bytes}};
ALTER TABLE audit ADD COLUMN hash {{bytes}};
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_action ON audit (action, seq);
CREATE TABLE audit_head (
    id      BIGINT PRIMARY KEY, -- 1: there is one row, whose lock is the turn to append
    seq     BIGINT NOT NULL,
    hash    {{bytes}} NOT NULL,
    chained BOOLEAN NOT NULL    -- false while records of an older version are being chained
);
CREATE TABLE audit_checkpoints (
    number    BIGINT PRIMARY KEY,
    kind      TEXT   NOT NULL, -- checkpoint, anchor
    seq       BIGINT NOT NULL,
    hash      {{bytes}} NOT NULL,
    at        BIGINT NOT NULL,
    key       TEXT   NOT NULL,
    signature {{bytes}} NOT NULL
);

-- +goose Down
DROP TABLE audit_checkpoints;
DROP TABLE audit_head;
DROP INDEX audit_action;
DROP INDEX audit_at;
ALTER TABLE audit DROP COLUMN hash;
ALTER TABLE audit DROP COLUMN prev;
