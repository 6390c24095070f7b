package main

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/carillonhq/carillon/plugins/sdk/sdktest"
)

func TestGreet(t *testing.T) {
	got := sdktest.New(t, tasks()...).Run(t.Context(), "greet", sdktest.Given{
		Params: map[string]any{"name": "Ada", "times": 2},
	})
	if got.Err != nil {
		t.Fatal(got.Err)
	}
	if want := `{"greeting":"Hello, Ada! Hello, Ada!"}`; string(got.Result) != want {
		t.Errorf("got %s, want %s", got.Result, want)
	}
	if want := []sdktest.Line{{Level: "info", Text: "greeting name=Ada times=2"}}; !reflect.DeepEqual(got.Log, want) {
		t.Errorf("got %v, want %v", got.Log, want)
	}
}

func TestFollowHasItsParentsResult(t *testing.T) {
	got := sdktest.New(t, tasks()...).Run(t.Context(), "follow", sdktest.Given{Parent: json.RawMessage(`{"n":1}`)})
	if want := `{"previous":{"n":1}}`; got.Err != nil || string(got.Result) != want {
		t.Errorf("got %s (%v), want %s", got.Result, got.Err, want)
	}
}
