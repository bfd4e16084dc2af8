# Streams an answer token by token, as a chat does: ow_put ends no line.
main() {
  name=$(printf '%s' "$1" | jq -r '.prompt // "world"')
  for token in Hello , " $name" ! $'\n'; do
    ow_put "$token"
  done
  echo '{"tokens":5}'
}
