-- +goose Up
CREATE TABLE messages (
    sha256              TEXT   NOT NULL PRIMARY KEY, -- of the raw bytes, lower-case hex: same mail, same row
    network_message_id  TEXT   NOT NULL,
    at                  BIGINT NOT NULL,             -- time of the message; also inside its id
    first_seen          BIGINT NOT NULL,             -- when Tocsin took it in
    source              TEXT   NOT NULL,
    size                BIGINT NOT NULL,             -- octets
    recipients          TEXT   NOT NULL,             -- JSON array, sorted; [] when they come from the headers
    waiting             BIGINT NOT NULL,             -- jobs that have not stored their events yet
    done_at             BIGINT NOT NULL DEFAULT 0    -- when events were last stored; 0 while never
);
CREATE UNIQUE INDEX messages_id ON messages (network_message_id);
CREATE INDEX messages_waiting ON messages (first_seen) WHERE waiting > 0;
CREATE INDEX messages_at ON messages (at);

-- +goose Down
DROP TABLE messages;
