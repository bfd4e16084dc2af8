package images

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/mistake"
)

// maxDepth is how deep brackets may be nested: a definition needs two levels, and the time that the YAML parser
// takes grows with the square of the depth.
const maxDepth = 8

// Parse reads a definition. file is its path in messages, and must end in NAME.yaml. The error joins an [*Error] for
// each mistake, in the order of the file.
func Parse(file string, data []byte, known Stemcells) (Definition, error) {
	r := &reader{file: file, known: known, definition: Definition{File: file}}
	if root := r.document(data); root != nil {
		r.decode(root)
		r.check()
	}
	if err := r.failed(); err != nil {
		return Definition{}, err
	}
	return r.definition, nil
}

// failed returns the mistakes in the order of the file, joined, or nil.
func (r *reader) failed() error {
	slices.SortStableFunc(r.mistakes, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	all := make([]error, len(r.mistakes))
	for i, found := range r.mistakes {
		all[i] = found
	}
	return errors.Join(all...)
}

// reader is the state of reading one file.
type reader struct {
	file       string
	known      Stemcells
	definition Definition
	keys       map[string]*ast.MappingValueNode // the keys that were given
	mistakes   []*Error
}

// fail records a mistake at a line and column.
func (r *reader) fail(line, column int, format string, args ...any) *Error {
	found := &Error{File: r.file, Line: line, Column: column, Message: fmt.Sprintf(format, args...)}
	r.mistakes = append(r.mistakes, found)
	return found
}

// failAt records a mistake at a node.
func (r *reader) failAt(node ast.Node, format string, args ...any) *Error {
	at := start(node)
	return r.fail(at.Line, at.Column, format, args...)
}

// document returns the mapping that the file consists of, or nil after recording why there is none.
func (r *reader) document(data []byte) *ast.MappingNode {
	if !r.text(data) {
		return nil
	}
	tokens := lexer.Tokenize(string(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))))
	depth := 0
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.AnchorType, token.AliasType, token.MergeKeyType, token.TagType:
			r.fail(t.Position.Line, t.Position.Column, "anchors, aliases and tags are not used in a definition; write the value out")
			return nil
		case token.DirectiveType:
			r.fail(t.Position.Line, t.Position.Column, "directives are not used in a definition")
			return nil
		}
		if depth > maxDepth {
			r.fail(t.Position.Line, t.Position.Column, "brackets are nested too deep")
			return nil
		}
	}
	parsed, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return nil
	}
	return r.root(parsed)
}

// text reports whether the bytes are the kind of text that the YAML parser should see.
func (r *reader) text(data []byte) bool {
	switch {
	case len(data) > maxFile:
		r.fail(0, 0, "larger than %d KiB, which no definition is", maxFile>>10)
		return false
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		r.fail(1, 1, "starts with a byte order mark; save it as UTF-8 without one")
		return false
	}
	if line := mistake.Conflict(data); line > 0 {
		r.fail(line, 1, "%s", mistake.Advice)
		return false
	}
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSuffix(line, "\r")
		indent := len(line) - len(strings.TrimLeft(line, " \t"))
		if tab := strings.IndexByte(line[:indent], '\t'); tab >= 0 && indent < len(line) {
			r.fail(i+1, tab+1, "a tab in the indentation; YAML takes spaces only")
			return false
		}
		for at, char := range line {
			switch {
			case char == utf8.RuneError && !utf8.ValidString(line[at:min(at+3, len(line))]):
				r.fail(i+1, at+1, "not UTF-8")
				return false
			case char < ' ' && char != '\t', char == 0x7f, char == 0xfeff:
				r.fail(i+1, at+1, "a control character (%U)", char)
				return false
			}
		}
	}
	return true
}

// keyTwice is what the YAML parser says of a second key of a name.
var keyTwice = regexp.MustCompile(`^mapping key (".*") already defined at \[(\d+):`)

// syntax records an error of the YAML parser.
func (r *reader) syntax(err error) {
	var located interface {
		error
		GetToken() *token.Token
		GetMessage() string
	}
	if !errors.As(err, &located) || located.GetToken() == nil {
		r.fail(0, 0, "not valid YAML")
		return
	}
	message, _, _ := strings.Cut(located.GetMessage(), "\n")
	if len(message) > 100 {
		message = strings.ToValidUTF8(message[:100], "") + "…"
	}
	at := located.GetToken().Position
	if twice := keyTwice.FindStringSubmatch(message); twice != nil {
		r.fail(at.Line, at.Column, "key %s is there twice; the first is in line %s", twice[1], twice[2])
		return
	}
	r.fail(at.Line, at.Column, "not valid YAML: %s", message)
}

// root returns the one mapping of a parsed file.
func (r *reader) root(parsed *ast.File) *ast.MappingNode {
	var bodies []ast.Node
	for _, doc := range parsed.Docs {
		if doc.Body != nil {
			bodies = append(bodies, doc.Body)
		}
	}
	if len(bodies) == 0 {
		r.fail(0, 0, "is empty; a definition begins with name: and base:")
		return nil
	}
	if len(bodies) > 1 {
		r.failAt(bodies[1], "a second document; a definition is one document")
		return nil
	}
	root := mapping(bodies[0])
	if root == nil {
		r.failAt(bodies[0], "want keys and values, such as name: %s, got %s", stem(r.file), kind(bodies[0]))
	}
	return root
}

// stem returns the name that the image of a file must have.
func stem(file string) string {
	return strings.TrimSuffix(path.Base(filepath.ToSlash(file)), ".yaml")
}

// mapping returns a node as a mapping, or nil.
func mapping(node ast.Node) *ast.MappingNode {
	switch node := node.(type) {
	case *ast.MappingNode:
		return node
	case *ast.MappingValueNode:
		return &ast.MappingNode{Start: node.Start, Values: []*ast.MappingValueNode{node}}
	}
	return nil
}

// start returns where the text of a node begins. (A block mapping's own token is its first colon.)
func start(node ast.Node) *token.Position {
	switch node := node.(type) {
	case *ast.MappingNode:
		if !node.IsFlowStyle && len(node.Values) > 0 {
			return start(node.Values[0])
		}
	case *ast.MappingValueNode:
		return start(node.Key)
	}
	if t := node.GetToken(); t != nil && t.Position != nil {
		return t.Position
	}
	return &token.Position{}
}

// kind names the type of a node for a message.
func kind(node ast.Node) string {
	switch node.(type) {
	case *ast.StringNode, *ast.LiteralNode:
		return "text"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.BoolNode:
		return "true or false"
	case *ast.NullNode:
		return "nothing"
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "keys and values"
	}
	return "something else"
}
