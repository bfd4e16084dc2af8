//go:build !linux

package stemcells_test

func withoutHugePages() {}
