// Package http1 is an HTTP/1.1 server that does as little as POST /init and POST /run need, and no less (RFC 9110, RFC
// 9112). It works on Linux system calls: net/http would add 4.5 MB to the proxy and double its latency.
//
// Its sockets are in the loop of package epoll, which reads what has arrived, gives whole requests to the handler's
// Serve, which only notes them, and then calls the handler's Work. A body that is streamed is read by a goroutine
// beside the loop. A socket stays in the loop as it is from one request to the next; only one whose client sends more,
// or leaves, while its request is served, is taken out for so long.
//
// Where RFC 9112 leaves a choice the strict one is taken: line ends are CR LF, a request has one length, and a length
// is digits alone. Limits: 32 KiB for the header, Server.MaxBody for a buffered body, 8 KiB for a trailer, and 16 KiB
// for chunk headers beyond the usual size; a client has 10 to 15 s for the header and may be silent for
// 60 to 65 s within a body or while it takes an answer. Idle connections are not closed: an invoker pauses containers.
//
// Memory is bounded: a connection has 4 KiB, 64 KiB while it sends a request, and bodies longer than that wait until
// they fit, together and with the answers that clients have not taken, into the longest one and 16 MiB more.
package http1
