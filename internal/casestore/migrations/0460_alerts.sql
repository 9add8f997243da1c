-- +goose Up
-- Alerts: what was found and asks for a person.
CREATE TABLE alerts (
    id         TEXT    NOT NULL PRIMARY KEY, -- UUIDv7
    key        TEXT    NOT NULL,
    open_key   TEXT    UNIQUE,               -- key while it is open; NULL once it is resolved
    at         BIGINT  NOT NULL,
    last_at    BIGINT  NOT NULL,             -- when it was raised last
    times      BIGINT  NOT NULL,
    fell       BIGINT  NOT NULL,             -- 0: what raised it is still so, or nobody can tell
    title      TEXT    NOT NULL,
    search     TEXT    NOT NULL,             -- title, policy and detail in lower case
    severity   BIGINT  NOT NULL,             -- 1 Informational to 4 High
    category   TEXT    NOT NULL,
    source     TEXT    NOT NULL,
    policy     TEXT    NOT NULL,
    link       TEXT    NOT NULL,
    detail     TEXT    NOT NULL,
    techniques TEXT    NOT NULL,             -- JSON array
    query      TEXT    NOT NULL,
    from_at    BIGINT  NOT NULL,             -- 0: open
    to_at      BIGINT  NOT NULL,
    count      BIGINT  NOT NULL,
    status     TEXT    NOT NULL,
    owner      TEXT    NOT NULL,             -- email address; '' for nobody
    note       TEXT    NOT NULL,
    incident   TEXT    NOT NULL,             -- id; ''
    changed    BIGINT  NOT NULL,             -- by a person; 0: never
    changed_by TEXT    NOT NULL,
    resolved   BIGINT  NOT NULL,             -- 0: open
    revision   BIGINT  NOT NULL,
    more       BIGINT  NOT NULL,             -- pieces of evidence that are not kept
    untold     BOOLEAN NOT NULL,             -- the event store does not know it whole
    told_info  BOOLEAN NOT NULL              -- it knows the alert itself
);
CREATE INDEX alerts_at ON alerts (at, id);
CREATE INDEX alerts_status ON alerts (status, at);
CREATE INDEX alerts_untold ON alerts (at) WHERE untold;

CREATE TABLE alert_evidence (
    alert   TEXT    NOT NULL,
    key     TEXT    NOT NULL,                -- what tells pieces apart
    n       BIGINT  NOT NULL,                -- order, from 0
    message TEXT    NOT NULL,                -- network message id; ''
    body    TEXT    NOT NULL,                -- JSON of alert.Evidence
    told    BOOLEAN NOT NULL,
    PRIMARY KEY (alert, key)
){{clustered}};
CREATE INDEX alert_evidence_message ON alert_evidence (message);

-- +goose Down
DROP TABLE alert_evidence;
DROP TABLE alerts;
