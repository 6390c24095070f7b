package callback

import (
	"compress/gzip"
	"strings"
)

// isGzip reads a Content-Encoding.
func isGzip(encoding string) bool { return strings.EqualFold(encoding, "gzip") }

// unzipped is an answer's body without the compression that was asked for on our own account.
type unzipped struct {
	*directBody
	reader *gzip.Reader
	err    error
}

// Read begins to unpack when it is called first: the head of the compressed data is part of the body.
func (u *unzipped) Read(p []byte) (int, error) {
	if u.reader == nil && u.err == nil {
		u.reader, u.err = gzip.NewReader(u.directBody)
	}
	if u.err != nil {
		return 0, u.err
	}
	return u.reader.Read(p)
}
