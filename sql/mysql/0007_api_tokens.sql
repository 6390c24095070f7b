-- What users are called, and credentials they give out.

-- +goose Up

CREATE TABLE IF NOT EXISTS api_tokens (
    id           BIGINT         NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id      BIGINT         NOT NULL,
    name         VARBINARY(400) NOT NULL,
    role         VARBINARY(20)  NOT NULL,
    hash         VARBINARY(64)  NOT NULL, -- SHA-256 of the token, hexadecimal
    created_at   BIGINT         NOT NULL,
    expires_at   BIGINT         NOT NULL, -- 0: never
    last_used_at BIGINT         NOT NULL,
    UNIQUE KEY api_tokens_hash (hash),
    UNIQUE KEY api_tokens_name (user_id, name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- The last statement: what follows a change of a table here would not be undone with it.
ALTER TABLE users ADD COLUMN display_name TEXT NOT NULL DEFAULT ('');

-- +goose Down
DROP TABLE api_tokens;
ALTER TABLE users DROP COLUMN display_name;
