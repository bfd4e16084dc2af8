#!/usr/bin/ruby --disable=gems
# The same as a process for each run, which gets the value as its argument. It leaves RubyGems out, as the launcher does.
require "json"

def main(args)
  { greetings: "Hello, #{args["name"]}" }
end

puts JSON.generate(main(JSON.parse(ARGV[0])))
