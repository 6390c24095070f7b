package v1

import (
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/api/problem"
)

// object is a part of the document.
type object map[string]any

func (o object) at(t *testing.T, path ...string) object {
	t.Helper()
	for _, name := range path {
		inner, ok := o[name].(object)
		require.True(t, ok, "the document has no %s of %v", name, path)
		o = inner
	}
	return o
}

func readDocument(t *testing.T) object {
	t.Helper()
	doc := object{}
	require.NoError(t, yaml.Unmarshal(document, &doc))
	return doc
}

// deref follows a $ref into the document.
func (o object) deref(t *testing.T, doc object) object {
	t.Helper()
	if ref, ok := o["$ref"].(string); ok {
		path, ok := strings.CutPrefix(ref, "#/")
		require.True(t, ok, ref)
		return doc.at(t, strings.Split(path, "/")...)
	}
	return o
}

func list[T any](v any) []T {
	var out []T
	for _, e := range v.([]any) {
		out = append(out, e.(T))
	}
	return out
}

func TestDocumentHasEveryRoute(t *testing.T) {
	t.Parallel()
	var served []string
	for _, r := range new(fakes).engine().Routes() {
		served = append(served, r.Method+" "+inPath.ReplaceAllString(r.Path, "{$1}"))
	}
	var described []string
	doc := readDocument(t)
	for path, item := range doc.at(t, "paths") {
		for method := range item.(object) {
			if method != "parameters" {
				described = append(described, strings.ToUpper(method)+" "+path)
			}
		}
	}
	require.ElementsMatch(t, served, described)
}

func TestDocumentHasEachOperation(t *testing.T) {
	t.Parallel()
	doc := readDocument(t)
	names := map[string]bool{}
	for _, rt := range new(fakes).api().routes() {
		path := inPath.ReplaceAllString(rt.path, "{$1}")
		item := doc.at(t, "paths", Base+path)
		op := item.at(t, strings.ToLower(rt.method))
		what := rt.method + " " + path
		require.Equal(t, string(rt.role), op["x-role"], what)
		require.NotEmpty(t, op["summary"], what)
		require.False(t, names[op["operationId"].(string)], what)
		names[op["operationId"].(string)] = true

		var inQuery, named []string
		for _, from := range []any{item["parameters"], op["parameters"]} {
			if from == nil {
				continue
			}
			for _, p := range list[object](from) {
				p = p.deref(t, doc)
				switch p["in"] {
				case "query":
					inQuery = append(inQuery, p["name"].(string))
				case "path":
					named = append(named, "{"+p["name"].(string)+"}")
				}
			}
		}
		require.ElementsMatch(t, rt.query, inQuery, what)
		require.ElementsMatch(t, regexp.MustCompile(`{\w+}`).FindAllString(path, -1), named, what)
		responses := op.at(t, "responses")
		require.Equal(t, "#/components/responses/Problem", responses.at(t, "default")["$ref"], what)
		require.Len(t, responses, 2, what)
	}
}

// schemaTypes are the schemas of the document that stand for a type.
func schemaTypes() map[string]reflect.Type {
	return map[string]reflect.Type{
		"Problem":  reflect.TypeFor[problem.Problem](),
		"Overview": reflect.TypeFor[Overview](), "Outcomes": reflect.TypeFor[Outcomes](), "Firing": reflect.TypeFor[Firing](),
		"FailingTask": reflect.TypeFor[FailingTask](), "TaskLoad": reflect.TypeFor[TaskLoad](),
		"Task": reflect.TypeFor[Task](), "TaskPage": reflect.TypeFor[Page[*Task]](), "TaskStats": reflect.TypeFor[TaskStats](),
		"TaskBulk": reflect.TypeFor[TaskBulk](), "TaskFilter": reflect.TypeFor[TaskFilter](), "TaskBulkDone": reflect.TypeFor[TaskBulkDone](),
		"TaskRefusal": reflect.TypeFor[TaskRefusal](),
		"Origin":      reflect.TypeFor[Origin](),
		"RunClearing": reflect.TypeFor[RunClearing](), "RunsCleared": reflect.TypeFor[RunsCleared](),
		"Curl": reflect.TypeFor[Curl](), "Postponement": reflect.TypeFor[Postponement](), "DelayedBulk": reflect.TypeFor[DelayedBulk](),
		"DelayedBulkDone": reflect.TypeFor[DelayedBulkDone](), "DelayedRefusal": reflect.TypeFor[DelayedRefusal](),
		"Schedule": reflect.TypeFor[Schedule](), "PluginCall": reflect.TypeFor[PluginCall](), "Param": reflect.TypeFor[Param](),
		"RunRequest":  reflect.TypeFor[RunRequest](),
		"TaskVersion": reflect.TypeFor[TaskVersion](), "TaskVersionPage": reflect.TypeFor[Page[TaskVersion]](), "TaskRestore": reflect.TypeFor[TaskRestore](),
		"Header": reflect.TypeFor[Header](), "Callback": reflect.TypeFor[Callback](), "SuccessRule": reflect.TypeFor[SuccessRule](),
		"TLS": reflect.TypeFor[TLS](), "Retry": reflect.TypeFor[Retry](), "Routing": reflect.TypeFor[Routing](),
		"DelayedTask": reflect.TypeFor[DelayedTask](), "DelayedTaskBatch": reflect.TypeFor[DelayedBatch](),
		"DelayedTaskPage": reflect.TypeFor[Page[DelayedTask]](), "DelayedTaskCreated": reflect.TypeFor[DelayedCreated](),
		"Run": reflect.TypeFor[Run](), "RunPage": reflect.TypeFor[Page[Run]](), "Answer": reflect.TypeFor[Answer](),
		"Shard": reflect.TypeFor[Shard](), "LogLine": reflect.TypeFor[LogLine](), "Cancellation": reflect.TypeFor[Cancellation](), "Node": reflect.TypeFor[Node](),
		"NodeTraits": reflect.TypeFor[NodeTraits](), "NodeEdit": reflect.TypeFor[NodeEdit](),
		"Rotation": reflect.TypeFor[Rotation](), "JoinTokenRotated": reflect.TypeFor[JoinTokenRotated](),
		"User": reflect.TypeFor[User](), "NewUser": reflect.TypeFor[NewUser](), "UserCreated": reflect.TypeFor[UserCreated](),
		"UserEdit": reflect.TypeFor[UserEdit](), "Credentials": reflect.TypeFor[Credentials](), "PasswordReset": reflect.TypeFor[PasswordReset](),
		"Me": reflect.TypeFor[Me](), "MeEdit": reflect.TypeFor[MeEdit](), "PasswordChange": reflect.TypeFor[PasswordChange](),
		"AuditEntry": reflect.TypeFor[AuditEntry](), "AuditPage": reflect.TypeFor[Page[AuditEntry]](), "LogRecord": reflect.TypeFor[LogRecord](), "LogPage": reflect.TypeFor[Page[LogRecord]](),
		"FieldChange": reflect.TypeFor[FieldChange](),
		"APIToken":    reflect.TypeFor[APIToken](), "NewAPIToken": reflect.TypeFor[NewAPIToken](), "APITokenCreated": reflect.TypeFor[APITokenCreated](),
		"PluginItem": reflect.TypeFor[PluginItem](), "PluginItemPage": reflect.TypeFor[Page[PluginItem]](), "Plugin": reflect.TypeFor[Plugin](),
		"PluginUser": reflect.TypeFor[PluginUser](), "PluginVersion": reflect.TypeFor[PluginVersion](), "PluginTask": reflect.TypeFor[PluginTask](),
		"PluginLimits": reflect.TypeFor[PluginLimits](),
		"Trial":        reflect.TypeFor[Trial](), "CurlCommand": reflect.TypeFor[CurlCommand](), "CurlImport": reflect.TypeFor[CurlImport](), "LeftOut": reflect.TypeFor[LeftOut](),
		"Preview": reflect.TypeFor[Preview](), "PreviewInstant": reflect.TypeFor[PreviewInstant](), "Words": reflect.TypeFor[Words](),
	}
}

func TestSchemasAreTheTypes(t *testing.T) {
	t.Parallel()
	doc := readDocument(t)
	schemas := doc.at(t, "components", "schemas")
	types := schemaTypes()
	for name, of := range types {
		properties := schemas.at(t, name, "properties")
		require.ElementsMatch(t, names(of), slices.Collect(maps.Keys(properties)), "schema %s", name)
		for f := range of.Fields() {
			property := properties.at(t, jsonName(f))
			require.Equal(t, kindOf(f.Type), kindIn(t, doc, property), "schema %s, property %s", name, jsonName(f))
			if of := f.Type.Name(); of == "Duration" || of == "Instant" {
				require.Equal(t, "#/components/schemas/"+of, property["$ref"], "schema %s, property %s", name, jsonName(f))
			}
		}
	}
	// Those that stand for no struct, each checked elsewhere or of one property.
	for _, name := range []string{"Duration", "Instant", "RunState", "Settings", "DelayedTaskCreatedPage", "NodePage", "UserPage", "APITokenPage", "Role", "AuditKind", "LogLevel"} {
		require.Contains(t, schemas, name)
		types[name] = nil
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(types)), slices.Collect(maps.Keys(schemas)), "every schema has a type")
}

// kindOf names what JSON a Go type is written as.
func kindOf(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int64:
		return "integer"
	case reflect.Float64:
		return "number"
	case reflect.Bool:
		return "boolean"
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Slice:
		if t.Elem().Kind() != reflect.Uint8 {
			return "array"
		}
	}
	return "string"
}

func kindIn(t *testing.T, doc, schema object) string {
	t.Helper()
	schema = schema.deref(t, doc)
	if kind, ok := schema["type"].(string); ok {
		return kind
	}
	if kinds, ok := schema["type"].([]any); ok {
		require.Len(t, kinds, 2)
		require.Equal(t, "null", kinds[1])
		return kinds[0].(string)
	}
	require.Contains(t, schema, "enum")
	return "string"
}

func TestEnumsAreCores(t *testing.T) {
	t.Parallel()
	schemas := readDocument(t).at(t, "components", "schemas")
	var states []string
	for _, s := range core.RunStates() {
		states = append(states, string(s))
	}
	require.Equal(t, states, list[string](schemas.at(t, "RunState")["enum"]))
	var settings []string
	for _, s := range core.SettingSpecs() {
		settings = append(settings, s.Name)
	}
	require.ElementsMatch(t, settings, slices.Collect(maps.Keys(schemas.at(t, "Settings", "properties"))))
	var kinds []string
	levels := []string{}
	for _, l := range core.LogLevels() {
		levels = append(levels, string(l))
	}
	require.Equal(t, levels, list[string](schemas.at(t, "LogLevel")["enum"]))
	for _, k := range core.AuditKinds() {
		kinds = append(kinds, string(k))
	}
	require.Equal(t, kinds, list[string](schemas.at(t, "AuditKind")["enum"]))
	for _, kind := range list[string](schemas.at(t, "Schedule", "properties", "kind")["enum"]) {
		s := core.Task{Title: "t", Kind: core.KindPlugin, Definition: core.Definition{
			Plugin: &core.PluginCall{Package: "p", Task: "t"}, Schedule: core.Schedule{Kind: core.ScheduleKind(kind)},
		}}
		require.NotContains(t, s.Validate().Error(), "schedule.kind", kind)
	}
}

// Every $ref leads somewhere, and no keyword is misspelt: a comma in a text without quotes would make one.
func TestDocumentIsSound(t *testing.T) {
	t.Parallel()
	doc := readDocument(t)
	require.Equal(t, "3.1.0", doc["openapi"])
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case object:
			require.NotPanics(t, func() { v.deref(t, doc) })
			for name, inner := range v {
				require.NotNil(t, inner, "%q of %v", name, v)
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	walk(doc)
}

func TestDocumentIsServedToAll(t *testing.T) {
	t.Parallel()
	f := new(fakes)
	w := f.do(t, call{path: "/openapi.yaml", header: map[string]string{"Authorization": ""}})
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "application/yaml", w.Header().Get("Content-Type"))
	require.Equal(t, document, w.Body.Bytes())
}
