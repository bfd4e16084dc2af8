// Limit is a server that does as little as can be done: the limit that the rows of the benchmark are held against. It
// answers a POST with the request's own body, checks nothing, and serves all connections in one thread.
//
//     limit PORT echo     reads the request, writes the answer
//     limit PORT pipe     and passes the body through a child that lives on, over two pipes
//     limit PORT spawn    and starts a process for each request, which gets the body as its argument and prints it
//
// Built with cc -static.
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

// The most that a pipe is given at a time, so that it never blocks.
enum { piece = 32 << 10 };

enum { largest = 2 << 20, connections = 4096, headroom = 256 };

// in holds what has come on a connection so far, by its descriptor. Its pages are taken when they are used.
static struct { char bytes[largest]; size_t length; } *in[connections];

static void fail(const char *operation) {
    perror(operation);
    exit(1);
}

static const char *self = "/proc/self/exe";
static int to_child, from_child;

// start_child starts this program as the other end of two pipes.
static void start_child(void) {
    int down[2], up[2];
    if (pipe2(down, O_CLOEXEC) < 0 || pipe2(up, O_CLOEXEC) < 0) fail("pipe2");
    pid_t child = vfork();
    if (child < 0) fail("vfork");
    if (child == 0) {
        dup2(down[0], STDIN_FILENO);
        dup2(up[1], STDOUT_FILENO);
        execl(self, "limit", "child", (char *)NULL);
        _exit(127);
    }
    close(down[0]);
    close(up[1]);
    to_child = down[1];
    from_child = up[0];
}

// be_child sends back each piece that comes.
static int be_child(void) {
    static char bytes[piece];
    ssize_t n;
    while ((n = read(STDIN_FILENO, bytes, sizeof bytes)) > 0)
        if (write(STDOUT_FILENO, bytes, n) != n) return 1;
    return 0;
}

// read_all reads n bytes, or to the end.
static size_t read_all(int fd, char *to, size_t n) {
    size_t length = 0;
    ssize_t got;
    while (length < n && (got = read(fd, to + length, n - length)) > 0) length += got;
    return length;
}

static size_t through_pipe(const char *body, size_t n, char *answer) {
    for (size_t done = 0, next; done < n; done += next) {
        next = n - done < piece ? n - done : piece;
        if (write(to_child, body + done, next) != (ssize_t)next) fail("write to the child");
        read_all(from_child, answer + done, next);
    }
    return n;
}

static size_t through_process(char *body, size_t n, char *answer) {
    int ends[2];
    body[n] = 0;
    if (pipe2(ends, O_CLOEXEC) < 0) fail("pipe2");
    pid_t child = vfork();
    if (child < 0) fail("vfork");
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl(self, "limit", "print", body, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    size_t length = read_all(ends[0], answer, largest);
    close(ends[0]);
    waitpid(child, NULL, 0);
    return length;
}

// serve takes what has come on a connection, and answers when a request is whole. It returns 0 when the connection has
// to be closed.
static int serve(int fd, char mode) {
    static char out[headroom + largest + 1];
    ssize_t n = read(fd, in[fd]->bytes + in[fd]->length, largest - 1 - in[fd]->length);
    if (n <= 0) return 0;
    in[fd]->length += n;
    in[fd]->bytes[in[fd]->length] = 0;
    char *body = strstr(in[fd]->bytes, "\r\n\r\n"), *length = strcasestr(in[fd]->bytes, "\r\nContent-Length:");
    if (!body) return in[fd]->length < largest - 1;
    body += 4;
    size_t want = length && length < body ? strtoul(length + 17, NULL, 10) : 0;
    if (in[fd]->length - (body - in[fd]->bytes) < want) return in[fd]->length < largest - 1;
    char *last = strcasestr(in[fd]->bytes, "\r\nConnection: close");
    int closing = last && last < body;
    in[fd]->length = 0;

    size_t size = want;
    char *answer = out + headroom;
    if (mode == 'p') size = through_pipe(body, want, answer);
    else if (mode == 's') size = through_process(body, want, answer);
    else memcpy(answer, body, want);
    char head[headroom];
    size_t used = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n",
                        closing ? "Connection: close\r\n" : "", size);
    memcpy(answer - used, head, used);
    for (size_t done = 0; done < used + size; done += n)
        if ((n = write(fd, answer - used + done, used + size - done)) < 0) return 0;
    return !closing;
}

static int listen_at(int port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = INADDR_ANY};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), yes = 1;
    if (fd < 0) fail("socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0) fail("bind");
    if (listen(fd, 1024) < 0) fail("listen");
    return fd;
}

// accept_all takes all connections that wait, so that none waits for those before it.
static void accept_all(int listener, int poll) {
    int fd, yes = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        if (fd >= connections || (!in[fd] && !(in[fd] = malloc(sizeof **in)))) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        in[fd]->length = 0;
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
    }
}

int main(int argc, char **argv) {
    if (argc == 2 && !strcmp(argv[1], "child")) return be_child();
    if (argc == 3 && !strcmp(argv[1], "print")) return fputs(argv[2], stdout) == EOF;
    if (argc != 3 || !strchr("eps", argv[2][0])) {
        fprintf(stderr, "usage: limit PORT echo|pipe|spawn\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    if (argv[2][0] == 'p') start_child();
    int listener = listen_at(atoi(argv[1])), poll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int ready = epoll_wait(poll, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) accept_all(listener, poll);
            else if (!serve(fd, argv[2][0])) close(fd);
        }
    }
}
