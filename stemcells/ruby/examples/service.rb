# Asks a slow service, which is at a port of this machine. Where the platform allows it, up to 16 runs wait for it at the
# same time, a thread for each. They share one environment, so the stream tells of the activation.
require "socket"

OW_CONCURRENCY = 16

def main(args, stream)
  puts "asks for #{args['name']}"
  service = TCPSocket.new("127.0.0.1", args["port"])
  service.puts args["name"]
  { answer: service.gets.chomp, activation: stream.activation["activation_id"] }
end
