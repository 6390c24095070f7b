package auth

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost is what one slow hash costs. It is written into each hash, so hashes of an older cost go on working.
type Cost struct {
	MemoryKiB uint32 // memory, in KiB
	Passes    uint32 // passes over that memory
}

// DefaultCost is what OWASP's password storage cheat sheet advises for Argon2id with one lane: 19 MiB and two passes.
// It takes some 25 ms of one core.
func DefaultCost() Cost { return Cost{MemoryKiB: 19 << 10, Passes: 2} }

const (
	lanes    = 1
	saltSize = 16
	keySize  = 32
	// maxMemoryKiB and maxPasses keep a damaged row from taking the whole machine.
	maxMemoryKiB = 1 << 20
	maxPasses    = 32
)

// hash gives a new Argon2id hash of value in PHC string form: $argon2id$v=19$m=…,t=…,p=…$salt$key.
func (c Cost) hash(value string) string {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // crypto/rand never fails: it ends the process rather
	key := argon2.IDKey([]byte(value), salt, c.Passes, c.MemoryKiB, lanes, keySize)
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.MemoryKiB, c.Passes, lanes,
		enc.EncodeToString(salt), enc.EncodeToString(key))
}

var errNotPHC = errors.New("the stored hash is not an Argon2id hash in PHC string form")

// matches says whether value is the one that stored was made of.
func matches(stored, value string) (bool, error) {
	// A PHC string begins with its separator, so the first part is empty.
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false, errNotPHC
	}
	var memory, passes uint32
	var threads uint8
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &threads); err != nil {
		return false, errNotPHC
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	key, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(key) < 16 || len(key) > 64 || threads < 1 || passes < 1 || passes > maxPasses || memory > maxMemoryKiB {
		return false, errNotPHC
	}
	got := argon2.IDKey([]byte(value), salt, passes, memory, threads, uint32(len(key))) // #nosec G115 -- bounded above
	return subtle.ConstantTimeCompare(got, key) == 1, nil
}
