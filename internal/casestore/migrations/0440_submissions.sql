-- +goose Up
-- What users report: one submission a message, with its reports.
CREATE TABLE submissions (
    id                TEXT   NOT NULL PRIMARY KEY, -- UUIDv7
    key               TEXT   NOT NULL,             -- what makes reports come together
    type              TEXT   NOT NULL,
    state             TEXT   NOT NULL,
    result            TEXT   NOT NULL,             -- '' before it is closed
    note              TEXT   NOT NULL,
    owner             TEXT   NOT NULL,             -- email address
    created           BIGINT NOT NULL,
    updated           BIGINT NOT NULL,
    closed            BIGINT NOT NULL,
    closed_by         TEXT   NOT NULL,
    revision          BIGINT NOT NULL,
    told              BIGINT NOT NULL,             -- revision of the last closing that the event store knows
    closing           BIGINT NOT NULL,             -- revision of the last closing
    matched           TEXT   NOT NULL,
    how               TEXT   NOT NULL,
    message_id        TEXT   NOT NULL,             -- network message id of the delivered message
    recipient         TEXT   NOT NULL,
    internet_id       TEXT   NOT NULL,             -- Message-ID
    sender            TEXT   NOT NULL,
    sender_name       TEXT   NOT NULL,
    subject           TEXT   NOT NULL,
    date              BIGINT NOT NULL,
    sha256            TEXT   NOT NULL,             -- of the reported bytes
    quoted            TEXT   NOT NULL,
    judged            TEXT   NOT NULL,             -- JSON of submission.Judged
    reports           BIGINT NOT NULL,
    reporters         BIGINT NOT NULL,
    unproven          BIGINT NOT NULL
);
CREATE UNIQUE INDEX submissions_key ON submissions (key);
CREATE INDEX submissions_updated ON submissions (updated, id);
CREATE INDEX submissions_state ON submissions (state, updated, id);
CREATE INDEX submissions_message ON submissions (message_id) WHERE message_id <> '';
CREATE INDEX submissions_untold ON submissions (closing) WHERE closing > told;

CREATE TABLE submission_reports (
    key        TEXT    NOT NULL PRIMARY KEY,
    submission TEXT    NOT NULL,
    at         BIGINT  NOT NULL,
    reporter   TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    proven     BOOLEAN NOT NULL,
    proof      TEXT    NOT NULL,
    inside     BOOLEAN NOT NULL,
    via        TEXT    NOT NULL,
    type       TEXT    NOT NULL,
    comment    TEXT    NOT NULL,
    form       TEXT    NOT NULL,
    mailbox    TEXT    NOT NULL,
    sha256     TEXT    NOT NULL,                   -- of the report's own bytes
    mute       BOOLEAN NOT NULL,
    answered   BIGINT  NOT NULL,
    answer     TEXT    NOT NULL,                   -- result that the reporter was told
    told       BOOLEAN NOT NULL                    -- the event store knows it
);
CREATE INDEX submission_reports_submission ON submission_reports (submission, at);
CREATE INDEX submission_reports_at ON submission_reports (at);
CREATE INDEX submission_reports_reporter ON submission_reports (reporter, at);
CREATE INDEX submission_reports_untold ON submission_reports (at) WHERE NOT told;

CREATE TABLE submission_folders (
    mailbox TEXT   NOT NULL,
    folder  TEXT   NOT NULL,
    place   TEXT   NOT NULL,                       -- up to where it was read, in the provider's words
    at      BIGINT NOT NULL,
    PRIMARY KEY (mailbox, folder)
){{clustered}};

-- One row: what reporters are told.
CREATE TABLE submission_settings (
    id       BIGINT NOT NULL PRIMARY KEY,
    revision BIGINT NOT NULL,
    settings TEXT   NOT NULL                       -- JSON of submission.Settings
);

-- +goose Down
DROP TABLE submission_settings;
DROP TABLE submission_folders;
DROP TABLE submission_reports;
DROP TABLE submissions;
