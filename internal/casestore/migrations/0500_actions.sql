-- +goose Up
-- Actions on mailboxes: who asked for what, who agreed, and what became of every target.
CREATE TABLE actions (
    id         TEXT    NOT NULL PRIMARY KEY, -- UUIDv7: newest last
    kind       TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    author     TEXT    NOT NULL,             -- email address, or what asked
    author_id  TEXT    NOT NULL,             -- '' for automation
    automatic  BOOLEAN NOT NULL,
    unread     BOOLEAN NOT NULL,             -- leaves alone what was read
    query      TEXT    NOT NULL,
    incident   TEXT    NOT NULL,
    undoes     TEXT    NOT NULL,
    undone     TEXT    NOT NULL,
    created    BIGINT  NOT NULL,
    started    BIGINT  NOT NULL,
    ended      BIGINT  NOT NULL,
    expires    BIGINT  NOT NULL,
    needs      BIGINT  NOT NULL,
    why        TEXT    NOT NULL,
    policy     BIGINT  NOT NULL,             -- version of the approval policy
    approvals  TEXT    NOT NULL,             -- JSON array of remediate.Approval
    cancel     BOOLEAN NOT NULL,
    untold     BIGINT  NOT NULL,             -- targets that are not final, or that the event store does not know yet
    targets    BIGINT  NOT NULL,
    mailboxes  BIGINT  NOT NULL,
    todo       BIGINT  NOT NULL,
    done       BIGINT  NOT NULL,
    not_found  BIGINT  NOT NULL,
    skipped    BIGINT  NOT NULL,
    failed     BIGINT  NOT NULL,
    cancelled  BIGINT  NOT NULL,
    drifted    BIGINT  NOT NULL
);
CREATE INDEX actions_state ON actions (state, id);
CREATE INDEX actions_author ON actions (author_id, id);
CREATE INDEX actions_incident ON actions (incident, id);

CREATE TABLE action_targets (
    action     TEXT    NOT NULL,
    seq        BIGINT  NOT NULL,
    message_id TEXT    NOT NULL,             -- network message id
    recipient  TEXT    NOT NULL,
    mailbox    TEXT    NOT NULL,
    priority   BOOLEAN NOT NULL,
    outcome    TEXT    NOT NULL,
    tries      BIGINT  NOT NULL,
    next       BIGINT  NOT NULL,
    error      TEXT    NOT NULL,
    at         BIGINT  NOT NULL,             -- when the outcome became final
    told       BOOLEAN NOT NULL,             -- the event store knows
    drifted    BOOLEAN NOT NULL,
    cause      TEXT    NOT NULL,             -- ReportId of the row that asked for it
    message    TEXT    NOT NULL,             -- JSON of remediate.Message
    intents    TEXT    NOT NULL,             -- JSON array of remediate.Step
    receipt    TEXT    NOT NULL,             -- JSON of remediate.Receipt; '' for none
    PRIMARY KEY (action, seq)
){{clustered}};
CREATE INDEX action_targets_mailbox ON action_targets (action, mailbox, told);
CREATE INDEX action_targets_message ON action_targets (message_id, mailbox, at);
CREATE INDEX action_targets_cause ON action_targets (cause) WHERE cause <> '';

CREATE TABLE action_mailboxes (
    action   TEXT    NOT NULL,
    mailbox  TEXT    NOT NULL,
    queued   BOOLEAN NOT NULL,               -- its job was made
    checks   BIGINT  NOT NULL,               -- how many of the later checks were made
    check_at BIGINT  NOT NULL,               -- when the next is due; 0: none
    PRIMARY KEY (action, mailbox)
){{clustered}};
CREATE INDEX action_mailboxes_check ON action_mailboxes (check_at) WHERE check_at > 0;
CREATE INDEX action_mailboxes_queued ON action_mailboxes (action) WHERE NOT queued;

-- Octets that were taken out of mailboxes and can be put back.
CREATE TABLE action_held (
    action     TEXT   NOT NULL,
    seq        BIGINT NOT NULL,
    n          BIGINT NOT NULL,
    sha256     TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    mailbox    TEXT   NOT NULL,
    message_id TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    copy       TEXT   NOT NULL,              -- JSON of remediate.Copy: where and how it lay
    PRIMARY KEY (action, seq, n)
);
CREATE INDEX action_held_message ON action_held (message_id, mailbox);
CREATE INDEX action_held_sha256 ON action_held (sha256);
CREATE INDEX action_held_at ON action_held (at);

-- Append-only: the newest version is in force.
CREATE TABLE approval_versions (
    number   BIGINT NOT NULL PRIMARY KEY,    -- from 1
    at       BIGINT NOT NULL,
    operator TEXT   NOT NULL,
    via      TEXT   NOT NULL,
    reason   TEXT   NOT NULL,
    policy   TEXT   NOT NULL                 -- JSON of remediate.ApprovalPolicy
);

-- +goose Down
DROP TABLE approval_versions;
DROP TABLE action_held;
DROP TABLE action_mailboxes;
DROP TABLE action_targets;
DROP TABLE actions;
