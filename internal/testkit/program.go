package testkit

import (
	"os"
	"syscall"
	"testing"
)

// WriteProgram writes a program or a script that everybody may start, whatever the umask is. No process that another
// test starts meanwhile can inherit the open file, for then it could not be started: "text file busy"
// (go.dev/issue/22315).
func WriteProgram(t testing.TB, path, content string) {
	t.Helper()
	syscall.ForkLock.RLock()
	err := os.WriteFile(path, []byte(content), 0o755)
	syscall.ForkLock.RUnlock()
	if err == nil {
		err = os.Chmod(path, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
}
