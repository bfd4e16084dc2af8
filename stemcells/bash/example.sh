# A function: the value comes as JSON in $1, the result is printed, stderr is the log.
main() {
  echo "activation $__OW_ACTIVATION_ID" >&2
  printf '%s' "$1" | jq -c '{greetings: "Hello, \(.name // "world")"}'
}
