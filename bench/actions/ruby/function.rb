# The action of the benchmarks as a function, which the launcher of the Ruby stemcell calls for each run.
def main(args)
  { greetings: "Hello, #{args["name"]}" }
end
