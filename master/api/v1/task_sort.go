package v1

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/carillonhq/carillon/store"
)

// newestFirst is how tasks are sorted when nobody says it.
const newestFirst = "-" + string(store.TasksByCreated)

// taskSorts are the ways to sort tasks: each order from its least and, after a "-", from its greatest.
func taskSorts() (all []string) {
	for _, order := range store.TaskOrders() {
		all = append(all, string(order), "-"+string(order))
	}
	return all
}

// maxTaskCursor is the longest cursor that is read; a title in it is by far its largest part.
const maxTaskCursor = 8 << 10

// taskCursor is where a page of sorted tasks ended. It holds the sort, for in another one it is no place.
type taskCursor struct {
	Sort string `json:"sort"`
	store.TaskPlace
}

func writeTaskCursor(sort string, at *store.TaskPlace) (string, error) {
	text, err := json.Marshal(taskCursor{sort, *at})
	return base64.RawURLEncoding.EncodeToString(text), err
}

// taskCursor gives the place behind which a page begins; nil for the first page.
func (q *query) taskCursor(sort string) *store.TaskPlace {
	given := q.text("cursor")
	if given == "" {
		return nil
	}
	var c taskCursor
	text, err := base64.RawURLEncoding.DecodeString(given)
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	switch {
	case err != nil || len(given) > maxTaskCursor || len(c.ID) > maxID || strings.Contains(c.ID+c.Text, "\x00"):
		q.fail("cursor", "is not one that a page gave as next")
	case c.Sort != sort:
		q.fail("cursor", "is of a list that is sorted otherwise")
	}
	return &c.TaskPlace
}
