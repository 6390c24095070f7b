-- Runs of plugins: which workers can do them, and how far they are.

-- +goose Up

ALTER TABLE nodes ADD plugins BIT NOT NULL CONSTRAINT nodes_plugins DEFAULT 0; -- whether the worker runs plugins
ALTER TABLE nodes ADD platform NVARCHAR(50) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT nodes_platform DEFAULT ''; -- for which its executables are built, such as linux/amd64

-- In percent, as the run said last; 0 when it said nothing.
ALTER TABLE runs ADD progress BIGINT NOT NULL CONSTRAINT runs_progress DEFAULT 0;
ALTER TABLE run_history ADD progress BIGINT NOT NULL CONSTRAINT run_history_progress DEFAULT 0;

-- +goose Down
ALTER TABLE run_history DROP CONSTRAINT run_history_progress;
ALTER TABLE run_history DROP COLUMN progress;
ALTER TABLE runs DROP CONSTRAINT runs_progress;
ALTER TABLE runs DROP COLUMN progress;
ALTER TABLE nodes DROP CONSTRAINT nodes_platform;
ALTER TABLE nodes DROP COLUMN platform;
ALTER TABLE nodes DROP CONSTRAINT nodes_plugins;
ALTER TABLE nodes DROP COLUMN plugins;
