-- Who is signed in to the pages, and how people want to see them.

-- +goose Up

-- The id is the SHA-256 of what the browser holds: whoever reads this table cannot sign in with it.
CREATE TABLE IF NOT EXISTS sessions (
    id         VARBINARY(64) NOT NULL PRIMARY KEY,
    user_id    BIGINT        NOT NULL,
    created_at BIGINT        NOT NULL,
    seen_at    BIGINT        NOT NULL,
    address    MEDIUMTEXT    NOT NULL,
    agent      MEDIUMTEXT    NOT NULL,
    KEY sessions_user (user_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

CREATE TABLE IF NOT EXISTS preferences (
    user_id  BIGINT         NOT NULL PRIMARY KEY,
    language VARBINARY(20)  NOT NULL, -- '': the browser's
    zone     VARBINARY(200) NOT NULL, -- IANA name; '': the browser's
    theme    VARBINARY(20)  NOT NULL  -- light or dark; '': the system's
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- +goose Down
DROP TABLE preferences;
DROP TABLE sessions;
