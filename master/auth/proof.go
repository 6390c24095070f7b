package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"sync"
	"sync/atomic"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
)

const (
	// rightKept and wrongKept are how many right and wrong values are remembered, by their digests.
	rightKept = 2 * rowsKept
	wrongKept = 4096
)

// kind tells a user's two credentials apart.
type kind byte

const (
	password kind = 'p'
	secret   kind = 's'
)

// claim is what a caller claims: that value is what the stored hash was made of.
type claim struct {
	user   int64
	kind   kind
	stored string
	value  string
}

type owner struct {
	user int64
	kind kind
}

type digest [sha256.Size]byte

// proof is the digest of the right value of a stored hash.
type proof struct {
	stored string
	digest digest
}

// proofs remembers which values are right and which are wrong.
type proofs struct {
	macs  sync.Pool // of hash.Hash: HMAC-SHA256 under the key of this process
	right *lru.Cache[owner, proof]
	wrong *lru.Cache[digest, struct{}]

	flights singleflight.Group
	// hashing bounds the slow hashes at once. The claims of those who are throttled wait in line for narrow first, so
	// that however many they are they take one place at most in the line for hashing.
	hashing, narrow chan struct{}
	slow            atomic.Int64 // slow hashes made to judge claims
}

func newProofs(hashes int) (*proofs, error) {
	right, err1 := lru.New[owner, proof](rightKept)
	wrong, err2 := lru.New[digest, struct{}](wrongKept)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // crypto/rand never fails: it ends the process rather
	return &proofs{
		macs:    sync.Pool{New: func() any { return hmac.New(sha256.New, key) }},
		right:   right,
		wrong:   wrong,
		hashing: make(chan struct{}, hashes),
		narrow:  make(chan struct{}, 1),
	}, nil
}

// check judges a claim. It fails only when ctx ends or the stored hash cannot be read. throttled is asked when it takes
// a slow hash.
func (p *proofs) check(ctx context.Context, c claim, throttled func() bool) (bool, error) {
	d := p.digest(c)
	if right, known := p.known(c, d); known {
		return right, nil
	}
	for {
		right, err, _ := p.flights.Do(string(d[:]), func() (any, error) { return p.judge(ctx, c, d, throttled()) })
		switch {
		case err == nil:
			return right.(bool), nil
		case ctx.Err() == nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)):
			// The caller whose wait was shared has left; this one goes on.
		default:
			return false, err
		}
	}
}

// known says what is known of a claim without a slow hash.
func (p *proofs) known(c claim, d digest) (right, known bool) {
	if r, ok := p.right.Get(owner{c.user, c.kind}); ok && r.stored == c.stored {
		return subtle.ConstantTimeCompare(r.digest[:], d[:]) == 1, true
	}
	_, known = p.wrong.Get(d)
	return false, known
}

// judge makes the slow hash, when it is still needed after the wait.
func (p *proofs) judge(ctx context.Context, c claim, d digest, throttled bool) (bool, error) {
	if throttled {
		if err := enter(ctx, p.narrow); err != nil {
			return false, err
		}
		defer leave(p.narrow)
	}
	if err := enter(ctx, p.hashing); err != nil {
		return false, err
	}
	defer leave(p.hashing)
	if right, known := p.known(c, d); known {
		return right, nil
	}
	p.slow.Add(1)
	right, err := matches(c.stored, c.value)
	switch {
	case err != nil:
		return false, fmt.Errorf("user %d: %w", c.user, err)
	case right:
		p.right.Add(owner{c.user, c.kind}, proof{c.stored, d})
	default:
		p.wrong.Add(d, struct{}{})
	}
	return right, nil
}

// learn remembers a claim that is known to be right because the hash was just made of the value.
func (p *proofs) learn(c claim) {
	p.right.Add(owner{c.user, c.kind}, proof{c.stored, p.digest(c)})
}

// digest is what is kept of a claim's value.
func (p *proofs) digest(c claim) (d digest) {
	mac := p.macs.Get().(hash.Hash)
	defer p.macs.Put(mac)
	mac.Reset()
	// Each part before the value has a fixed length or says its own, so no two claims make the same text.
	head := make([]byte, 0, 256)
	head = append(head, byte(c.kind))
	head = binary.BigEndian.AppendUint64(head, uint64(c.user)) // #nosec G115 -- only its bits matter
	head = binary.BigEndian.AppendUint32(head, uint32(len(c.stored)))
	head = append(head, c.stored...)
	head = append(head, c.value...)
	_, _ = mac.Write(head)
	mac.Sum(d[:0])
	return d
}

func enter(ctx context.Context, gate chan struct{}) error {
	select {
	case gate <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func leave(gate chan struct{}) { <-gate }
