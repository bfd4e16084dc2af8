"""The method of dockerskeleton: Flask on gevent's server, and a process for each run.

POST /init has the program in base64. POST /run starts it with the value as its argument; the last line of what it
prints is the answer. As there, a run keeps the server waiting: runs do not overlap.
"""

import base64
import json
import os
import subprocess
import sys

from flask import Flask, request
from gevent.pywsgi import WSGIServer

PROGRAM = "/tmp/exec"
SENTINEL = "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX"

app = Flask(__name__)


@app.route("/init", methods=["POST"])
def init():
    with open(PROGRAM, "wb") as program:
        program.write(base64.b64decode(request.get_json(force=True)["value"]["code"]))
    os.chmod(PROGRAM, 0o755)
    return "OK"


@app.route("/run", methods=["POST"])
def run():
    message = request.get_json(force=True)
    variables = {"__OW_" + name.upper(): text for name, text in message.items() if isinstance(text, str)}
    process = subprocess.Popen(
        [PROGRAM, json.dumps(message["value"])],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **variables},
    )
    printed, log = process.communicate()
    lines = printed.decode().rstrip("\n").split("\n")
    for line in lines[:-1]:
        print(line)
    sys.stderr.write(log.decode())
    for stream in sys.stdout, sys.stderr:
        print(SENTINEL, file=stream, flush=True)
    try:
        result = json.loads(lines[-1])
    except ValueError:
        return {"error": "The action did not return a dictionary."}, 502
    return result


WSGIServer(("", 8080), app, log=None, backlog=1024).serve_forever()
