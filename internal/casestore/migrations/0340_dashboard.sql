-- +goose Up
-- How an operator arranged the dashboard.
CREATE TABLE dashboard_layouts (
    operator_id TEXT NOT NULL PRIMARY KEY REFERENCES operators (id) ON DELETE CASCADE,
    body        TEXT NOT NULL            -- JSON
);

-- +goose Down
DROP TABLE dashboard_layouts;
