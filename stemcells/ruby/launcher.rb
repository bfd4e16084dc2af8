#!/usr/bin/ruby --disable=gems
# frozen_string_literal: true

# Runs functions written in Ruby: launcher.rb FILE [NAME]
#
# FILE is loaded once; each run calls its method NAME (main) with the value, in this process. It returns a hash or an
# array; stdout and stderr are the log. The launcher speaks the native protocol on stdin and descriptor 3: version 2
# where the proxy does, which lets a run stream, be cancelled, and overlap with others; else ActionLoop. What a function
# may rely on stands in docs/stemcells.md.
#
# FILE may define methods of any name, which then are every object's, and set every global variable. So the launcher
# calls methods of modules (Kernel.raise), keeps those of JSON, and names line ends. No message about a request holds text of it, for it brings the API key.
#
# RubyGems is not loaded: that would take more time than all the rest of the start (57 ms against 14 ms). It comes
# when the function asks for it, see lazy_rubygems.

require "json"

module OpenWhiskLauncher
  HERE = File.expand_path(__FILE__)
  NESTING = 10_000 # of values; results are refused earlier, for an array that holds itself has no end
  PARSE = JSON.method(:parse)
  GENERATE = JSON.method(:generate)
  JSONError = JSON::JSONError
  Refused = Class.new(StandardError)
  METHOD = Kernel.instance_method(:method)
  module_function

  def start(file, name)
    take_pipes
    Encoding.default_external = Encoding::UTF_8
    find_libraries(File.dirname(file))
    lazy_rubygems
    @main = load_main(file, name)
    @name = name
    @process = Process.pid
    choose_protocol
    answer(@greeting) if @awaited
    # What threads of the function raise in this one arrives while main runs or the next request is awaited.
    Thread.handle_interrupt(Object => :never) { serve }
  end

  # choose_protocol finds out what the proxy speaks, and what the function asks for.
  def choose_protocol
    @awaited = !ENV["__OW_WAIT_FOR_ACK"].to_s.empty?
    @native = @awaited && ENV["__OW_NATIVE_PROTOCOL"].to_i > 1
    runs = Object.const_defined?(:OW_CONCURRENCY) ? Object.const_get(:OW_CONCURRENCY) : 1
    @overlaps = @native && ENV["__OW_ALLOW_CONCURRENT"] == "true" && Integer === runs && runs > 1
    @greeting = @native ? GENERATE.call({ openwhisk: 2, concurrency: @overlaps ? runs : 1, request: true }) : '{"ok":true}'
    @streams = @main.parameters.count { |kind,| kind == :req } == 2
    return unless @streams || @overlaps

    require_relative "stream"
    @lines = Lines.new(@results)
  end

  # take_pipes moves the protocol's pipes to where neither the function nor a program that it starts finds them.
  def take_pipes
    @requests = $stdin.dup.binmode
    $stdin.reopen(File::NULL)
    given = IO.for_fd(3, "wb")
    @results = given.dup.binmode
    @results.sync = true
    given.close
  end

  # find_libraries puts lib and the gems of vendor/bundle, as "bundle install" lays them out, on the load path.
  def find_libraries(dir)
    bundle = "#{dir}/vendor/bundle/ruby/*"
    paths = Dir["#{dir}/lib", "#{bundle}/gems/*/lib", "#{bundle}/bundler/gems/*/lib", "#{bundle}/extensions/*/*/*"]
    $LOAD_PATH.unshift(*paths.select { |path| File.directory?(path) })
  end

  def lazy_rubygems
    return if defined?(Gem)

    Object.autoload(:Gem, "rubygems")
    Kernel.module_eval do
      def gem(*arguments)
        Kernel.send(:remove_method, :gem)
        require "rubygems"
        gem(*arguments)
      end
      private :gem
    end
  end

  def load_main(file, name)
    $LOADED_FEATURES << file # require_relative "main" finds it loaded
    Kernel.load file
    flush
    method = find_method(name)
    return method if method&.source_location && method.source_location[0] != HERE

    leave("#{File.basename(file)} has no method #{name}")
  rescue Exception => e
    Kernel.raise if SystemExit === e && @left

    log(e)
    leave("#{File.basename(file)} could not be loaded: #{describe(e)}")
  end

  def find_method(name)
    METHOD.bind_call(TOPLEVEL_BINDING.receiver, name)
  rescue NameError
    nil
  end

  # leave ends the process before it was ready.
  def leave(reason)
    @left = true
    say(reason, "\n")
    Process.exit(1)
  end

  def serve
    return overlap if @overlaps

    while (line = next_request)
      word, id, _activation, _deadline, request = @native ? line.split(" ", 5) : ["run", nil, nil, nil, line]
      next unless word == "run"

      result = @streams ? run_stream(id, request) : run(request)
      answer(id ? "end #{id} #{result}" : result)
      Kernel.raise @ended if @ended
    end
  end

  def run_stream(id, request)
    stream = Stream.new(id, @lines)
    watcher = watch(stream) if id
    run(request, stream)
  ensure
    watcher&.kill&.join
  end

  # next_request waits for a line; what a thread of the function raises here meanwhile is logged. It does so before the
  # line is read, for a read that is interrupted has lost its bytes.
  def next_request
    Thread.handle_interrupt(Object => :immediate) { IO.select([@requests]) }
    @requests.gets("\n")
  rescue SignalException
    Kernel.raise
  rescue Exception => e
    log(e)
    retry
  end

  # run returns the result as a line of JSON.
  def run(line, stream = nil)
    value, members = read(line)
    stream&.about(members)
    before = set_variables(members.filter_map { |key, member| variable(key, member) }) unless @overlaps
    arguments = @streams ? [value, stream] : [value]
    to_json(Thread.handle_interrupt(Object => :immediate) { @main.call(*arguments) })
  rescue Exception => e
    Process.exit!(1) if Process.pid != @process
    return GENERATE.call({ error: "the run was cancelled" }) if Errno::EPIPE === e && stream&.cancelled?

    @ended = e if SignalException === e && !(Interrupt === e)
    log(e) unless Refused === e
    GENERATE.call({ error: describe(e) })
  ensure
    Process.exit!(0) if Process.pid != @process # a fork that came back from main
    before&.each { |key, text| ENV[key] = text }
  end

  # read returns the value of a request, and the other members. What Ruby says of a request may be text of it.
  def read(line)
    request = PARSE.call(line.force_encoding(Encoding::UTF_8), max_nesting: NESTING)
    Kernel.raise Refused unless Hash === request
    value = request.delete("value")
    [value.nil? ? {} : value, request]
  rescue StandardError, SystemStackError
    # With a cause, that would be part of what is logged.
    Kernel.raise Refused, "the request cannot be read: it is not a JSON object, or not one for Ruby", cause: nil
  end

  # variable returns the name and the text of a member, which ends at U+0000, or nil where it cannot be one.
  def variable(key, member)
    return if !key.valid_encoding? || key.match?(/[=\0]/)

    text = String === member ? member : GENERATE.call(member)
    ["__OW_#{key.upcase}", text.byteslice(0, text.b.index("\0") || text.bytesize)]
  end

  # set_variables returns what stood there before.
  def set_variables(members)
    members.map { |key, text| [key, ENV[key]].tap { ENV[key] = text } }
  end

  def to_json(result)
    unless Hash === result || Array === result
      got = result.nil? ? "nil" : "an object of #{result.class}"
      Kernel.raise Refused, "#{@name} returned #{got}; it must return a hash or an array"
    end
    begin
      GENERATE.call(result, max_nesting: 1000)
    rescue JSONError, EncodingError, SystemStackError => e
      Kernel.raise Refused, clean("#{@name} returned what JSON cannot hold: #{e.message}")
    end
  end

  def answer(result)
    flush
    @results.write(result, "\n")
  end

  # flush brings the log out before the answer, and back to its place if main left $stdout elsewhere.
  def flush
    $stdout = @overlaps ? Log.new(STDOUT) : STDOUT
    $stderr = @overlaps ? Log.new(STDERR) : STDERR
    STDOUT.flush
    STDERR.flush
  rescue StandardError # closed by the function
    nil
  end

  # log writes an exception with the function's own backtrace.
  def log(exception)
    text = clean(exception.full_message(highlight: false, order: :top)).chomp("\n") + "\n"
    say(*text.lines("\n").reject { |line| line.include?(HERE) })
  rescue StandardError # of the exception's own methods
    nil
  end

  def say(*lines)
    STDERR.write(*lines)
  rescue StandardError # closed by the function
    nil
  end

  def describe(exception)
    case exception
    when Refused then exception.message
    when SystemExit then "#{@name || 'the file'} called exit, status #{exception.status}"
    when SignalException then "#{@name} was ended by #{exception.signm}"
    else clean("#{exception.class}: #{exception.message}")
    end
  rescue Exception
    exception.class.name.to_s
  end

  def clean(text)
    text.dup.force_encoding(Encoding::UTF_8).scrub
  end
end

OpenWhiskLauncher.start(File.expand_path(ARGV.shift), (ARGV.shift || "").then { |name| name.empty? ? "main" : name })
