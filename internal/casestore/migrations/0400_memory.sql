-- +goose Up
-- Who writes to whom. A month is year*12+month-1 and "days" are bits: bit d-1 is day d of the month, UTC. So remembering a message
-- again changes nothing, and any day can be asked for what was known before it. docs/design/memory.md says what follows.
CREATE TABLE memory_days (
    day     BIGINT  NOT NULL, -- since 1970
    sent    BOOLEAN NOT NULL, -- mail that one's own people wrote, or that came in
    learned BIGINT  NOT NULL, -- when it was first remembered, by the server's clock
    PRIMARY KEY (day, sent)
){{clustered}};

CREATE TABLE memory_pairs (
    own      TEXT   NOT NULL, -- a mailbox, lower case; '' for the whole organisation
    outside  TEXT   NOT NULL, -- an address outside, lower case
    month    BIGINT NOT NULL,
    in_days  BIGINT NOT NULL, -- mail from there without a threat
    bad_days BIGINT NOT NULL, -- mail from there with a threat, where the pair was known
    out_days BIGINT NOT NULL, -- mail to there that people wrote
    out_at   BIGINT NOT NULL, -- the first of those in the month; 0: none
    PRIMARY KEY (outside, own, month) -- what is known of an address lies together
){{clustered}};

CREATE TABLE memory_sites (
    domain       TEXT   NOT NULL, -- registrable, outside
    month        BIGINT NOT NULL,
    in_days      BIGINT NOT NULL,
    aligned_days BIGINT NOT NULL, -- authentication proved it
    failed_days  BIGINT NOT NULL, -- it was checked and proved nothing
    out_days     BIGINT NOT NULL,
    PRIMARY KEY (domain, month)
){{clustered}};
CREATE INDEX memory_sites_out ON memory_sites (domain) WHERE out_days <> 0;

CREATE TABLE memory_marks (
    domain TEXT   NOT NULL,
    kind   TEXT   NOT NULL, -- net: network of the sending server; dkim: signing domain; reply: where answers go
    value  TEXT   NOT NULL,
    month  BIGINT NOT NULL,
    days   BIGINT NOT NULL,
    PRIMARY KEY (domain, kind, value, month)
){{clustered}};

CREATE TABLE memory_names (
    own     TEXT   NOT NULL,
    name    TEXT   NOT NULL, -- folded, words sorted
    outside TEXT   NOT NULL,
    month   BIGINT NOT NULL, -- the last in which it was seen
    PRIMARY KEY (own, name, outside)
){{clustered}};

CREATE TABLE memory_threads (
    id     {{bytes}} NOT NULL PRIMARY KEY, -- 16 octets of the SHA-256 of the Message-ID
    at     BIGINT    NOT NULL,
    sent   BOOLEAN   NOT NULL,             -- by one's own people
    people TEXT      NOT NULL              -- JSON: [[name, address], ...] of those outside
){{clustered}};
CREATE INDEX memory_threads_at ON memory_threads (at);

-- Newsletters and confirmations alone: what mail bombing is made of.
CREATE TABLE memory_arrivals (
    own     BIGINT  NOT NULL, -- hash of the mailbox
    at      BIGINT  NOT NULL,
    message BIGINT  NOT NULL, -- hash of the message: it counts once
    site    BIGINT  NOT NULL, -- hash of the sender's registrable domain
    fresh   BOOLEAN NOT NULL, -- the sender was new to the mailbox
    PRIMARY KEY (own, at, message)
){{clustered}};
CREATE INDEX memory_arrivals_at ON memory_arrivals (at);

-- +goose Down
DROP TABLE memory_arrivals;
DROP TABLE memory_threads;
DROP TABLE memory_names;
DROP TABLE memory_marks;
DROP TABLE memory_sites;
DROP TABLE memory_pairs;
DROP TABLE memory_days;
