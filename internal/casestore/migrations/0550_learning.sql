-- +goose Up
CREATE TABLE learn_examples (
    id        TEXT      NOT NULL PRIMARY KEY, -- network message id
    at        BIGINT    NOT NULL,             -- of the message
    sender    TEXT      NOT NULL,             -- registrable domain of From, to leave out whole senders when measuring
    delivered BOOLEAN   NOT NULL,             -- it went to its recipient, and the judge named no threat
    features  {{bytes}} NOT NULL
);
CREATE INDEX learn_examples_at ON learn_examples (at);

CREATE TABLE learn_labels (
    id     TEXT   NOT NULL, -- network message id
    who    TEXT   NOT NULL,
    source TEXT   NOT NULL, -- analyst, reporter
    label  TEXT   NOT NULL, -- phish, spam, good
    at     BIGINT NOT NULL, -- when it was said
    PRIMARY KEY (id, who)
);
CREATE INDEX learn_labels_at ON learn_labels (at);

CREATE TABLE learn_models (
    id      {{serial}},
    threat  TEXT      NOT NULL,
    state   TEXT      NOT NULL, -- shadow, active, retired
    trained BIGINT    NOT NULL,
    labels  BIGINT    NOT NULL, -- that it was trained on
    checked TEXT      NOT NULL, -- what its check found, in words
    passed  BOOLEAN   NOT NULL,
    model   {{bytes}} NOT NULL
);
CREATE INDEX learn_models_threat ON learn_models (threat, state);

-- +goose Down
DROP TABLE learn_models;
DROP TABLE learn_labels;
DROP TABLE learn_examples;
