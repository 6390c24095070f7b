// Package messages says in English or Chinese what Carillon has to tell people.
//
// The English text is the key: code writes it where it is meant, as the format of a core.Error or of Text, and the
// tables of this package give the Chinese for it. A text missing from the tables is said in English; the tests of this
// package read the source of core, store and master and name every text that is missing, and every entry that nothing
// says any more.
package messages
