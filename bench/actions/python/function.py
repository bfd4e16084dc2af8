# The action of the benchmarks as a function, which the launcher of the Python stemcell calls for each run.
def main(args):
    return {"greetings": "Hello, " + args["name"]}
