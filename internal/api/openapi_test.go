package api

import (
	"os"
	"testing"
)

// TestInterfaceKnowsTheAPI keeps ui/openapi.json, from which the interface generates its client, the description of the routes.
func TestInterfaceKnowsTheAPI(t *testing.T) {
	want, err := New(Deps{Version: Version}).OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../ui/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("ui/openapi.json is not what the routes say; run make api")
	}
}
