"""A process for each run behind a Python server, which is how dockerskeleton works.

skeleton.py PORT PROGRAM: the program gets the value as its argument, and the last
line of what it writes is the answer. Each connection has a thread.
"""

import http.server
import json
import subprocess
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        process = subprocess.run([sys.argv[2], json.dumps(body["value"])], stdout=subprocess.PIPE, check=False)
        answer = process.stdout.rstrip(b"\n").rsplit(b"\n", 1)[-1]
        json.loads(answer)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 1024
    daemon_threads = True


Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
