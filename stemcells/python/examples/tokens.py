# Streams an answer token by token, as a chat does: write ends no line.
async def main(args, stream):
    tokens = ["Hello", ",", f" {args.get('prompt', 'world')}", "!", "\n"]
    for token in tokens:
        stream.write(token)
    return {"tokens": len(tokens)}
