//go:build linux

package http1

import "syscall"

// listen opens a TCP socket on all addresses of the machine, IPv4 and IPv6, or on IPv4 alone where the kernel has no
// IPv6.
func listen(port int) (int, error) {
	fd, err := openSocket(syscall.AF_INET6, &syscall.SockaddrInet6{Port: port})
	if err != nil {
		fd, err = openSocket(syscall.AF_INET, &syscall.SockaddrInet4{Port: port})
	}
	return fd, err
}

func openSocket(family int, address syscall.Sockaddr) (int, error) {
	fd, err := syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if family == syscall.AF_INET6 {
		err = syscall.SetsockoptInt(fd, syscall.IPPROTO_IPV6, syscall.IPV6_V6ONLY, 0)
	}
	if err == nil {
		err = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	}
	if err == nil { // accepted sockets inherit it
		err = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	}
	if err == nil {
		err = syscall.Bind(fd, address)
	}
	if err == nil {
		err = syscall.Listen(fd, 1024)
	}
	if err != nil {
		syscall.Close(fd)
		return -1, err
	}
	return fd, nil
}

// portOf returns the port that a socket is bound to.
func portOf(fd int) int {
	switch a, _ := syscall.Getsockname(fd); a := a.(type) {
	case *syscall.SockaddrInet6:
		return a.Port
	case *syscall.SockaddrInet4:
		return a.Port
	}
	return 0
}
