# Streams server-sent events, one for each of "items". A browser reads them with EventSource.
main() {
  ow_head '{"headers":{"content-type":"text/event-stream"}}'
  local id=0
  while IFS= read -r event; do
    ow_out "id: $((++id))"
    ow_out "data: $event"
    ow_out
  done < <(printf '%s' "$1" | jq -c '.items[]? | {item: .}')
  echo "{\"events\":$id}"
}
