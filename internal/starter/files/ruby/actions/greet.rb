# The function main gets the value of a run as a hash and returns its result as one. What it puts is the log.
def main(args)
  puts 'greeting somebody'
  { greetings: "Hello, #{args['name'] || 'world'}" }
end
