// Spawn measures the floor of a process per run: fork, exec, read the output to
// its end, wait; nothing else.
//
//     spawn N PROGRAM ARGUMENT
//
// prints the N times, in nanoseconds, one a line. It fails when PROGRAM does not
// print ARGUMENT. Built with cc -static.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void fail(const char *operation) {
    perror(operation);
    exit(1);
}

// once runs the program and leaves its output, cut to size - 1 bytes, in output.
static void once(char **argv, char *output, size_t size) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) fail("pipe2");
    pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execve(argv[0], argv, environ);
        _exit(127);
    }
    close(ends[1]);
    size_t length = 0;
    ssize_t n;
    while ((n = read(ends[0], output + length, size - 1 - length)) > 0) length += n;
    if (n < 0) fail("read");
    output[length] = 0;
    close(ends[0]);
    if (waitpid(child, NULL, 0) < 0) fail("waitpid");
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: spawn N PROGRAM ARGUMENT\n");
        return 2;
    }
    int count = atoi(argv[1]);
    long long *took = calloc(count, sizeof *took);
    if (!took) fail("calloc");
    char output[4096];
    for (int i = 0; i < count; i++) {
        long long began = now();
        once(argv + 2, output, sizeof output);
        took[i] = now() - began;
        if (!strstr(output, argv[3])) {
            fprintf(stderr, "spawn: %s printed %s\n", argv[2], output);
            return 1;
        }
    }
    for (int i = 0; i < count; i++) printf("%lld\n", took[i]);
    return 0;
}
