-- Ended runs are counted by the hour and by how late they were sent, where they were counted by the day.

-- +goose Up

CREATE TABLE IF NOT EXISTS hourly_counts (
    namespace VARBINARY(400) NOT NULL,
    hour      BIGINT         NOT NULL, -- since 1970, UTC
    outcome   VARBINARY(20)  NOT NULL,
    lateness  BIGINT         NOT NULL, -- the bucket, from 1 on; 0: not sent
    runs      BIGINT         NOT NULL,
    PRIMARY KEY (namespace, hour, outcome, lateness)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- What was counted by the day stands in the first hour of each.
INSERT IGNORE INTO hourly_counts (namespace, hour, outcome, lateness, runs)
    SELECT namespace, TIMESTAMPDIFF(HOUR, '1970-01-01', STR_TO_DATE(CAST(day AS CHAR), '%Y%m%d')), outcome, 0, runs FROM daily_counts;

DROP TABLE daily_counts;

-- +goose Down
CREATE TABLE IF NOT EXISTS daily_counts (
    namespace VARBINARY(400) NOT NULL,
    day       BIGINT         NOT NULL, -- yyyymmdd, UTC
    outcome   VARBINARY(20)  NOT NULL,
    runs      BIGINT         NOT NULL,
    PRIMARY KEY (namespace, day, outcome)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
INSERT IGNORE INTO daily_counts (namespace, day, outcome, runs)
    SELECT namespace, CAST(DATE_FORMAT(DATE_ADD('1970-01-01', INTERVAL hour HOUR), '%Y%m%d') AS UNSIGNED), outcome, sum(runs) FROM hourly_counts
    GROUP BY namespace, CAST(DATE_FORMAT(DATE_ADD('1970-01-01', INTERVAL hour HOUR), '%Y%m%d') AS UNSIGNED), outcome;
DROP TABLE hourly_counts;
