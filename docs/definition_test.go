package docs_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
)

var update = flag.Bool("update", false, "write the generated parts of pages anew")

// definitionKeys are the marks around the part of definition.md that is made from the schema.
var definitionKeys = [2]string{"<!-- keys: written by `go test ./docs -run TestDefinitionPage -update` from images/schema.json -->\n", "<!-- /keys -->\n"}

// TestDefinitionPage holds definition.md to the schema of definitions: it lists every key, and has a section for each,
// with an example that is one.
func TestDefinitionPage(t *testing.T) {
	text, err := os.ReadFile("definition.md")
	if err != nil {
		t.Fatal(err)
	}
	keys, table := keysOfSchema(t)
	before, rest, _ := strings.Cut(string(text), definitionKeys[0])
	_, after, found := strings.Cut(rest, definitionKeys[1])
	if !found {
		t.Fatal("definition.md has lost its marks")
	}
	if want := before + definitionKeys[0] + table + definitionKeys[1] + after; want != string(text) {
		if !*update {
			t.Error("the table of keys is not that of the schema: go test ./docs -run TestDefinitionPage -update")
		} else if err := os.WriteFile("definition.md", []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	p := readPage(t, "definition.md")
	for _, key := range keys {
		_, section, found := strings.Cut(p.text, "\n## "+key+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		if !found || !strings.Contains(section, "\n"+key+":") {
			t.Errorf("definition.md has no section %q with an example", key)
		}
	}
	for _, block := range p.blocks {
		if block.lang != "yaml" {
			continue
		}
		_, err := images.Parse(block.attrs["file"], []byte(block.text), nil)
		if mistake := (*images.Error)(nil); errors.As(err, &mistake) {
			t.Errorf("the example in line %d: %v", block.line, err)
		}
	}
}

// keysOfSchema returns the keys of a definition, sorted, and a table of them, those that are needed first.
func keysOfSchema(t *testing.T) (keys []string, table string) {
	text, err := os.ReadFile("../images/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]struct {
			Type        string   `json:"type"`
			Enum        []string `json:"enum"`
			Description string   `json:"description"`
		} `json:"properties"`
		Required []string `json:"required"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	for key := range schema.Properties {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	table = "| key | value | |\n|---|---|---|\n"
	for _, needed := range []bool{true, false} {
		for _, key := range keys {
			if slices.Contains(schema.Required, key) != needed {
				continue
			}
			property := schema.Properties[key]
			kind := map[string]string{"string": "text", "array": "list", "object": "names and values", "boolean": "true or false"}[property.Type]
			if len(property.Enum) > 0 {
				kind = "`" + strings.Join(property.Enum, "`, `") + "`"
			}
			if needed {
				kind += ", needed"
			}
			table += fmt.Sprintf("| [`%s`](#%s) | %s | %s |\n", key, key, kind, property.Description)
		}
	}
	return keys, table
}
