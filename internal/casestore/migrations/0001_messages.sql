-- +goose Up
CREATE TABLE messages (
    sha256              TEXT   NOT NULL PRIMARY KEY, -- of the raw bytes, lower-case hex: same mail, same row
    network_message_id  TEXT   NOT NULL,
    at                  BIGINT NOT NULL,             -- time of the message; also inside its id
    first_seen          BIGINT NOT NULL,             -- when Tocsin took it in
    source              TEXT   NOT NULL,
    size                BIGINT NOT NULL,             -- octets
    recipients          TEXT   NOT NULL,             -- JSON array of the envelope's, sorted; [] when only the headers name any
    done_at             BIGINT NOT NULL DEFAULT 0,   -- when its events were last stored; 0 while never
    suspect             BIGINT NOT NULL DEFAULT 0    -- how often it was judged alone because the process had died with it
);
CREATE UNIQUE INDEX messages_id ON messages (network_message_id);
CREATE INDEX messages_at ON messages (at);
CREATE INDEX messages_undone ON messages (first_seen) WHERE done_at = 0;

-- +goose Down
DROP TABLE messages;
