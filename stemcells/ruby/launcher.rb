#!/usr/bin/ruby --disable=gems
# frozen_string_literal: true

# Runs functions written in Ruby: launcher.rb FILE [NAME]
#
# FILE is loaded once; each run calls its method NAME (main) with the value, in this process. It returns a hash or an
# array; stdout and stderr are the log. The launcher speaks ActionLoop: a line per request on stdin, a line per
# answer on descriptor 3. What a function may rely on stands in docs/stemcells.md.
#
# RubyGems is not loaded: that would take more time than all the rest of the start (57 ms against 14 ms). It comes
# when the function asks for it, see lazy_rubygems.

require "json"

module OpenWhiskLauncher
  HERE = File.expand_path(__FILE__)
  NESTING = 10_000 # of values; results are refused earlier, for an array that holds itself has no end
  module_function

  def start(file, name)
    take_pipes
    Encoding.default_external = Encoding::UTF_8
    find_libraries(File.dirname(file))
    lazy_rubygems
    @main = load_main(file, name)
    @name = name
    @process = Process.pid
    answer({ ok: true }) unless ENV["__OW_WAIT_FOR_ACK"].to_s.empty?
    serve
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
    load file
    flush
    main = TOPLEVEL_BINDING.receiver
    method = main.method(name) if main.respond_to?(name, true)
    return method if method&.source_location && method.source_location[0] != HERE

    leave("#{File.basename(file)} has no method #{name}")
  rescue Exception => e
    raise if e.is_a?(SystemExit) && @left

    log(e)
    leave("#{File.basename(file)} could not be loaded: #{describe(e)}")
  end

  # leave ends the process before it was ready.
  def leave(reason)
    @left = true
    warn reason
    exit 1
  end

  def serve
    while (line = next_request)
      result = run(line)
      answer(result)
      raise @ended if @ended
    end
  end

  # next_request waits for a line; what a thread of the function raises here meanwhile is logged.
  def next_request
    @requests.gets
  rescue SignalException
    raise
  rescue Exception => e
    log(e)
    retry
  end

  # run returns the result as a line of JSON.
  def run(line)
    request = JSON.parse(line.force_encoding(Encoding::UTF_8), max_nesting: NESTING)
    value = request.delete("value")
    before = set_variables(request)
    to_json(@main.call(value.nil? ? {} : value))
  rescue Exception => e
    exit!(1) if Process.pid != @process
    @ended = e if e.is_a?(SignalException) && !e.is_a?(Interrupt)
    log(e) unless e.is_a?(Refused)
    JSON.generate({ error: describe(e) })
  ensure
    exit!(0) if Process.pid != @process # a fork that came back from main
    before&.each { |key, text| ENV[key] = text }
  end

  # set_variables gives every member of the request but the value as __OW_<NAME>, and returns what stood there before.
  def set_variables(members)
    members.each_with_object({}) do |(key, member), before|
      key = "__OW_#{key.upcase}"
      next if key.include?("=") || key.include?("\0")

      before[key] = ENV[key]
      text = member.is_a?(String) ? member : JSON.generate(member)
      ENV[key] = text[/\A[^\0]*/]
    end
  end

  Refused = Class.new(StandardError)

  def to_json(result)
    unless result.is_a?(Hash) || result.is_a?(Array)
      text = result.nil? ? "nil" : "#{result.class} (#{clean(result.inspect)[0, 100]})"
      raise Refused, "#{@name} returned #{text}; it must return a hash or an array"
    end
    begin
      JSON.generate(result, max_nesting: 1000)
    rescue JSON::JSONError, SystemStackError => e
      raise Refused, clean("#{@name} returned what JSON cannot hold: #{e.message}")
    end
  end

  def answer(result)
    flush
    @results.write(result.is_a?(String) ? result : JSON.generate(result), "\n")
  end

  # flush brings the log out before the answer, and back to its place if main left $stdout elsewhere.
  def flush
    $stdout = STDOUT
    $stderr = STDERR
    STDOUT.flush
    STDERR.flush
  rescue StandardError # closed by the function
    nil
  end

  # log writes an exception with the function's own backtrace.
  def log(exception)
    text = exception.full_message(highlight: false, order: :top)
    STDERR.puts(clean(text).lines.reject { |line| line.include?(HERE) }.join)
  rescue StandardError
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
