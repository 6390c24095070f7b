// Package join keeps the token that workers join with, in the database, where all masters find it.
//
//	in force   what `carillon join-token` prints; made at the first start of a master, or the one that master was given
//	former     rotated away, and accepted until its grace is over; only its hash is kept
//	refused    any other, and a former one after its grace
//
// A rotation puts a new token in force at once, at every master: each reads the tokens anew for every worker that joins.
// Workers that are connected stay so, for the token is looked at when a stream is opened.
//
// A master may be given its token (CARILLON_JOIN_TOKEN). One that nobody has seen is put in force as by a rotation, so the
// token of a cluster can be changed by restarting its masters in turn. One that was rotated away stays so: a master that
// restarts with an old environment must not bring back what was taken out of use.
package join
