package ci_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
)

// values are the contexts of GitHub's expressions: what "github.sha" and "steps.id.outputs.name" mean. What is not
// there is "".
type values map[string]any

var embedded = regexp.MustCompile(`\$\{\{(.*?)\}\}`)

// expand puts the values of expressions where ${{ EXPRESSION }} stands.
func (v values) expand(t *testing.T, text string) string {
	t.Helper()
	return embedded.ReplaceAllStringFunc(text, func(match string) string {
		return asText(v.eval(t, embedded.FindStringSubmatch(match)[1]))
	})
}

// condition evaluates the "if" of a job or a step, which may do without ${{ }}. Like GitHub, it takes one that asks for
// no status to be true only after success.
func (v values) condition(t *testing.T, text string, failed bool) bool {
	t.Helper()
	if found := embedded.FindStringSubmatch(text); found != nil {
		text = found[1]
	}
	if failed && !strings.Contains(text, "always()") {
		return false
	}
	return text == "" || truth(v.eval(t, text))
}

func (v values) eval(t *testing.T, text string) any {
	t.Helper()
	node, err := actionlint.NewExprParser().Parse(actionlint.NewExprLexer(strings.TrimSpace(text) + "}}"))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v.node(t, node)
}

// node evaluates what the pipelines use of the language (GitHub docs, "Evaluate expressions in workflows and actions").
func (v values) node(t *testing.T, node actionlint.ExprNode) any {
	t.Helper()
	switch node := node.(type) {
	case *actionlint.StringNode:
		return node.Value
	case *actionlint.BoolNode:
		return node.Value
	case *actionlint.VariableNode:
		return v[node.Name]
	case *actionlint.ObjectDerefNode:
		object, _ := v.node(t, node.Receiver).(values)
		for name, value := range object {
			if strings.EqualFold(name, node.Property) {
				return value
			}
		}
		return nil
	case *actionlint.CompareOpNode:
		equal := asText(v.node(t, node.Left)) == asText(v.node(t, node.Right))
		return equal == (node.Kind == actionlint.CompareOpNodeKindEq)
	case *actionlint.LogicalOpNode:
		left := v.node(t, node.Left)
		if truth(left) == (node.Kind == actionlint.LogicalOpNodeKindOr) {
			return left
		}
		return v.node(t, node.Right)
	case *actionlint.FuncCallNode:
		return v.call(t, node)
	}
	t.Fatalf("%T is in no expression that the test knows", node)
	return nil
}

func (v values) call(t *testing.T, call *actionlint.FuncCallNode) any {
	t.Helper()
	var args []string
	for _, arg := range call.Args {
		args = append(args, asText(v.node(t, arg)))
	}
	switch call.Callee {
	case "always":
		return true
	case "hashFiles": // of a project with Go files
		return "0123"
	case "format":
		text := args[0]
		for i, arg := range args[1:] {
			text = strings.ReplaceAll(text, fmt.Sprintf("{%d}", i), arg)
		}
		return text
	case "fromJSON", "fromjson":
		var list []string
		if err := json.Unmarshal([]byte(args[0]), &list); err != nil {
			t.Fatalf("fromJSON(%s): %v", args[0], err)
		}
		return list
	}
	t.Fatalf("no function %s", call.Callee)
	return nil
}

func asText(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

func truth(value any) bool { return value != nil && value != "" && value != false }
