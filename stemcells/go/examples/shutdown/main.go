// Shutdown is an action that opens something before its first run and closes it when the container ends: here, a file
// that counts the runs.
//
//	mkimage invoke 8080 -n 3
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/sciabarracom/openwhisk-runtime-go/openwhisk"
)

// Count is the result: {"count": 3}.
type Count struct {
	Count int64 `json:"count"`
}

// counter is what lives as long as the container.
type counter struct {
	file *os.File
	runs atomic.Int64
}

// open is called once, before /init is answered. Its error is that of /init.
func (c *counter) open(context.Context) (err error) {
	c.file, err = os.Create(filepath.Join(os.TempDir(), "runs"))
	return err
}

func (c *counter) count(context.Context, struct{}) (Count, error) {
	runs := c.runs.Add(1)
	_, err := fmt.Fprintf(c.file, "run %d\n", runs)
	return Count{runs}, err
}

// close is called when the container is asked to end. ctx ends when it is about to be killed.
func (c *counter) close(context.Context) {
	if err := c.file.Close(); err != nil {
		log.Print(err)
	}
	log.Printf("closed after %d runs", c.runs.Load())
}

func main() {
	var c counter
	openwhisk.StartFunc(c.count, openwhisk.OnInit(c.open), openwhisk.OnShutdown(c.close))
}
