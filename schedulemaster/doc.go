// Package schedulemaster brings what is in a ScheduleMaster database over: users, settings, the names of workers, tasks with
// their children, keepers and executors, and pending delayed tasks. History and statistics stay where they are.
//
// Everything is written through the services that the APIs use, so nothing comes in that a client could not have sent, and
// what they refuse is left with their reason. Tasks keep their ids, users too where they are free.
//
// An import can be repeated, beside a ScheduleMaster and a Carillon that both run:
//
//	in ScheduleMaster       here                                        import
//	new                     unknown                                     brings it; tasks are stopped
//	as it was brought       whatever                                    leaves it as it is
//	changed since           as it was brought, stopped                  changes it
//	changed since           as it was brought, running                  leaves it: stop it first
//	whatever                edited or deleted since, or made here       leaves it
//	refused by our rules    whatever                                    leaves it
//
// What a task was like when it was brought is its core.Origin; a delayed task is known by its idempotency key; a user counts
// as brought until a password is set here; of settings the values that were brought are remembered.
//
// Both systems fire what is running, and each knows nothing of the other. So tasks come stopped and delayed tasks not at all,
// unless Options.Start says that ScheduleMaster has been stopped.
package schedulemaster
