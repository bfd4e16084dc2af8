package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// hostileName is a name that would be markup, end a script or turn a line round.
const hostileName = `\"]]><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">|` + "`\\u202e\\u001b[31m\\n"

// TestBrowser shows pages and pictures in a real browser in which nobody clicks: one, for all widths and colour schemes. The
// console stays clean, and the document has no complaint of testdata/browser/look.js.
func TestBrowser(t *testing.T) {
	t.Parallel()
	needProgram(t, "chromium")
	_, dir := mkimage(t, "build", "scratch")
	command := func(dir string, args ...string) string { return output(t, dir, built.mkimage, args...) }
	hostile := strings.ReplaceAll(string(read(t, filepath.Join(dir, "dist", "sizes.json"))), `"scratch"`, `"`+hostileName+`"`)
	if err := os.WriteFile(filepath.Join(dir, "hostile.json"), []byte(hostile), 0o644); err != nil {
		t.Fatal(err)
	}
	documents := map[string]string{
		"/record.html":  command("..", "sizes", "--format", "html", "--size-record", "images/sizes.json"),
		"/built.html":   command(dir, "sizes", "--format", "html", "--size-record", "dist/sizes.json"),
		"/inspect.html": command(dir, "inspect", "scratch", "--format", "html"),
		"/hostile.html": command(dir, "sizes", "--format", "html", "--size-record", "hostile.json"),
		"/hostile.svg":  command(dir, "sizes", "--format", "svg", "--size-record", "hostile.json"),
		"/sizes.svg":    string(read(t, sizesPicture)),
		"/history.svg":  command("..", "sizes", "--history", "--format", "svg"),
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		document, is := documents[r.URL.Path]
		if !is {
			w.WriteHeader(http.StatusNoContent) // the icon of a picture
			return
		}
		w.Header().Set("Content-Type", map[string]string{".html": "text/html", ".svg": "image/svg+xml"}[filepath.Ext(r.URL.Path)])
		_, _ = io.WriteString(w, document)
	}))
	defer server.Close()
	tab := openBrowser(t)
	said := listen(t, tab)
	for _, width := range []int64{320, 800, 1600} {
		for _, scheme := range []string{"light", "dark"} {
			t.Run(fmt.Sprintf("%d %s", width, scheme), func(t *testing.T) {
				do(t, tab, chromedp.EmulateViewport(width, 900), prefer(scheme))
				for path := range documents {
					do(t, tab, chromedp.Navigate(server.URL+path))
					for _, complaint := range ask[[]string](t, tab, string(read(t, "testdata/browser/look.js"))) {
						t.Errorf("%s: %s", path, complaint)
					}
				}
				do(t, tab, chromedp.Navigate(server.URL+"/built.html"))
				zoom(t, tab)
				do(t, tab, chromedp.Navigate(server.URL+"/record.html"))
				sortTable(t, tab)
			})
		}
	}
	do(t, tab, chromedp.Navigate(server.URL+"/record.html"))
	tabThrough(t, tab)
	do(t, tab, chromedp.Navigate(server.URL+"/hostile.html"))
	if title := ask[string](t, tab, `document.title`); title != "Sizes of images" {
		t.Errorf("the name of an image has made the title %q", title)
	}
	if lines := said(); len(lines) > 0 {
		t.Errorf("the console has %q", lines)
	}
}

// openBrowser starts a browser, which ends with the test, and returns its tab.
func openBrowser(t *testing.T) context.Context {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal(err)
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(program), chromedp.NoSandbox,
		chromedp.UserDataDir(t.TempDir()), chromedp.WSURLReadTimeout(5*time.Minute))
	allocated, end := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(end)
	tab, stop := chromedp.NewContext(allocated)
	t.Cleanup(stop)
	return tab
}

// listen follows the console of a tab. said returns its lines so far.
func listen(t *testing.T, tab context.Context) (said func() []string) {
	const end = "that is all"
	messages, lines := chromedp.Console(tab), make(chan string)
	go func() {
		defer close(lines)
		for message, err := range messages {
			if err != nil {
				return
			}
			select {
			case lines <- message.String():
			case <-tab.Done():
				return
			}
		}
	}()
	return func() (all []string) {
		go func() { _, _ = chromedp.Run(tab, chromedp.Evaluate[chromedp.Void](`console.log("`+end+`")`)) }() // the loop below waits for it
		for line := range lines {
			if strings.Contains(line, end) {
				return all
			}
			all = append(all, line)
		}
		t.Error("the console has ended")
		return all
	}
}

func prefer(scheme string) chromedp.Action[chromedp.Void] {
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
		return err
	})
}

func do(t *testing.T, tab context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(tab, steps...); err != nil {
		t.Fatal(err)
	}
}

func ask[T any](t *testing.T, tab context.Context, expression string) T {
	t.Helper()
	value, err := chromedp.Run(tab, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// until waits for an expression to be true.
func until(t *testing.T, tab context.Context, expression string) {
	t.Helper()
	if _, err := chromedp.Run(tab, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(time.Minute))); err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
}

// zoom opens boxes by mouse and by keyboard, and goes back. The boxes that are shown add up to the one that they are in.
func zoom(t *testing.T, tab context.Context) {
	t.Helper()
	const path = `document.querySelectorAll("#path button").length`
	add := func(want string) {
		t.Helper()
		sum := ask[int64](t, tab, `[...document.querySelectorAll("#map [data-depth='1']")].reduce((n, b) => n + Number(b.dataset.bytes), 0)`)
		if whole := ask[int64](t, tab, want); sum != whole || sum == 0 {
			t.Errorf("boxes of %d bytes in one of %d", sum, whole)
		}
	}
	add(`JSON.parse(document.getElementById("data").textContent)[0][2]`)
	const layer = `JSON.parse(document.getElementById("data").textContent)[0][3].toSorted((a, b) => b[2] - a[2])[0][2]`
	at := ask[[]float64](t, tab, `(() => {
		const map = document.getElementById("map");
		map.scrollIntoView();
		return [map.getBoundingClientRect().left + 12, map.getBoundingClientRect().top + 8];
	})()`)
	do(t, tab, chromedp.MouseClickXY(at[0], at[1]))
	until(t, tab, path+` === 2`)
	add(layer)
	do(t, tab, chromedp.KeyEvent(kb.Enter)) // the focus is on the largest box, a program
	until(t, tab, path+` === 3`)
	do(t, tab, chromedp.KeyEvent(kb.ArrowRight))
	until(t, tab, `document.activeElement === document.querySelectorAll("#map button")[1]`)
	if text := ask[string](t, tab, `document.getElementById("detail").textContent`); !strings.Contains(text, "of the image") {
		t.Errorf("a box tells of itself %q", text)
	}
	do(t, tab, chromedp.KeyEvent(kb.Escape))
	until(t, tab, path+` === 2`)
	add(layer)
	do(t, tab, chromedp.Click(chromedp.CSS("#path button")))
	until(t, tab, path+` === 1`)
}

// sortTable sorts the table by its third column, twice, by keyboard.
func sortTable(t *testing.T, tab context.Context) {
	t.Helper()
	const order = `[...document.querySelectorAll("tbody tr")].map(r => Number(r.querySelector(".size").dataset.size))`
	do(t, tab, chromedp.Focus(chromedp.CSS(`thead th:nth-child(3) button`)), chromedp.KeyEvent(kb.Enter))
	until(t, tab, `document.querySelector("thead th:nth-child(3)").ariaSort === "ascending"`)
	if rows := ask[[]int64](t, tab, order); len(rows) < 2 || !slices.IsSorted(rows) {
		t.Errorf("ascending: %d", rows)
	}
	do(t, tab, chromedp.KeyEvent(" "))
	until(t, tab, `document.querySelector("thead th:nth-child(3)").ariaSort === "descending"`)
	rows := ask[[]int64](t, tab, order)
	if slices.Reverse(rows); !slices.IsSorted(rows) {
		t.Errorf("descending, from behind: %d", rows)
	}
}

// tabThrough holds the order in which Tab goes through a page, and that the place is seen.
func tabThrough(t *testing.T, tab context.Context) {
	t.Helper()
	var order []string
	for range 30 {
		do(t, tab, chromedp.KeyEvent(kb.Tab))
		at := ask[string](t, tab, `(() => {
			const node = document.activeElement;
			if (node === document.body || !node) return "";
			if (getComputedStyle(node).outlineStyle === "none") return "hidden focus on " + node.textContent;
			return node.id || (node.closest("[id]") || node).id + " " + node.tagName;
		})()`)
		if at == "" {
			break
		}
		order = append(order, at)
	}
	want := []string{"image", "path BUTTON", "map BUTTON", " DIV", "sizes BUTTON", "sizes BUTTON", "sizes BUTTON", "sizes BUTTON"}
	if !slices.Equal(order, want) {
		t.Errorf("Tab goes through %q, want %q", order, want)
	}
}
