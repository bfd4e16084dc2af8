// Package rules holds the proxy to the rules of an OpenWhisk action runtime, from
// outside: its tests start the real binary, built as images have it, and speak
// HTTP with it on a loopback port. A test's name begins with the number of the
// rule that it holds, as the appendix of docs/native-protocol.md counts them;
// TestAnswers is the table "who answers what", cell by cell.
//
// The actions are one small program, testdata/action, that obeys the value it is
// given:
//
//	{"id":1,"do":[["stderr","hello\n"],["exit","3"]]}
//
// What overlaps is also tested against a proxy with the race detector. Heavier
// runs of the same tests come with -long or LONG=1.
package rules
