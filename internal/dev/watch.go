package dev

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	quiet       = 15 * time.Millisecond  // how long nothing may happen before a change counts: an editor writes in steps
	longestWait = 100 * time.Millisecond // a change counts after this time, however much happens
	mostFolders = 4096                   // that are watched
)

// watcher reports changes of files.
type watcher struct {
	changed    chan time.Time // of length 1: when something has first changed since it was last received from
	definition string         // the state of the definition that was last read

	inner *fsnotify.Watcher
	mutex sync.Mutex
	files []string // that count
	trees []string // folders of which everything counts
	done  chan struct{}
}

func watch() (*watcher, error) {
	inner, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, explainWatch(err)
	}
	w := &watcher{changed: make(chan time.Time, 1), inner: inner, done: make(chan struct{})}
	go w.serve()
	return w, nil
}

func (w *watcher) close() {
	_ = w.inner.Close() // it was only watched
	<-w.done
}

// follow replaces the files and folders whose changes count.
func (w *watcher) follow(files, trees []string) error {
	w.mutex.Lock()
	w.files, w.trees = nil, nil
	w.definition = fingerprint(files[0]) + fingerprint(files[1])
	var folders []string
	for _, file := range files {
		whole, err := filepath.Abs(file)
		if err != nil {
			w.mutex.Unlock()
			return err
		}
		w.files, folders = append(w.files, whole), append(folders, filepath.Dir(whole))
	}
	for _, tree := range trees {
		whole, err := filepath.Abs(tree)
		if err != nil {
			w.mutex.Unlock()
			return err
		}
		w.trees = append(w.trees, whole)
		folders = append(folders, foldersBelow(whole)...)
	}
	w.mutex.Unlock()
	for _, folder := range folders {
		if err := w.inner.Add(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return explainWatch(err)
		}
	}
	return nil
}

// foldersBelow returns a folder and those below it, without those that hold no code.
func foldersBelow(root string) (folders []string) {
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || !entry.IsDir():
			return nil // it cannot be read, so it is not watched
		case path != root && ignored(entry.Name()), len(folders) == mostFolders:
			return fs.SkipDir
		}
		folders = append(folders, path)
		return nil
	})
	return folders
}

// ignored reports whether a name is not that of code: editors' files, repositories, results of builds.
func ignored(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || strings.HasSuffix(name, ".swp") || name == "4913" ||
		slices.Contains([]string{"dist", "node_modules"}, name)
}

// counts reports whether a change of a path is a change of the action.
func (w *watcher) counts(path string) bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if slices.Contains(w.files, path) {
		return true
	}
	return slices.ContainsFunc(w.trees, func(tree string) bool {
		below, found := strings.CutPrefix(path, tree+string(filepath.Separator))
		return found && !slices.ContainsFunc(strings.Split(below, string(filepath.Separator)), ignored)
	})
}

// serve collects events until none has come for a moment.
func (w *watcher) serve() {
	defer close(w.done)
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	var first time.Time // of the events that are gathered
	for {
		select {
		case event, open := <-w.inner.Events:
			if !open {
				return
			}
			if event.Op == fsnotify.Chmod || !w.counts(event.Name) {
				continue
			}
			if stat, err := os.Stat(event.Name); err == nil && stat.IsDir() {
				for _, folder := range foldersBelow(event.Name) {
					_ = w.inner.Add(folder) // one that has gone again needs no watch
				}
			}
			if first.IsZero() {
				first = time.Now()
			}
			timer.Reset(min(quiet, max(0, longestWait-time.Since(first))))
		case <-timer.C:
			select {
			case w.changed <- first:
			default: // an earlier one waits
			}
			first = time.Time{}
		case _, open := <-w.inner.Errors:
			if !open {
				return
			}
			first = time.Now()
			timer.Reset(quiet) // events were lost: look at everything
		}
	}
}

// explainWatch adds advice to an error of a system that watches no more files.
func explainWatch(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EMFILE) {
		return fmt.Errorf("watch the files: the system watches no more of them (%w): close an editor, or raise fs.inotify.max_user_watches and max_user_instances", err)
	}
	return fmt.Errorf("watch the files: %w", err)
}
