-- The ledger of runs and the list of delayed tasks: an index for each way to narrow them to a few, ended by the id, which is
-- the order they are read in. And the run that a replay does again.
--
-- Each table is changed once, and only where that is missing: a migration that was cut off goes on.

-- +goose Up

-- replay_of is the run that this one does again; '' when it is no replay.
SET @change = (SELECT IF(count(*) > 0, 'DO 0',
        'ALTER TABLE runs ADD COLUMN replay_of VARBINARY(36) NOT NULL DEFAULT '''', ADD KEY runs_parent (parent_run_id), ADD KEY runs_occurrence (occurrence_id)')
    FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'runs' AND column_name = 'replay_of');
PREPARE change_runs FROM @change;
EXECUTE change_runs;
DEALLOCATE PREPARE change_runs;

SET @change = (SELECT IF(count(*) > 0, 'DO 0',
        'ALTER TABLE run_history ADD COLUMN replay_of VARBINARY(36) NOT NULL DEFAULT '''', ADD KEY run_history_state (state, id),
         ADD KEY run_history_trigger (triggered_by, id), ADD KEY run_history_parent (parent_run_id, id), ADD KEY run_history_occurrence (occurrence_id, id)')
    FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'run_history' AND column_name = 'replay_of');
PREPARE change_history FROM @change;
EXECUTE change_history;
DEALLOCATE PREPARE change_history;

-- A business key is in few delayed tasks, so the rest of the former index is not needed to find them.
SET @change = (SELECT IF(count(*) > 0, 'DO 0',
        'ALTER TABLE delayed_tasks ADD KEY delayed_tasks_content (content_key, id), ADD KEY delayed_tasks_app (source_app, id), DROP KEY delayed_tasks_key')
    FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'delayed_tasks' AND index_name = 'delayed_tasks_app');
PREPARE change_delayed FROM @change;
EXECUTE change_delayed;
DEALLOCATE PREPARE change_delayed;

-- +goose Down
ALTER TABLE delayed_tasks ADD KEY delayed_tasks_key (source_app, topic, content_key), DROP KEY delayed_tasks_app, DROP KEY delayed_tasks_content;
ALTER TABLE run_history DROP KEY run_history_occurrence, DROP KEY run_history_parent,
    DROP KEY run_history_trigger, DROP KEY run_history_state, DROP COLUMN replay_of;
ALTER TABLE runs DROP KEY runs_occurrence, DROP KEY runs_parent, DROP COLUMN replay_of;
