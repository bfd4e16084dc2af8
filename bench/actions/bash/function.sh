# The action of the benchmarks as a function, which the launcher of the Bash stemcell calls for each run. It starts no jq,
# which alone would take longer than the rest.
main() {
  [[ $1 =~ \"name\":\ *\"([^\"]*)\" ]]
  printf '{"greetings":"Hello, %s"}\n' "${BASH_REMATCH[1]}"
}
