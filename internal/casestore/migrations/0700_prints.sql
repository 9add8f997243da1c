-- +goose Up
-- Fingerprints of the messages of the last days (package campaign).
CREATE TABLE prints (
    network_message_id TEXT      NOT NULL PRIMARY KEY,
    at                 BIGINT    NOT NULL, -- time of the message
    family             BIGINT    NOT NULL, -- shared by messages that belong together
    name               TEXT      NOT NULL, -- of the campaign
    sender             TEXT      NOT NULL, -- registrable domain of the From field
    threats            TEXT      NOT NULL, -- as in ThreatTypes
    sure               BOOLEAN   NOT NULL, -- the verdict stands without the help of likeness
    recipients         TEXT      NOT NULL, -- JSON array; only of messages with a threat
    print              {{bytes}} NOT NULL
);
CREATE INDEX prints_at ON prints (at);

-- +goose Down
DROP TABLE prints;
