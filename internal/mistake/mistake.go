// Package mistake finds where a file that people edit is wrong: merge conflicts, and the line and column in JSON.
package mistake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Conflict returns the first line, from 1, that git has put into a text where two changes met, or 0.
func Conflict(text []byte) int {
	line := 0
	for content := range bytes.Lines(text) {
		line++
		for _, mark := range []string{"<<<<<<< ", "||||||| ", ">>>>>>> "} {
			if bytes.HasPrefix(content, []byte(mark)) {
				return line
			}
		}
	}
	return 0
}

// Advice is the advice about a conflict.
const Advice = "a merge conflict: keep one side, and delete the lines <<<<<<<, ======= and >>>>>>>"

// JSON returns an error of package encoding/json, for a text, with line and column where they are known. A nil error
// stays nil.
func JSON(text []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	line := Conflict(text)
	switch {
	case err == nil:
		return nil
	case line > 0:
		return fmt.Errorf("line %d: %s", line, Advice)
	case errors.As(err, &syntax) && syntax.Error() == "unexpected end of JSON input", errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("the JSON ends too early: a part of the file is missing")
	case errors.As(err, &syntax):
		return fmt.Errorf("line %s: not valid JSON: %w", at(text, syntax.Offset-1), err)
	case errors.As(err, &kind):
		return fmt.Errorf("line %s: %s is %s, want %s", at(text, kind.Offset-1), orRoot(kind.Field), kind.Value, kindOf(kind.Type.Kind().String()))
	}
	message := strings.TrimPrefix(err.Error(), "json: ")
	if _, field, unknown := strings.Cut(message, "unknown field "); unknown {
		if offset := bytes.Index(text, []byte(field)); offset >= 0 {
			return fmt.Errorf("line %s: %s", at(text, int64(offset)), message)
		}
	}
	return errors.New(message)
}

// at writes the line and column of a byte, both from 1.
func at(text []byte, offset int64) string {
	before := text[:min(max(offset, 0), int64(len(text)))]
	return fmt.Sprintf("%d:%d", bytes.Count(before, []byte("\n"))+1, len(before)-bytes.LastIndexByte(before, '\n'))
}

func orRoot(field string) string {
	if field == "" {
		return "it"
	}
	return field
}

// kindOf names a Go kind as people who write JSON do.
func kindOf(kind string) string {
	switch {
	case kind == "string":
		return "a text"
	case kind == "bool":
		return "true or false"
	case kind == "slice":
		return "a list"
	case strings.HasPrefix(kind, "int"), strings.HasPrefix(kind, "uint"), strings.HasPrefix(kind, "float"):
		return "a number"
	}
	return "an object"
}
