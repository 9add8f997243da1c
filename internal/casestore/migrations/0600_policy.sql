-- +goose Up
-- One row: how often anything of the policy was changed. Every process that judges looks at it.
CREATE TABLE policy_generation (
    one BIGINT NOT NULL PRIMARY KEY,
    n   BIGINT NOT NULL
);
INSERT INTO policy_generation (one, n) VALUES (1, 0);

-- Append-only: the newest version is in force.
CREATE TABLE policy_versions (
    number   BIGINT NOT NULL PRIMARY KEY, -- from 1
    at       BIGINT NOT NULL,
    operator TEXT   NOT NULL,
    via      TEXT   NOT NULL,
    reason   TEXT   NOT NULL,
    policy   TEXT   NOT NULL              -- JSON of detect.Policy, without entries
);

CREATE TABLE policy_entries (
    id         TEXT    NOT NULL PRIMARY KEY,
    kind       TEXT    NOT NULL,          -- sender, domain, ip, url, file
    value      TEXT    NOT NULL,
    allow      BOOLEAN NOT NULL,
    unproven   BOOLEAN NOT NULL,
    reason     TEXT    NOT NULL,
    author     TEXT    NOT NULL,
    created    BIGINT  NOT NULL,
    updated    BIGINT  NOT NULL,
    updated_by TEXT    NOT NULL,
    expires    BIGINT  NOT NULL,          -- 0: never
    revision   BIGINT  NOT NULL,
    UNIQUE (kind, value)
);
CREATE INDEX policy_entries_created ON policy_entries (created, id);

CREATE TABLE policy_mailboxes (
    address  TEXT   NOT NULL PRIMARY KEY, -- lower case
    settings TEXT   NOT NULL,             -- JSON of detect.Mailbox
    updated  BIGINT NOT NULL
);

-- +goose Down
DROP TABLE policy_mailboxes;
DROP TABLE policy_entries;
DROP TABLE policy_versions;
DROP TABLE policy_generation;
