-- Ended runs are counted by the hour and by how late they were sent, where they were counted by the day.

-- +goose Up

CREATE TABLE hourly_counts (
    namespace TEXT COLLATE "C" NOT NULL,
    hour      BIGINT           NOT NULL, -- since 1970, UTC
    outcome   TEXT COLLATE "C" NOT NULL,
    lateness  BIGINT           NOT NULL, -- the bucket, from 1 on; 0: not sent
    runs      BIGINT           NOT NULL,
    PRIMARY KEY (namespace, hour, outcome, lateness)
);

-- What was counted by the day stands in the first hour of each.
INSERT INTO hourly_counts (namespace, hour, outcome, lateness, runs)
    SELECT namespace, extract(epoch FROM to_date(day::text, 'YYYYMMDD'))::bigint / 3600, outcome, 0, runs FROM daily_counts;

DROP TABLE daily_counts;

-- +goose Down
CREATE TABLE daily_counts (
    namespace TEXT COLLATE "C" NOT NULL,
    day       BIGINT           NOT NULL, -- yyyymmdd, UTC
    outcome   TEXT COLLATE "C" NOT NULL,
    runs      BIGINT           NOT NULL,
    PRIMARY KEY (namespace, day, outcome)
);
INSERT INTO daily_counts (namespace, day, outcome, runs)
    SELECT namespace, to_char(to_timestamp(hour * 3600) AT TIME ZONE 'UTC', 'YYYYMMDD')::bigint, outcome, sum(runs) FROM hourly_counts
    GROUP BY namespace, to_char(to_timestamp(hour * 3600) AT TIME ZONE 'UTC', 'YYYYMMDD')::bigint, outcome;
DROP TABLE hourly_counts;
