package ui

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSchemaRows(t *testing.T) {
	t.Parallel()
	var schema map[string]any
	require.NoError(t, json.Unmarshal([]byte(`{"type":"object","required":["name"],"additionalProperties":false,"properties":{
		"times":{"type":"integer","minimum":1,"maximum":100,"default":1,"description":"how often"},
		"name":{"type":"string","minLength":1,"pattern":"^a"},
		"how":{"enum":["fast",7,null]},
		"any":true,
		"to":{"type":"array","items":{"type":"object","required":["url"],"properties":{"url":{"type":"string","format":"uri"}}}},
		"tags":{"type":"array","items":{"type":"string"}},
		"limit":{"type":["integer","null"],"title":"The limit"}}}`), &schema))
	rows, open := schemaRows(schema)
	require.False(t, open)
	require.Equal(t, []schemaRow{
		{Name: "name", Type: "string", Required: true, Rules: []string{"minLength 1", "pattern ^a"}},
		{Name: "any"},
		{Name: "how", Rules: []string{`"fast" | 7 | null`}},
		{Name: "limit", Type: "integer | null", Description: "The limit"},
		{Name: "tags", Type: "string[]"},
		{Name: "times", Type: "integer", Description: "how often", Default: "1", Rules: []string{"≥ 1", "≤ 100"}},
		{Name: "to", Type: "object[]"},
		{Name: "to[].url", Type: "string", Required: true, Rules: []string{"format uri"}},
	}, rows)

	rows, open = schemaRows(nil)
	require.Empty(t, rows)
	require.True(t, open, "what has no schema takes any")
}
