# Streams a countdown, a line each second: {"from": 10, "pause": 1}. When its reader leaves, the run ends.
main() {
  read -r from pause < <(printf '%s' "$1" | jq -r '"\(.from // 10) \(.pause // 1)"')
  for ((n = from; n > 0; n--)); do
    ow_out "$n"
    sleep "$pause"
  done
  ow_out lift-off
  echo "{\"counted\":$from}"
}
