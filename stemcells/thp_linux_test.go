package stemcells_test

import "syscall"

// withoutHugePages has the launchers use pages of the usual size: the memory of a small process would otherwise grow by
// steps of 2 MB, where the kernel uses huge pages for everybody (prctl(2), PR_SET_THP_DISABLE, which they inherit).
func withoutHugePages() {
	const disable = 41
	syscall.RawSyscall6(syscall.SYS_PRCTL, disable, 1, 0, 0, 0, 0)
}
