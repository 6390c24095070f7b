-- Who changed what, when and from where. A row is written in the transaction of its change. Ids begin with the instant, so
-- the primary key is also the order of time.

-- +goose Up

CREATE TABLE IF NOT EXISTS audit (
    id          VARBINARY(36)  NOT NULL PRIMARY KEY,
    noted_at    BIGINT         NOT NULL,
    user_id     BIGINT         NOT NULL,
    user_name   VARBINARY(400) NOT NULL,
    api_token   TEXT           NOT NULL,
    address     TEXT           NOT NULL,
    via         VARBINARY(20)  NOT NULL,
    action      VARBINARY(40)  NOT NULL,
    kind        VARBINARY(20)  NOT NULL,
    object_id   VARBINARY(440) NOT NULL,
    object_name TEXT           NOT NULL,
    changes     MEDIUMTEXT     NOT NULL, -- JSON array of core.FieldChange; secrets masked
    KEY audit_object (kind, object_id, id),
    KEY audit_user (user_name, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- +goose Down
DROP TABLE audit;
