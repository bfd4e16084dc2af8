# The function main gets the value of a run as JSON in $1 and prints its result as JSON. Standard error is the log.
main() {
  echo "greeting somebody" >&2
  jq -c '{greetings: "Hello, \(.name // "world")"}' <<<"$1"
}
