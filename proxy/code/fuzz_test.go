package code

import (
	"bytes"
	"strings"
	"testing"
)

// nowhere is a tree in which nothing is.
type nowhere struct{ Tree }

func (nowhere) Lstat(string) uint32    { return 0 }
func (nowhere) Stat(string) uint32     { return 0 }
func (nowhere) ReadFile(string) string { return "" }

var place = &Place{Tree: nowhere{}, Dir: "/nowhere", Final: "/nowhere", Env: []string{"PATH=/bin"}, Machine: "amd64"}

// isOneLine checks that a refusal can be shown to a person in one line.
func isOneLine(t testing.TB, err error) {
	t.Helper()
	if text := err.Error(); strings.ContainsAny(text, "\n\r\x00") || len(text) > 1500 || text == "" {
		t.Errorf("not a line that a person can read: %q", text)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// FuzzELF checks that no program makes the reader fail, or read without end.
func FuzzELF(f *testing.F) {
	f.Add([]byte("\x7fELF"))
	b := make([]byte, 200)
	copy(b, "\x7fELF\x02\x01\x01")
	b[16], b[18], b[32], b[54], b[56] = 2, 62, 64, 56, 2
	f.Add(bytes.Clone(b))
	b[64], b[120] = segmentInterp, segmentDynamic
	b[64+32], b[120+32] = 20, 48
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := readELF(bytes.NewReader(b), "amd64")
		if err != nil {
			isOneLine(t, err)
			return
		}
		for _, name := range append(e.needed, e.interpreter, e.runpath) {
			if strings.Contains(name, "\x00") || name != e.runpath && len(name) > 4096 {
				t.Errorf("name %.100q", name)
			}
		}
		place.missing(e)
	})
}

func FuzzScript(f *testing.F) {
	f.Add("#!/bin/sh")
	f.Add("#!/usr/bin/env -S A=1 sh\n")
	f.Add("#! \t\r\n\x00")
	f.Fuzz(func(t *testing.T, text string) {
		if err := place.checkScript([]byte("#!" + text)); err != nil {
			isOneLine(t, err)
		}
	})
}
