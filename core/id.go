package core

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"
)

// RunID derives the id of a run from its due instant and its key: a version 8 UUID (RFC 9562, section 5.8) whose first
// 48 bits are the due instant in Unix milliseconds and whose other bits come from the SHA-256 of the key.
//
// Because the id is a function of the key, "a due instant never yields two runs" is the primary key of the table, in
// the queue and in the history alike; because it begins with the due instant, rows of one day lie together, pages of
// runs are read in due order without another index, and old ones are deleted as one range.
func RunID(due time.Time, key string) string {
	sum := sha256.Sum256([]byte(key))
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], uint64(max(due.UnixMilli(), 0))<<16)
	copy(id[6:], sum[:10])
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return formatUUID(id)
}

// FirstRunID is the lowest id that a run due at or after t can have: the bound of a range over ids.
func FirstRunID(t time.Time) string {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], uint64(max(t.UnixMilli(), 0))<<16)
	return formatUUID(id)
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
