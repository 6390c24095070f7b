-- Every statement that Carillon sends to SQL Server, as `go test ./store -run SQLServerStatements -update` writes it. Lists stand for
-- longer ones, inserts of two rows for those of up to sixty. `make tsql` has them parsed.

ALTER TABLE nodes ADD platform NVARCHAR(50) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT nodes_platform DEFAULT '';
GO
ALTER TABLE nodes ADD plugins BIT NOT NULL CONSTRAINT nodes_plugins DEFAULT 0;
GO
ALTER TABLE nodes DROP COLUMN platform;
GO
ALTER TABLE nodes DROP COLUMN plugins;
GO
ALTER TABLE nodes DROP CONSTRAINT nodes_platform;
GO
ALTER TABLE nodes DROP CONSTRAINT nodes_plugins;
GO
ALTER TABLE run_history ADD progress BIGINT NOT NULL CONSTRAINT run_history_progress DEFAULT 0;
GO
ALTER TABLE run_history ADD replay_of NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT run_history_replay_of DEFAULT '';
GO
ALTER TABLE run_history DROP COLUMN progress;
GO
ALTER TABLE run_history DROP COLUMN replay_of;
GO
ALTER TABLE run_history DROP CONSTRAINT run_history_progress;
GO
ALTER TABLE run_history DROP CONSTRAINT run_history_replay_of;
GO
ALTER TABLE runs ADD progress BIGINT NOT NULL CONSTRAINT runs_progress DEFAULT 0;
GO
ALTER TABLE runs ADD replay_of NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT runs_replay_of DEFAULT '';
GO
ALTER TABLE runs DROP COLUMN progress;
GO
ALTER TABLE runs DROP COLUMN replay_of;
GO
ALTER TABLE runs DROP CONSTRAINT runs_progress;
GO
ALTER TABLE runs DROP CONSTRAINT runs_replay_of;
GO
ALTER TABLE tasks ADD labels NVARCHAR(MAX) NOT NULL CONSTRAINT tasks_labels DEFAULT '';
GO
ALTER TABLE tasks ALTER COLUMN title NVARCHAR(2000) NOT NULL;
GO
ALTER TABLE tasks ALTER COLUMN title NVARCHAR(500) NOT NULL;
GO
ALTER TABLE tasks DROP COLUMN labels;
GO
ALTER TABLE tasks DROP CONSTRAINT tasks_labels;
GO
ALTER TABLE users ADD display_name NVARCHAR(MAX) NOT NULL CONSTRAINT users_display_name DEFAULT '';
GO
ALTER TABLE users DROP COLUMN display_name;
GO
ALTER TABLE users DROP CONSTRAINT users_display_name;
GO
CREATE INDEX audit_object ON audit (kind, object_id, id);
GO
CREATE INDEX audit_user ON audit (user_name, id);
GO
CREATE INDEX delayed_tasks_app ON delayed_tasks (source_app, id);
GO
CREATE INDEX delayed_tasks_content ON delayed_tasks (content_key, id);
GO
CREATE INDEX delayed_tasks_due ON delayed_tasks (next_due) WHERE next_due IS NOT NULL;
GO
CREATE INDEX delayed_tasks_key ON delayed_tasks (source_app, topic, content_key);
GO
CREATE INDEX incarnations_lease ON incarnations (lease_until);
GO
CREATE INDEX notices_next ON notices (next_try);
GO
CREATE INDEX plugin_versions_digest ON plugin_versions (digest);
GO
CREATE INDEX run_history_delayed ON run_history (delayed_id, id) WHERE delayed_id <> '';
GO
CREATE INDEX run_history_occurrence ON run_history (occurrence_id, id) WHERE attempt > 1;
GO
CREATE INDEX run_history_parent ON run_history (parent_run_id, id) WHERE parent_run_id <> '';
GO
CREATE INDEX run_history_state ON run_history (state, id);
GO
CREATE INDEX run_history_task ON run_history (task_id, id) WHERE task_id <> '';
GO
CREATE INDEX run_history_trigger ON run_history (triggered_by, id) WHERE triggered_by <> 'schedule' AND triggered_by <> 'delayed';
GO
CREATE INDEX runs_claim ON runs (queue, claim_at) WHERE claim_at IS NOT NULL;
GO
CREATE INDEX runs_delayed ON runs (delayed_id) WHERE delayed_id <> '';
GO
CREATE INDEX runs_holder ON runs (holder) WHERE holder <> '';
GO
CREATE INDEX runs_occurrence ON runs (occurrence_id) WHERE attempt > 1;
GO
CREATE INDEX runs_parent ON runs (parent_run_id) WHERE parent_run_id <> '';
GO
CREATE INDEX runs_task ON runs (task_id) WHERE task_id <> '';
GO
CREATE INDEX sessions_user ON sessions (user_id);
GO
CREATE INDEX system_log_level ON system_log (level, id);
GO
CREATE INDEX task_children_child ON task_children (child_id);
GO
CREATE INDEX task_marks_task ON task_marks (task_id);
GO
CREATE INDEX task_plans_due ON task_plans (next_due) WHERE next_due IS NOT NULL;
GO
CREATE INDEX task_plans_state ON task_plans (state, task_id);
GO
CREATE INDEX task_plugins_package ON task_plugins (namespace, package);
GO
CREATE INDEX tasks_created ON tasks (created_at, id) INCLUDE (namespace, kind, title);
GO
CREATE INDEX tasks_created ON tasks (namespace, created_at, id);
GO
CREATE INDEX tasks_title ON tasks (title, id) INCLUDE (namespace, kind);
GO
CREATE TABLE api_tokens ( id BIGINT NOT NULL IDENTITY(1,1) PRIMARY KEY, user_id BIGINT NOT NULL, name NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, role NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL, hash NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL UNIQUE, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, last_used_at BIGINT NOT NULL, UNIQUE (user_id, name) );
GO
CREATE TABLE audit ( id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY, noted_at BIGINT NOT NULL, user_id BIGINT NOT NULL, user_name NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, api_token NVARCHAR(200) NOT NULL, address NVARCHAR(200) NOT NULL, via NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL, action NVARCHAR(40) COLLATE Latin1_General_100_BIN2 NOT NULL, kind NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL, object_id NVARCHAR(240) COLLATE Latin1_General_100_BIN2 NOT NULL, object_name NVARCHAR(MAX) NOT NULL, changes NVARCHAR(MAX) NOT NULL );
GO
CREATE TABLE cancels ( run_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY, reason NVARCHAR(MAX) NOT NULL, asked_at BIGINT NOT NULL );
GO
CREATE TABLE daily_counts ( namespace NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, day BIGINT NOT NULL, outcome NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL, runs BIGINT NOT NULL, PRIMARY KEY (namespace, day, outcome) );
GO
CREATE TABLE delayed_tasks ( id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY, namespace NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, source_app NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL, topic NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, content_key NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, state NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL, due_at BIGINT NOT NULL, next_due BIGINT NULL, resets BIGINT NOT NULL, runs BIGINT NOT NULL, idempotency_key NVARCHAR(400) COLLATE Latin1_General_100_BIN2 NULL, created_by BIGINT NOT NULL, created_by_name NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, created_at BIGINT NOT NULL, finished_at BIGINT NOT NULL, executors NVARCHAR(MAX) NOT NULL, retry NVARCHAR(MAX) NOT NULL, callback NVARCHAR(MAX) NOT NULL );
GO
CREATE TABLE goose_db_version ( id INT NOT NULL IDENTITY(1,1) PRIMARY KEY, version_id BIGINT NOT NULL, is_applied BIT NOT NULL, tstamp DATETIME NULL DEFAULT CURRENT_TIMESTAMP )
GO
CREATE TABLE guards ( task_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY, run_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL, taken_at BIGINT NOT NULL );
GO
CREATE TABLE hourly_counts ( namespace NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, hour BIGINT NOT NULL, outcome NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL, lateness BIGINT NOT NULL, runs BIGINT NOT NULL, PRIMARY KEY (namespace, hour, outcome, lateness) );
GO
CREATE TABLE incarnations ( id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY, kind NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL, name NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, host NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL, lease_until BIGINT NOT NULL );
GO
CREATE TABLE leases ( name NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY, holder NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL, token BIGINT NOT NULL, lease_until BIGINT NOT NULL );
GO
CREATE TABLE nodes ( kind NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL, name NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, incarnation NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL, state NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL, weight BIGINT NOT NULL, slots BIGINT NOT NULL, labels NVARCHAR(MAX) NOT NULL, version NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, started_at BIGINT NOT NULL, seen_at BIGINT NOT NULL, running BIGINT NOT NULL, admin_state NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT '', admin_weight BIGINT NOT NULL DEFAULT 0, admin_labels NVARCHAR(MAX) NOT NULL DEFAULT '', protocol BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (kind, name) );
GO
CREATE TABLE notices ( run_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY, task_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL, delayed_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL, tries BIGINT NOT NULL, next_try BIGINT NOT NULL );
GO
CREATE TABLE plugin_chunks ( version_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL, number BIGINT NOT NULL, data VARBINARY(MAX) NOT NULL, PRIMARY KEY (version_id, number) );
GO
CREATE TABLE plugin_versions ( id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY, namespace NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, package NVARCHAR(400) COLLATE Latin1_General_100_BIN2 NOT NULL, version NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL, state NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL, digest NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL, size BIGINT NOT NULL, chunks BIGINT NOT NULL, signed BIT NOT NULL, uploaded_by BIGINT NOT NULL, uploaded_by_name NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, uploaded_at BIGINT NOT NULL, touched_at BIGINT NOT NULL, manifest NVARCHAR(MAX) NOT NULL );
GO
CREATE TABLE preferences ( user_id BIGINT NOT NULL PRIMARY KEY, language NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL, zone NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, theme NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL );
GO
CREATE TABLE run_history ( id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY, namespace NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, task_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL, task_version BIGINT NOT NULL, delayed_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL, occurrence_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL, parent_run_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL, triggered_by NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL, attempt BIGINT NOT NULL, retry BIGINT NOT NULL, requested_by BIGINT NOT NULL, queue NVARCHAR(220) COLLATE Latin1_General_100_BIN2 NOT NULL, state NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL, due_at BIGINT NOT NULL, fire_at BIGINT NOT NULL, token BIGINT NOT NULL, worker NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, planned_at BIGINT NOT NULL, dispatched_at BIGINT NOT NULL, sent_at BIGINT NOT NULL, answered_at BIGINT NOT NULL, recorded_at BIGINT NOT NULL, missed_count BIGINT NOT NULL, last_due_at BIGINT NOT NULL, status BIGINT NOT NULL, truncated BIT NOT NULL, reason NVARCHAR(MAX) NOT NULL, request NVARCHAR(MAX) NOT NULL, content_type NVARCHAR(MAX) NOT NULL, log NVARCHAR(MAX) NOT NULL, response VARBINARY(MAX) NULL, shard BIGINT NOT NULL DEFAULT 0, shards BIGINT NOT NULL DEFAULT 0 );
GO
CREATE TABLE run_logs ( run_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL, token BIGINT NOT NULL, first_line BIGINT NOT NULL, chunk NVARCHAR(MAX) NOT NULL, PRIMARY KEY (run_id, token, first_line) );
GO
CREATE TABLE run_overrides ( firing_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY, overrides NVARCHAR(MAX) NOT NULL );
GO
CREATE TABLE runs ( id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY, namespace NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, task_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL, task_version BIGINT NOT NULL, delayed_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL, occurrence_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL, parent_run_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL, triggered_by NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL, attempt BIGINT NOT NULL, retry BIGINT NOT NULL, requested_by BIGINT NOT NULL, queue NVARCHAR(220) COLLATE Latin1_General_100_BIN2 NOT NULL, state NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL, due_at BIGINT NOT NULL, fire_at BIGINT NOT NULL, claim_at BIGINT NULL, token BIGINT NOT NULL, holder NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL, worker NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, planned_at BIGINT NOT NULL, dispatched_at BIGINT NOT NULL, started_at BIGINT NOT NULL, shard BIGINT NOT NULL DEFAULT 0, shards BIGINT NOT NULL DEFAULT 0 );
GO
CREATE TABLE secrets ( name NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY, value NVARCHAR(MAX) COLLATE Latin1_General_100_BIN2 NOT NULL );
GO
CREATE TABLE sessions ( id NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY, user_id BIGINT NOT NULL, created_at BIGINT NOT NULL, seen_at BIGINT NOT NULL, address NVARCHAR(MAX) NOT NULL, agent NVARCHAR(MAX) NOT NULL );
GO
CREATE TABLE settings ( name NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY, value NVARCHAR(MAX) NOT NULL );
GO
CREATE TABLE system_log ( id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY, noted_at BIGINT NOT NULL, level NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL, node NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, message NVARCHAR(MAX) NOT NULL, attributes NVARCHAR(MAX) NOT NULL );
GO
CREATE TABLE task_children ( parent_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL, child_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL, PRIMARY KEY (parent_id, child_id) );
GO
CREATE TABLE task_marks ( kind NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL, mark NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, task_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL, PRIMARY KEY (kind, mark, task_id) );
GO
CREATE TABLE task_plans ( task_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY, namespace NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, state NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL, version BIGINT NOT NULL, next_due BIGINT NULL, problem NVARCHAR(MAX) NOT NULL DEFAULT '' );
GO
CREATE TABLE task_plugins ( task_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY, namespace NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, package NVARCHAR(400) COLLATE Latin1_General_100_BIN2 NOT NULL, version NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL );
GO
CREATE TABLE task_stats ( task_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY, runs BIGINT NOT NULL, last_run_at BIGINT NOT NULL, last_outcome NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL );
GO
CREATE TABLE task_versions ( task_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL, version BIGINT NOT NULL, noted_at BIGINT NOT NULL, user_name NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, kind NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL, title NVARCHAR(2000) NOT NULL, remark NVARCHAR(2000) NOT NULL, definition NVARCHAR(MAX) NOT NULL, PRIMARY KEY (task_id, version) );
GO
CREATE TABLE tasks ( id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY, namespace NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, kind NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL, title NVARCHAR(2000) NOT NULL, remark NVARCHAR(2000) NOT NULL, definition NVARCHAR(MAX) NOT NULL, created_by BIGINT NOT NULL, created_by_name NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL );
GO
CREATE TABLE users ( id BIGINT NOT NULL IDENTITY(1,1) PRIMARY KEY, name NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL UNIQUE, password_hash NVARCHAR(MAX) NOT NULL, secret_hash NVARCHAR(MAX) NOT NULL, role NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL, email NVARCHAR(MAX) NOT NULL, disabled BIT NOT NULL, must_change BIT NOT NULL, created_at BIGINT NOT NULL );
GO
CREATE UNIQUE INDEX delayed_tasks_idempotency ON delayed_tasks (namespace, idempotency_key) WHERE idempotency_key IS NOT NULL;
GO
CREATE UNIQUE INDEX plugin_versions_name ON plugin_versions (namespace, package, version);
GO
DECLARE @got INT; EXEC @got = sp_getapplock @Resource = 'carillon-schema', @LockMode = 'Exclusive', @LockOwner = 'Session', @LockTimeout = 0; SELECT CASE WHEN @got >= 0 THEN 1 ELSE 0 END
GO
DELETE FROM api_tokens WHERE id = @p1
GO
DELETE FROM audit WHERE id IN (@p1,@p2,@p3,@p4)
GO
DELETE FROM cancels WHERE run_id IN (@p1,@p2,@p3,@p4)
GO
DELETE FROM delayed_tasks WHERE id IN (@p1,@p2,@p3,@p4)
GO
DELETE FROM goose_db_version WHERE version_id=@p1
GO
DELETE FROM guards WHERE task_id = @p1 AND run_id = @p2
GO
DELETE FROM guards WHERE task_id IN (@p1,@p2,@p3,@p4) AND run_id IN (@p5,@p6,@p7,@p8)
GO
DELETE FROM hourly_counts WHERE hour < @p1
GO
DELETE FROM incarnations WHERE id = @p1 AND lease_until < @p2
GO
DELETE FROM nodes WHERE kind = @p1 AND name = @p2
GO
DELETE FROM notices WHERE run_id IN (@p1,@p2,@p3,@p4)
GO
DELETE FROM plugin_chunks WHERE version_id = @p1 AND number < @p2
GO
DELETE FROM plugin_versions WHERE id = @p1
GO
DELETE FROM run_history WHERE id IN (@p1,@p2,@p3,@p4)
GO
DELETE FROM run_logs WHERE run_id IN (@p1,@p2,@p3,@p4)
GO
DELETE FROM run_overrides WHERE firing_id IN (@p1,@p2,@p3,@p4)
GO
DELETE FROM runs OUTPUT deleted.id,deleted.namespace,deleted.task_id,deleted.task_version,deleted.delayed_id,deleted.occurrence_id,deleted.parent_run_id,deleted.triggered_by,deleted.attempt,deleted.retry,deleted.requested_by,deleted.shard,deleted.shards,deleted.queue,deleted.state,deleted.due_at,deleted.fire_at,deleted.claim_at,deleted.token,deleted.holder,deleted.worker,deleted.planned_at,deleted.dispatched_at,deleted.started_at,deleted.progress,deleted.replay_of WHERE delayed_id = @p1 AND delayed_id <> '' AND state = @p2
GO
DELETE FROM runs OUTPUT deleted.id,deleted.namespace,deleted.task_id,deleted.task_version,deleted.delayed_id,deleted.occurrence_id,deleted.parent_run_id,deleted.triggered_by,deleted.attempt,deleted.retry,deleted.requested_by,deleted.shard,deleted.shards,deleted.queue,deleted.state,deleted.due_at,deleted.fire_at,deleted.claim_at,deleted.token,deleted.holder,deleted.worker,deleted.planned_at,deleted.dispatched_at,deleted.started_at,deleted.progress,deleted.replay_of WHERE holder = @p1 AND holder <> '' AND state IN ('dispatched','running')
GO
DELETE FROM runs OUTPUT deleted.id,deleted.namespace,deleted.task_id,deleted.task_version,deleted.delayed_id,deleted.occurrence_id,deleted.parent_run_id,deleted.triggered_by,deleted.attempt,deleted.retry,deleted.requested_by,deleted.shard,deleted.shards,deleted.queue,deleted.state,deleted.due_at,deleted.fire_at,deleted.claim_at,deleted.token,deleted.holder,deleted.worker,deleted.planned_at,deleted.dispatched_at,deleted.started_at,deleted.progress,deleted.replay_of WHERE holder = @p1 AND holder <> '' AND state IN ('dispatched','running') AND id IN (@p2,@p3,@p4,@p5)
GO
DELETE FROM runs OUTPUT deleted.id,deleted.namespace,deleted.task_id,deleted.task_version,deleted.delayed_id,deleted.occurrence_id,deleted.parent_run_id,deleted.triggered_by,deleted.attempt,deleted.retry,deleted.requested_by,deleted.shard,deleted.shards,deleted.queue,deleted.state,deleted.due_at,deleted.fire_at,deleted.claim_at,deleted.token,deleted.holder,deleted.worker,deleted.planned_at,deleted.dispatched_at,deleted.started_at,deleted.progress,deleted.replay_of WHERE id = @p1
GO
DELETE FROM runs OUTPUT deleted.id,deleted.namespace,deleted.task_id,deleted.task_version,deleted.delayed_id,deleted.occurrence_id,deleted.parent_run_id,deleted.triggered_by,deleted.attempt,deleted.retry,deleted.requested_by,deleted.shard,deleted.shards,deleted.queue,deleted.state,deleted.due_at,deleted.fire_at,deleted.claim_at,deleted.token,deleted.holder,deleted.worker,deleted.planned_at,deleted.dispatched_at,deleted.started_at,deleted.progress,deleted.replay_of WHERE id = @p1 AND state = @p2
GO
DELETE FROM runs OUTPUT deleted.id,deleted.namespace,deleted.task_id,deleted.task_version,deleted.delayed_id,deleted.occurrence_id,deleted.parent_run_id,deleted.triggered_by,deleted.attempt,deleted.retry,deleted.requested_by,deleted.shard,deleted.shards,deleted.queue,deleted.state,deleted.due_at,deleted.fire_at,deleted.claim_at,deleted.token,deleted.holder,deleted.worker,deleted.planned_at,deleted.dispatched_at,deleted.started_at,deleted.progress,deleted.replay_of WHERE queue = @p1 AND state = 'planned' AND holder = '' AND id IN (@p2,@p3,@p4,@p5)
GO
DELETE FROM runs OUTPUT deleted.id,deleted.namespace,deleted.task_id,deleted.task_version,deleted.delayed_id,deleted.occurrence_id,deleted.parent_run_id,deleted.triggered_by,deleted.attempt,deleted.retry,deleted.requested_by,deleted.shard,deleted.shards,deleted.queue,deleted.state,deleted.due_at,deleted.fire_at,deleted.claim_at,deleted.token,deleted.holder,deleted.worker,deleted.planned_at,deleted.dispatched_at,deleted.started_at,deleted.progress,deleted.replay_of WHERE state = 'running' AND id = @p1 AND token = @p2
GO
DELETE FROM runs OUTPUT deleted.id,deleted.namespace,deleted.task_id,deleted.task_version,deleted.delayed_id,deleted.occurrence_id,deleted.parent_run_id,deleted.triggered_by,deleted.attempt,deleted.retry,deleted.requested_by,deleted.shard,deleted.shards,deleted.queue,deleted.state,deleted.due_at,deleted.fire_at,deleted.claim_at,deleted.token,deleted.holder,deleted.worker,deleted.planned_at,deleted.dispatched_at,deleted.started_at,deleted.progress,deleted.replay_of WHERE state IN ('dispatched','running') AND token = @p1 AND id IN (@p2,@p3,@p4,@p5)
GO
DELETE FROM runs OUTPUT deleted.id,deleted.namespace,deleted.task_id,deleted.task_version,deleted.delayed_id,deleted.occurrence_id,deleted.parent_run_id,deleted.triggered_by,deleted.attempt,deleted.retry,deleted.requested_by,deleted.shard,deleted.shards,deleted.queue,deleted.state,deleted.due_at,deleted.fire_at,deleted.claim_at,deleted.token,deleted.holder,deleted.worker,deleted.planned_at,deleted.dispatched_at,deleted.started_at,deleted.progress,deleted.replay_of WHERE task_id = @p1 AND task_id <> '' AND state = @p2
GO
DELETE FROM runs OUTPUT deleted.id,deleted.namespace,deleted.task_id,deleted.task_version,deleted.delayed_id,deleted.occurrence_id,deleted.parent_run_id,deleted.triggered_by,deleted.attempt,deleted.retry,deleted.requested_by,deleted.shard,deleted.shards,deleted.queue,deleted.state,deleted.due_at,deleted.fire_at,deleted.claim_at,deleted.token,deleted.holder,deleted.worker,deleted.planned_at,deleted.dispatched_at,deleted.started_at,deleted.progress,deleted.replay_of WHERE task_id = @p1 AND task_id <> '' AND triggered_by = 'schedule' AND NOT (occurrence_id >= @p2 AND occurrence_id <= @p3) AND state = @p4
GO
DELETE FROM runs WHERE id = @p1
GO
DELETE FROM runs WHERE id = @p1 AND token = @p2 AND holder = @p3 AND state = 'planned'
GO
DELETE FROM sessions WHERE created_at < @p1 OR seen_at < @p2
GO
DELETE FROM sessions WHERE id = @p1 AND user_id = @p2
GO
DELETE FROM sessions WHERE user_id = @p1
GO
DELETE FROM system_log WHERE id IN (@p1,@p2,@p3,@p4)
GO
DELETE FROM task_children WHERE parent_id = @p1
GO
DELETE FROM task_marks WHERE task_id = @p1 AND kind <> @p2
GO
DELETE FROM task_marks WHERE task_id = @p1 AND kind = @p2
GO
DELETE FROM task_plugins WHERE task_id = @p1
GO
DROP INDEX delayed_tasks_app ON delayed_tasks;
GO
DROP INDEX delayed_tasks_content ON delayed_tasks;
GO
DROP INDEX delayed_tasks_key ON delayed_tasks;
GO
DROP INDEX run_history_occurrence ON run_history;
GO
DROP INDEX run_history_parent ON run_history;
GO
DROP INDEX run_history_state ON run_history;
GO
DROP INDEX run_history_trigger ON run_history;
GO
DROP INDEX runs_occurrence ON runs;
GO
DROP INDEX runs_parent ON runs;
GO
DROP INDEX task_plans_state ON task_plans;
GO
DROP INDEX tasks_created ON tasks;
GO
DROP INDEX tasks_title ON tasks;
GO
DROP TABLE api_tokens;
GO
DROP TABLE audit;
GO
DROP TABLE cancels;
GO
DROP TABLE daily_counts;
GO
DROP TABLE delayed_tasks;
GO
DROP TABLE guards;
GO
DROP TABLE hourly_counts;
GO
DROP TABLE incarnations;
GO
DROP TABLE leases;
GO
DROP TABLE nodes;
GO
DROP TABLE notices;
GO
DROP TABLE plugin_chunks;
GO
DROP TABLE plugin_versions;
GO
DROP TABLE preferences;
GO
DROP TABLE run_history;
GO
DROP TABLE run_logs;
GO
DROP TABLE run_overrides;
GO
DROP TABLE runs;
GO
DROP TABLE secrets;
GO
DROP TABLE sessions;
GO
DROP TABLE settings;
GO
DROP TABLE system_log;
GO
DROP TABLE task_children;
GO
DROP TABLE task_marks;
GO
DROP TABLE task_plans;
GO
DROP TABLE task_plugins;
GO
DROP TABLE task_stats;
GO
DROP TABLE task_versions;
GO
DROP TABLE tasks;
GO
DROP TABLE users;
GO
EXEC sp_releaseapplock @Resource = 'carillon-schema', @LockOwner = 'Session'
GO
INSERT INTO "api_tokens" ("user_id","name","role","hash","created_at","expires_at","last_used_at") OUTPUT INSERTED."id" VALUES (@p1,@p2,@p3,@p4,@p5,@p6,@p7);
GO
INSERT INTO "users" ("name","display_name","password_hash","secret_hash","role","email","disabled","must_change","created_at") OUTPUT INSERTED."id" VALUES (@p1,@p2,@p3,@p4,@p5,@p6,@p7,@p8,@p9);
GO
INSERT INTO audit (id,noted_at,user_id,user_name,api_token,address,via,action,kind,object_id,object_name,changes) VALUES (@p1,@p2,@p3,@p4,@p5,@p6,@p7,@p8,@p9,@p10,@p11,@p12)
GO
INSERT INTO daily_counts (namespace, day, outcome, runs) SELECT namespace, CONVERT(BIGINT, CONVERT(CHAR(8), DATEADD(HOUR, hour, '19700101'), 112)), outcome, sum(runs) FROM hourly_counts GROUP BY namespace, CONVERT(BIGINT, CONVERT(CHAR(8), DATEADD(HOUR, hour, '19700101'), 112)), outcome;
GO
INSERT INTO delayed_tasks (id,namespace,source_app,topic,content_key,state,due_at,next_due,resets,runs,idempotency_key,created_by,created_by_name,created_at,finished_at,executors,retry,callback) VALUES (@p1,@p2,@p3,@p4,@p5,@p6,@p7,@p8,@p9,@p10,@p11,@p12,@p13,@p14,@p15,@p16,@p17,@p18)
GO
INSERT INTO delayed_tasks (id,namespace,source_app,topic,content_key,state,due_at,next_due,resets,runs,idempotency_key,created_by,created_by_name,created_at,finished_at,executors,retry,callback) VALUES (@p1,@p2,@p3,@p4,@p5,@p6,@p7,@p8,@p9,@p10,@p11,@p12,@p13,@p14,@p15,@p16,@p17,@p18),(@p19,@p20,@p21,@p22,@p23,@p24,@p25,@p26,@p27,@p28,@p29,@p30,@p31,@p32,@p33,@p34,@p35,@p36)
GO
INSERT INTO goose_db_version (version_id, is_applied) VALUES (@p1, @p2)
GO
INSERT INTO hourly_counts (namespace, hour, outcome, lateness, runs) SELECT namespace, DATEDIFF(HOUR, '19700101', CONVERT(DATE, CONVERT(CHAR(8), day), 112)), outcome, 0, runs FROM daily_counts;
GO
INSERT INTO plugin_chunks (version_id,number,data) VALUES (@p1,@p2,@p3)
GO
INSERT INTO plugin_chunks (version_id,number,data) VALUES (@p1,@p2,@p3),(@p4,@p5,@p6)
GO
INSERT INTO plugin_versions (id, namespace, package, version, digest, size, chunks, signed, uploaded_by, uploaded_by_name, uploaded_at,touched_at,state,manifest) VALUES (@p1,@p2,@p3,@p4,@p5,@p6,@p7,@p8,@p9,@p10,@p11,@p12,@p13,@p14)
GO
INSERT INTO run_overrides (firing_id,overrides) VALUES (@p1,@p2)
GO
INSERT INTO sessions (id,user_id,created_at,seen_at,address,agent) VALUES (@p1,@p2,@p3,@p4,@p5,@p6)
GO
INSERT INTO task_marks (kind, mark, task_id) SELECT DISTINCT 'keeper', e.value, t.id FROM tasks t CROSS APPLY OPENJSON(t.definition, '$.keepers') e;
GO
INSERT INTO task_marks (kind, mark, task_id) SELECT DISTINCT 'worker', e.value, t.id FROM tasks t CROSS APPLY OPENJSON(t.definition, '$.executors') e;
GO
INSERT INTO task_plans (task_id,namespace,state,version,next_due) VALUES (@p1,@p2,@p3,@p4,@p5)
GO
INSERT INTO task_plugins (task_id, namespace, package, version) SELECT id, namespace, JSON_VALUE(definition, '$.plugin.package'), COALESCE(JSON_VALUE(definition, '$.plugin.version'), '') FROM tasks WHERE kind = 'plugin' AND JSON_VALUE(definition, '$.plugin.package') IS NOT NULL;
GO
INSERT INTO task_versions (task_id, version, noted_at, user_name, kind, title, remark, definition) SELECT t.id, p.version, t.updated_at, '', t.kind, t.title, t.remark, t.definition FROM tasks t JOIN task_plans p ON p.task_id = t.id;
GO
INSERT INTO task_versions (task_id,version,noted_at,user_name,kind,title,remark,definition) VALUES (@p1,@p2,@p3,@p4,@p5,@p6,@p7,@p8)
GO
INSERT INTO tasks (id,namespace,kind,title,remark,labels,definition,created_by,created_by_name,created_at,updated_at) VALUES (@p1,@p2,@p3,@p4,@p5,@p6,@p7,@p8,@p9,@p10,@p11)
GO
MERGE INTO cancels WITH (HOLDLOCK) USING (SELECT *, ROW_NUMBER() OVER (PARTITION BY run_id COLLATE Latin1_General_100_BIN2 ORDER BY place) AS nth FROM (VALUES (@p1,@p2,@p3,1),(@p4,@p5,@p6,2)) AS given (run_id,reason,asked_at,place)) AS excluded ON cancels.run_id = excluded.run_id COLLATE Latin1_General_100_BIN2 WHEN NOT MATCHED AND excluded.nth = 1 THEN INSERT (run_id,reason,asked_at) VALUES (excluded.run_id,excluded.reason,excluded.asked_at);
GO
MERGE INTO cancels WITH (HOLDLOCK) USING (VALUES (@p1,@p2,@p3)) AS excluded (run_id,reason,asked_at) ON cancels.run_id = excluded.run_id COLLATE Latin1_General_100_BIN2 WHEN NOT MATCHED THEN INSERT (run_id,reason,asked_at) VALUES (excluded.run_id,excluded.reason,excluded.asked_at);
GO
MERGE INTO guards WITH (HOLDLOCK) USING (SELECT *, ROW_NUMBER() OVER (PARTITION BY task_id COLLATE Latin1_General_100_BIN2 ORDER BY place) AS nth FROM (VALUES (@p1,@p2,@p3,1),(@p4,@p5,@p6,2)) AS given (task_id,run_id,taken_at,place)) AS excluded ON guards.task_id = excluded.task_id COLLATE Latin1_General_100_BIN2 WHEN NOT MATCHED AND excluded.nth = 1 THEN INSERT (task_id,run_id,taken_at) VALUES (excluded.task_id,excluded.run_id,excluded.taken_at);
GO
MERGE INTO guards WITH (HOLDLOCK) USING (VALUES (@p1,@p2,@p3)) AS excluded (task_id,run_id,taken_at) ON guards.task_id = excluded.task_id COLLATE Latin1_General_100_BIN2 WHEN NOT MATCHED THEN INSERT (task_id,run_id,taken_at) VALUES (excluded.task_id,excluded.run_id,excluded.taken_at);
GO
MERGE INTO hourly_counts WITH (HOLDLOCK) USING (VALUES (@p1,@p2,@p3,@p4,@p5)) AS excluded (namespace,hour,outcome,lateness,runs) ON hourly_counts.namespace = excluded.namespace COLLATE Latin1_General_100_BIN2 AND hourly_counts.hour = excluded.hour AND hourly_counts.outcome = excluded.outcome COLLATE Latin1_General_100_BIN2 AND hourly_counts.lateness = excluded.lateness WHEN MATCHED THEN UPDATE SET runs = hourly_counts.runs + excluded.runs WHEN NOT MATCHED THEN INSERT (namespace,hour,outcome,lateness,runs) VALUES (excluded.namespace,excluded.hour,excluded.outcome,excluded.lateness,excluded.runs);
GO
MERGE INTO hourly_counts WITH (HOLDLOCK) USING (VALUES (@p1,@p2,@p3,@p4,@p5),(@p6,@p7,@p8,@p9,@p10)) AS excluded (namespace,hour,outcome,lateness,runs) ON hourly_counts.namespace = excluded.namespace COLLATE Latin1_General_100_BIN2 AND hourly_counts.hour = excluded.hour AND hourly_counts.outcome = excluded.outcome COLLATE Latin1_General_100_BIN2 AND hourly_counts.lateness = excluded.lateness WHEN MATCHED THEN UPDATE SET runs = hourly_counts.runs + excluded.runs WHEN NOT MATCHED THEN INSERT (namespace,hour,outcome,lateness,runs) VALUES (excluded.namespace,excluded.hour,excluded.outcome,excluded.lateness,excluded.runs);
GO
MERGE INTO incarnations WITH (HOLDLOCK) USING (VALUES (@p1,@p2,@p3,@p4,@p5)) AS excluded (id,kind,name,host,lease_until) ON incarnations.id = excluded.id COLLATE Latin1_General_100_BIN2 WHEN MATCHED THEN UPDATE SET lease_until = excluded.lease_until WHEN NOT MATCHED THEN INSERT (id,kind,name,host,lease_until) VALUES (excluded.id,excluded.kind,excluded.name,excluded.host,excluded.lease_until);
GO
MERGE INTO incarnations WITH (HOLDLOCK) USING (VALUES (@p1,@p2,@p3,@p4,@p5),(@p6,@p7,@p8,@p9,@p10)) AS excluded (id,kind,name,host,lease_until) ON incarnations.id = excluded.id COLLATE Latin1_General_100_BIN2 WHEN MATCHED THEN UPDATE SET lease_until = excluded.lease_until WHEN NOT MATCHED THEN INSERT (id,kind,name,host,lease_until) VALUES (excluded.id,excluded.kind,excluded.name,excluded.host,excluded.lease_until);
GO
MERGE INTO leases WITH (HOLDLOCK) USING (SELECT *, ROW_NUMBER() OVER (PARTITION BY name COLLATE Latin1_General_100_BIN2 ORDER BY place) AS nth FROM (VALUES (@p1,@p2,@p3,@p4,1),(@p5,@p6,@p7,@p8,2)) AS given (name,holder,token,lease_until,place)) AS excluded ON leases.name = excluded.name COLLATE Latin1_General_100_BIN2 WHEN NOT MATCHED AND excluded.nth = 1 THEN INSERT (name,holder,token,lease_until) VALUES (excluded.name,excluded.holder,excluded.token,excluded.lease_until);
GO
MERGE INTO leases WITH (HOLDLOCK) USING (VALUES (@p1,@p2,@p3,@p4)) AS excluded (name,holder,token,lease_until) ON leases.name = excluded.name COLLATE Latin1_General_100_BIN2 WHEN NOT MATCHED THEN INSERT (name,holder,token,lease_until) VALUES (excluded.name,excluded.holder,excluded.token,excluded.lease_until);
GO
MERGE INTO nodes WITH (HOLDLOCK) USING (SELECT *, ROW_NUMBER() OVER (PARTITION BY kind COLLATE Latin1_General_100_BIN2, name COLLATE Latin1_General_100_BIN2 ORDER BY place) AS nth FROM (VALUES (@p1,@p2,@p3,@p4,@p5,@p6,@p7,@p8,@p9,@p10,@p11,1),(@p12,@p13,@p14,@p15,@p16,@p17,@p18,@p19,@p20,@p21,@p22,2)) AS given (kind,name,incarnation,state,weight,slots,labels,version,started_at,seen_at,running,place)) AS excluded ON nodes.kind = excluded.kind COLLATE Latin1_General_100_BIN2 AND nodes.name = excluded.name COLLATE Latin1_General_100_BIN2 WHEN NOT MATCHED AND excluded.nth = 1 THEN INSERT (kind,name,incarnation,state,weight,slots,labels,version,started_at,seen_at,running) VALUES (excluded.kind,excluded.name,excluded.incarnation,excluded.state,excluded.weight,excluded.slots,excluded.labels,excluded.version,excluded.started_at,excluded.seen_at,excluded.running);
GO
MERGE INTO nodes WITH (HOLDLOCK) USING (VALUES (@p1,@p2,@p3,@p4,@p5,@p6,@p7,@p8,@p9,@p10,@p11)) AS excluded (kind,name,incarnation,state,weight,slots,labels,version,started_at,seen_at,running) ON nodes.kind = excluded.kind COLLATE Latin1_General_100_BIN2 AND nodes.name = excluded.name COLLATE Latin1_General_100_BIN2 WHEN NOT MATCHED THEN INSERT (kind,name,incarnation,state,weight,slots,labels,version,started_at,seen_at,running) VALUES (excluded.kind,excluded.name,excluded.incarnation,excluded.state,excluded.weight,excluded.slots,excluded.labels,excluded.version,excluded.started_at,excluded.seen_at,excluded.running);
GO
MERGE INTO nodes WITH (HOLDLOCK) USING (VALUES (@p1,@p2,@p3,@p4,@p5,@p6,@p7,@p8,@p9,@p10,@p11,@p12,@p13,@p14)) AS excluded (kind,name,incarnation,state,weight,slots,labels,plugins,platform,version,protocol,started_at,seen_at,running) ON nodes.kind = excluded.kind COLLATE Latin1_General_100_BIN2 AND nodes.name = excluded.name COLLATE Latin1_General_100_BIN2 WHEN MATCHED THEN UPDATE SET incarnation = excluded.incarnation, state = excluded.state, weight = excluded.weight, slots = excluded.slots, labels = excluded.labels, plugins = excluded.plugins, platform = excluded.platform, version = excluded.version, protocol = excluded.protocol, started_at = excluded.started_at, seen_at = excluded.seen_at WHEN NOT MATCHED THEN INSERT (kind,name,incarnation,state,weight,slots,labels,plugins,platform,version,protocol,started_at,seen_at,running) VALUES (excluded.kind,excluded.name,excluded.incarnation,excluded.state,excluded.weight,excluded.slots,excluded.labels,excluded.plugins,excluded.platform,excluded.version,excluded.protocol,excluded.started_at,excluded.seen_at,excluded.running);
GO
MERGE INTO nodes WITH (HOLDLOCK) USING (VALUES (@p1,@p2,@p3,@p4,@p5,@p6,@p7,@p8,@p9,@p10,@p11,@p12,@p13,@p14),(@p15,@p16,@p17,@p18,@p19,@p20,@p21,@p22,@p23,@p24,@p25,@p26,@p27,@p28)) AS excluded (kind,name,incarnation,state,weight,slots,labels,plugins,platform,version,protocol,started_at,seen_at,running) ON nodes.kind = excluded.kind COLLATE Latin1_General_100_BIN2 AND nodes.name = excluded.name COLLATE Latin1_General_100_BIN2 WHEN MATCHED THEN UPDATE SET incarnation = excluded.incarnation, state = excluded.state, weight = excluded.weight, slots = excluded.slots, labels = excluded.labels, plugins = excluded.plugins, platform = excluded.platform, version = excluded.version, protocol = excluded.protocol, started_at = excluded.started_at, seen_at = excluded.seen_at WHEN NOT MATCHED THEN INSERT (kind,name,incarnation,state,weight,slots,labels,plugins,platform,version,protocol,started_at,seen_at,running) VALUES (excluded.kind,excluded.name,excluded.incarnation,excluded.state,excluded.weight,excluded.slots,excluded.labels,excluded.plugins,excluded.platform,excluded.version,excluded.protocol,excluded.started_at,excluded.seen_at,excluded.running);
GO
MERGE INTO notices WITH (HOLDLOCK) USING (SELECT *, ROW_NUMBER() OVER (PARTITION BY run_id COLLATE Latin1_General_100_BIN2 ORDER BY place) AS nth FROM (VALUES (@p1,@p2,@p3,@p4,@p5,1),(@p6,@p7,@p8,@p9,@p10,2)) AS given (run_id,task_id,delayed_id,tries,next_try,place)) AS excluded ON notices.run_id = excluded.run_id COLLATE Latin1_General_100_BIN2 WHEN NOT MATCHED AND excluded.nth = 1 THEN INSERT (run_id,task_id,delayed_id,tries,next_try) VALUES (excluded.run_id,excluded.task_id,excluded.delayed_id,excluded.tries,excluded.next_try);
GO
MERGE INTO notices WITH (HOLDLOCK) USING (VALUES (@p1,@p2,@p3,@p4,@p5)) AS excluded (run_id,task_id,delayed_id,tries,next_try) ON notices.run_id = excluded.run_id COLLATE Latin1_General_100_BIN2 WHEN NOT MATCHED THEN INSERT (run_id,task_id,delayed_id,tries,next_try) VALUES (excluded.run_id,excluded.task_id,excluded.delayed_id,excluded.tries,excluded.next_try);
GO
MERGE INTO preferences WITH (HOLDLOCK) USING (VALUES (@p1,@p2,@p3,@p4)) AS excluded (user_id,language,zone,theme) ON preferences.user_id = excluded.user_id WHEN MATCHED THEN UPDATE SET language = excluded.language, zone = excluded.zone, theme = excluded.theme WHEN NOT MATCHED THEN INSERT (user_id,language,zone,theme) VALUES (excluded.user_id,excluded.language,excluded.zone,excluded.theme);
GO
MERGE INTO preferences WITH (HOLDLOCK) USING (VALUES (@p1,@p2,@p3,@p4),(@p5,@p6,@p7,@p8)) AS excluded (user_id,language,zone,theme) ON preferences.user_id = excluded.user_id WHEN MATCHED THEN UPDATE SET language = excluded.language, zone = excluded.zone, theme = excluded.theme WHEN NOT MATCHED THEN INSERT (user_id,language,zone,theme) VALUES (excluded.user_id,excluded.language,excluded.zone,excluded.theme);
GO
MERGE INTO run_history WITH (HOLDLOCK) USING (SELECT *, ROW_NUMBER() OVER (PARTITION BY id COLLATE Latin1_General_100_BIN2 ORDER BY place) AS nth FROM (VALUES (@p1,@p2,@p3,@p4,@p5,@p6,@p7,@p8,@p9,@p10,@p11,@p12,@p13,@p14,@p15,@p16,@p17,@p18,@p19,@p20,@p21,@p22,@p23,@p24,@p25,@p26,@p27,@p28,@p29,@p30,@p31,@p32,@p33,@p34,@p35,1),(@p36,@p37,@p38,@p39,@p40,@p41,@p42,@p43,@p44,@p45,@p46,@p47,@p48,@p49,@p50,@p51,@p52,@p53,@p54,@p55,@p56,@p57,@p58,@p59,@p60,@p61,@p62,@p63,@p64,@p65,@p66,@p67,@p68,@p69,@p70,2)) AS given (id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,token,worker,planned_at,dispatched_at,sent_at,answered_at,recorded_at,missed_count,last_due_at,status,truncated,reason,request,content_type,progress,replay_of,log,response,place)) AS excluded ON run_history.id = excluded.id COLLATE Latin1_General_100_BIN2 WHEN NOT MATCHED AND excluded.nth = 1 THEN INSERT (id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,token,worker,planned_at,dispatched_at,sent_at,answered_at,recorded_at,missed_count,last_due_at,status,truncated,reason,request,content_type,progress,replay_of,log,response) VALUES (excluded.id,excluded.namespace,excluded.task_id,excluded.task_version,excluded.delayed_id,excluded.occurrence_id,excluded.parent_run_id,excluded.triggered_by,excluded.attempt,excluded.retry,excluded.requested_by,excluded.shard,excluded.shards,excluded.queue,excluded.state,excluded.due_at,excluded.fire_at,excluded.token,excluded.worker,excluded.planned_at,excluded.dispatched_at,excluded.sent_at,excluded.answered_at,excluded.recorded_at,excluded.missed_count,excluded.last_due_at,excluded.status,excluded.truncated,excluded.reason,excluded.request,excluded.content_type,excluded.progress,excluded.replay_of,excluded.log,excluded.response);
GO
MERGE INTO run_history WITH (HOLDLOCK) USING (VALUES (@p1,@p2,@p3,@p4,@p5,@p6,@p7,@p8,@p9,@p10,@p11,@p12,@p13,@p14,@p15,@p16,@p17,@p18,@p19,@p20,@p21,@p22,@p23,@p24,@p25,@p26,@p27,@p28,@p29,@p30,@p31,@p32,@p33,@p34,@p35)) AS excluded (id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,token,worker,planned_at,dispatched_at,sent_at,answered_at,recorded_at,missed_count,last_due_at,status,truncated,reason,request,content_type,progress,replay_of,log,response) ON run_history.id = excluded.id COLLATE Latin1_General_100_BIN2 WHEN NOT MATCHED THEN INSERT (id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,token,worker,planned_at,dispatched_at,sent_at,answered_at,recorded_at,missed_count,last_due_at,status,truncated,reason,request,content_type,progress,replay_of,log,response) VALUES (excluded.id,excluded.namespace,excluded.task_id,excluded.task_version,excluded.delayed_id,excluded.occurrence_id,excluded.parent_run_id,excluded.triggered_by,excluded.attempt,excluded.retry,excluded.requested_by,excluded.shard,excluded.shards,excluded.queue,excluded.state,excluded.due_at,excluded.fire_at,excluded.token,excluded.worker,excluded.planned_at,excluded.dispatched_at,excluded.sent_at,excluded.answered_at,excluded.recorded_at,excluded.missed_count,excluded.last_due_at,excluded.status,excluded.truncated,excluded.reason,excluded.request,excluded.content_type,excluded.progress,excluded.replay_of,excluded.log,excluded.response);
GO
MERGE INTO run_logs WITH (HOLDLOCK) USING (SELECT *, ROW_NUMBER() OVER (PARTITION BY run_id COLLATE Latin1_General_100_BIN2, token, first_line ORDER BY place) AS nth FROM (VALUES (@p1,@p2,@p3,@p4,1),(@p5,@p6,@p7,@p8,2)) AS given (run_id,token,first_line,chunk,place)) AS excluded ON run_logs.run_id = excluded.run_id COLLATE Latin1_General_100_BIN2 AND run_logs.token = excluded.token AND run_logs.first_line = excluded.first_line WHEN NOT MATCHED AND excluded.nth = 1 THEN INSERT (run_id,token,first_line,chunk) VALUES (excluded.run_id,excluded.token,excluded.first_line,excluded.chunk);
GO
MERGE INTO run_logs WITH (HOLDLOCK) USING (VALUES (@p1,@p2,@p3,@p4)) AS excluded (run_id,token,first_line,chunk) ON run_logs.run_id = excluded.run_id COLLATE Latin1_General_100_BIN2 AND run_logs.token = excluded.token AND run_logs.first_line = excluded.first_line WHEN NOT MATCHED THEN INSERT (run_id,token,first_line,chunk) VALUES (excluded.run_id,excluded.token,excluded.first_line,excluded.chunk);
GO
MERGE INTO runs WITH (HOLDLOCK) USING (SELECT *, ROW_NUMBER() OVER (PARTITION BY id COLLATE Latin1_General_100_BIN2 ORDER BY place) AS nth FROM (VALUES (@p1,@p2,@p3,@p4,@p5,@p6,@p7,@p8,@p9,@p10,@p11,@p12,@p13,@p14,@p15,@p16,@p17,@p18,@p19,@p20,@p21,@p22,@p23,@p24,@p25,@p26,1),(@p27,@p28,@p29,@p30,@p31,@p32,@p33,@p34,@p35,@p36,@p37,@p38,@p39,@p40,@p41,@p42,@p43,@p44,@p45,@p46,@p47,@p48,@p49,@p50,@p51,@p52,2)) AS given (id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of,place)) AS excluded ON runs.id = excluded.id COLLATE Latin1_General_100_BIN2 WHEN NOT MATCHED AND excluded.nth = 1 THEN INSERT (id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of) VALUES (excluded.id,excluded.namespace,excluded.task_id,excluded.task_version,excluded.delayed_id,excluded.occurrence_id,excluded.parent_run_id,excluded.triggered_by,excluded.attempt,excluded.retry,excluded.requested_by,excluded.shard,excluded.shards,excluded.queue,excluded.state,excluded.due_at,excluded.fire_at,excluded.claim_at,excluded.token,excluded.holder,excluded.worker,excluded.planned_at,excluded.dispatched_at,excluded.started_at,excluded.progress,excluded.replay_of);
GO
MERGE INTO runs WITH (HOLDLOCK) USING (VALUES (@p1,@p2,@p3,@p4,@p5,@p6,@p7,@p8,@p9,@p10,@p11,@p12,@p13,@p14,@p15,@p16,@p17,@p18,@p19,@p20,@p21,@p22,@p23,@p24,@p25,@p26)) AS excluded (id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of) ON runs.id = excluded.id COLLATE Latin1_General_100_BIN2 WHEN NOT MATCHED THEN INSERT (id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of) VALUES (excluded.id,excluded.namespace,excluded.task_id,excluded.task_version,excluded.delayed_id,excluded.occurrence_id,excluded.parent_run_id,excluded.triggered_by,excluded.attempt,excluded.retry,excluded.requested_by,excluded.shard,excluded.shards,excluded.queue,excluded.state,excluded.due_at,excluded.fire_at,excluded.claim_at,excluded.token,excluded.holder,excluded.worker,excluded.planned_at,excluded.dispatched_at,excluded.started_at,excluded.progress,excluded.replay_of);
GO
MERGE INTO secrets WITH (HOLDLOCK) USING (SELECT *, ROW_NUMBER() OVER (PARTITION BY name COLLATE Latin1_General_100_BIN2 ORDER BY place) AS nth FROM (VALUES (@p1,@p2,1),(@p3,@p4,2)) AS given (name,value,place)) AS excluded ON secrets.name = excluded.name COLLATE Latin1_General_100_BIN2 WHEN NOT MATCHED AND excluded.nth = 1 THEN INSERT (name,value) VALUES (excluded.name,excluded.value);
GO
MERGE INTO secrets WITH (HOLDLOCK) USING (VALUES (@p1,@p2)) AS excluded (name,value) ON secrets.name = excluded.name COLLATE Latin1_General_100_BIN2 WHEN MATCHED THEN UPDATE SET value = excluded.value WHEN NOT MATCHED THEN INSERT (name,value) VALUES (excluded.name,excluded.value);
GO
MERGE INTO secrets WITH (HOLDLOCK) USING (VALUES (@p1,@p2)) AS excluded (name,value) ON secrets.name = excluded.name COLLATE Latin1_General_100_BIN2 WHEN NOT MATCHED THEN INSERT (name,value) VALUES (excluded.name,excluded.value);
GO
MERGE INTO secrets WITH (HOLDLOCK) USING (VALUES (@p1,@p2),(@p3,@p4)) AS excluded (name,value) ON secrets.name = excluded.name COLLATE Latin1_General_100_BIN2 WHEN MATCHED THEN UPDATE SET value = excluded.value WHEN NOT MATCHED THEN INSERT (name,value) VALUES (excluded.name,excluded.value);
GO
MERGE INTO settings WITH (HOLDLOCK) USING (VALUES (@p1,@p2)) AS excluded (name,value) ON settings.name = excluded.name COLLATE Latin1_General_100_BIN2 WHEN MATCHED THEN UPDATE SET value = excluded.value WHEN NOT MATCHED THEN INSERT (name,value) VALUES (excluded.name,excluded.value);
GO
MERGE INTO settings WITH (HOLDLOCK) USING (VALUES (@p1,@p2),(@p3,@p4)) AS excluded (name,value) ON settings.name = excluded.name COLLATE Latin1_General_100_BIN2 WHEN MATCHED THEN UPDATE SET value = excluded.value WHEN NOT MATCHED THEN INSERT (name,value) VALUES (excluded.name,excluded.value);
GO
MERGE INTO system_log WITH (HOLDLOCK) USING (SELECT *, ROW_NUMBER() OVER (PARTITION BY id COLLATE Latin1_General_100_BIN2 ORDER BY place) AS nth FROM (VALUES (@p1,@p2,@p3,@p4,@p5,@p6,1),(@p7,@p8,@p9,@p10,@p11,@p12,2)) AS given (id,noted_at,level,node,message,attributes,place)) AS excluded ON system_log.id = excluded.id COLLATE Latin1_General_100_BIN2 WHEN NOT MATCHED AND excluded.nth = 1 THEN INSERT (id,noted_at,level,node,message,attributes) VALUES (excluded.id,excluded.noted_at,excluded.level,excluded.node,excluded.message,excluded.attributes);
GO
MERGE INTO system_log WITH (HOLDLOCK) USING (VALUES (@p1,@p2,@p3,@p4,@p5,@p6)) AS excluded (id,noted_at,level,node,message,attributes) ON system_log.id = excluded.id COLLATE Latin1_General_100_BIN2 WHEN NOT MATCHED THEN INSERT (id,noted_at,level,node,message,attributes) VALUES (excluded.id,excluded.noted_at,excluded.level,excluded.node,excluded.message,excluded.attributes);
GO
MERGE INTO task_children WITH (HOLDLOCK) USING (SELECT *, ROW_NUMBER() OVER (PARTITION BY parent_id COLLATE Latin1_General_100_BIN2, child_id COLLATE Latin1_General_100_BIN2 ORDER BY place) AS nth FROM (VALUES (@p1,@p2,1),(@p3,@p4,2)) AS given (parent_id,child_id,place)) AS excluded ON task_children.parent_id = excluded.parent_id COLLATE Latin1_General_100_BIN2 AND task_children.child_id = excluded.child_id COLLATE Latin1_General_100_BIN2 WHEN NOT MATCHED AND excluded.nth = 1 THEN INSERT (parent_id,child_id) VALUES (excluded.parent_id,excluded.child_id);
GO
MERGE INTO task_children WITH (HOLDLOCK) USING (VALUES (@p1,@p2)) AS excluded (parent_id,child_id) ON task_children.parent_id = excluded.parent_id COLLATE Latin1_General_100_BIN2 AND task_children.child_id = excluded.child_id COLLATE Latin1_General_100_BIN2 WHEN NOT MATCHED THEN INSERT (parent_id,child_id) VALUES (excluded.parent_id,excluded.child_id);
GO
MERGE INTO task_marks WITH (HOLDLOCK) USING (SELECT *, ROW_NUMBER() OVER (PARTITION BY kind COLLATE Latin1_General_100_BIN2, mark COLLATE Latin1_General_100_BIN2, task_id COLLATE Latin1_General_100_BIN2 ORDER BY place) AS nth FROM (VALUES (@p1,@p2,@p3,1),(@p4,@p5,@p6,2)) AS given (kind,mark,task_id,place)) AS excluded ON task_marks.kind = excluded.kind COLLATE Latin1_General_100_BIN2 AND task_marks.mark = excluded.mark COLLATE Latin1_General_100_BIN2 AND task_marks.task_id = excluded.task_id COLLATE Latin1_General_100_BIN2 WHEN NOT MATCHED AND excluded.nth = 1 THEN INSERT (kind,mark,task_id) VALUES (excluded.kind,excluded.mark,excluded.task_id);
GO
MERGE INTO task_marks WITH (HOLDLOCK) USING (VALUES (@p1,@p2,@p3)) AS excluded (kind,mark,task_id) ON task_marks.kind = excluded.kind COLLATE Latin1_General_100_BIN2 AND task_marks.mark = excluded.mark COLLATE Latin1_General_100_BIN2 AND task_marks.task_id = excluded.task_id COLLATE Latin1_General_100_BIN2 WHEN NOT MATCHED THEN INSERT (kind,mark,task_id) VALUES (excluded.kind,excluded.mark,excluded.task_id);
GO
MERGE INTO task_plugins WITH (HOLDLOCK) USING (VALUES (@p1,@p2,@p3,@p4)) AS excluded (task_id,namespace,package,version) ON task_plugins.task_id = excluded.task_id COLLATE Latin1_General_100_BIN2 WHEN MATCHED THEN UPDATE SET namespace = excluded.namespace, package = excluded.package, version = excluded.version WHEN NOT MATCHED THEN INSERT (task_id,namespace,package,version) VALUES (excluded.task_id,excluded.namespace,excluded.package,excluded.version);
GO
MERGE INTO task_plugins WITH (HOLDLOCK) USING (VALUES (@p1,@p2,@p3,@p4),(@p5,@p6,@p7,@p8)) AS excluded (task_id,namespace,package,version) ON task_plugins.task_id = excluded.task_id COLLATE Latin1_General_100_BIN2 WHEN MATCHED THEN UPDATE SET namespace = excluded.namespace, package = excluded.package, version = excluded.version WHEN NOT MATCHED THEN INSERT (task_id,namespace,package,version) VALUES (excluded.task_id,excluded.namespace,excluded.package,excluded.version);
GO
MERGE INTO task_stats WITH (HOLDLOCK) USING (VALUES (@p1,@p2,@p3,@p4)) AS excluded (task_id,runs,last_run_at,last_outcome) ON task_stats.task_id = excluded.task_id COLLATE Latin1_General_100_BIN2 WHEN MATCHED THEN UPDATE SET runs = task_stats.runs + excluded.runs, last_outcome = CASE WHEN excluded.last_run_at >= task_stats.last_run_at THEN excluded.last_outcome ELSE task_stats.last_outcome END, last_run_at = CASE WHEN excluded.last_run_at >= task_stats.last_run_at THEN excluded.last_run_at ELSE task_stats.last_run_at END WHEN NOT MATCHED THEN INSERT (task_id,runs,last_run_at,last_outcome) VALUES (excluded.task_id,excluded.runs,excluded.last_run_at,excluded.last_outcome);
GO
MERGE INTO task_stats WITH (HOLDLOCK) USING (VALUES (@p1,@p2,@p3,@p4),(@p5,@p6,@p7,@p8)) AS excluded (task_id,runs,last_run_at,last_outcome) ON task_stats.task_id = excluded.task_id COLLATE Latin1_General_100_BIN2 WHEN MATCHED THEN UPDATE SET runs = task_stats.runs + excluded.runs, last_outcome = CASE WHEN excluded.last_run_at >= task_stats.last_run_at THEN excluded.last_outcome ELSE task_stats.last_outcome END, last_run_at = CASE WHEN excluded.last_run_at >= task_stats.last_run_at THEN excluded.last_run_at ELSE task_stats.last_run_at END WHEN NOT MATCHED THEN INSERT (task_id,runs,last_run_at,last_outcome) VALUES (excluded.task_id,excluded.runs,excluded.last_run_at,excluded.last_outcome);
GO
SELECT * FROM "api_tokens" WHERE hash = @p1 ORDER BY "id" OFFSET 0 ROW FETCH NEXT 1 ROWS ONLY
GO
SELECT * FROM "api_tokens" WHERE id = @p1 AND user_id = @p2 ORDER BY "id" OFFSET 0 ROW FETCH NEXT 1 ROWS ONLY
GO
SELECT * FROM "api_tokens" WHERE user_id = @p1 ORDER BY id
GO
SELECT * FROM "secrets" WHERE name = @p1 ORDER BY "name" OFFSET 0 ROW FETCH NEXT 1 ROWS ONLY
GO
SELECT * FROM "secrets" WHERE name IN (@p1,@p2)
GO
SELECT * FROM "settings"
GO
SELECT * FROM "users" ORDER BY id
GO
SELECT * FROM "users" WHERE id = @p1 ORDER BY "id" OFFSET 0 ROW FETCH NEXT 1 ROWS ONLY
GO
SELECT * FROM "users" WHERE id = @p1 ORDER BY id
GO
SELECT * FROM "users" WHERE name = @p1 ORDER BY id
GO
SELECT 1
GO
SELECT 1 FROM runs WHERE queue = @p1 AND claim_at <= @p2 ORDER BY (SELECT NULL) OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY
GO
SELECT 1 FROM runs WHERE task_id = @p1 AND task_id <> '' AND occurrence_id >= @p2 AND occurrence_id <= @p3 AND (state <> 'planned' OR triggered_by <> 'retry') ORDER BY id OFFSET 0 ROWS FETCH NEXT @p4 ROWS ONLY
GO
SELECT 1 FROM runs WHERE task_id = @p1 AND task_id <> '' AND occurrence_id >= @p2 AND occurrence_id <= @p3 ORDER BY id OFFSET 0 ROWS FETCH NEXT @p4 ROWS ONLY
GO
SELECT DATEDIFF_BIG(MICROSECOND, '1970-01-01', SYSUTCDATETIME())
GO
SELECT DB_NAME() AS [Current Database]
GO
SELECT DISTINCT mark FROM task_marks WHERE kind = @p1 ORDER BY mark OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT DISTINCT run_id FROM run_logs l WHERE run_id < @p1 AND NOT EXISTS (SELECT 1 FROM runs WHERE id = l.run_id) AND NOT EXISTS (SELECT 1 FROM run_history WHERE id = l.run_id) ORDER BY run_id OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT DISTINCT task_id FROM runs WHERE delayed_id = @p1 AND delayed_id <> '' AND state = 'planned' AND shards > 0
GO
SELECT DISTINCT task_id FROM runs WHERE id = @p1 AND state = 'planned' AND shards > 0
GO
SELECT DISTINCT task_id FROM runs WHERE id IN (@p1,@p2,@p3,@p4) AND state = 'planned' AND shards > 0
GO
SELECT DISTINCT task_id FROM runs WHERE task_id = @p1 AND task_id <> '' AND state = 'planned' AND shards > 0
GO
SELECT DISTINCT task_id FROM runs WHERE task_id = @p1 AND task_id <> '' AND triggered_by = 'schedule' AND NOT (occurrence_id >= @p2 AND occurrence_id <= @p3) AND state = 'planned' AND shards > 0
GO
SELECT MAX(version_id) FROM goose_db_version
GO
SELECT TOP 1 tstamp, is_applied FROM goose_db_version WHERE version_id=@p1 ORDER BY tstamp DESC
GO
SELECT c.data, v.chunks, v.size FROM plugin_versions v JOIN plugin_chunks c ON c.version_id = v.id WHERE v.digest = @p1 AND v.state IN (@p2,@p3) AND c.number = @p4 ORDER BY v.state DESC OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY
GO
SELECT count(*) FROM "api_tokens" WHERE user_id = @p1
GO
SELECT count(*) FROM (SELECT id FROM run_history WHERE 1 = 1 AND coalesce(state, '') = @p1 AND id >= @p2 AND id < @p3 AND task_id = @p4 AND task_id <> '' ORDER BY id OFFSET 0 ROWS FETCH NEXT @p5 ROWS ONLY) w
GO
SELECT count(*) FROM (SELECT id FROM run_history WHERE 1 = 1 AND state = @p1 AND id >= @p2 AND id < @p3 ORDER BY id OFFSET 0 ROWS FETCH NEXT @p4 ROWS ONLY) w
GO
SELECT count(*) FROM (SELECT m.task_id FROM task_marks m JOIN tasks t ON t.id = m.task_id JOIN task_stats s ON s.task_id = m.task_id JOIN task_plans p ON p.task_id = m.task_id WHERE t.namespace = @p1 AND lower(t.title) LIKE lower(@p2) ESCAPE '!' AND (lower(t.title) LIKE lower(@p3) ESCAPE '!' OR t.id = @p4) AND t.kind = @p5 AND s.last_outcome = @p6 AND p.state = @p7 AND m.kind = @p8 AND m.mark = @p9 AND EXISTS (SELECT 1 FROM task_marks x WHERE x.kind = @p10 AND x.mark = @p11 AND x.task_id = m.task_id) AND EXISTS (SELECT 1 FROM task_marks x WHERE x.kind = @p12 AND x.mark = @p13 AND x.task_id = m.task_id) ORDER BY (SELECT NULL) OFFSET 0 ROWS FETCH NEXT @p14 ROWS ONLY) counted
GO
SELECT count(*) FROM (SELECT m.task_id FROM task_marks m WHERE m.kind = @p1 AND m.mark = @p2 AND m.task_id NOT IN (SELECT task_id FROM task_plans WHERE state = @p3) ORDER BY (SELECT NULL) OFFSET 0 ROWS FETCH NEXT @p4 ROWS ONLY) counted
GO
SELECT count(*) FROM (SELECT p.task_id FROM task_plans p WHERE p.state <> @p1 ORDER BY (SELECT NULL) OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY) counted
GO
SELECT count(*) FROM (SELECT p.task_id FROM task_plans p WHERE p.state = @p1 ORDER BY (SELECT NULL) OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY) counted
GO
SELECT count(*) FROM (SELECT s.task_id FROM task_stats s WHERE s.last_outcome = @p1 AND s.task_id NOT IN (SELECT task_id FROM task_plans WHERE state = @p2) ORDER BY (SELECT NULL) OFFSET 0 ROWS FETCH NEXT @p3 ROWS ONLY) counted
GO
SELECT count(*) FROM (SELECT t.id FROM tasks t JOIN task_plans p ON p.task_id = t.id WHERE (lower(t.title) LIKE lower(@p1) ESCAPE '!' OR t.id = @p2) AND p.state = @p3 ORDER BY (SELECT NULL) OFFSET 0 ROWS FETCH NEXT @p4 ROWS ONLY) counted
GO
SELECT count(*) FROM (SELECT t.id FROM tasks t JOIN task_stats s ON s.task_id = t.id WHERE (lower(t.title) LIKE lower(@p1) ESCAPE '!' OR t.id = @p2) AND s.last_outcome = @p3 AND t.id NOT IN (SELECT task_id FROM task_plans WHERE state = @p4) ORDER BY (SELECT NULL) OFFSET 0 ROWS FETCH NEXT @p5 ROWS ONLY) counted
GO
SELECT count(*) FROM (SELECT t.id FROM tasks t WHERE (lower(t.title) LIKE lower(@p1) ESCAPE '!' OR t.id = @p2) AND t.id NOT IN (SELECT task_id FROM task_plans WHERE state = @p3) ORDER BY (SELECT NULL) OFFSET 0 ROWS FETCH NEXT @p4 ROWS ONLY) counted
GO
SELECT count(*) FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_NAME = @p1 AND TABLE_CATALOG = @p2 and TABLE_SCHEMA like @p3 AND TABLE_TYPE = @p4
GO
SELECT count(*) FROM run_history WHERE task_id = @p1 AND task_id <> '' AND occurrence_id >= @p2 AND occurrence_id <= @p3 AND id >= @p4 AND coalesce(state, '') = 'succeeded'
GO
SELECT count(*) FROM runs WHERE holder = @p1 AND holder <> '' AND state IN ('dispatched','running')
GO
SELECT count(*) FROM runs WHERE state = 'planned' AND fire_at < @p1
GO
SELECT count(*) FROM runs WHERE task_id = @p1 AND task_id <> '' AND state = 'planned' AND fire_at > due_at AND NOT (occurrence_id >= @p2 AND occurrence_id <= @p3) AND triggered_by <> 'retry' AND shard = 0
GO
SELECT count(*) FROM task_marks m JOIN tasks t ON t.id = m.task_id JOIN task_stats s ON s.task_id = m.task_id JOIN task_plans p ON p.task_id = m.task_id WHERE t.namespace = @p1 AND lower(t.title) LIKE lower(@p2) ESCAPE '!' AND (lower(t.title) LIKE lower(@p3) ESCAPE '!' OR t.id = @p4) AND t.kind = @p5 AND s.last_outcome = @p6 AND p.state = @p7 AND m.kind = @p8 AND m.mark = @p9 AND EXISTS (SELECT 1 FROM task_marks x WHERE x.kind = @p10 AND x.mark = @p11 AND x.task_id = m.task_id) AND EXISTS (SELECT 1 FROM task_marks x WHERE x.kind = @p12 AND x.mark = @p13 AND x.task_id = m.task_id)
GO
SELECT count(*) FROM task_marks m WHERE m.kind = @p1 AND m.mark = @p2 AND m.task_id NOT IN (SELECT task_id FROM task_plans WHERE state = @p3)
GO
SELECT count(*) FROM task_plans p WHERE p.state <> @p1
GO
SELECT count(*) FROM task_plans p WHERE p.state <> @p1 AND NOT EXISTS (SELECT 1 FROM task_stats n WHERE n.task_id = p.task_id)
GO
SELECT count(*) FROM task_plans p WHERE p.state <> @p1 AND p.next_due IS NOT NULL
GO
SELECT count(*) FROM task_plans p WHERE p.state <> @p1 AND p.next_due IS NULL
GO
SELECT count(*) FROM task_plans p WHERE p.state = @p1
GO
SELECT count(*) FROM task_plugins u JOIN task_plans p ON p.task_id = u.task_id WHERE u.namespace = @p1 AND u.package = @p2 AND p.state <> @p3
GO
SELECT count(*) FROM task_stats s JOIN task_plans p ON p.task_id = s.task_id JOIN tasks t ON t.id = s.task_id WHERE s.last_outcome IN ('failed','timed_out','lost') AND p.state = 'running'
GO
SELECT count(*) FROM task_stats s WHERE s.last_outcome = @p1 AND s.task_id NOT IN (SELECT task_id FROM task_plans WHERE state = @p2)
GO
SELECT count(*) FROM task_stats s WHERE s.task_id NOT IN (SELECT task_id FROM task_plans WHERE state = @p1)
GO
SELECT count(*) FROM tasks t JOIN task_plans p ON p.task_id = t.id WHERE (lower(t.title) LIKE lower(@p1) ESCAPE '!' OR t.id = @p2) AND p.state = @p3
GO
SELECT count(*) FROM tasks t JOIN task_plans p ON p.task_id = t.id WHERE p.state <> @p1
GO
SELECT count(*) FROM tasks t JOIN task_stats s ON s.task_id = t.id WHERE (lower(t.title) LIKE lower(@p1) ESCAPE '!' OR t.id = @p2) AND s.last_outcome = @p3 AND t.id NOT IN (SELECT task_id FROM task_plans WHERE state = @p4)
GO
SELECT count(*) FROM tasks t LEFT JOIN task_stats s ON s.task_id = t.id JOIN task_plans p ON p.task_id = t.id WHERE t.namespace = @p1 AND lower(t.title) LIKE lower(@p2) ESCAPE '!' AND (lower(t.title) LIKE lower(@p3) ESCAPE '!' OR t.id = @p4) AND t.kind = @p5 AND coalesce(s.last_outcome, '') = @p6 AND p.state <> @p7 AND p.state <> @p8 AND p.state <> @p9 AND EXISTS (SELECT 1 FROM task_marks x WHERE x.kind = @p10 AND x.mark = @p11 AND x.task_id = t.id) AND EXISTS (SELECT 1 FROM task_marks x WHERE x.kind = @p12 AND x.mark = @p13 AND x.task_id = t.id) AND EXISTS (SELECT 1 FROM task_marks x WHERE x.kind = @p14 AND x.mark = @p15 AND x.task_id = t.id) AND (t.created_at < @p16 OR t.created_at = @p17 AND t.id < @p18)
GO
SELECT count(*) FROM tasks t WHERE (lower(t.title) LIKE lower(@p1) ESCAPE '!' OR t.id = @p2) AND t.id NOT IN (SELECT task_id FROM task_plans WHERE state = @p3)
GO
SELECT count(*) FROM tasks t WHERE t.id IN (SELECT m.task_id FROM task_marks m JOIN tasks t ON t.id = m.task_id JOIN task_stats s ON s.task_id = m.task_id JOIN task_plans p ON p.task_id = m.task_id WHERE t.namespace = @p1 AND lower(t.title) LIKE lower(@p2) ESCAPE '!' AND (lower(t.title) LIKE lower(@p3) ESCAPE '!' OR t.id = @p4) AND t.kind = @p5 AND s.last_outcome = @p6 AND p.state = @p7 AND m.kind = @p8 AND m.mark = @p9 AND EXISTS (SELECT 1 FROM task_marks x WHERE x.kind = @p10 AND x.mark = @p11 AND x.task_id = m.task_id) AND EXISTS (SELECT 1 FROM task_marks x WHERE x.kind = @p12 AND x.mark = @p13 AND x.task_id = m.task_id))
GO
SELECT count(*) FROM tasks t WHERE t.id IN (SELECT m.task_id FROM task_marks m JOIN tasks t ON t.id = m.task_id JOIN task_stats s ON s.task_id = m.task_id JOIN task_plans p ON p.task_id = m.task_id WHERE t.namespace = @p1 AND lower(t.title) LIKE lower(@p2) ESCAPE '!' AND (lower(t.title) LIKE lower(@p3) ESCAPE '!' OR t.id = @p4) AND t.kind = @p5 AND s.last_outcome = @p6 AND p.state = @p7 AND m.kind = @p8 AND m.mark = @p9 AND EXISTS (SELECT 1 FROM task_marks x WHERE x.kind = @p10 AND x.mark = @p11 AND x.task_id = m.task_id) AND EXISTS (SELECT 1 FROM task_marks x WHERE x.kind = @p12 AND x.mark = @p13 AND x.task_id = m.task_id)) AND (t.created_at < @p14 OR t.created_at = @p15 AND t.id < @p16)
GO
SELECT created_at FROM tasks WHERE id = @p1
GO
SELECT due_at FROM run_history WHERE task_id = @p1 AND task_id <> '' AND id >= @p2 AND id < @p3 AND due_at > @p4 AND due_at < @p5
GO
SELECT due_at FROM runs WHERE task_id = @p1 AND task_id <> '' AND due_at > @p2 AND due_at < @p3
GO
SELECT firing_id FROM run_overrides WHERE firing_id < @p1 ORDER BY firing_id OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT firing_id, overrides FROM run_overrides WHERE firing_id IN (@p1,@p2,@p3,@p4)
GO
SELECT holder FROM leases WHERE name = @p1
GO
SELECT hour, outcome, lateness, runs FROM hourly_counts WHERE namespace = @p1 AND hour >= @p2 ORDER BY hour, outcome, lateness
GO
SELECT i.id, n.started_at, i.host, i.lease_until FROM nodes n JOIN incarnations i ON i.id = n.incarnation WHERE n.kind = @p1 AND n.name = @p2 AND i.id <> @p3 AND i.lease_until > @p4
GO
SELECT id FROM (SELECT id, namespace, source_app, topic, state, due_at FROM delayed_tasks WHERE 1 = 1 AND content_key = @p1 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY) w WHERE 1 = 1 AND source_app = @p3 AND topic = @p4 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p5 ROWS ONLY
GO
SELECT id FROM (SELECT id, namespace, source_app, topic, state, due_at FROM delayed_tasks WHERE 1 = 1 AND id < @p1 AND content_key = @p2 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p3 ROWS ONLY) w WHERE 1 = 1 AND source_app = @p4 AND namespace = @p5 AND topic = @p6 AND state = @p7 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p8 ROWS ONLY
GO
SELECT id FROM (SELECT id, namespace, source_app, topic, state, due_at FROM delayed_tasks WHERE 1 = 1 AND id < @p1 AND source_app = @p2 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p3 ROWS ONLY) w WHERE 1 = 1 AND state = @p4 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p5 ROWS ONLY
GO
SELECT id FROM (SELECT id, namespace, source_app, topic, state, due_at FROM delayed_tasks WHERE 1 = 1 AND id < @p1 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY) w WHERE 1 = 1 AND state = @p3 AND due_at >= @p4 AND due_at < @p5 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p6 ROWS ONLY
GO
SELECT id FROM (SELECT id, namespace, source_app, topic, state, due_at FROM delayed_tasks WHERE 1 = 1 AND source_app = @p1 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY) w WHERE 1 = 1 AND due_at >= @p3 AND due_at < @p4 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p5 ROWS ONLY
GO
SELECT id FROM (SELECT id, namespace, task_id, delayed_id, parent_run_id, state, triggered_by, worker FROM run_history WHERE 1 = 1 AND id < @p1 AND id >= @p2 AND state = @p3 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p4 ROWS ONLY) w WHERE 1 = 1 AND worker = @p5 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p6 ROWS ONLY
GO
SELECT id FROM (SELECT id, namespace, task_id, delayed_id, parent_run_id, state, triggered_by, worker FROM run_history WHERE 1 = 1 AND id < @p1 AND task_id = @p2 AND task_id <> '' ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p3 ROWS ONLY) w WHERE 1 = 1 AND state = @p4 AND namespace = @p5 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p6 ROWS ONLY
GO
SELECT id FROM (SELECT id, namespace, task_id, delayed_id, parent_run_id, state, triggered_by, worker FROM run_history WHERE 1 = 1 AND id < @p1 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY) w WHERE 1 = 1 AND worker = @p3 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p4 ROWS ONLY
GO
SELECT id FROM (SELECT id, namespace, task_id, delayed_id, parent_run_id, state, triggered_by, worker FROM run_history WHERE 1 = 1 AND id = @p1 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY) w WHERE 1 = 1 AND worker = @p3 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p4 ROWS ONLY
GO
SELECT id FROM (SELECT id, namespace, task_id, delayed_id, parent_run_id, state, triggered_by, worker FROM run_history WHERE 1 = 1 AND occurrence_id = @p1 AND attempt > 1 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY) w WHERE 1 = 1 AND worker = @p3 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p4 ROWS ONLY
GO
SELECT id FROM audit WHERE id < @p1 ORDER BY id OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT id FROM delayed_tasks WHERE 1 = 1 AND content_key = @p1 ORDER BY id DESC OFFSET @p2 ROWS FETCH NEXT 1 ROWS ONLY
GO
SELECT id FROM delayed_tasks WHERE 1 = 1 AND id < @p1 AND content_key = @p2 ORDER BY id DESC OFFSET @p3 ROWS FETCH NEXT 1 ROWS ONLY
GO
SELECT id FROM delayed_tasks WHERE 1 = 1 AND id < @p1 AND source_app = @p2 ORDER BY id DESC OFFSET @p3 ROWS FETCH NEXT 1 ROWS ONLY
GO
SELECT id FROM delayed_tasks WHERE 1 = 1 AND id < @p1 ORDER BY id DESC OFFSET @p2 ROWS FETCH NEXT 1 ROWS ONLY
GO
SELECT id FROM delayed_tasks WHERE 1 = 1 AND source_app = @p1 ORDER BY id DESC OFFSET @p2 ROWS FETCH NEXT 1 ROWS ONLY
GO
SELECT id FROM delayed_tasks WHERE id < @p1 AND finished_at > 0 AND finished_at < @p2 ORDER BY id OFFSET 0 ROWS FETCH NEXT @p3 ROWS ONLY
GO
SELECT id FROM plugin_versions WITH (REPEATABLEREAD, ROWLOCK) WHERE namespace = @p1 AND package = @p2 AND state = @p3 AND version = @p4 ORDER BY version OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY
GO
SELECT id FROM plugin_versions WITH (REPEATABLEREAD, ROWLOCK) WHERE namespace = @p1 AND package = @p2 AND state = @p3 ORDER BY version OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY
GO
SELECT id FROM plugin_versions WITH (UPDLOCK, ROWLOCK) WHERE state = @p1 AND touched_at < @p2 ORDER BY id OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY
GO
SELECT id FROM run_history WHERE 1 = 1 AND coalesce(state, '') = @p1 AND id < @p2 AND task_id = @p3 AND task_id <> '' AND recorded_at < @p4 AND NOT EXISTS (SELECT 1 FROM runs c WHERE c.parent_run_id = run_history.id AND c.parent_run_id <> '') AND (shards = 0 OR NOT EXISTS (SELECT 1 FROM runs o WHERE o.task_id = run_history.task_id AND o.task_id <> '' AND o.shards > 0)) ORDER BY id OFFSET 0 ROWS FETCH NEXT @p5 ROWS ONLY
GO
SELECT id FROM run_history WHERE 1 = 1 AND id < @p1 AND id >= @p2 AND state = @p3 ORDER BY id DESC OFFSET @p4 ROWS FETCH NEXT 1 ROWS ONLY
GO
SELECT id FROM run_history WHERE 1 = 1 AND id < @p1 AND task_id = @p2 AND task_id <> '' ORDER BY id DESC OFFSET @p3 ROWS FETCH NEXT 1 ROWS ONLY
GO
SELECT id FROM run_history WHERE 1 = 1 AND id < @p1 ORDER BY id DESC OFFSET @p2 ROWS FETCH NEXT 1 ROWS ONLY
GO
SELECT id FROM run_history WHERE 1 = 1 AND id = @p1 ORDER BY id DESC OFFSET @p2 ROWS FETCH NEXT 1 ROWS ONLY
GO
SELECT id FROM run_history WHERE 1 = 1 AND occurrence_id = @p1 AND attempt > 1 ORDER BY id DESC OFFSET @p2 ROWS FETCH NEXT 1 ROWS ONLY
GO
SELECT id FROM run_history WHERE 1 = 1 AND state = @p1 AND id < @p2 AND recorded_at < @p3 AND NOT EXISTS (SELECT 1 FROM runs c WHERE c.parent_run_id = run_history.id AND c.parent_run_id <> '') AND (shards = 0 OR NOT EXISTS (SELECT 1 FROM runs o WHERE o.task_id = run_history.task_id AND o.task_id <> '' AND o.shards > 0)) ORDER BY id OFFSET 0 ROWS FETCH NEXT @p4 ROWS ONLY
GO
SELECT id FROM run_history WHERE id < @p1 AND recorded_at < @p2 ORDER BY id OFFSET 0 ROWS FETCH NEXT @p3 ROWS ONLY
GO
SELECT id FROM run_history WHERE id IN (@p1,@p2,@p3,@p4)
GO
SELECT id FROM run_history WHERE task_id = @p1 AND task_id <> '' AND id < (SELECT id FROM run_history WHERE task_id = @p2 AND task_id <> '' ORDER BY id DESC OFFSET @p3 ROWS FETCH NEXT 1 ROWS ONLY) ORDER BY id OFFSET 0 ROWS FETCH NEXT @p4 ROWS ONLY
GO
SELECT id FROM run_history WHERE task_id = @p1 AND task_id <> '' AND id > @p2 AND id < @p3 AND coalesce(triggered_by, '') = 'schedule' AND shard = 0 AND state NOT IN ('missed','cancelled') AND due_at > @p4 ORDER BY id OFFSET 0 ROWS FETCH NEXT @p5 ROWS ONLY
GO
SELECT id FROM runs WHERE id IN (@p1,@p2,@p3,@p4)
GO
SELECT id FROM runs WHERE task_id = @p1 AND task_id <> '' AND occurrence_id >= @p2 AND occurrence_id <= @p3 AND shards > 0 AND state = 'planned' AND triggered_by <> 'retry'
GO
SELECT id FROM runs WHERE task_id = @p1 AND task_id <> '' AND occurrence_id >= @p2 AND occurrence_id <= @p3 AND state <> 'planned'
GO
SELECT id FROM runs WHERE task_id = @p1 AND task_id <> '' AND state = 'planned' AND (fire_at > due_at OR fire_at <= @p2) AND NOT (occurrence_id >= @p3 AND occurrence_id <= @p4) AND (due_at < @p5 OR due_at = @p6 AND id < @p7) ORDER BY due_at, id OFFSET 0 ROWS FETCH NEXT @p8 ROWS ONLY
GO
SELECT id FROM runs WHERE task_id = @p1 AND task_id <> '' AND state IN ('dispatched','running') AND (id = @p2 OR shards > 0 AND occurrence_id >= @p3 AND occurrence_id <= @p4) ORDER BY id
GO
SELECT id FROM runs WHERE task_id = @p1 AND task_id <> '' AND triggered_by = 'schedule' AND shard = 0 AND due_at > @p2 AND due_at < @p3 ORDER BY id OFFSET 0 ROWS FETCH NEXT @p4 ROWS ONLY
GO
SELECT id FROM runs WITH (UPDLOCK, ROWLOCK, READPAST, READCOMMITTEDLOCK) WHERE task_id = @p1 AND task_id <> '' AND occurrence_id >= @p2 AND occurrence_id <= @p3 AND state = 'planned' AND holder = '' AND fire_at > due_at AND claim_at > @p4 ORDER BY id
GO
SELECT id FROM system_log WHERE id < @p1 ORDER BY id OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT id FROM tasks WITH (UPDLOCK, ROWLOCK) WHERE id IN (@p1,@p2,@p3,@p4) ORDER BY id
GO
SELECT id FROM users WITH (UPDLOCK, ROWLOCK) WHERE id = @p1
GO
SELECT id, callback FROM delayed_tasks WHERE id IN (@p1,@p2,@p3,@p4)
GO
SELECT id, claim_at, task_id, task_version, delayed_id FROM runs WHERE queue = @p1 AND claim_at = @p2 AND id > @p3 ORDER BY id OFFSET 0 ROWS FETCH NEXT @p4 ROWS ONLY
GO
SELECT id, claim_at, task_id, task_version, delayed_id FROM runs WHERE queue = @p1 AND claim_at > @p2 AND claim_at <= @p3 ORDER BY claim_at, id OFFSET 0 ROWS FETCH NEXT @p4 ROWS ONLY
GO
SELECT id, disabled FROM users WITH (UPDLOCK, ROWLOCK) WHERE role = 'admin' ORDER BY id
GO
SELECT id, executors FROM delayed_tasks WHERE id IN (@p1,@p2,@p3,@p4)
GO
SELECT id, kind, name, lease_until FROM incarnations WHERE lease_until < @p1 UNION ALL SELECT DISTINCT holder, '', '', 0 FROM runs WHERE holder <> '' AND NOT EXISTS (SELECT 1 FROM incarnations WHERE id = holder) ORDER BY 1
GO
SELECT id, namespace, due_at, resets, executors FROM delayed_tasks WHERE next_due <= @p1 ORDER BY next_due OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT id, namespace, due_at, resets, executors FROM delayed_tasks WITH (UPDLOCK, ROWLOCK, READPAST, READCOMMITTEDLOCK) WHERE next_due <= @p1 ORDER BY next_due OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT id, namespace, package, version, digest, size, chunks, signed, uploaded_by, uploaded_by_name, uploaded_at FROM plugin_versions WHERE namespace = @p1 AND package = @p2 AND state = @p3 ORDER BY version
GO
SELECT id, namespace, package, version, digest, size, chunks, signed, uploaded_by, uploaded_by_name, uploaded_at FROM plugin_versions WHERE namespace = @p1 AND state = @p2 ORDER BY package, version
GO
SELECT id, namespace, package, version, digest, size, chunks, signed, uploaded_by, uploaded_by_name, uploaded_at FROM plugin_versions WITH (UPDLOCK, ROWLOCK) WHERE namespace = @p1 AND package = @p2 AND state = @p3 ORDER BY version
GO
SELECT id, namespace, package, version, digest, size, chunks, signed, uploaded_by, uploaded_by_name, uploaded_at, manifest FROM plugin_versions WHERE namespace = @p1 AND package = @p2 AND version = @p3 AND state = @p4
GO
SELECT id, response FROM run_history WHERE id IN (@p1,@p2,@p3,@p4)
GO
SELECT id, retry FROM delayed_tasks WITH (UPDLOCK, ROWLOCK) WHERE state = 'ready' AND id IN (@p1,@p2,@p3,@p4) ORDER BY id
GO
SELECT id, source_app, topic, content_key FROM delayed_tasks WHERE id IN (@p1,@p2,@p3,@p4)
GO
SELECT id, title, '', '' FROM tasks WHERE id IN (@p1,@p2,@p3,@p4)
GO
SELECT id, token FROM runs WHERE holder = @p1 AND holder <> '' AND state = 'planned'
GO
SELECT id, token FROM runs WHERE holder = @p1 AND holder <> '' AND state IN ('dispatched','running') AND dispatched_at <= @p2
GO
SELECT id,namespace,source_app,topic,content_key,state,due_at,next_due,resets,runs,idempotency_key,created_by,created_by_name,created_at,finished_at,executors,retry,callback FROM delayed_tasks WHERE 1 = 1 AND id < @p1 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT id,namespace,source_app,topic,content_key,state,due_at,next_due,resets,runs,idempotency_key,created_by,created_by_name,created_at,finished_at,executors,retry,callback FROM delayed_tasks WHERE 1 = 1 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p1 ROWS ONLY
GO
SELECT id,namespace,source_app,topic,content_key,state,due_at,next_due,resets,runs,idempotency_key,created_by,created_by_name,created_at,finished_at,executors,retry,callback FROM delayed_tasks WHERE id = @p1
GO
SELECT id,namespace,source_app,topic,content_key,state,due_at,next_due,resets,runs,idempotency_key,created_by,created_by_name,created_at,finished_at,executors,retry,callback FROM delayed_tasks WITH (UPDLOCK, ROWLOCK) WHERE id = @p1
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE 1 = 1 AND delayed_id = @p1 AND delayed_id <> '' ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE 1 = 1 AND id < @p1 AND id >= @p2 AND state = @p3 AND worker = @p4 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p5 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE 1 = 1 AND id < @p1 AND id >= @p2 AND triggered_by = @p3 AND triggered_by <> 'schedule' AND triggered_by <> 'delayed' ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p4 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE 1 = 1 AND id < @p1 AND state = @p2 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p3 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE 1 = 1 AND id < @p1 AND task_id = @p2 AND task_id <> '' AND state = @p3 AND namespace = @p4 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p5 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE 1 = 1 AND id < @p1 AND task_id = @p2 AND task_id <> '' ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p3 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE 1 = 1 AND id < @p1 AND triggered_by = @p2 AND triggered_by <> 'schedule' AND triggered_by <> 'delayed' ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p3 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE 1 = 1 AND id < @p1 AND worker = @p2 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p3 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE 1 = 1 AND id < @p1 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE 1 = 1 AND id = @p1 AND worker = @p2 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p3 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE 1 = 1 AND id = @p1 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE 1 = 1 AND occurrence_id = @p1 AND attempt > 1 AND worker = @p2 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p3 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE 1 = 1 AND occurrence_id = @p1 AND attempt > 1 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE 1 = 1 AND parent_run_id = @p1 AND parent_run_id <> '' ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE 1 = 1 AND task_id = @p1 AND task_id <> '' ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE 1 = 1 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p1 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE delayed_id = @p1 AND delayed_id <> ''
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE holder = @p1 AND holder <> '' AND state IN ('dispatched','running')
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE holder = @p1 AND holder <> '' AND state IN ('dispatched','running') ORDER BY id OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE id = @p1
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE id = @p1 AND queue = @p2
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE id IN (@p1,@p2,@p3,@p4)
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE state = 'planned' ORDER BY id OFFSET 0 ROWS FETCH NEXT @p1 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE task_id = @p1 AND task_id <> '' AND state = 'planned' AND fire_at > due_at AND NOT (occurrence_id >= @p2 AND occurrence_id <= @p3)
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE task_id = @p1 AND task_id <> '' AND state = 'planned' AND fire_at > due_at AND holder = '' ORDER BY due_at, id OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WHERE task_id = @p1 AND task_id <> '' AND state = 'planned' AND holder = '' AND triggered_by = 'schedule' AND due_at >= @p2 AND due_at < @p3 AND fire_at < @p4 ORDER BY due_at OFFSET 0 ROWS FETCH NEXT @p5 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WITH (UPDLOCK, ROWLOCK) WHERE delayed_id = @p1 AND delayed_id <> ''
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WITH (UPDLOCK, ROWLOCK) WHERE holder = @p1 AND holder <> '' AND state IN ('dispatched','running') ORDER BY id
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of FROM runs WITH (UPDLOCK, ROWLOCK) WHERE id = @p1
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,token,worker,planned_at,dispatched_at,sent_at,answered_at,recorded_at,missed_count,last_due_at,status,truncated,reason,request,content_type,progress,replay_of FROM run_history WHERE 1 = 1 AND delayed_id = @p1 AND delayed_id <> '' ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,token,worker,planned_at,dispatched_at,sent_at,answered_at,recorded_at,missed_count,last_due_at,status,truncated,reason,request,content_type,progress,replay_of FROM run_history WHERE 1 = 1 AND id < @p1 AND id >= @p2 AND triggered_by = @p3 AND triggered_by <> 'schedule' AND triggered_by <> 'delayed' ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p4 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,token,worker,planned_at,dispatched_at,sent_at,answered_at,recorded_at,missed_count,last_due_at,status,truncated,reason,request,content_type,progress,replay_of FROM run_history WHERE 1 = 1 AND id < @p1 AND state = @p2 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p3 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,token,worker,planned_at,dispatched_at,sent_at,answered_at,recorded_at,missed_count,last_due_at,status,truncated,reason,request,content_type,progress,replay_of FROM run_history WHERE 1 = 1 AND id < @p1 AND task_id = @p2 AND task_id <> '' ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p3 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,token,worker,planned_at,dispatched_at,sent_at,answered_at,recorded_at,missed_count,last_due_at,status,truncated,reason,request,content_type,progress,replay_of FROM run_history WHERE 1 = 1 AND id < @p1 AND triggered_by = @p2 AND triggered_by <> 'schedule' AND triggered_by <> 'delayed' ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p3 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,token,worker,planned_at,dispatched_at,sent_at,answered_at,recorded_at,missed_count,last_due_at,status,truncated,reason,request,content_type,progress,replay_of FROM run_history WHERE 1 = 1 AND id < @p1 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,token,worker,planned_at,dispatched_at,sent_at,answered_at,recorded_at,missed_count,last_due_at,status,truncated,reason,request,content_type,progress,replay_of FROM run_history WHERE 1 = 1 AND id = @p1 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,token,worker,planned_at,dispatched_at,sent_at,answered_at,recorded_at,missed_count,last_due_at,status,truncated,reason,request,content_type,progress,replay_of FROM run_history WHERE 1 = 1 AND occurrence_id = @p1 AND attempt > 1 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,token,worker,planned_at,dispatched_at,sent_at,answered_at,recorded_at,missed_count,last_due_at,status,truncated,reason,request,content_type,progress,replay_of FROM run_history WHERE 1 = 1 AND parent_run_id = @p1 AND parent_run_id <> '' ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,token,worker,planned_at,dispatched_at,sent_at,answered_at,recorded_at,missed_count,last_due_at,status,truncated,reason,request,content_type,progress,replay_of FROM run_history WHERE 1 = 1 AND task_id = @p1 AND task_id <> '' ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,token,worker,planned_at,dispatched_at,sent_at,answered_at,recorded_at,missed_count,last_due_at,status,truncated,reason,request,content_type,progress,replay_of FROM run_history WHERE 1 = 1 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p1 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,token,worker,planned_at,dispatched_at,sent_at,answered_at,recorded_at,missed_count,last_due_at,status,truncated,reason,request,content_type,progress,replay_of FROM run_history WHERE id = @p1
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,token,worker,planned_at,dispatched_at,sent_at,answered_at,recorded_at,missed_count,last_due_at,status,truncated,reason,request,content_type,progress,replay_of FROM run_history WHERE id >= @p1 AND id <= @p2 AND state IN ('conflict','skipped') ORDER BY id OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,token,worker,planned_at,dispatched_at,sent_at,answered_at,recorded_at,missed_count,last_due_at,status,truncated,reason,request,content_type,progress,replay_of FROM run_history WHERE id IN (@p1,@p2,@p3,@p4)
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,token,worker,planned_at,dispatched_at,sent_at,answered_at,recorded_at,missed_count,last_due_at,status,truncated,reason,request,content_type,progress,replay_of FROM run_history WHERE task_id = @p1 AND task_id <> '' AND id < @p2 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY
GO
SELECT id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,shard,shards,queue,state,due_at,fire_at,token,worker,planned_at,dispatched_at,sent_at,answered_at,recorded_at,missed_count,last_due_at,status,truncated,reason,request,content_type,progress,replay_of,log,response FROM run_history WHERE id = @p1
GO
SELECT id,noted_at,level,node,message,attributes FROM system_log WHERE level = @p1 AND id >= @p2 AND id < @p3 AND id < @p4 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p5 ROWS ONLY
GO
SELECT id,noted_at,user_id,user_name,api_token,address,via,action,kind,object_id,object_name,changes FROM audit WHERE 1 = 1 AND kind = @p1 AND object_id = @p2 AND id < @p3 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p4 ROWS ONLY
GO
SELECT id,noted_at,user_id,user_name,api_token,address,via,action,kind,object_id,object_name,changes FROM audit WHERE 1 = 1 AND user_name = @p1 AND id < @p2 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p3 ROWS ONLY
GO
SELECT id,noted_at,user_id,user_name,api_token,address,via,action,kind,object_id,object_name,changes FROM audit WHERE 1 = 1 AND user_name = @p1 AND kind = @p2 AND object_id = @p3 AND action = @p4 AND id >= @p5 AND id < @p6 AND id < @p7 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p8 ROWS ONLY
GO
SELECT id,noted_at,user_id,user_name,api_token,address,via,action,kind,object_id,object_name,changes FROM audit WHERE 1 = 1 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p1 ROWS ONLY
GO
SELECT idempotency_key, id, due_at, state FROM delayed_tasks WHERE namespace = @p1 AND idempotency_key IN (@p2,@p3,@p4,@p5)
GO
SELECT last_due_at FROM run_history WHERE task_id = @p1 AND task_id <> '' AND coalesce(triggered_by, '') = 'schedule' AND (state <> @p2 OR dispatched_at > 0) ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY
GO
SELECT max(due_at) FROM runs WHERE task_id = @p1 AND task_id <> '' AND triggered_by = 'schedule' AND state <> @p2
GO
SELECT n.kind, n.name, n.incarnation, n.state, n.weight, n.labels, n.admin_state, n.admin_weight, n.admin_labels, n.slots, n.plugins, n.platform, n.version, n.protocol, n.started_at, n.seen_at, n.running, coalesce(i.lease_until, 0) FROM nodes n LEFT JOIN incarnations i ON i.id = n.incarnation ORDER BY n.kind, n.name
GO
SELECT n.kind, n.name, n.incarnation, n.state, n.weight, n.labels, n.admin_state, n.admin_weight, n.admin_labels, n.slots, n.plugins, n.platform, n.version, n.protocol, n.started_at, n.seen_at, n.running, coalesce(i.lease_until, 0) FROM nodes n LEFT JOIN incarnations i ON i.id = n.incarnation WHERE n.kind = @p1 AND n.name = @p2
GO
SELECT n.run_id, n.task_id, n.delayed_id, d.created_by, n.tries, n.next_try FROM notices n LEFT JOIN delayed_tasks d ON d.id = n.delayed_id WHERE n.next_try <= @p1 ORDER BY n.next_try, n.run_id OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT name FROM nodes WHERE kind = @p1
GO
SELECT next_due FROM task_plans WHERE task_id = @p1 AND next_due < @p2
GO
SELECT next_due, '', id, source_app FROM delayed_tasks WHERE next_due IS NOT NULL ORDER BY next_due OFFSET 0 ROWS FETCH NEXT @p1 ROWS ONLY
GO
SELECT number FROM plugin_chunks WHERE version_id = @p1 ORDER BY number OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY
GO
SELECT occurrence_id FROM runs WHERE id = @p1
GO
SELECT p.next_due, t.id, '', t.title FROM task_plans p JOIN tasks t ON t.id = p.task_id WHERE p.next_due IS NOT NULL ORDER BY p.next_due OFFSET 0 ROWS FETCH NEXT @p1 ROWS ONLY
GO
SELECT p.task_id FROM task_plans p WHERE EXISTS (SELECT 1 FROM run_history h WHERE h.task_id = p.task_id AND h.task_id <> '' ORDER BY h.id DESC OFFSET @p1 ROWS FETCH NEXT 1 ROWS ONLY) ORDER BY p.task_id
GO
SELECT p.task_id, 0 FROM task_plans p WHERE p.state <> @p1 AND NOT EXISTS (SELECT 1 FROM task_stats n WHERE n.task_id = p.task_id) AND p.task_id < @p2 ORDER BY p.task_id DESC OFFSET @p4 ROWS FETCH NEXT @p3 ROWS ONLY
GO
SELECT p.task_id, 0 FROM task_plans p WHERE p.state <> @p1 AND NOT EXISTS (SELECT 1 FROM task_stats n WHERE n.task_id = p.task_id) ORDER BY p.task_id DESC OFFSET @p3 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT p.task_id, 0 FROM task_plans p WHERE p.state <> @p1 AND NOT EXISTS (SELECT 1 FROM task_stats n WHERE n.task_id = p.task_id) ORDER BY p.task_id OFFSET @p3 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT p.task_id, 0 FROM task_plans p WHERE p.state <> @p1 AND p.next_due IS NULL AND p.task_id < @p2 ORDER BY p.task_id DESC OFFSET @p4 ROWS FETCH NEXT @p3 ROWS ONLY
GO
SELECT p.task_id, 0 FROM task_plans p WHERE p.state <> @p1 AND p.next_due IS NULL ORDER BY p.task_id DESC OFFSET @p3 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT p.task_id, 0 FROM task_plans p WHERE p.state <> @p1 AND p.next_due IS NULL ORDER BY p.task_id OFFSET @p3 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT p.task_id, p.next_due FROM task_plans p WHERE p.state <> @p1 AND p.next_due IS NOT NULL AND p.next_due >= @p2 AND (p.next_due > @p3 OR p.task_id > @p4) ORDER BY p.next_due, p.task_id OFFSET @p6 ROWS FETCH NEXT @p5 ROWS ONLY
GO
SELECT p.task_id, p.next_due FROM task_plans p WHERE p.state <> @p1 AND p.next_due IS NOT NULL ORDER BY p.next_due DESC, p.task_id DESC OFFSET @p3 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT p.task_id, p.next_due FROM task_plans p WHERE p.state <> @p1 AND p.next_due IS NOT NULL ORDER BY p.next_due, p.task_id OFFSET @p3 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT p.task_id, p.state FROM task_plans p WHERE p.state <> @p1 AND p.state >= @p2 AND (p.state > @p3 OR p.task_id > @p4) ORDER BY p.state, p.task_id OFFSET @p6 ROWS FETCH NEXT @p5 ROWS ONLY
GO
SELECT p.task_id, p.state FROM task_plans p WHERE p.state <> @p1 ORDER BY p.state DESC, p.task_id DESC OFFSET @p3 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT p.task_id, p.state FROM task_plans p WHERE p.state <> @p1 ORDER BY p.state, p.task_id OFFSET @p3 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT parent_id, child_id FROM task_children WHERE child_id IN (@p1,@p2,@p3,@p4)
GO
SELECT parent_id, child_id FROM task_children WHERE parent_id IN (@p1,@p2,@p3,@p4)
GO
SELECT queue FROM runs WHERE claim_at IS NOT NULL AND queue > @p1 ORDER BY queue OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT queue, count(*) FROM runs WHERE state = 'planned' GROUP BY queue
GO
SELECT run_id FROM guards WHERE task_id = @p1
GO
SELECT run_id, reason FROM cancels ORDER BY asked_at, run_id
GO
SELECT run_id, reason FROM cancels WHERE run_id IN (@p1,@p2,@p3,@p4)
GO
SELECT s.id, s.user_id, s.created_at, s.seen_at, s.address, s.agent FROM sessions s WHERE s.user_id = @p1 ORDER BY s.seen_at DESC, s.id
GO
SELECT s.id, s.user_id, s.created_at, s.seen_at, s.address, s.agent, coalesce(p.language, ''), coalesce(p.zone, ''), coalesce(p.theme, '') FROM sessions s LEFT JOIN preferences p ON p.user_id = s.user_id WHERE s.id = @p1
GO
SELECT s.task_id, s.last_run_at FROM task_stats s WHERE s.task_id NOT IN (SELECT task_id FROM task_plans WHERE state = @p1) AND s.last_run_at >= @p2 AND (s.last_run_at > @p3 OR s.task_id > @p4) ORDER BY s.last_run_at, s.task_id OFFSET @p6 ROWS FETCH NEXT @p5 ROWS ONLY
GO
SELECT s.task_id, s.last_run_at FROM task_stats s WHERE s.task_id NOT IN (SELECT task_id FROM task_plans WHERE state = @p1) ORDER BY s.last_run_at DESC, s.task_id DESC OFFSET @p3 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT s.task_id, s.last_run_at FROM task_stats s WHERE s.task_id NOT IN (SELECT task_id FROM task_plans WHERE state = @p1) ORDER BY s.last_run_at, s.task_id OFFSET @p3 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT s.task_id, s.runs FROM task_stats s WHERE s.task_id NOT IN (SELECT task_id FROM task_plans WHERE state = @p1) AND s.runs >= @p2 AND (s.runs > @p3 OR s.task_id > @p4) ORDER BY s.runs, s.task_id OFFSET @p6 ROWS FETCH NEXT @p5 ROWS ONLY
GO
SELECT s.task_id, s.runs FROM task_stats s WHERE s.task_id NOT IN (SELECT task_id FROM task_plans WHERE state = @p1) ORDER BY s.runs DESC, s.task_id DESC OFFSET @p3 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT s.task_id, s.runs FROM task_stats s WHERE s.task_id NOT IN (SELECT task_id FROM task_plans WHERE state = @p1) ORDER BY s.runs, s.task_id OFFSET @p3 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT state FROM run_history WHERE task_id = @p1 AND task_id <> '' ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT state FROM task_plans WITH (UPDLOCK, ROWLOCK) WHERE task_id = @p1
GO
SELECT state, count(*) FROM runs GROUP BY state
GO
SELECT state, count(*) FROM task_plans WHERE state <> @p1 GROUP BY state
GO
SELECT state, version FROM task_plans WITH (REPEATABLEREAD, ROWLOCK) WHERE task_id = @p1
GO
SELECT t.id, p.version, t.definition FROM tasks t JOIN task_plans p ON p.task_id = t.id WHERE t.id IN (@p1,@p2,@p3,@p4)
GO
SELECT t.id, t.created_at FROM tasks t JOIN task_plans p ON p.task_id = t.id WHERE (lower(t.title) LIKE lower(@p1) ESCAPE '!' OR t.id = @p2) AND p.state <> @p3 AND p.state <> @p4 AND p.state <> @p5 ORDER BY t.created_at DESC, t.id DESC OFFSET @p7 ROWS FETCH NEXT @p6 ROWS ONLY
GO
SELECT t.id, t.created_at FROM tasks t JOIN task_plans p ON p.task_id = t.id WHERE (lower(t.title) LIKE lower(@p1) ESCAPE '!' OR t.id = @p2) AND p.state <> @p3 ORDER BY t.created_at DESC, t.id DESC OFFSET @p5 ROWS FETCH NEXT @p4 ROWS ONLY
GO
SELECT t.id, t.created_at FROM tasks t JOIN task_plans p ON p.task_id = t.id WHERE EXISTS (SELECT 1 FROM task_marks x WHERE x.kind = @p1 AND x.mark = @p2 AND x.task_id = t.id) AND p.state <> @p3 ORDER BY t.created_at DESC, t.id DESC OFFSET @p5 ROWS FETCH NEXT @p4 ROWS ONLY
GO
SELECT t.id, t.created_at FROM tasks t JOIN task_plans p ON p.task_id = t.id WHERE p.state <> @p1 AND p.state <> @p2 AND p.state <> @p3 ORDER BY t.created_at DESC, t.id DESC OFFSET @p5 ROWS FETCH NEXT @p4 ROWS ONLY
GO
SELECT t.id, t.created_at FROM tasks t JOIN task_plans p ON p.task_id = t.id WHERE p.state <> @p1 AND t.created_at >= @p2 AND (t.created_at > @p3 OR t.id > @p4) ORDER BY t.created_at, t.id OFFSET @p6 ROWS FETCH NEXT @p5 ROWS ONLY
GO
SELECT t.id, t.created_at FROM tasks t JOIN task_plans p ON p.task_id = t.id WHERE p.state <> @p1 ORDER BY t.created_at DESC, t.id DESC OFFSET @p3 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT t.id, t.created_at FROM tasks t JOIN task_plans p ON p.task_id = t.id WHERE p.state <> @p1 ORDER BY t.created_at, t.id OFFSET @p3 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT t.id, t.created_at FROM tasks t LEFT JOIN task_stats s ON s.task_id = t.id JOIN task_plans p ON p.task_id = t.id WHERE (lower(t.title) LIKE lower(@p1) ESCAPE '!' OR t.id = @p2) AND coalesce(s.last_outcome, '') = @p3 AND p.state <> @p4 ORDER BY t.created_at DESC, t.id DESC OFFSET @p6 ROWS FETCH NEXT @p5 ROWS ONLY
GO
SELECT t.id, t.created_at FROM tasks t LEFT JOIN task_stats s ON s.task_id = t.id JOIN task_plans p ON p.task_id = t.id WHERE coalesce(s.last_outcome, '') = @p1 AND p.state <> @p2 ORDER BY t.created_at DESC, t.id DESC OFFSET @p4 ROWS FETCH NEXT @p3 ROWS ONLY
GO
SELECT t.id, t.created_at FROM tasks t LEFT JOIN task_stats s ON s.task_id = t.id JOIN task_plans p ON p.task_id = t.id WHERE t.namespace = @p1 AND lower(t.title) LIKE lower(@p2) ESCAPE '!' AND (lower(t.title) LIKE lower(@p3) ESCAPE '!' OR t.id = @p4) AND t.kind = @p5 AND coalesce(s.last_outcome, '') = @p6 AND p.state <> @p7 AND p.state <> @p8 AND p.state <> @p9 AND EXISTS (SELECT 1 FROM task_marks x WHERE x.kind = @p10 AND x.mark = @p11 AND x.task_id = t.id) AND EXISTS (SELECT 1 FROM task_marks x WHERE x.kind = @p12 AND x.mark = @p13 AND x.task_id = t.id) AND EXISTS (SELECT 1 FROM task_marks x WHERE x.kind = @p14 AND x.mark = @p15 AND x.task_id = t.id) AND (t.created_at < @p16 OR t.created_at = @p17 AND t.id < @p18) ORDER BY t.created_at DESC, t.id DESC OFFSET @p20 ROWS FETCH NEXT @p19 ROWS ONLY
GO
SELECT t.id, t.created_at FROM tasks t WHERE t.id IN (SELECT m.task_id FROM task_marks m JOIN tasks t ON t.id = m.task_id JOIN task_stats s ON s.task_id = m.task_id JOIN task_plans p ON p.task_id = m.task_id WHERE t.namespace = @p1 AND lower(t.title) LIKE lower(@p2) ESCAPE '!' AND (lower(t.title) LIKE lower(@p3) ESCAPE '!' OR t.id = @p4) AND t.kind = @p5 AND s.last_outcome = @p6 AND p.state = @p7 AND m.kind = @p8 AND m.mark = @p9 AND EXISTS (SELECT 1 FROM task_marks x WHERE x.kind = @p10 AND x.mark = @p11 AND x.task_id = m.task_id) AND EXISTS (SELECT 1 FROM task_marks x WHERE x.kind = @p12 AND x.mark = @p13 AND x.task_id = m.task_id)) AND (t.created_at < @p14 OR t.created_at = @p15 AND t.id < @p16) ORDER BY t.created_at DESC, t.id DESC OFFSET @p18 ROWS FETCH NEXT @p17 ROWS ONLY
GO
SELECT t.id, t.created_at FROM tasks t WHERE t.id IN (SELECT m.task_id FROM task_marks m JOIN tasks t ON t.id = m.task_id JOIN task_stats s ON s.task_id = m.task_id JOIN task_plans p ON p.task_id = m.task_id WHERE t.namespace = @p1 AND lower(t.title) LIKE lower(@p2) ESCAPE '!' AND (lower(t.title) LIKE lower(@p3) ESCAPE '!' OR t.id = @p4) AND t.kind = @p5 AND s.last_outcome = @p6 AND p.state = @p7 AND m.kind = @p8 AND m.mark = @p9 AND EXISTS (SELECT 1 FROM task_marks x WHERE x.kind = @p10 AND x.mark = @p11 AND x.task_id = m.task_id) AND EXISTS (SELECT 1 FROM task_marks x WHERE x.kind = @p12 AND x.mark = @p13 AND x.task_id = m.task_id)) ORDER BY t.created_at DESC, t.id DESC OFFSET @p15 ROWS FETCH NEXT @p14 ROWS ONLY
GO
SELECT t.id, t.created_at FROM tasks t WHERE t.id IN (SELECT m.task_id FROM task_marks m WHERE m.kind = @p1 AND m.mark = @p2 AND m.task_id NOT IN (SELECT task_id FROM task_plans WHERE state = @p3)) ORDER BY t.created_at DESC, t.id DESC OFFSET @p5 ROWS FETCH NEXT @p4 ROWS ONLY
GO
SELECT t.id, t.created_at FROM tasks t WHERE t.id IN (SELECT p.task_id FROM task_plans p WHERE p.state = @p1) ORDER BY t.created_at DESC, t.id DESC OFFSET @p3 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT t.id, t.created_at FROM tasks t WHERE t.id IN (SELECT s.task_id FROM task_stats s WHERE s.last_outcome = @p1 AND s.task_id NOT IN (SELECT task_id FROM task_plans WHERE state = @p2)) ORDER BY t.created_at DESC, t.id DESC OFFSET @p4 ROWS FETCH NEXT @p3 ROWS ONLY
GO
SELECT t.id, t.created_at FROM tasks t WHERE t.id IN (SELECT t.id FROM tasks t JOIN task_plans p ON p.task_id = t.id WHERE (lower(t.title) LIKE lower(@p1) ESCAPE '!' OR t.id = @p2) AND p.state = @p3) ORDER BY t.created_at DESC, t.id DESC OFFSET @p5 ROWS FETCH NEXT @p4 ROWS ONLY
GO
SELECT t.id, t.created_at FROM tasks t WHERE t.id IN (SELECT t.id FROM tasks t JOIN task_stats s ON s.task_id = t.id WHERE (lower(t.title) LIKE lower(@p1) ESCAPE '!' OR t.id = @p2) AND s.last_outcome = @p3 AND t.id NOT IN (SELECT task_id FROM task_plans WHERE state = @p4)) ORDER BY t.created_at DESC, t.id DESC OFFSET @p6 ROWS FETCH NEXT @p5 ROWS ONLY
GO
SELECT t.id, t.created_at FROM tasks t WHERE t.id IN (SELECT t.id FROM tasks t WHERE (lower(t.title) LIKE lower(@p1) ESCAPE '!' OR t.id = @p2) AND t.id NOT IN (SELECT task_id FROM task_plans WHERE state = @p3)) ORDER BY t.created_at DESC, t.id DESC OFFSET @p5 ROWS FETCH NEXT @p4 ROWS ONLY
GO
SELECT t.id, t.namespace, t.kind, t.title, t.remark, t.labels, t.definition, t.created_by, t.created_by_name, t.created_at, t.updated_at, p.state, p.version, p.next_due, s.runs, s.last_run_at, s.last_outcome FROM tasks t JOIN task_plans p ON p.task_id = t.id LEFT JOIN task_stats s ON s.task_id = t.id WHERE t.id = @p1
GO
SELECT t.id, t.namespace, t.kind, t.title, t.remark, t.labels, t.definition, t.created_by, t.created_by_name, t.created_at, t.updated_at, p.state, p.version, p.next_due, s.runs, s.last_run_at, s.last_outcome FROM tasks t JOIN task_plans p ON p.task_id = t.id LEFT JOIN task_stats s ON s.task_id = t.id WHERE t.id IN (@p1,@p2,@p3,@p4)
GO
SELECT t.id, t.title FROM tasks t JOIN task_plans p ON p.task_id = t.id WHERE p.state <> @p1 AND t.title >= @p2 AND (t.title > @p3 OR t.id > @p4) ORDER BY t.title, t.id OFFSET @p6 ROWS FETCH NEXT @p5 ROWS ONLY
GO
SELECT t.id, t.title FROM tasks t JOIN task_plans p ON p.task_id = t.id WHERE p.state <> @p1 ORDER BY t.title DESC, t.id DESC OFFSET @p3 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT t.id, t.title FROM tasks t JOIN task_plans p ON p.task_id = t.id WHERE p.state <> @p1 ORDER BY t.title, t.id OFFSET @p3 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT t.id, t.title, p.state, coalesce(s.last_outcome, '') FROM tasks t JOIN task_plans p ON p.task_id = t.id LEFT JOIN task_stats s ON s.task_id = t.id WHERE t.id IN (@p1,@p2,@p3,@p4)
GO
SELECT t.id, t.title, s.last_outcome, s.last_run_at FROM task_stats s JOIN task_plans p ON p.task_id = s.task_id JOIN tasks t ON t.id = s.task_id WHERE s.last_outcome IN ('failed','timed_out','lost') AND p.state = 'running' ORDER BY s.last_run_at DESC, t.id OFFSET 0 ROWS FETCH NEXT @p1 ROWS ONLY
GO
SELECT task_id FROM runs WHERE task_id <> '' GROUP BY task_id HAVING min(id) < @p1 ORDER BY task_id
GO
SELECT task_id, namespace, version, next_due FROM task_plans WHERE next_due <= @p1 ORDER BY next_due OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT task_id, run_id FROM guards WITH (UPDLOCK, ROWLOCK) WHERE task_id IN (@p1,@p2,@p3,@p4) ORDER BY task_id
GO
SELECT task_id, state FROM task_plans WHERE task_id IN (@p1,@p2,@p3,@p4)
GO
SELECT task_id, state, sent_at, answered_at FROM run_history WHERE id >= @p1 ORDER BY id DESC OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT task_id, version FROM task_plans WITH (REPEATABLEREAD, ROWLOCK) WHERE state = 'running' AND task_id IN (@p1,@p2,@p3,@p4) ORDER BY task_id
GO
SELECT title FROM tasks WHERE id = @p1
GO
SELECT title, labels FROM tasks WHERE id = @p1
GO
SELECT token, first_line, chunk FROM run_logs WHERE run_id = @p1 ORDER BY token, first_line
GO
SELECT u.task_id, k.title, p.state, u.version FROM task_plugins u JOIN task_plans p ON p.task_id = u.task_id JOIN tasks k ON k.id = u.task_id WHERE u.namespace = @p1 AND u.package = @p2 AND p.state <> @p3 ORDER BY u.task_id OFFSET 0 ROWS FETCH NEXT @p4 ROWS ONLY
GO
SELECT u.version, count(*), min(r.dispatched_at) FROM task_plugins u JOIN runs r ON r.task_id = u.task_id WHERE u.namespace = @p1 AND u.package = @p2 AND r.state IN ('dispatched','running') GROUP BY u.version
GO
SELECT version FROM task_versions WHERE task_id = @p1 ORDER BY version DESC OFFSET @p2 ROWS FETCH NEXT 1 ROWS ONLY
GO
SELECT version, noted_at, user_name, kind, title, remark, definition FROM task_versions WHERE task_id = @p1 AND version < @p2 ORDER BY version DESC OFFSET 0 ROWS FETCH NEXT @p3 ROWS ONLY
GO
SELECT version, noted_at, user_name, kind, title, remark, definition FROM task_versions WHERE task_id = @p1 ORDER BY version DESC OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY
GO
SELECT version_id, is_applied FROM goose_db_version ORDER BY id DESC
GO
SET IDENTITY_INSERT "users" ON;INSERT INTO "users" ("name","display_name","password_hash","secret_hash","role","email","disabled","must_change","created_at","id") OUTPUT INSERTED."id" VALUES (@p1,@p2,@p3,@p4,@p5,@p6,@p7,@p8,@p9,@p10);SET IDENTITY_INSERT "users" OFF;
GO
UPDATE "secrets" SET "value"=@p1 WHERE name = @p2 AND value = @p3
GO
UPDATE "users" SET "disabled"=@p1,"display_name"=@p2,"email"=@p3,"must_change"=@p4,"password_hash"=@p5,"role"=@p6,"secret_hash"=@p7 WHERE id = @p8
GO
UPDATE api_tokens SET last_used_at = @p1 WHERE id = @p2 AND last_used_at < @p3
GO
UPDATE delayed_tasks SET next_due = NULL, state = 'failed', finished_at = @p1 WHERE id = @p2
GO
UPDATE delayed_tasks SET next_due = NULL, state = 'ready' WHERE id = @p1
GO
UPDATE delayed_tasks SET next_due = NULL, state = 'ready' WHERE id IN (@p1,@p2,@p3,@p4)
GO
UPDATE delayed_tasks SET state = 'ready', next_due = NULL WHERE id = @p1
GO
UPDATE delayed_tasks SET state = 'ready', resets = @p1, due_at = @p2, next_due = NULL, runs = 0, finished_at = 0 WHERE id = @p3
GO
UPDATE delayed_tasks SET state = 'voided', next_due = NULL, finished_at = @p1 WHERE id = @p2 AND state IN ('created','ready')
GO
UPDATE delayed_tasks SET state = @p1, due_at = @p2, next_due = @p3, resets = @p4, runs = @p5 WHERE id = @p6
GO
UPDATE delayed_tasks SET state = @p1, finished_at = @p2, runs = runs + @p3 WHERE state = 'ready' AND id IN (@p4,@p5,@p6,@p7)
GO
UPDATE incarnations SET lease_until = 0 WHERE id = @p1
GO
UPDATE incarnations SET lease_until = 0 WHERE kind = 'master' OR host <> ''
GO
UPDATE incarnations SET lease_until = CASE WHEN lease_until > @p1 AND lease_until <= @p2 THEN lease_until ELSE @p3 END WHERE id = @p4 AND lease_until > 0
GO
UPDATE leases SET holder = @p1, token = token + 1, lease_until = @p2 WHERE name = @p3 AND lease_until < @p4
GO
UPDATE leases SET lease_until = @p1 WHERE name = @p2 AND holder = @p3
GO
UPDATE nodes SET admin_state = @p1, admin_weight = @p2, admin_labels = @p3 WHERE kind = @p4 AND name = @p5
GO
UPDATE nodes SET seen_at = @p1, running = @p2, state = @p3 WHERE kind = @p4 AND name = @p5 AND incarnation = @p6
GO
UPDATE notices SET tries = tries + @p1, next_try = @p2 WHERE run_id IN (@p3,@p4,@p5,@p6)
GO
UPDATE plugin_versions SET package = '', version = id, state = @p1, touched_at = @p2 WHERE id = @p3
GO
UPDATE plugin_versions SET package = @p1, version = @p2, state = @p3, uploaded_at = @p4, touched_at = @p5 WHERE id = @p6 AND state = @p7
GO
UPDATE plugin_versions SET state = @p1 WHERE state = @p2 AND touched_at < @p3
GO
UPDATE plugin_versions SET touched_at = @p1 WHERE id = @p2 AND state = @p3
GO
UPDATE run_history SET missed_count = missed_count + @p1, last_due_at = CASE WHEN last_due_at < @p2 THEN @p3 ELSE last_due_at END, recorded_at = @p4, reason = @p5 WHERE id = @p6
GO
UPDATE runs SET fire_at = @p1 WHERE id = @p2 AND token = @p3 AND holder = @p4 AND state = 'planned'
GO
UPDATE runs SET fire_at = @p1, claim_at = @p2 WHERE id IN (@p3,@p4,@p5,@p6)
GO
UPDATE runs SET fire_at = @p1, claim_at = @p2, holder = '' WHERE delayed_id = @p3 AND delayed_id <> '' AND state = 'planned' AND fire_at > @p4
GO
UPDATE runs SET holder = '', claim_at = fire_at WHERE holder = @p1 AND holder <> '' AND state = 'planned'
GO
UPDATE runs SET holder = '', claim_at = fire_at WHERE holder = @p1 AND token = @p2 AND state = 'planned' AND id IN (@p3,@p4,@p5,@p6)
GO
UPDATE runs SET holder = @p1, claim_at = NULL, token = token + 1 OUTPUT inserted.id,inserted.namespace,inserted.task_id,inserted.task_version,inserted.delayed_id,inserted.occurrence_id,inserted.parent_run_id,inserted.triggered_by,inserted.attempt,inserted.retry,inserted.requested_by,inserted.shard,inserted.shards,inserted.queue,inserted.state,inserted.due_at,inserted.fire_at,inserted.claim_at,inserted.token,inserted.holder,inserted.worker,inserted.planned_at,inserted.dispatched_at,inserted.started_at,inserted.progress,inserted.replay_of WHERE id IN (SELECT id FROM runs WITH (UPDLOCK, ROWLOCK, READPAST, READCOMMITTEDLOCK) WHERE queue = @p2 AND claim_at <= @p3 ORDER BY claim_at OFFSET 0 ROWS FETCH NEXT @p4 ROWS ONLY)
GO
UPDATE runs SET progress = @p1 WHERE state = 'running' AND token = @p2 AND id IN (@p3,@p4,@p5,@p6)
GO
UPDATE runs SET queue = @p1 WHERE id = @p2 AND queue = @p3 AND state = 'planned' AND holder = ''
GO
UPDATE runs SET queue = @p1 WHERE queue = @p2 AND state = 'planned' AND holder = '' AND id IN (@p3,@p4,@p5,@p6)
GO
UPDATE runs SET shards = @p1 WHERE id = @p2
GO
UPDATE runs SET state = 'dispatched', holder = @p1, worker = @p2, dispatched_at = @p3 OUTPUT inserted.id WHERE state = 'planned' AND holder = @p4 AND token = @p5 AND id IN (@p6,@p7,@p8,@p9)
GO
UPDATE runs SET state = 'planned', holder = '', worker = '', dispatched_at = 0, claim_at = fire_at OUTPUT inserted.id,inserted.namespace,inserted.task_id,inserted.task_version,inserted.delayed_id,inserted.occurrence_id,inserted.parent_run_id,inserted.triggered_by,inserted.attempt,inserted.retry,inserted.requested_by,inserted.shard,inserted.shards,inserted.queue,inserted.state,inserted.due_at,inserted.fire_at,inserted.claim_at,inserted.token,inserted.holder,inserted.worker,inserted.planned_at,inserted.dispatched_at,inserted.started_at,inserted.progress,inserted.replay_of WHERE state = 'dispatched' AND token = @p1 AND id IN (@p2,@p3,@p4,@p5)
GO
UPDATE runs SET state = 'planned', holder = '', worker = '', dispatched_at = 0, fire_at = @p1, claim_at = @p2 WHERE id = @p3
GO
UPDATE runs SET state = 'running', started_at = @p1 WHERE state = 'dispatched' AND token = @p2 AND id IN (@p3,@p4,@p5,@p6)
GO
UPDATE runs SET task_version = @p1 WHERE task_id = @p2 AND task_id <> '' AND task_version = @p3
GO
UPDATE sessions SET seen_at = @p1 WHERE id = @p2
GO
UPDATE task_plans SET next_due = @p1 WHERE task_id = @p2
GO
UPDATE task_plans SET next_due = @p1, problem = @p2 WHERE task_id = @p3 AND version = @p4 AND next_due = @p5
GO
UPDATE task_plans SET state = @p1, version = version + @p2, next_due = @p3, problem = '' WHERE task_id = @p4 AND version = @p5 AND state IN (@p6)
GO
UPDATE task_plans SET version = version + 1 WHERE task_id = @p1 AND state = 'running' AND version = @p2
GO
UPDATE task_plans SET version = version + 1, next_due = NULL, problem = '' WHERE task_id = @p1 AND state = @p2 AND version = @p3
GO
UPDATE tasks SET kind = @p1, title = @p2, remark = @p3, definition = @p4, updated_at = @p5 WHERE id = @p6
GO
UPDATE tasks SET labels = @p1 WHERE id = @p2
GO
