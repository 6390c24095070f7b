// Package v1 is the JSON API under /api/v1. openapi.yaml beside this file describes it for its users; tests hold the
// document against the routes and the types.
//
// The types here are the API's own, apart from those of core and of the database, so that neither can change the API
// unnoticed; a noun's file holds its type and its mapping, and the file with _handle its handlers. What the client got
// wrong is answered by master/api/problem: a field that does not exist is refused by name, so that a typo is never lost.
//
// Two values are write-only: callback.secret and callback.tls.key. They are shown as Kept, and Kept given back keeps what
// is stored.
package v1
