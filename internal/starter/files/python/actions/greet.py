# The function main gets the value of a run as a dict and returns its result as one. What it prints is the log.
def main(args):
    print("greeting somebody")
    return {"greetings": f"Hello, {args.get('name', 'world')}"}
