// Nethttp is the yardstick that has no child: the work of the test actions within a bare net/http server, as short as a
// Go programmer would write it. It listens at PORT of HOST, which is 127.0.0.1 if it is not set; -X main.work=hello or
// echo, as in actions/loop. With SENTINELS in the environment it ends the log of each run as the platform wants it.
package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
)

// work is set by the linker.
var work = "hello"

const sentinel = "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX\n"

var sentinels = os.Getenv("SENTINELS") != ""

func main() {
	err := http.ListenAndServe(net.JoinHostPort(cmp.Or(os.Getenv("HOST"), "127.0.0.1"), os.Getenv("PORT")), http.HandlerFunc(answer))
	fmt.Fprintln(os.Stderr, "nethttp:", err)
	os.Exit(1)
}

func answer(w http.ResponseWriter, r *http.Request) {
	body := make([]byte, max(r.ContentLength, 0))
	if _, err := io.ReadFull(r.Body, body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if work == "hello" {
		var in struct {
			Value struct {
				Name string `json:"name"`
			} `json:"value"`
		}
		if err := json.Unmarshal(body, &in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		var err error
		if body, err = json.Marshal(map[string]string{"greetings": "Hello, " + in.Value.Name}); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	if sentinels {
		_, _ = os.Stdout.WriteString(sentinel) // nobody reads the log where this fails
		_, _ = os.Stderr.WriteString(sentinel)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if _, err := w.Write(body); err != nil {
		return // the client went away
	}
}
