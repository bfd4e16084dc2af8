package images

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/goccy/go-yaml/ast"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
)

// fields returns a function for each key, which reads its value and checks it. Combinations of keys are checked in
// check.
func (r *reader) fields() map[string]func(ast.Node) {
	d := &r.definition
	return map[string]func(ast.Node){
		"name":        func(n ast.Node) { d.Name = r.word(n, checkName) },
		"description": func(n ast.Node) { d.Description = r.word(n, checkLine) },
		"base":        func(n ast.Node) { d.Base = r.word(n, checkBase) },
		"alpine":      func(n ast.Node) { d.Alpine = r.word(n, checkRelease) },
		"stemcells":   func(n ast.Node) { d.Stemcells = r.list(n, "[bash]", r.checkStemcell) },
		"packages":    func(n ast.Node) { d.Packages = r.list(n, "[curl]", checkPackage) },
		"run":         func(n ast.Node) { d.Run = r.steps(n) },
		"files":       func(n ast.Node) { d.Files = r.pairs(n, "{/etc/motd: motd}", checkPlaced) },
		"entrypoint":  func(n ast.Node) { d.Entrypoint = r.words(n, "[/usr/bin/tool, serve]", checkLine) },
		"action":      func(n ast.Node) { d.Action = r.word(n, checkPath) },
		"main":        func(n ast.Node) { d.Main = r.word(n, checkFunction) },
		"env":         func(n ast.Node) { d.Env = r.pairs(n, "{OW_PROTOCOL: auto}", checkVariable) },
		"platforms":   func(n ast.Node) { d.Platforms = r.platforms(n) },
		"labels":      func(n ast.Node) { d.Labels = r.pairs(n, "{team: blue}", checkLabel) },
		"budget":      func(n ast.Node) { d.Budget = r.size(n) },
	}
}

// decode fills the definition from the keys of the file.
func (r *reader) decode(root *ast.MappingNode) {
	fields := r.fields()
	r.keys = map[string]*ast.MappingValueNode{}
	for _, entry := range root.Values {
		key, ok := r.key(entry, r.keys)
		if !ok {
			continue
		}
		read, known := fields[key]
		if !known {
			r.unknown(entry.Key, fmt.Sprintf("unknown key %q", key), key, slices.Sorted(maps.Keys(fields)))
			continue
		}
		read(entry.Value)
	}
}

// unknown records a key that is none of the keys that there are.
func (r *reader) unknown(node ast.Node, message, key string, keys []string) {
	mistake := r.failAt(node, "%s", message)
	mistake.Suggestion, mistake.Choices = suggest.Word(key, keys), keys
}

// key returns the key of an entry and notes it in seen. It fails for a key that is not a word, or is there twice.
func (r *reader) key(entry *ast.MappingValueNode, seen map[string]*ast.MappingValueNode) (string, bool) {
	node, ok := entry.Key.(*ast.StringNode)
	if !ok {
		r.failAt(entry.Key, "a key is text; put it into quotes")
		return "", false
	}
	if first, again := seen[node.Value]; again {
		r.failAt(node, "key %q is there twice; the first is in line %d", node.Value, start(first.Key).Line)
		return "", false
	}
	seen[node.Value] = entry
	return node.Value, true
}

// scalar returns a value that is text. Numbers and the like are refused: 3.20 would become 3.2. Quotes are advised
// where they help: where check, which may be nil, finds nothing wrong with the text.
func (r *reader) scalar(node ast.Node, check func(string) (problem, near string)) (string, bool) {
	switch node := node.(type) {
	case *ast.StringNode:
		return node.Value, true
	case *ast.LiteralNode:
		return node.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		if check != nil {
			if problem, near := check(node.GetToken().Value); problem != "" {
				r.failAt(node, "%s", problem).Suggestion = near
				return "", false
			}
		}
		r.failAt(node, "want text, got %s; put it into quotes: %s", kind(node), strconv.Quote(node.GetToken().Value))
	default:
		r.failAt(node, "want text, got %s", kind(node))
	}
	return "", false
}

// word returns a text that passes a check, else "".
func (r *reader) word(node ast.Node, check func(string) (problem, near string)) string {
	text, ok := r.scalar(node, check)
	if !ok {
		return ""
	}
	if problem, near := check(text); problem != "" {
		r.failAt(node, "%s", problem).Suggestion = near
		return ""
	}
	return text
}

// words returns a list of texts that pass a check.
func (r *reader) words(node ast.Node, example string, check func(string) (problem, near string)) []string {
	sequence, ok := node.(*ast.SequenceNode)
	if !ok {
		r.failAt(node, "want a list such as %s, got %s", example, kind(node))
		return nil
	}
	var texts []string
	for _, value := range sequence.Values {
		texts = append(texts, r.word(value, check))
	}
	return texts
}

// list returns words that are all different.
func (r *reader) list(node ast.Node, example string, check func(string) (problem, near string)) []string {
	texts := r.words(node, example, check)
	for i, text := range texts {
		if text != "" && slices.Contains(texts[:i], text) {
			r.failAt(node.(*ast.SequenceNode).Values[i], "%q is there twice", text)
		}
	}
	return texts
}

// pairs returns names with a text each; check is given both.
func (r *reader) pairs(node ast.Node, example string, check func(name, text string) string) map[string]string {
	entries := mapping(node)
	if entries == nil {
		r.failAt(node, "want names with values such as %s, got %s", example, kind(node))
		return nil
	}
	seen := map[string]*ast.MappingValueNode{}
	texts := map[string]string{}
	for _, entry := range entries.Values {
		name, ok := r.key(entry, seen)
		if !ok {
			continue
		}
		text, ok := r.scalar(entry.Value, func(text string) (string, string) { return check(name, text), "" })
		if !ok {
			continue
		}
		if problem := check(name, text); problem != "" {
			r.failAt(entry.Key, "%s", problem)
		}
		texts[name] = text
	}
	if len(texts) == 0 {
		return nil
	}
	return texts
}

// platforms returns a list of supported platforms.
func (r *reader) platforms(node ast.Node) []Platform {
	words := r.list(node, "[linux/amd64]", func(text string) (string, string) { return Platform(text).check() })
	var platforms []Platform
	for _, word := range words {
		platforms = append(platforms, Platform(word))
	}
	return platforms
}

// size returns a text that is a size.
func (r *reader) size(node ast.Node) Size {
	if number, ok := node.(*ast.IntegerNode); ok {
		r.failAt(node, "want a size with a unit, such as %sB or 6.5MB", number.GetToken().Value)
		return 0
	}
	text, ok := r.scalar(node, nil)
	if !ok {
		return 0
	}
	size, err := ParseSize(text)
	if err != nil {
		r.failAt(node, "%s", err)
	}
	return size
}
