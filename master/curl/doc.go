// Package curl reads a curl command into the callback that makes the same request, so that what was tried by hand, or copied
// out of a browser, need not be written again.
//
// The command is read as a shell reads it: quotes, $'…', backslashes and lines that go on. Nothing is run and nothing is
// looked up: variables and commands within the command are refused, and so are files. An option that changes the request
// in a way that a callback does not know is named, with why; one that only says what curl does with the answer is passed
// over.
package curl
