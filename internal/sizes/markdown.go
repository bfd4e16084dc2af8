package sizes

import (
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// special are the characters with a meaning in markdown, or in HTML inside it. A cell of a table has a character
// reference in place of each.
var special = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "|", "&#124;", "`", "&#96;", "*", "&#42;", "_", "&#95;",
	"[", "&#91;", "]", "&#93;", "\\", "&#92;", "~", "&#126;", "@", "&#64;", "#", "&#35;", "!", "&#33;", "$", "&#36;", "://", "&#58;//")

// Plain returns a foreign text that markdown shows as it is. Names that cannot be mistaken stay readable in the source.
func Plain(text string) string {
	text = terminal.Clean(text)
	if !strings.ContainsAny(text, "&<>|`*[]\\~@#!$") && !strings.Contains(text, "://") && !strings.Contains(text, "__") && !strings.HasPrefix(text, "_") {
		return text
	}
	return special.Replace(text)
}

// fenced returns a foreign text for a block of code.
func fenced(text string) string { return strings.ReplaceAll(terminal.Clean(text), "`", "'") }
