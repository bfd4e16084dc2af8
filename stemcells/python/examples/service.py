# Asks a slow service, which is at a port of this machine. Where the platform allows it, up to 16 runs wait for it at the
# same time: tasks of one loop here, threads where main is no coroutine. They share one environment, so the stream tells
# of the activation.
import asyncio

OW_CONCURRENCY = 16


async def main(args, stream):
    print("asks for", args["name"])
    reader, writer = await asyncio.open_connection("127.0.0.1", args["port"])
    writer.write(f"{args['name']}\n".encode())
    answer = await reader.readline()
    return {"answer": answer.decode().strip(), "activation": stream.activation["activation_id"]}
