-- +goose Up
-- What people said about mail that is held. What is held, and what became of it, is known to the event store alone.
CREATE TABLE quarantine_requests (
    message_id TEXT    NOT NULL,             -- network message id
    recipient  TEXT    NOT NULL,
    asked      BIGINT  NOT NULL,
    note       TEXT    NOT NULL,             -- of the person; hostile
    state      TEXT    NOT NULL,             -- quarantine.State
    answered   BIGINT  NOT NULL,             -- 0: not yet
    operator   TEXT    NOT NULL,             -- who refused
    reason     TEXT    NOT NULL,
    told       BOOLEAN NOT NULL,             -- the person knows the answer
    PRIMARY KEY (message_id, recipient)
);
CREATE INDEX quarantine_requests_state ON quarantine_requests (state, asked);
CREATE INDEX quarantine_requests_answered ON quarantine_requests (answered) WHERE answered > 0;

-- What a digest has told its reader about.
CREATE TABLE quarantine_listed (
    message_id TEXT   NOT NULL,
    recipient  TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    PRIMARY KEY (message_id, recipient)
){{clustered}};
CREATE INDEX quarantine_listed_at ON quarantine_listed (at);

-- The last day whose digests were all queued; one row.
CREATE TABLE quarantine_digests (
    one BIGINT NOT NULL PRIMARY KEY,
    day TEXT   NOT NULL
);

-- +goose Down
DROP TABLE quarantine_digests;
DROP TABLE quarantine_listed;
DROP TABLE quarantine_requests;
