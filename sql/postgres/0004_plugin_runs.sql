-- Runs of plugins: which workers can do them, and how far they are.

-- +goose Up

ALTER TABLE nodes ADD COLUMN plugins BOOLEAN NOT NULL DEFAULT FALSE; -- whether the worker runs plugins
ALTER TABLE nodes ADD COLUMN platform TEXT COLLATE "C" NOT NULL DEFAULT ''; -- for which its executables are built, such as linux/amd64

-- In percent, as the run said last; 0 when it said nothing.
ALTER TABLE runs ADD COLUMN progress BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run_history ADD COLUMN progress BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE run_history DROP COLUMN progress;
ALTER TABLE runs DROP COLUMN progress;
ALTER TABLE nodes DROP COLUMN platform;
ALTER TABLE nodes DROP COLUMN plugins;
