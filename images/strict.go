package images

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
)

// Strict reads another YAML file of ours into the struct that target points to, as strictly as a definition. An error
// is an [*Error], or joins several.
func Strict(file string, text []byte, target any) error {
	r := &reader{file: file}
	if r.text(text) && len(bytes.TrimSpace(text)) > 0 {
		r.strict(text, target)
	}
	return r.failed()
}

func (r *reader) strict(text []byte, target any) {
	err := yaml.UnmarshalWithOptions(text, target, yaml.Strict())
	if err == nil {
		return
	}
	if nested := nestedIn(err); len(nested) > 0 { // of Steps, which have told all
		for _, one := range nested {
			one.File = r.file
		}
		r.mistakes = append(r.mistakes, nested...)
		return
	}
	var unknown *yaml.UnknownFieldError
	var kind *yaml.TypeError
	switch {
	case errors.As(err, &unknown) && unknown.Token != nil:
		keys := keysAround(reflect.TypeOf(target).Elem(), unknown.Token.Position.Column)
		mistake := r.fail(unknown.Token.Position.Line, unknown.Token.Position.Column, "unknown key %q", unknown.Token.Value)
		mistake.Suggestion, mistake.Choices = suggest.Word(unknown.Token.Value, keys), keys
	case errors.As(err, &kind) && kind.Token != nil:
		r.fail(kind.Token.Position.Line, kind.Token.Position.Column, "want %s, got %q", wantedKind(kind.DstType), kind.Token.Value)
	default:
		r.syntax(err)
	}
}

// nestedIn returns the mistakes that are joined in err.
func nestedIn(err error) []*Error {
	var one *Error
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Error
		for _, err := range joined.Unwrap() {
			all = append(all, nestedIn(err)...)
		}
		return all
	}
	if wrapped := errors.Unwrap(err); wrapped != nil && !errors.As(err, &one) {
		return nestedIn(wrapped)
	}
	if errors.As(err, &one) {
		return []*Error{one}
	}
	return nil
}

// keysAround returns the keys of a struct, or, for a key that is indented, of the structs that its lists hold.
func keysAround(t reflect.Type, column int) []string {
	var keys []string
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		switch {
		case name == "" || name == "-":
		case column == 1:
			keys = append(keys, name)
		case field.Type.Kind() == reflect.Slice && field.Type.Elem().Kind() == reflect.Struct && field.Type != reflect.TypeFor[Steps]():
			keys = append(keys, keysAround(field.Type.Elem(), 1)...)
		}
	}
	slices.Sort(keys)
	return keys
}

func wantedKind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Slice:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "keys and values"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a number"
	}
	return "text"
}
