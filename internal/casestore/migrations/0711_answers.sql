-- +goose Up
-- The way that a visited page's link led: its addresses from the link on, a JSON list; '' when nothing was opened.
ALTER TABLE answers ADD COLUMN way TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE answers DROP COLUMN way;
