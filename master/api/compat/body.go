package compat

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"

	"github.com/carillonhq/carillon/core"
)

// The limits of a request.
const (
	maxBody   = 1 << 20 // bytes
	maxFields = 2000    // so that looking fields up stays cheap
	// maxDrain is how much of a body over the limit is read on and dropped: most clients read no answer before they have
	// sent everything.
	maxDrain = 16 << 20 // bytes
	// maxKept is the largest buffer that is kept for the next call, in bytes.
	maxKept = 64 << 10
)

const (
	typeForm      = "application/x-www-form-urlencoded"
	typeJSON      = "application/json"
	typeMultipart = "multipart/form-data"
)

// scratch is the memory of a call that the next one takes over.
type scratch struct {
	raw   []byte
	spans []span
	out   []byte
}

func (a *api) recycle(s *scratch) {
	if cap(s.raw) <= maxKept && cap(s.out) <= maxKept && cap(s.spans) <= maxFields {
		a.scratch.Put(s)
	}
}

// readForm reads the fields of a request: those of its body, then those of its query string. The form is good until the
// scratch is used again; the texts it gives are good for ever.
func (s *scratch) readForm(r *http.Request) (form, error) {
	s.raw, s.spans = s.raw[:0], s.spans[:0]
	if r.Method == http.MethodPost {
		if err := s.readBody(r); err != nil {
			return form{}, err
		}
	}
	if query := r.URL.RawQuery; query != "" {
		s.raw = append(s.raw, '&')
		from := len(s.raw)
		s.raw = append(s.raw, query...)
		s.decode(from)
	}
	if len(s.spans) > maxFields {
		return form{}, core.Malformed("", "the form has more than %d fields", maxFields)
	}
	f := form{text: string(s.raw), spans: s.spans}
	if err := f.check(); err != nil {
		return form{}, err
	}
	return f, nil
}

func (s *scratch) readBody(r *http.Request) error {
	var err error
	if s.raw, err = readAll(r, s.raw); err != nil {
		return err
	}
	contentType := r.Header.Get("Content-Type")
	switch {
	case hasFoldedPrefix(contentType, typeForm):
	case hasFoldedPrefix(contentType, typeMultipart):
		return s.readParts(contentType)
	case looksLikeDocument(s.raw):
		return core.Malformed("", "the body must be a form, of type %s or %s", typeForm, typeMultipart)
	}
	s.decode(0)
	return nil
}

// looksLikeDocument tells JSON and XML from a form that came under another content type, or under none.
func looksLikeDocument(body []byte) bool {
	body = bytes.TrimSpace(body)
	return len(body) > 0 && bytes.IndexByte([]byte(`{[<"`), body[0]) >= 0
}

// readAll reads a body to its end into buf.
func readAll(r *http.Request, buf []byte) ([]byte, error) {
	if r.ContentLength > maxBody {
		return buf, tooLarge(r)
	}
	if need := int(r.ContentLength) + 1; cap(buf) < need {
		buf = make([]byte, 0, need)
	}
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		_, cut := errors.AsType[*http.MaxBytesError](err) // the router may have a limit of its own
		switch {
		case cut || len(buf) > maxBody:
			return buf, tooLarge(r)
		case errors.Is(err, io.EOF):
			return buf, nil
		case err != nil:
			return buf, core.Malformed("", "the body could not be read to its end")
		}
	}
}

// tooLarge refuses a body over the limit. A client that waits for leave to send it is answered at once.
func tooLarge(r *http.Request) error {
	if r.Header.Get("Expect") == "" {
		_, _ = io.CopyN(io.Discard, r.Body, maxDrain)
	}
	return &core.Error{Code: core.CodeTooLarge, Format: "the body has more than %d bytes", Args: []any{maxBody}}
}

// readParts reads a multipart body in place of an url-encoded one. Files are no fields and are passed over.
func (s *scratch) readParts(contentType string) error {
	refused := core.Malformed("", "the multipart body cannot be read")
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil || params["boundary"] == "" {
		return refused
	}
	parts := multipart.NewReader(bytes.NewReader(bytes.Clone(s.raw)), params["boundary"])
	s.raw = s.raw[:0]
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return refused
		}
		if part.FileName() != "" || part.FormName() == "" {
			continue
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return refused
		}
		s.add(part.FormName(), value)
	}
}

func hasFoldedPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && foldEqual(s[:len(prefix)], prefix)
}
