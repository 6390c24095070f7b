// Package auth says who calls: users, their passwords and their API secrets.
//
// What is stored of a user are two Argon2id hashes, one of the password and one of the API secret that ScheduleMaster
// clients send (core.APISecret). Neither can be used as a credential, so a leaked database lets nobody in.
//
// A slow hash per call would cost far more than the call itself, so a value that was once found right is remembered: not
// itself, but its HMAC-SHA256 under a key made at random at the start of the process and kept in memory only, bound to
// the user and to the stored hash. From then on a call costs one HMAC and one comparison in constant time, and a wrong
// value is told as cheaply as a right one, because a stored hash has exactly one right value.
//
//	call ── row (at most 1 s old) ── right value known? ── yes ── compare ──────────────── right or wrong
//	                                        └─ no ── known wrong value? ── yes ─────────── wrong
//	                                                      └─ no ── slow hash, a few at once ── right or wrong, remembered
//
// A refusal tells nothing: a wrong value, a disabled user and an unknown name get the same answer after the same time.
// Whoever was wrong too often is throttled, which makes refusals slower and lets their slow hashes wait in one line of
// their own. A right value always passes.
package auth
