package wsk

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Name is the qualified name of an action.
type Name struct {
	Namespace string // "_" is the namespace of the key
	Package   string // "" is none
	Action    string
}

// part is the form of each part of a name (openwhisk, EntityName.scala).
var part = regexp.MustCompile(`^(\w|\w[\w@ .&-]{0,254}[\w@.&-])$`)

// ParseName reads NAME, PACKAGE/NAME, /NAMESPACE/NAME or /NAMESPACE/PACKAGE/NAME.
func ParseName(text string) (Name, error) {
	parts := strings.Split(text, "/")
	name := Name{Namespace: "_"}
	if parts[0] == "" && len(parts) > 2 {
		name.Namespace, parts = parts[1], parts[2:]
	}
	switch len(parts) {
	case 1:
		name.Action = parts[0]
	case 2:
		name.Package, name.Action = parts[0], parts[1]
	}
	for _, each := range append(parts, name.Namespace, name.Action) {
		if !part.MatchString(each) {
			return Name{}, fmt.Errorf("%q is not the name of an action: want NAME, PACKAGE/NAME or /NAMESPACE/[PACKAGE/]NAME, of letters, digits, and _@.&- or blanks within", text)
		}
	}
	return name, nil
}

// entity is the name within its namespace.
func (n Name) entity() string {
	if n.Package == "" {
		return n.Action
	}
	return n.Package + "/" + n.Action
}

// String returns the name as wsk takes it.
func (n Name) String() string {
	if n.Namespace == "_" {
		return n.entity()
	}
	return "/" + n.Namespace + "/" + n.entity()
}

// path is the action below the API's namespaces.
func (n Name) path() string {
	path := url.PathEscape(n.Namespace) + "/actions/"
	if n.Package != "" {
		path += url.PathEscape(n.Package) + "/"
	}
	return path + url.PathEscape(n.Action)
}
