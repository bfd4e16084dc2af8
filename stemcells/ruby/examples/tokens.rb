# Streams an answer token by token, as a chat does: write and << end no line.
def main(args, stream)
  tokens = ["Hello", ",", " #{args['prompt'] || 'world'}", "!", "\n"]
  tokens.each { |token| stream << token }
  { tokens: tokens.size }
end
