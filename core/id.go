package core

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"
)

// RunID derives the id of a run from its due instant and its key: a version 8 UUID (RFC 9562, section 5.8). Its first 48
// bits are the due instant in Unix milliseconds; the next 32 place it among the runs of that instant, after the thing
// that its key names first, by when that was made; the other 42 come from the SHA-256 of the key. A key that names no
// UUID gives all 74 bits by its hash.
//
// Because the id is a function of the key, "a due instant never yields two runs" is the primary key of the table, in
// the queue and in the history alike. Because it begins with the due instant, pages of runs are read in due order without
// another index, and old ones are deleted as one range. And because runs of one instant lie in the order in which their
// delayed tasks were made, a burst of them walks through every index from one end to the other: with hashes alone each
// run touched pages of its own, which took half of the database's time.
func RunID(due time.Time, key string) string {
	sum := sha256.Sum256([]byte(key))
	var id [16]byte
	copy(id[6:], sum[:10])
	if place, ok := placeOf(key); ok {
		id[6], id[7] = byte(place>>28), byte(place>>20)
		id[8], id[9] = byte(place>>14), byte(place>>6)
		id[10] = byte(place<<2) | id[10]&0x03
	}
	putDue(&id, due)
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return formatUUID(id)
}

// placeOf gives the 32 bits that a key's first UUID contributes. Of a version 7 UUID they are the last 20 bits of its
// millisecond, about 17 minutes, and the 12 that count on within it; of a run's id they are that run's own.
func placeOf(key string) (place uint32, ok bool) {
	if len(key) < 38 || key[1] != ':' {
		return 0, false
	}
	var b [16]byte
	text := key[2:38]
	digits := text[0:8] + text[9:13] + text[14:18] + text[19:23] + text[24:36]
	if _, err := hex.Decode(b[:], []byte(digits)); err != nil {
		return 0, false
	}
	switch b[6] >> 4 {
	case 7:
		return uint32(b[3]&0x0f)<<28 | uint32(b[4])<<20 | uint32(b[5])<<12 | uint32(b[6]&0x0f)<<8 | uint32(b[7]), true
	case 8:
		return uint32(b[6]&0x0f)<<28 | uint32(b[7])<<20 | uint32(b[8]&0x3f)<<14 | uint32(b[9])<<6 | uint32(b[10])>>2, true
	}
	return 0, false
}

// MaxShards is how many workers a firing goes to at most.
const MaxShards = 1 << (4 * shardDigits)

// shardDigits is how many hexadecimal digits at the end of a run's id are the number of its shard.
const shardDigits = 3

// ShardID gives the id of shard number shard, counted from 0, of the firing whose key made id: its last three digits are
// the number. So the shards of a firing are a range of ids, which no index of its own must lead to, and any of them names
// the firing.
func ShardID(id string, shard int) string {
	return fmt.Sprintf("%s%0*x", id[:len(id)-shardDigits], shardDigits, shard)
}

// FirstRunID is the lowest id that a run due at or after t can have: the bound of a range over ids.
func FirstRunID(t time.Time) string {
	var id [16]byte
	putDue(&id, t)
	return formatUUID(id)
}

// FirstOfInstant is the lowest id that a run due at the same instant as that with this id can have.
func FirstOfInstant(id string) string { return id[:14] + "0000-0000-000000000000" }

// putDue writes an instant into the first 48 bits.
func putDue(id *[16]byte, t time.Time) {
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(max(t.UnixMilli(), 0)))
	copy(id[:6], ms[2:])
}

// The keys that make a run unique. Each names the one cause that the run can have.

// ScheduleKey is the key of the run that a task's schedule causes at due.
func ScheduleKey(taskID string, version int64, due time.Time) string {
	return fmt.Sprintf("s:%s:%d:%d", taskID, version, due.UnixMicro())
}

// MissedKey is the key of the record of a stretch of missed firings that begins at first.
func MissedKey(taskID string, version int64, first time.Time) string {
	return fmt.Sprintf("x:%s:%d:%d", taskID, version, first.UnixMicro())
}

// DelayedKey is the key of the first run of a delayed task after its nth reset (0 when never reset).
func DelayedKey(delayedID string, reset int) string {
	return fmt.Sprintf("d:%s:%d", delayedID, reset)
}

// ChildKey is the key of the run of a child that the outcome of a parent's run causes.
func ChildKey(parentRunID, childID string) string {
	return "c:" + parentRunID + ":" + childID
}

// RetryKey is the key of the nth run of an occurrence (the first is 1; retries and recovery runs count on from 2).
func RetryKey(occurrenceID string, n int) string {
	return fmt.Sprintf("r:%s:%d", occurrenceID, n)
}

// ManualKey is the key of a run asked for by hand; request is unique to the asking.
func ManualKey(request string) string { return "m:" + request }

// ReplayKey is the key of a run that does an ended one again; request is unique to the asking.
func ReplayKey(runID, request string) string { return "p:" + runID + ":" + request }

func formatUUID(id [16]byte) string {
	var b [36]byte
	hex.Encode(b[0:8], id[0:4])
	b[8] = '-'
	hex.Encode(b[9:13], id[4:6])
	b[13] = '-'
	hex.Encode(b[14:18], id[6:8])
	b[18] = '-'
	hex.Encode(b[19:23], id[8:10])
	b[23] = '-'
	hex.Encode(b[24:36], id[10:16])
	return string(b[:])
}
