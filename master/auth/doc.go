// Package auth says who calls: users, their passwords and their API secrets.
//
// What is stored of a user are two Argon2id hashes, one of the password and one of the API secret that ScheduleMaster
// clients send (core.APISecret). Neither can be used as a credential, so a leaked database lets nobody in.
//
// A user who was brought from ScheduleMaster has the hash of the API secret only, for all that is known there of the password
// is an MD5, of which the secret is made. Such a user signs in with the old password, which is held against the secret, until
// a password is set here.
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
// An API token is 130 random bits, so a SHA-256 of it is enough: it is what is stored, and what the token is looked for by.
// Who has a token calls as its user, with the lesser role of both.
//
// A refusal tells nothing: a wrong value, a disabled user and an unknown name get the same answer after the same time.
// Whoever was wrong too often is throttled, which makes refusals slower and lets their slow hashes wait in one line of
// their own. A right value always passes.
package auth
