# A function: a dict comes in, a dict or a list goes out, print writes to the log.
import os


def main(args):
    print("activation", os.environ["__OW_ACTIVATION_ID"])
    return {"greetings": f"Hello, {args.get('name', 'world')}"}
