-- What users are called, and credentials they give out.

-- +goose Up

ALTER TABLE users ADD display_name NVARCHAR(MAX) NOT NULL CONSTRAINT users_display_name DEFAULT '';

CREATE TABLE api_tokens (
    id           BIGINT                                        NOT NULL IDENTITY(1,1) PRIMARY KEY,
    user_id      BIGINT                                        NOT NULL,
    name         NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    role         NVARCHAR(20) COLLATE Latin1_General_100_BIN2  NOT NULL,
    hash         NVARCHAR(64) COLLATE Latin1_General_100_BIN2  NOT NULL UNIQUE, -- SHA-256 of the token, hexadecimal
    created_at   BIGINT                                        NOT NULL,
    expires_at   BIGINT                                        NOT NULL,        -- 0: never
    last_used_at BIGINT                                        NOT NULL,
    UNIQUE (user_id, name)
);

-- +goose Down
DROP TABLE api_tokens;
ALTER TABLE users DROP CONSTRAINT users_display_name;
ALTER TABLE users DROP COLUMN display_name;
