# Streams server-sent events, one for each of "items". A browser reads them with EventSource.
require "json"

def main(args, stream)
  stream.head(headers: { "content-type" => "text/event-stream" })
  items = args["items"] || []
  items.each.with_index(1) { |item, id| stream.write("id: #{id}\ndata: #{JSON.generate({ item: item })}\n\n") }
  { events: items.size }
end
