-- +goose Up
-- What people decided about campaigns (package campaign).
CREATE TABLE campaign_decisions (
    id          TEXT    NOT NULL PRIMARY KEY,
    kind        TEXT    NOT NULL, -- split, merge, rename
    family      BIGINT  NOT NULL, -- the campaign that was split, merged into another, or renamed
    into_family BIGINT  NOT NULL, -- the new one, or the one that stays; else 0
    name        TEXT    NOT NULL,
    was         TEXT    NOT NULL, -- what family was called
    mark_field  TEXT    NOT NULL, -- what later mail is known by; empty for likeness alone
    mark_value  TEXT    NOT NULL,
    messages    BIGINT  NOT NULL, -- of a split
    note        TEXT    NOT NULL,
    actor       TEXT    NOT NULL,
    actor_id    TEXT    NOT NULL,
    at          BIGINT  NOT NULL,
    undone      BIGINT  NOT NULL, -- 0 while it stands
    undone_by   TEXT    NOT NULL,
    why         TEXT    NOT NULL, -- it was undone
    applied     BOOLEAN NOT NULL  -- the event store says the same
);
-- The messages of a split.
CREATE TABLE campaign_moved (
    decision           TEXT   NOT NULL,
    network_message_id TEXT   NOT NULL,
    family             BIGINT NOT NULL, -- that it was in
    PRIMARY KEY (decision, network_message_id)
);

-- +goose Down
DROP TABLE campaign_moved;
DROP TABLE campaign_decisions;
