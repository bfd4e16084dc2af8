//go:build linux

package main

// method is the last part of the page.
const method = `
## How it is measured

- Every contender runs in a container of an image that ` + "`mkimage build`" + ` makes, pushed to a registry on this machine and pulled from there, with the limits
  of OpenWhisk's invoker: 256 MB, 1024 processes and files, without NET_RAW and NET_ADMIN. Its port is published at 127.0.0.1, and the engine
  keeps its log as it does by default.
- *exec* is a program with the library in the image go: it has replaced the proxy, and its runs go one after the other, as is
  usual; they overlap in another row. *v1* and *v2* are Go programs that the proxy in the image scratch
  talks to, *v0* is started anew for each run. The functions in Bash, Ruby and Python are a few lines each, in ` + "`bench/actions`" + `.
- *Python+System* is the method of dockerskeleton, not dockerskeleton itself: Flask on gevent's server, both from Debian, in an image of its own
  (` + "`bench/bare/flask`" + `), which starts the same program as v0 for each run.
- The *limits* are a static program in C (` + "`bench/bare/limit`" + `), in a container as well: it sends a request's own body back at once, through a child at
  the other end of two pipes, or through a process that it starts for each request. It checks nothing, so nothing that checks can reach it. Each row
  is compared with the limit of its kind.
- Ours write two sentinels to the log of each run, as the platform wants it, and the engine reads and keeps both. *bare net/http* writes no log;
  a row of its own writes the same sentinels.
- In every round each contender has a fresh container, and all are measured one right after the other. Tables show medians of rounds; ratios are taken
  within a round, with the smallest and the largest beside. Wrong and failed answers are added up.
- Processor time and memory are the container's, as ` + "`docker stats`" + ` counts them, with all its processes; the engine's own work, such as passing on
  each byte of a connection and writing the log, is not in there.
- Every answer must have the name that its own request sent; JMeter checks that, too.
`
