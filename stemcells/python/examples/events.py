# Streams server-sent events, one for each of "items". A browser reads them with EventSource.
import json


def main(args, stream):
    stream.head(headers={"content-type": "text/event-stream"})
    items = args.get("items", [])
    for id, item in enumerate(items, 1):
        stream.write(f"id: {id}\ndata: {json.dumps({'item': item}, separators=(',', ':'))}\n\n")
    return {"events": len(items)}
