-- The ledger of runs and the list of delayed tasks: an index for each way to narrow them to a few, ended by the id, which is
-- the order they are read in. And the run that a replay does again.

-- +goose Up

ALTER TABLE runs ADD replay_of NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT runs_replay_of DEFAULT ''; -- the run that this one does again; '' when it is no replay
ALTER TABLE run_history ADD replay_of NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT run_history_replay_of DEFAULT '';

CREATE INDEX run_history_state ON run_history (state, id);
CREATE INDEX run_history_trigger ON run_history (triggered_by, id) WHERE triggered_by <> 'schedule' AND triggered_by <> 'delayed';
CREATE INDEX run_history_parent ON run_history (parent_run_id, id) WHERE parent_run_id <> '';
CREATE INDEX run_history_occurrence ON run_history (occurrence_id, id) WHERE attempt > 1;
CREATE INDEX runs_parent ON runs (parent_run_id) WHERE parent_run_id <> '';
CREATE INDEX runs_occurrence ON runs (occurrence_id) WHERE attempt > 1;

-- A business key is in few delayed tasks, so the rest of the former index is not needed to find them.
CREATE INDEX delayed_tasks_content ON delayed_tasks (content_key, id);
CREATE INDEX delayed_tasks_app ON delayed_tasks (source_app, id);
DROP INDEX delayed_tasks_key ON delayed_tasks;

-- +goose Down
CREATE INDEX delayed_tasks_key ON delayed_tasks (source_app, topic, content_key);
DROP INDEX delayed_tasks_app ON delayed_tasks;
DROP INDEX delayed_tasks_content ON delayed_tasks;
DROP INDEX runs_occurrence ON runs;
DROP INDEX runs_parent ON runs;
DROP INDEX run_history_occurrence ON run_history;
DROP INDEX run_history_parent ON run_history;
DROP INDEX run_history_trigger ON run_history;
DROP INDEX run_history_state ON run_history;
ALTER TABLE run_history DROP CONSTRAINT run_history_replay_of;
ALTER TABLE run_history DROP COLUMN replay_of;
ALTER TABLE runs DROP CONSTRAINT runs_replay_of;
ALTER TABLE runs DROP COLUMN replay_of;
