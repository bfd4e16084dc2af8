# A function: a hash comes in, a hash or an array goes out, puts writes to the log.
def main(args)
  puts "activation #{ENV['__OW_ACTIVATION_ID']}"
  { greetings: "Hello, #{args['name'] || 'world'}" }
end
