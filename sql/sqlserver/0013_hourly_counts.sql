-- Ended runs are counted by the hour and by how late they were sent, where they were counted by the day.

-- +goose Up

CREATE TABLE hourly_counts (
    namespace NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    hour      BIGINT                                        NOT NULL, -- since 1970, UTC
    outcome   NVARCHAR(20) COLLATE Latin1_General_100_BIN2  NOT NULL,
    lateness  BIGINT                                        NOT NULL, -- the bucket, from 1 on; 0: not sent
    runs      BIGINT                                        NOT NULL,
    PRIMARY KEY (namespace, hour, outcome, lateness)
);

-- What was counted by the day stands in the first hour of each.
INSERT INTO hourly_counts (namespace, hour, outcome, lateness, runs)
    SELECT namespace, DATEDIFF(HOUR, '19700101', CONVERT(DATE, CONVERT(CHAR(8), day), 112)), outcome, 0, runs FROM daily_counts;

DROP TABLE daily_counts;

-- +goose Down
CREATE TABLE daily_counts (
    namespace NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    day       BIGINT                                        NOT NULL, -- yyyymmdd, UTC
    outcome   NVARCHAR(20) COLLATE Latin1_General_100_BIN2  NOT NULL,
    runs      BIGINT                                        NOT NULL,
    PRIMARY KEY (namespace, day, outcome)
);
INSERT INTO daily_counts (namespace, day, outcome, runs)
    SELECT namespace, CONVERT(BIGINT, CONVERT(CHAR(8), DATEADD(HOUR, hour, '19700101'), 112)), outcome, sum(runs) FROM hourly_counts
    GROUP BY namespace, CONVERT(BIGINT, CONVERT(CHAR(8), DATEADD(HOUR, hour, '19700101'), 112)), outcome;
DROP TABLE hourly_counts;
