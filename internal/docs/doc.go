// Package docs holds the tests that hold the documents against the code, so that neither changes without the other. It has
// no code of its own.
package docs
