-- Runs of plugins: which workers can do them, and how far they are.
--
-- MySQL commits each change of a table by itself and has no ADD COLUMN IF NOT EXISTS, so each is made only where it is
-- missing: a migration that was cut off goes on.

-- +goose Up

-- Whether the worker runs plugins, and for which platform its executables are built, such as linux/amd64.
SET @change = (SELECT IF(count(*) > 0, 'DO 0',
        'ALTER TABLE nodes ADD COLUMN plugins TINYINT(1) NOT NULL DEFAULT 0, ADD COLUMN platform VARBINARY(200) NOT NULL DEFAULT ''''')
    FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'nodes' AND column_name = 'plugins');
PREPARE change_nodes FROM @change;
EXECUTE change_nodes;
DEALLOCATE PREPARE change_nodes;

-- In percent, as the run said last; 0 when it said nothing.
SET @change = (SELECT IF(count(*) > 0, 'DO 0', 'ALTER TABLE runs ADD COLUMN progress BIGINT NOT NULL DEFAULT 0')
    FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'runs' AND column_name = 'progress');
PREPARE change_runs FROM @change;
EXECUTE change_runs;
DEALLOCATE PREPARE change_runs;

SET @change = (SELECT IF(count(*) > 0, 'DO 0', 'ALTER TABLE run_history ADD COLUMN progress BIGINT NOT NULL DEFAULT 0')
    FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'run_history' AND column_name = 'progress');
PREPARE change_history FROM @change;
EXECUTE change_history;
DEALLOCATE PREPARE change_history;

-- +goose Down
ALTER TABLE run_history DROP COLUMN progress;
ALTER TABLE runs DROP COLUMN progress;
ALTER TABLE nodes DROP COLUMN platform, DROP COLUMN plugins;
