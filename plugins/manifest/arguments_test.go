package manifest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/manifest"
)

const typed = `
name: typed
version: 1.0.0
executables: {any: a.sh}
tasks:
  all:
    parameters:
      type: object
      additionalProperties: false
      $defs: {size: {type: integer, default: 7}, loop: {$ref: "#/$defs/loop"}}
      properties:
        text: {type: string}
        count: {type: integer, minimum: 1, maximum: 10}
        ratio: {type: number}
        yes: {type: boolean}
        list: {type: array, items: {type: integer}}
        map: {type: object, properties: {a: {type: integer}}, required: [a]}
        color: {enum: [red, green]}
        level: {enum: [1, 2]}
        either: {type: [integer, string]}
        maybe: {type: [integer, "null"]}
        any: {oneOf: [{type: boolean}, {type: integer}]}
        size: {$ref: "#/$defs/size"}
        mail: {type: string, format: email}
        code: {type: string, pattern: "^[A-Z]+$", maxLength: 3}
        free: {}
  needs: {parameters: {required: [name], properties: {name: {type: string}, n: {type: integer}}}}
  open: {parameters: {additionalProperties: {type: integer}, patternProperties: {"^is": {type: boolean}}}}
  bare: {}
`

func TestArgumentsAreTyped(t *testing.T) {
	t.Parallel()
	m, err := manifest.Parse([]byte(typed))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		task   string
		params []core.Param
		want   string
	}{
		"none":               {"all", nil, `{"size":7}`},
		"text stays":         {"all", given("text", "5"), `{"size":7,"text":"5"}`},
		"text may be empty":  {"all", given("text", ""), `{"size":7,"text":""}`},
		"integer":            {"all", given("count", "5"), `{"size":7,"count":5}`},
		"integer empty":      {"all", given("count", ""), `{"size":7}`},
		"integer as float":   {"all", given("count", "5.0"), `{"size":7,"count":5.0}`},
		"number":             {"all", given("ratio", "-1.5e3"), `{"size":7,"ratio":-1.5e3}`},
		"many digits":        {"all", given("ratio", "12345678901234567890.5"), `{"size":7,"ratio":12345678901234567890.5}`},
		"boolean":            {"all", given("yes", "true"), `{"size":7,"yes":true}`},
		"boolean, as in C#":  {"all", given("yes", "False"), `{"size":7,"yes":false}`},
		"array":              {"all", given("list", "[1, 2]"), `{"size":7,"list":[1,2]}`},
		"object":             {"all", given("map", `{"a": 1}`), `{"size":7,"map":{"a":1}}`},
		"enum of texts":      {"all", given("color", "red"), `{"size":7,"color":"red"}`},
		"enum of numbers":    {"all", given("level", "2"), `{"size":7,"level":2}`},
		"number where it is": {"all", given("either", "2"), `{"size":7,"either":2}`},
		"else text":          {"all", given("either", "two"), `{"size":7,"either":"two"}`},
		"null":               {"all", given("maybe", "null"), `{"size":7,"maybe":null}`},
		"one of":             {"all", given("any", "3"), `{"size":7,"any":3}`},
		"referred to":        {"all", given("size", "8"), `{"size":8}`},
		"format":             {"all", given("mail", "a@example.org"), `{"size":7,"mail":"a@example.org"}`},
		"free is text":       {"all", given("free", "5"), `{"size":7,"free":"5"}`},
		"required":           {"needs", given("name", "x"), `{"name":"x"}`},
		"additional":         {"open", given("x", "5", "isIt", "true"), `{"x":5,"isIt":true}`},
		"without a schema":   {"bare", given("x", "5", "y", "true"), `{"x":"5","y":"true"}`},
		"bare and none":      {"bare", nil, `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args, err := m.Arguments(c.task, c.params)
			require.NoError(t, err)
			require.JSONEq(t, c.want, string(args))
		})
	}
	args, err := m.Arguments("all", given("ratio", "12345678901234567890.5"))
	require.NoError(t, err)
	require.Contains(t, string(args), "12345678901234567890.5", "numbers keep their digits")
}

func TestArgumentsAreRefused(t *testing.T) {
	t.Parallel()
	m, err := manifest.Parse([]byte(typed))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		task        string
		params      []core.Param
		field, says string
	}{
		"unknown task":      {"al", nil, "plugin.task", "is not in typed@1.0.0; did you mean all?"},
		"unknown":           {"all", given("coutn", "5"), "params", "coutn is not known; did you mean count?"},
		"twice":             {"all", given("text", "a", "text", "b"), "params", "text is given twice"},
		"missing":           {"needs", nil, "params", "name is required"},
		"not an integer":    {"all", given("count", "five"), "params", "count must be of type integer"},
		"a fraction":        {"all", given("count", "1.5"), "params", "count must be of type integer"},
		"too small":         {"all", given("count", "0"), "params", "count does not fit its schema: minimum: got 0, want 1"},
		"too large":         {"all", given("count", "11"), "params", "count does not fit its schema: maximum"},
		"not a number":      {"all", given("ratio", "NaN"), "params", "ratio must be of type number"},
		"not a boolean":     {"all", given("yes", "yes"), "params", "yes must be of type boolean"},
		"not an array":      {"all", given("list", "1"), "params", "list must be of type array"},
		"item of an array":  {"all", given("list", `[1,"a"]`), "params", "list.1 must be of type integer"},
		"not an object":     {"all", given("map", "[1]"), "params", "map must be of type object"},
		"missing in object": {"all", given("map", "{}"), "params", "map.a is required"},
		"enum":              {"all", given("color", "blue"), "params", "color does not fit its schema: value must be one of 'red', 'green'"},
		"one of":            {"all", given("any", "x"), "params", "any must be of type"},
		"format":            {"all", given("mail", "nobody"), "params", "mail does not fit its schema: 'nobody' is not valid email"},
		"pattern":           {"all", given("code", "abc"), "params", "code does not fit its schema"},
		"too long":          {"all", given("code", "ABCD"), "params", "code does not fit its schema: maxLength: got 4, want 3"},
		"additional":        {"open", given("x", "y"), "params", "x must be of type integer"},
		"two JSON values":   {"all", given("list", "[1] [2]"), "params", "list must be of type array"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := m.Arguments(c.task, c.params)
			requireError(t, err, c.field, c.says)
		})
	}
}

func given(pairs ...string) []core.Param {
	var params []core.Param
	for i := 0; i < len(pairs); i += 2 {
		params = append(params, core.Param{Key: pairs[i], Value: pairs[i+1]})
	}
	return params
}

func TestEndlessSchemas(t *testing.T) {
	t.Parallel()
	for _, schema := range []string{
		"{$ref: '#'}",
		"{properties: {p: {$ref: '#/$defs/a'}}, $defs: {a: {$ref: '#/$defs/b'}, b: {$ref: '#/$defs/a'}}}",
		"{properties: {p: {allOf: [{$ref: '#/properties/p'}]}}}",
	} {
		m, err := manifest.Parse([]byte("name: a\nversion: 1.0.0\nexecutables: {any: a.sh}\ntasks: {t: {parameters: " + schema + "}}\n"))
		if err == nil {
			_, err = m.Arguments("t", given("p", "1"))
		}
		t.Log(err)
		require.Error(t, err, schema)
	}
}
