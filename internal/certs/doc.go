// Package certs is TLS between masters and workers: configurations whose certificates are read anew when their files
// change, and an authority of one's own that makes such certificates.
package certs
