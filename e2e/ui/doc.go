// Package ui drives the pages in a headless Chromium, as people do: a whole server in this process, and a browser beside it.
// Its tests hold every page to what all pages promise; the command in screenshots shows what they look like.
package ui
