package callback

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestTemplates(t *testing.T) {
	t.Parallel()
	s := newTarget(t, say(200, ""))
	call := newCall(s.URL + "/o/{{parent.result}}/x?r={{ parent.result }}&run={{run.id}}")
	call.HasParent, call.ParentResult = true, []byte("a/b c&d\r\n{{run.id}}?名")
	call.Callback.Body = `{"r":"{{parent.result}}","n":{{run.attempt}},"o":"{{occurrence.id}}","d":"{{run.due}}","t":"{{theirs}}","b":"{{{run.id}}}","open":"{{"}`
	call.Callback.Headers = []core.Header{{Name: "X-Result", Value: "<{{parent.result}}>"}}
	out := newClient(t, Options{}).Do(t.Context(), call)
	require.Equal(t, core.RunSucceeded, out.State, out.Result.Reason)

	got := s.last(t)
	require.Equal(t, "/o/a%2Fb%20c&d%0D%0A%7B%7Brun.id%7D%7D%3F%E5%90%8D/x?r=a%2Fb+c%26d%0D%0A%7B%7Brun.id%7D%7D%3F%E5%90%8D&run="+runID, got.uri)
	require.Equal(t, "<a/b c&d{{run.id}}?名>", got.header.Get("X-Result"))
	require.Equal(t, `{"r":"a/b c&d`+"\r\n"+`{{run.id}}?名","n":2,"o":"`+occurrenceID+`","d":"2026-03-01T08:30:00.25Z","t":"{{theirs}}","b":"{`+runID+`}","open":"{{"}`, got.body)
}

func TestTemplatesInForms(t *testing.T) {
	t.Parallel()
	s := newTarget(t, say(200, ""))
	call := newCall(s.URL)
	call.HasParent, call.ParentResult = true, []byte("a&b")
	call.Callback.Form = []core.Param{{Key: "{{run.id}}", Value: "{{parent.result}}!"}}
	newClient(t, Options{}).Do(t.Context(), call)
	require.Equal(t, "%7B%7Brun.id%7D%7D=a%26b%21", s.last(t).body)
}

func TestTemplatesWithoutParent(t *testing.T) {
	t.Parallel()
	s := newTarget(t, say(200, ""))
	call := newCall(s.URL + "/{{parent.result}}")
	call.Callback.Body = "{{parent.result}} {{due}}"
	newClient(t, Options{}).Do(t.Context(), call)
	require.Equal(t, call.Callback.Body, s.last(t).body)
	require.Equal(t, "/%7B%7Bparent.result%7D%7D", s.last(t).uri)
}

func TestShardIsTold(t *testing.T) {
	t.Parallel()
	s := newTarget(t, say(200, ""))
	call := newCall(s.URL + "/part/{{shard.index}}/of/{{shard.total}}")
	call.Shard, call.Shards = 0, 12
	call.Callback.Body = "{{shard.index}}/{{shard.total}}"
	call.Callback.Headers = []core.Header{{Name: "Carillon-Shard-Index", Value: "theirs"}}
	client := newClient(t, Options{})
	client.Do(t.Context(), call)
	got := s.last(t)
	require.Equal(t, "/part/0/of/12", got.uri)
	require.Equal(t, "0/12", got.body)
	require.Equal(t, []string{"0"}, got.header[headerShardIndex])
	require.Equal(t, []string{"12"}, got.header[headerShardTotal])

	call.Shards = 0
	client.Do(t.Context(), call)
	got = s.last(t)
	require.Equal(t, call.Callback.Body, got.body, "a single run is no part of anything")
	require.NotContains(t, got.header, headerShardIndex)
	require.NotContains(t, got.header, headerShardTotal)
}

func TestTemplateOfManyBraces(t *testing.T) {
	t.Parallel()
	// Looking for the end of each name to the end of the text would take minutes here.
	text := strings.Repeat("{{", core.MaxBody/2) + "}}"
	fill := template{call: &Call{}}
	require.Equal(t, text, fill.raw(text))
}
