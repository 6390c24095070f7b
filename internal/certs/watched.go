package certs

import (
	"log/slog"
	"os"
	"sync"
)

// watched is what was made of files, made anew when one of them has changed. What cannot be read or does not fit together
// leaves the last that did in force: while certificates are renewed, the files are for a moment at odds.
type watched[T any] struct {
	paths []string
	build func() (T, error)
	log   *slog.Logger

	mu   sync.Mutex
	made T
	seen []os.FileInfo // the files as they were before they were last read; nil for one that was not there
}

// watch reads the files for the first time. Empty paths are left out.
func watch[T any](log *slog.Logger, build func() (T, error), paths ...string) (*watched[T], error) {
	w := &watched[T]{build: build, log: log}
	for _, path := range paths {
		if path != "" {
			w.paths = append(w.paths, path)
		}
	}
	w.seen = w.look()
	var err error
	w.made, err = build()
	return w, err
}

// latest gives what the files make, as they are now.
func (w *watched[T]) latest() T {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.look()
	if same(w.seen, now) {
		return w.made
	}
	w.seen = now
	made, err := w.build()
	if err != nil {
		w.log.Warn("changed certificates cannot be used; those before stay in force", "files", w.paths, "error", err)
		return w.made
	}
	w.log.Info("certificates were read anew", "files", w.paths)
	w.made = made
	return made
}

func (w *watched[T]) look() []os.FileInfo {
	infos := make([]os.FileInfo, len(w.paths))
	for i, path := range w.paths {
		if info, err := os.Stat(path); err == nil {
			infos[i] = info
		}
	}
	return infos
}

func same(before, now []os.FileInfo) bool {
	for i, a := range before {
		b := now[i]
		if (a == nil) != (b == nil) || a != nil && !(a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size() && os.SameFile(a, b)) {
			return false
		}
	}
	return true
}
