-- +goose Up
CREATE TABLE deliveries (
    sha256             TEXT   NOT NULL, -- of the raw message
    recipient          TEXT   NOT NULL, -- lower case
    network_message_id TEXT   NOT NULL,
    treatment          TEXT   NOT NULL, -- treatment.Deliver and so on, or unjudged
    verdict            TEXT   NOT NULL, -- value of the header field; empty: none
    cut                TEXT   NOT NULL, -- JSON: SHA-256 of the attachments to exchange
    planned            BIGINT NOT NULL,
    answered           BIGINT NOT NULL, -- when the mailbox server had taken it; 0: not yet
    PRIMARY KEY (sha256, recipient)
);
CREATE INDEX deliveries_planned ON deliveries (planned);

-- +goose Down
DROP TABLE deliveries;
