// Hello is the action of the seed, with its source unchanged: it greets by name.
//
//	mkimage invoke 8080 --param name=Mike
package main
