package core_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb/fill"
)

// The mark changes with each thing that a task says, and with nothing else; being stored as JSON does not change it.
func TestMark(t *testing.T) {
	t.Parallel()
	var task core.Task
	fill.Value(t, &task)
	mark := task.Mark()
	require.Regexp(t, "^[0-9a-f]{32}$", mark)

	stored, err := json.Marshal(task.Definition)
	require.NoError(t, err)
	again := task
	again.Definition = core.Definition{}
	require.NoError(t, json.Unmarshal(stored, &again.Definition))
	require.Equal(t, mark, again.Mark())

	silent := map[string]bool{
		"ID": true, "Namespace": true, "Labels": true, "State": true, "Version": true, "NextDue": true, "CreatedBy": true, "CreatedByName": true,
		"CreatedAt": true, "UpdatedAt": true, "Stats": true,
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[core.Task]()) {
		if field.Anonymous {
			continue
		}
		changed := task
		v := reflect.ValueOf(&changed).Elem().FieldByIndex(field.Index)
		require.False(t, v.IsZero(), field.Name)
		v.SetZero()
		require.Equal(t, silent[field.Name] || field.Name == "Origin", changed.Mark() == mark, field.Name)
	}
	later := task
	later.Schedule.Start = task.Schedule.Start.Add(time.Microsecond)
	require.NotEqual(t, mark, later.Mark())
}
