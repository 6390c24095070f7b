package manifest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/manifest"
)

const whole = `
name: hello
version: 1.2.3
description: Says hello
executables:
  linux/amd64: bin/hello-linux-amd64
  windows/amd64: bin/hello.exe
  any: hello.py
tasks:
  greet:
    title: Greet
    description: Greets people
    parameters:
      type: object
      required: [name]
      properties:
        name: {type: string, minLength: 1}
        times: {type: integer, minimum: 1, maximum: 9007199254740993, default: 1}
        since: {type: string, format: date, default: 2020-01-02}
  quiet: {}
limits:
  memory: 512MiB
  addressSpace: 1000
  cpuSeconds: 10
  openFiles: 100
  processes: 20
concurrency: 4
`

func TestAManifestIsReadWhole(t *testing.T) {
	t.Parallel()
	m, err := manifest.Parse([]byte(whole))
	require.NoError(t, err)
	require.Equal(t, "hello", m.Name)
	require.Equal(t, manifest.Limits{Memory: 512 << 20, AddressSpace: 1000, CPUSeconds: 10, OpenFiles: 100, Processes: 20}, m.Limits)
	require.Equal(t, 4, m.Concurrency)
	require.Len(t, m.Tasks, 2)
	require.Equal(t, "Greet", m.Tasks["greet"].Title)
	properties := m.Tasks["greet"].Parameters["properties"].(map[string]any)
	require.Equal(t, "2020-01-02", properties["since"].(map[string]any)["default"], "a date stays the text it is written as")
}

func TestAManifestGoesThroughJSON(t *testing.T) {
	t.Parallel()
	m, err := manifest.Parse([]byte(whole))
	require.NoError(t, err)
	text, err := json.Marshal(m)
	require.NoError(t, err)
	again, err := manifest.FromJSON(text)
	require.NoError(t, err)
	twice, err := json.Marshal(again)
	require.NoError(t, err)
	require.JSONEq(t, string(text), string(twice))
	require.Contains(t, string(twice), "9007199254740993", "the bounds of a schema keep all their digits")
	args, err := again.Arguments("greet", []core.Param{{Key: "name", Value: "x"}})
	require.NoError(t, err)
	require.JSONEq(t, `{"name":"x","times":1,"since":"2020-01-02"}`, string(args))

	_, err = manifest.FromJSON([]byte("{"))
	require.Equal(t, core.CodeMalformed, core.CodeOf(err))
}

// minimal is a manifest that is right, in which a line can be replaced or added.
const minimal = "name: a\nversion: 1.0.0\nexecutables: {any: a.sh}\ntasks: {t: {}}\n"

func TestManifestsAreRefused(t *testing.T) {
	t.Parallel()
	_, err := manifest.Parse([]byte(minimal))
	require.NoError(t, err)
	deep := strings.Repeat("[", 20_000)
	for name, c := range map[string]struct{ text, field, says string }{
		"empty":                {"", "plugin.yaml", "is empty"},
		"no YAML":              {"\tx", "plugin.yaml", "is not right"},
		"deep":                 {"name: " + deep, "plugin.yaml", "is not right"},
		"a list":               {"- a", "plugin.yaml", "is not right"},
		"long":                 {strings.Repeat("#", manifest.MaxSize+1), "plugin.yaml", "at most"},
		"two documents":        {minimal + "---\nname: b\n", "plugin.yaml", "one YAML document"},
		"key twice":            {minimal + "name: b\n", "plugin.yaml", "already defined"},
		"unknown key":          {minimal + "verssion: 1\n", "verssion", "did you mean version?"},
		"unknown key in task":  {swap("tasks", "tasks: {t: {titel: x}}"), "tasks.t.titel", "did you mean title?"},
		"unknown key in limit": {minimal + "limits: {memry: 1}\n", "limits.memry", "did you mean memory?"},
		"unknown in alias":     {swap("tasks", "tasks: {t: &x {title: a, nope: b}, u: *x}"), "tasks.t.nope", "is not known"},
		"no name":              {swap("name", ""), "name", "must be"},
		"name with slash":      {swap("name", "name: a/b"), "name", "must be"},
		"name with dot first":  {swap("name", "name: .a"), "name", "must be"},
		"name too long":        {swap("name", "name: "+strings.Repeat("n", 201)), "name", "must be"},
		"no version":           {swap("version", ""), "version", "semver.org"},
		"version short":        {swap("version", `version: "1.2"`), "version", "semver.org"},
		"version with v":       {swap("version", "version: v1.2.3"), "version", "semver.org"},
		"version prerelease":   {swap("version", "version: 1.2.3-01"), "version", "semver.org"},
		"version is a number":  {swap("version", "version: 1"), "version", "semver.org"},
		"no executables":       {swap("executables", ""), "executables", "at least one platform"},
		"unknown platform":     {swap("executables", "executables: {linux/amd46: a}"), "executables.linux/amd46", "did you mean linux/amd64?"},
		"executable outside":   {swap("executables", "executables: {any: ../a}"), "executables.any", "path of a file"},
		"executable absolute":  {swap("executables", "executables: {any: /bin/sh}"), "executables.any", "path of a file"},
		"executable backslash": {swap("executables", `executables: {any: 'a\b'}`), "executables.any", "path of a file"},
		"executable no exe":    {swap("executables", "executables: {windows/amd64: a}"), "executables.windows/amd64", ".exe"},
		"no tasks":             {swap("tasks", ""), "tasks", "from 1 to"},
		"task without name":    {swap("tasks", `tasks: {"": {}}`), "tasks.", "must have a name"},
		"task with spaces":     {swap("tasks", `tasks: {" t": {}}`), "tasks. t", "without spaces"},
		"title too long":       {swap("tasks", "tasks: {t: {title: "+strings.Repeat("x", 201)+"}}"), "tasks.t.title", "longer than"},
		"negative limit":       {minimal + "limits: {openFiles: -1}\n", "limits.openFiles", "negative"},
		"size without meaning": {minimal + "limits: {memory: 5 apples}\n", "plugin.yaml", "512MiB"},
		"size too large":       {minimal + "limits: {memory: 99999999TiB}\n", "plugin.yaml", "512MiB"},
		"concurrency":          {minimal + "concurrency: -1\n", "concurrency", "must be from"},
		"schema of an array":   {swap("tasks", "tasks: {t: {parameters: {type: array}}}"), "tasks.t.parameters.type", "must be object"},
		"schema bad type":      {swap("tasks", "tasks: {t: {parameters: {properties: {a: {type: int}}}}}"), "tasks.t.parameters.properties.a.type", "JSON Schema"},
		"schema bad bound":     {swap("tasks", "tasks: {t: {parameters: {properties: {a: {minimum: x}}}}}"), "tasks.t.parameters.properties.a.minimum", "JSON Schema"},
		"schema bad pattern":   {swap("tasks", "tasks: {t: {parameters: {properties: {a: {pattern: '('}}}}}"), "tasks.t.parameters.properties.a.pattern", "JSON Schema"},
		"schema reads a file":  {swap("tasks", "tasks: {t: {parameters: {$ref: 'file:///etc/passwd'}}}"), "tasks.t.parameters", "must hold all that it refers to"},
		"schema calls out":     {swap("tasks", "tasks: {t: {parameters: {$ref: 'http://127.0.0.1/x'}}}"), "tasks.t.parameters", "must hold all that it refers to"},
		"schema of nothing":    {swap("tasks", "tasks: {t: {parameters: {$ref: '#/$defs/none'}}}"), "tasks.t.parameters", "JSON Schema"},
		"schema bad default":   {swap("tasks", "tasks: {t: {parameters: {properties: {a: {type: integer, default: x}}}}}"), "tasks.t.parameters.properties.a.default", "own schema"},
		"keys that are no text": {swap("tasks", "tasks: {t: {parameters: {properties: {a: {const: {1: 2, [x]: 3}}}}}}"),
			"plugin.yaml", "is not right"},
		"infinite number": {swap("tasks", "tasks: {t: {parameters: {maximum: .inf}}}"), "tasks", "infinite"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := manifest.Parse([]byte(c.text))
			requireError(t, err, c.field, c.says)
			_ = m
		})
	}
}

// Aliases may repeat what a manifest holds, but not so often that it becomes a burden.
func TestAliasesAreBounded(t *testing.T) {
	t.Parallel()
	text := minimal + "description: &a0 " + strings.Repeat("x", 10) + "\n"
	require.NotEmpty(t, text)
	bomb := "name: a\nversion: 1.0.0\nexecutables: {any: a.sh}\ntasks:\n  t:\n    parameters:\n      a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 8 {
		before := "*a" + string(rune('0'+i))
		bomb += "      a" + string(rune('1'+i)) + ": &a" + string(rune('1'+i)) + " [" +
			strings.TrimSuffix(strings.Repeat(before+", ", 10), ", ") + "]\n"
	}
	_, err := manifest.Parse([]byte(bomb))
	require.Error(t, err)
	require.NotEmpty(t, core.CodeOf(err), "%v", err)
}

func swap(key, line string) string {
	var out []string
	for old := range strings.Lines(minimal) {
		if strings.HasPrefix(old, key+":") {
			old = line + "\n"
		}
		out = append(out, old)
	}
	return strings.Join(out, "")
}

func requireError(t *testing.T, err error, field, says string) {
	t.Helper()
	e, ok := err.(*core.Error) //nolint:errorlint // it must be one itself
	require.True(t, ok, "%v", err)
	require.Equal(t, field, e.Field, "%v", err)
	require.Contains(t, e.Error(), says)
}
