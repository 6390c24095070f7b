-- Who changed what, when and from where. A row is written in the transaction of its change. Ids begin with the instant, so
-- the primary key is also the order of time.

-- +goose Up

CREATE TABLE audit (
    id          NVARCHAR(36) COLLATE Latin1_General_100_BIN2  NOT NULL PRIMARY KEY,
    noted_at    BIGINT                                        NOT NULL,
    user_id     BIGINT                                        NOT NULL,
    user_name   NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    api_token   NVARCHAR(200)                                 NOT NULL,
    address     NVARCHAR(200)                                 NOT NULL,
    via         NVARCHAR(20) COLLATE Latin1_General_100_BIN2  NOT NULL,
    action      NVARCHAR(40) COLLATE Latin1_General_100_BIN2  NOT NULL,
    kind        NVARCHAR(20) COLLATE Latin1_General_100_BIN2  NOT NULL,
    object_id   NVARCHAR(240) COLLATE Latin1_General_100_BIN2 NOT NULL,
    object_name NVARCHAR(MAX)                                 NOT NULL,
    changes     NVARCHAR(MAX)                                 NOT NULL -- JSON array of core.FieldChange; secrets masked
);
CREATE INDEX audit_object ON audit (kind, object_id, id);
CREATE INDEX audit_user ON audit (user_name, id);

-- +goose Down
DROP TABLE audit;
