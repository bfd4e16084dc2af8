# Streams a countdown, a line each second: {"from": 10, "pause": 1}. When its reader leaves, the run ends: wait returns
# true at once, and puts raises Errno::EPIPE.
OW_CONCURRENCY = 16

def main(args, stream)
  from = args["from"] || 10
  from.downto(1) do |n|
    stream.puts n
    stream.wait(args["pause"] || 1)
  end
  stream.puts "lift-off"
  { counted: from }
end
