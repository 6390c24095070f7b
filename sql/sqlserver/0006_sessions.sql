-- Who is signed in to the pages, and how people want to see them.

-- +goose Up

-- The id is the SHA-256 of what the browser holds: whoever reads this table cannot sign in with it.
CREATE TABLE sessions (
    id         NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY,
    user_id    BIGINT                                       NOT NULL,
    created_at BIGINT                                       NOT NULL,
    seen_at    BIGINT                                       NOT NULL,
    address    NVARCHAR(MAX)                                NOT NULL,
    agent      NVARCHAR(MAX)                                NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE preferences (
    user_id  BIGINT                                        NOT NULL PRIMARY KEY,
    language NVARCHAR(20) COLLATE Latin1_General_100_BIN2  NOT NULL, -- '': the browser's
    zone     NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, -- IANA name; '': the browser's
    theme    NVARCHAR(20) COLLATE Latin1_General_100_BIN2  NOT NULL  -- light or dark; '': the system's
);

-- +goose Down
DROP TABLE preferences;
DROP TABLE sessions;
