// Package rpc is the protocol between masters and workers: the messages (carillon.proto), what they carry of package
// core, and the stream that both sides speak over, be it gRPC between machines or a pipe inside one process.
package rpc
