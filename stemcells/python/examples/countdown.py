# Streams a countdown, a line each second: {"from": 10, "pause": 1}. When its reader leaves, the run ends: wait returns
# True at once, and write raises BrokenPipeError.
OW_CONCURRENCY = 16


def main(args, stream):
    start = args.get("from", 10)
    for n in range(start, 0, -1):
        stream.write(f"{n}\n")
        stream.wait(args.get("pause", 1))
    stream.write("lift-off\n")
    return {"counted": start}
