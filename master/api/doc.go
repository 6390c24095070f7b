// Package api serves all that a master answers over HTTP: the form API (compat), the JSON API (v1), and for those who
// watch it /health, /ready and /metrics; beside them the pages of master/ui. The packages below it read requests and write answers; the rules are in manage,
// and who calls is known by auth.
package api
