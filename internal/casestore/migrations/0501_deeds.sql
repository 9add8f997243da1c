-- +goose Up
-- First aid in mailboxes: what was done to their rules and sessions, and the scripts as they were, to put them back.
CREATE TABLE mailbox_deeds (
    id       TEXT   NOT NULL PRIMARY KEY, -- UUIDv7: newest last
    mailbox  TEXT   NOT NULL,
    kind     TEXT   NOT NULL,             -- remediate.DeedKind
    state    TEXT   NOT NULL,             -- remediate.DeedState
    author   TEXT   NOT NULL,             -- email address
    author_id TEXT  NOT NULL,
    reason   TEXT   NOT NULL,
    system   TEXT   NOT NULL,             -- name of the provider
    rule     TEXT   NOT NULL,             -- hostile
    why      TEXT   NOT NULL,
    script   TEXT   NOT NULL,
    before   {{bytes}} NOT NULL,          -- the script, whole; hostile
    after    {{bytes}} NOT NULL,
    place    BIGINT NOT NULL,             -- octets from the start
    of_deed  TEXT   NOT NULL,             -- put back: the removal
    put_back TEXT   NOT NULL,             -- removal: what put it back
    say      TEXT   NOT NULL,
    began    BIGINT NOT NULL,
    ended    BIGINT NOT NULL              -- 0: not yet
);
CREATE INDEX mailbox_deeds_mailbox ON mailbox_deeds (mailbox, id);
CREATE INDEX mailbox_deeds_state ON mailbox_deeds (state, id) WHERE ended = 0;

-- +goose Down
DROP TABLE mailbox_deeds;
