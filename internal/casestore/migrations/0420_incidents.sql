-- +goose Up
-- Incidents: cases that people keep, with the mail they are about.
CREATE TABLE incidents (
    id             TEXT   NOT NULL PRIMARY KEY, -- UUIDv7
    number         BIGINT NOT NULL UNIQUE,      -- from 1
    name           TEXT   NOT NULL,
    name_key       TEXT   NOT NULL,             -- in lower case, to sort by
    search         TEXT   NOT NULL,             -- name and description in lower case
    severity       BIGINT NOT NULL,             -- 1 Informational to 4 High
    status         TEXT   NOT NULL,
    owner          TEXT   NOT NULL,             -- email address; '' for nobody
    owner_id       TEXT   NOT NULL,
    classification TEXT   NOT NULL,
    determination  TEXT   NOT NULL,
    description    TEXT   NOT NULL,
    closing        TEXT   NOT NULL,
    author         TEXT   NOT NULL,
    author_id      TEXT   NOT NULL,
    created        BIGINT NOT NULL,
    updated        BIGINT NOT NULL,
    acknowledged   BIGINT NOT NULL,             -- 0: nobody took it up yet
    resolved       BIGINT NOT NULL,             -- 0: open
    resolved_by    TEXT   NOT NULL,
    merged_into    TEXT   NOT NULL,             -- id of the incident it was merged into; ''
    root           TEXT   NOT NULL,             -- id at the end of these links; its own when it is not merged
    version        BIGINT NOT NULL,
    messages       BIGINT NOT NULL,             -- email events in it and in what was merged into it
    people         BIGINT NOT NULL,             -- recipients among them
    first_at       BIGINT NOT NULL,             -- of that mail; 0: none
    last_at        BIGINT NOT NULL
);
CREATE INDEX incidents_root ON incidents (root);
CREATE INDEX incidents_status ON incidents (status, number);
CREATE INDEX incidents_owner ON incidents (owner_id, number);

CREATE TABLE incident_tags (
    incident TEXT NOT NULL,
    tag_key  TEXT NOT NULL,                     -- lower case
    tag      TEXT NOT NULL,
    PRIMARY KEY (incident, tag_key)
){{clustered}};
CREATE INDEX incident_tags_tag ON incident_tags (tag_key);

-- The frozen list. What the mail is like is asked of the event store.
CREATE TABLE incident_messages (
    incident   TEXT   NOT NULL,
    message_id TEXT   NOT NULL,                 -- network message id
    recipient  TEXT   NOT NULL,
    at         BIGINT NOT NULL,                 -- of the message
    PRIMARY KEY (incident, message_id, recipient)
){{clustered}};
CREATE INDEX incident_messages_message ON incident_messages (message_id);
CREATE INDEX incident_messages_recipient ON incident_messages (recipient);

-- Questions that are asked again.
CREATE TABLE incident_queries (
    id       TEXT   NOT NULL PRIMARY KEY,
    incident TEXT   NOT NULL,
    name     TEXT   NOT NULL,
    view     TEXT   NOT NULL,
    q        TEXT   NOT NULL,
    from_at  BIGINT NOT NULL,                   -- 0: open
    to_at    BIGINT NOT NULL,
    kql      TEXT   NOT NULL,
    author   TEXT   NOT NULL,
    added    BIGINT NOT NULL,
    asked    BIGINT NOT NULL
);
CREATE INDEX incident_queries_incident ON incident_queries (incident);

CREATE TABLE incident_notes (
    id        TEXT    NOT NULL PRIMARY KEY,
    incident  TEXT    NOT NULL,
    author    TEXT    NOT NULL,
    author_id TEXT    NOT NULL,
    at        BIGINT  NOT NULL,
    edited    BIGINT  NOT NULL,                 -- 0: never
    text      TEXT    NOT NULL,
    removed   BOOLEAN NOT NULL
);
CREATE INDEX incident_notes_incident ON incident_notes (incident, id);

CREATE TABLE incident_mentions (
    note        TEXT NOT NULL,
    operator_id TEXT NOT NULL,
    operator    TEXT NOT NULL,                  -- email address
    incident    TEXT NOT NULL,
    PRIMARY KEY (note, operator_id)
){{clustered}};
CREATE INDEX incident_mentions_operator ON incident_mentions (operator_id, incident);

CREATE TABLE incident_tasks (
    id       TEXT   NOT NULL PRIMARY KEY,
    incident TEXT   NOT NULL,
    title    TEXT   NOT NULL,
    owner    TEXT   NOT NULL,
    owner_id TEXT   NOT NULL,
    due      BIGINT NOT NULL,                   -- 0: none
    done     BIGINT NOT NULL,                   -- 0: open
    done_by  TEXT   NOT NULL,
    author   TEXT   NOT NULL,
    created  BIGINT NOT NULL,
    version  BIGINT NOT NULL
);
CREATE INDEX incident_tasks_incident ON incident_tasks (incident, id);

-- Append-only: everything that happened in an incident, written with what it tells of.
CREATE TABLE incident_log (
    seq      {{serial}},
    incident TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    actor    TEXT   NOT NULL,
    actor_id TEXT   NOT NULL,
    kind     TEXT   NOT NULL,
    say      TEXT   NOT NULL,
    subject  TEXT   NOT NULL,                   -- id of a note, task, action, query, incident; ''
    changes  TEXT   NOT NULL,                   -- JSON array of incident.Changed
    number   BIGINT NOT NULL                    -- of messages
);
CREATE INDEX incident_log_incident ON incident_log (incident, seq);

-- +goose Down
DROP TABLE incident_log;
DROP TABLE incident_tasks;
DROP TABLE incident_mentions;
DROP TABLE incident_notes;
DROP TABLE incident_queries;
DROP TABLE incident_messages;
DROP TABLE incident_tags;
DROP TABLE incidents;
