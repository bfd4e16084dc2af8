package openwhisk

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// decode decodes the argument of a run into v. Its error holds nothing of the argument, which may be a secret: an error
// of encoding/json, or of a type's own UnmarshalJSON, may quote it.
func decode(event []byte, v any) error {
	err := json.Unmarshal(event, v)
	var mismatch *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &mismatch):
		kind, _, _ := strings.Cut(mismatch.Value, " ") // "number 12"
		where := "it"
		if mismatch.Field != "" {
			where = "its member " + mismatch.Field
		}
		return fmt.Errorf("the argument does not fit: %s is of JSON type %s and has to be decoded into Go type %v", where, kind, mismatch.Type)
	default:
		return fmt.Errorf("the argument does not fit: it cannot be decoded into Go type %s", strings.TrimPrefix(fmt.Sprintf("%T", v), "*"))
	}
}
