-- What users are called, and credentials they give out.

-- +goose Up

ALTER TABLE users ADD COLUMN display_name TEXT NOT NULL DEFAULT '';

CREATE TABLE api_tokens (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id      INTEGER NOT NULL,
    name         TEXT    NOT NULL,
    role         TEXT    NOT NULL,
    hash         TEXT    NOT NULL UNIQUE, -- SHA-256 of the token, hexadecimal
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,        -- 0: never
    last_used_at INTEGER NOT NULL,
    UNIQUE (user_id, name)
);

-- +goose Down
DROP TABLE api_tokens;
ALTER TABLE users DROP COLUMN display_name;
