-- Ended runs are counted by the hour and by how late they were sent, where they were counted by the day.

-- +goose Up

CREATE TABLE hourly_counts (
    namespace TEXT    NOT NULL,
    hour      INTEGER NOT NULL, -- since 1970, UTC
    outcome   TEXT    NOT NULL,
    lateness  INTEGER NOT NULL, -- the bucket, from 1 on; 0: not sent
    runs      INTEGER NOT NULL,
    PRIMARY KEY (namespace, hour, outcome, lateness)
) WITHOUT ROWID;

-- What was counted by the day stands in the first hour of each.
INSERT INTO hourly_counts (namespace, hour, outcome, lateness, runs)
    SELECT namespace, CAST(strftime('%s', printf('%04d-%02d-%02d', day / 10000, day / 100 % 100, day % 100)) AS INTEGER) / 3600, outcome, 0, runs FROM daily_counts;

DROP TABLE daily_counts;

-- +goose Down
CREATE TABLE daily_counts (
    namespace TEXT    NOT NULL,
    day       INTEGER NOT NULL, -- yyyymmdd, UTC
    outcome   TEXT    NOT NULL,
    runs      INTEGER NOT NULL,
    PRIMARY KEY (namespace, day, outcome)
) WITHOUT ROWID;
INSERT INTO daily_counts (namespace, day, outcome, runs)
    SELECT namespace, CAST(strftime('%Y%m%d', hour * 3600, 'unixepoch') AS INTEGER), outcome, sum(runs) FROM hourly_counts
    GROUP BY namespace, CAST(strftime('%Y%m%d', hour * 3600, 'unixepoch') AS INTEGER), outcome;
DROP TABLE hourly_counts;
