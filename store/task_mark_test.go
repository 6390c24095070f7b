package store_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// Tasks are found by their labels, workers and keepers, as these are now, to the letter.
func TestTasksAreFoundByMarks(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task(titled("one"), stopped, func(k *core.Task) {
			k.Labels, k.Executors, k.Keepers = []string{"Nightly", "仓储"}, []string{"w1", "w2"}, []int64{7, 8}
		})
		b.task(titled("two"), stopped, func(k *core.Task) { k.Labels, k.Executors, k.Keepers = []string{"仓储"}, []string{"w2"}, []int64{8} })
		found := func(f store.TaskFilter) (titles []string) {
			f.Limit, f.Order = 10, store.TasksByTitle
			tasks, err := b.Tasks(b.ctx, f)
			require.NoError(t, err)
			for _, k := range tasks {
				titles = append(titles, k.Title)
			}
			n, err := b.CountTasks(b.ctx, f)
			require.NoError(t, err)
			require.EqualValues(t, len(titles), n)
			return titles
		}
		require.Equal(t, []string{"one", "two"}, found(store.TaskFilter{Label: "仓储"}))
		require.Equal(t, []string{"one"}, found(store.TaskFilter{Label: "Nightly"}))
		require.Empty(t, found(store.TaskFilter{Label: "nightly"}))
		require.Equal(t, []string{"one"}, found(store.TaskFilter{Worker: "w1"}))
		require.Equal(t, []string{"one"}, found(store.TaskFilter{Keeper: 7}))
		require.Equal(t, []string{"one"}, found(store.TaskFilter{Keeper: 8, Worker: "w2", Label: "Nightly"}))
		require.Equal(t, []string{"one"}, found(store.TaskFilter{Search: "ONE"}))
		require.Equal(t, []string{"one"}, found(store.TaskFilter{Search: k.ID}))

		edited := *k
		edited.Labels, edited.Executors, edited.Keepers = nil, []string{"w3"}, nil
		require.NoError(t, b.EditTask(b.ctx, &edited))
		require.Equal(t, []string{"one"}, found(store.TaskFilter{Label: "Nightly"}), "labels that are not given stay")
		require.Empty(t, found(store.TaskFilter{Worker: "w1"}))
		require.Equal(t, []string{"one"}, found(store.TaskFilter{Worker: "w3"}))
		require.Empty(t, found(store.TaskFilter{Keeper: 7}))
		edited.Version, edited.Labels = edited.Version+1, []string{}
		require.NoError(t, b.EditTask(b.ctx, &edited))
		require.Equal(t, []string{"two"}, found(store.TaskFilter{Label: "仓储"}))
	})
}

func TestRelabelTask(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task(func(k *core.Task) { k.Labels = []string{"a", "b"} })
		author := core.WithAuthor(b.ctx, core.Author{UserName: "ada"})
		labels, err := b.RelabelTask(author, k.ID, []string{"c", "a"}, []string{"b", "z"})
		require.NoError(t, err)
		require.Equal(t, []string{"a", "c"}, labels)
		got, err := b.Task(b.ctx, k.ID)
		require.NoError(t, err)
		require.Equal(t, labels, got.Labels)
		require.Equal(t, k.Version, got.Version, "what is planned stays")
		all, err := b.Labels(b.ctx, 10)
		require.NoError(t, err)
		require.Equal(t, labels, all)

		entries, err := b.Audit(b.ctx, store.AuditFilter{Limit: 10})
		require.NoError(t, err)
		require.Len(t, entries, 1)
		require.Equal(t, "label", entries[0].Action)
		require.Equal(t, []core.FieldChange{{Field: "labels", Before: "a, b", After: "a, c"}}, entries[0].Changes)
		_, err = b.RelabelTask(author, k.ID, []string{"a"}, nil)
		require.NoError(t, err)
		entries, err = b.Audit(b.ctx, store.AuditFilter{Limit: 10})
		require.NoError(t, err)
		require.Len(t, entries, 1, "nothing was changed")

		var many []string
		for i := range core.MaxTaskLabels {
			many = append(many, fmt.Sprint("label", i))
		}
		_, err = b.RelabelTask(b.ctx, k.ID, many, nil)
		requireCode(t, err, core.CodeRule)
		_, err = b.RelabelTask(b.ctx, "nothing", many, nil)
		requireCode(t, err, core.CodeNotFound)
		b.move(k.ID, core.TaskDeleted)
		_, err = b.RelabelTask(b.ctx, k.ID, nil, []string{"a"})
		requireCode(t, err, core.CodeConflict)
	})
}
