package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/carillonhq/carillon/plugins/pack"
)

// The pauses between attempts at a piece that could not be had, and how long one may take.
const (
	fetchPause    = 100 * time.Millisecond
	fetchPauseMax = 5 * time.Second
	chunkTimeout  = 30 * time.Second
)

// maxChunks bounds how many pieces a package may be in.
const maxChunks = 1 << 20

// partial is a package file of which some pieces came.
type partial struct {
	file   *os.File
	next   int // number of the first piece that is not in the file
	chunks int
	size   int64 // of the whole, as said with the first piece
	have   int64
}

func (p *partial) discard() {
	_ = p.file.Close()
	_ = os.Remove(p.file.Name())
}

// fetch gets a package file into the cache. When it is interrupted, the next one goes on where it was.
func (c *cache) fetch(ctx context.Context, e *entry) error {
	c.mu.Lock()
	p := e.partial
	e.partial = nil
	c.mu.Unlock()
	if p == nil {
		f, err := os.CreateTemp(c.packages, ".fetch-*")
		if err != nil {
			return fmt.Errorf("make a file for the package: %w", err)
		}
		p = &partial{file: f}
	}
	if err := c.pieces(ctx, e.digest, p); err != nil {
		if ctx.Err() != nil && p.next > 0 {
			c.mu.Lock()
			e.partial = p
			c.mu.Unlock()
			return context.Cause(ctx)
		}
		p.discard()
		return err
	}
	if err := c.keep(e, p); err != nil {
		p.discard()
		return err
	}
	return nil
}

// pieces asks for one piece after the other until all have come.
func (c *cache) pieces(ctx context.Context, digest string, p *partial) error {
	pause, got := fetchPause, time.Now()
	for p.chunks == 0 || p.next < p.chunks {
		asking, cancel := context.WithTimeout(ctx, chunkTimeout)
		chunk, err := c.o.Fetch(asking, digest, p.next)
		cancel()
		if err == nil {
			if err := p.add(chunk, c.maxPacked()); err != nil {
				return err
			}
			pause, got = fetchPause, time.Now()
			continue
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, ErrRefused):
			return fmt.Errorf("the package cannot be had: %w", err)
		case time.Since(got) > c.o.FetchPatience:
			return fmt.Errorf("the package did not come: for %s there was nothing but: %w", c.o.FetchPatience, err)
		}
		c.o.Logger.Warn("a piece of a plugin package could not be had and is asked for again", "digest", digest, "piece", p.next, "error", err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause = min(2*pause, fetchPauseMax)
	}
	if p.have != p.size {
		return fmt.Errorf("the package came with %d bytes instead of %d", p.have, p.size)
	}
	return nil
}

func (c *cache) maxPacked() int64 {
	if c.o.Package.Packed > 0 {
		return c.o.Package.Packed
	}
	return pack.DefaultMaxPacked
}

// add writes the next piece to the file.
func (p *partial) add(chunk Chunk, most int64) error {
	if p.next == 0 {
		p.chunks, p.size = chunk.Chunks, chunk.Size
	}
	switch {
	case chunk.Chunks != p.chunks || chunk.Size != p.size:
		return errors.New("the package changed while it was fetched")
	case chunk.Chunks < 1 || chunk.Chunks > maxChunks || chunk.Size < 1 || chunk.Size > most:
		return fmt.Errorf("the package has %d bytes in %d pieces: from 1 to %d bytes are taken here", chunk.Size, chunk.Chunks, most)
	case len(chunk.Data) == 0 || p.have+int64(len(chunk.Data)) > p.size:
		return fmt.Errorf("piece %d of the package has %d bytes, which cannot be", p.next, len(chunk.Data))
	}
	if _, err := p.file.WriteAt(chunk.Data, p.have); err != nil {
		return fmt.Errorf("write the package: %w", err)
	}
	p.have += int64(len(chunk.Data))
	p.next++
	return nil
}

// keep puts a whole file in its place if it is the right one.
func (c *cache) keep(e *entry, p *partial) error {
	if _, err := p.file.Seek(0, 0); err != nil {
		return fmt.Errorf("read the package: %w", err)
	}
	digest, err := pack.Digest(p.file)
	if err != nil {
		return err
	}
	if digest != e.digest {
		return fmt.Errorf("the package that came has the digest %s instead of %s", digest, e.digest)
	}
	if err := p.file.Close(); err != nil {
		return fmt.Errorf("write the package: %w", err)
	}
	if err := os.Rename(p.file.Name(), c.file(e.digest)); err != nil {
		return fmt.Errorf("put the package in the cache: %w", err)
	}
	c.o.Logger.Info("a plugin package was fetched", "digest", e.digest, "bytes", p.size)
	return nil
}
