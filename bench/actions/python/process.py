#!/usr/bin/python3
# The same as a process for each run, which gets the value as its argument.
import json
import sys


def main(args):
    return {"greetings": "Hello, " + args["name"]}


print(json.dumps(main(json.loads(sys.argv[1]))))
