-- Who is signed in to the pages, and how people want to see them.

-- +goose Up

-- The id is the SHA-256 of what the browser holds: whoever reads this table cannot sign in with it.
CREATE TABLE sessions (
    id         TEXT    NOT NULL PRIMARY KEY,
    user_id    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    address    TEXT    NOT NULL,
    agent      TEXT    NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE preferences (
    user_id  INTEGER NOT NULL PRIMARY KEY,
    language TEXT    NOT NULL, -- '': the browser's
    zone     TEXT    NOT NULL, -- IANA name; '': the browser's
    theme    TEXT    NOT NULL  -- light or dark; '': the system's
);

-- +goose Down
DROP TABLE preferences;
DROP TABLE sessions;
