package messages

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
)

// pageFiles are the texts of the pages: a file for each page, and common.json for what several say. Each is one JSON
// object, the English with its Chinese.
//
//go:embed pages/*.json
var pageFiles embed.FS

// pageTexts reads the texts of the pages. Files may share an entry when they agree on the Chinese, so that two pages that
// come to say the same need not know of each other.
func pageTexts() map[string]string {
	all := map[string]string{}
	entries, err := pageFiles.ReadDir("pages")
	if err != nil {
		panic("messages: " + err.Error()) // the folder is embedded
	}
	for _, entry := range entries {
		texts, err := readPage(entry.Name())
		if err != nil {
			panic(fmt.Sprintf("messages: pages/%s: %v", entry.Name(), err)) // a test reads every file
		}
		maps.Copy(all, texts)
	}
	return all
}

func readPage(name string) (map[string]string, error) {
	content, err := pageFiles.ReadFile("pages/" + name)
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	err = json.Unmarshal(content, &texts)
	return texts, err
}
