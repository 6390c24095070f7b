// Package schedule computes the due instants that a schedule names, and refuses schedules that name none.
//
// Everything here is a pure function of the schedule, the instants and the zone given: nothing reads a clock, and two
// masters with the same zone of the server give the same answers. Due instants are whole microseconds in UTC, as the
// store keeps them.
package schedule
