# frozen_string_literal: true

# The streams and logs of runs, for launcher.rb. They are loaded for functions that take a stream or let runs overlap.

module OpenWhiskLauncher
  # Printing is what all that can be written to has in common.
  module Printing
    def <<(text)
      write(text)
      self
    end

    def print(*texts)
      write(*texts)
      nil
    end

    def puts(*texts)
      lines = texts.empty? ? [""] : texts.flatten.map(&:to_s)
      write(*lines.map { |line| line.end_with?("\n") ? line : "#{line}\n" })
      nil
    end

    def printf(format, *values) = print(Kernel.format(format, *values))
  end

  # Lines writes lines of the protocol: whole, from whatever thread.
  class Lines
    def initialize(results)
      @results = results
      @lock = Mutex.new
    end

    def write(word, id, text) = Thread.handle_interrupt(Object => :never) { @lock.synchronize { @results.write(word, " ", id, " ", text, "\n") } }
  end

  # Stream is the second argument of main(args, stream). What is written to it goes out at once.
  class Stream
    include Printing

    attr_reader :id
    # The members of the request but the value: {"activation_id" => …, "namespace" => …, "deadline" => …}.
    attr_reader :activation

    # Without an id the proxy knows no streams, and what is written is log.
    def initialize(id, lines)
      @id = id
      @lines = lines
      @lock = Mutex.new
      @changed = ConditionVariable.new
      @log = +""
      @activation = {}
    end

    def about(activation) = @activation = activation

    # head sets the status and the headers, before anything is written.
    def head(status: nil, headers: nil)
      send_line("head", GENERATE.call({ status: status, headers: headers }.compact))
    end

    # write raises Errno::EPIPE when the run was cancelled, for then nobody reads.
    def write(*texts)
      texts = texts.map(&:to_s)
      texts.each do |text|
        text = text.b
        next send_line("out64", [text].pack("m0")) if text.include?("\r") # the end of a line takes a CR with it

        text.each_line("\n") { |line| line.end_with?("\n") ? send_line("out", line.chomp("\n")) : send_line("put", line) }
      end
      texts.sum(&:bytesize)
    end

    def flush = self

    def cancelled? = @lock.synchronize { @cancelled }

    # wait sleeps, and returns true as soon as the run is cancelled.
    def wait(seconds)
      deadline = now + seconds
      @lock.synchronize do
        @changed.wait(@lock, deadline - now) until @cancelled || now >= deadline
        @cancelled
      end
    end

    def cancel
      @lock.synchronize do
        @cancelled = true
        @changed.broadcast
      end
    end

    # log takes a part of this run's log, which goes out by lines.
    def log(text)
      whole = @lock.synchronize do
        @log << text.b
        @log.slice!(0..(@log.rindex("\n") || -1)) if @log.include?("\n")
      end
      whole&.each_line("\n") { |line| @lines.write("log", id, line.chomp("\n")) }
    end

    def finish = (log("\n") unless @log.empty?)

    private

    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

    def send_line(word, text)
      Kernel.raise Errno::EPIPE, "the run was cancelled" if cancelled?
      return STDERR.write(text, "\n") unless id

      @lines.write(word, id, text)
    end
  end

  # Log stands for $stdout or $stderr while runs overlap: what a run or a thread of it writes goes out with its id.
  class Log
    include Printing

    def initialize(io) = @io = io

    def write(*texts)
      stream = Thread.current.group&.instance_variable_get(:@ow_stream)
      return @io.write(*texts) unless stream

      texts.map!(&:to_s)
      stream.log(texts.join)
      texts.sum(&:bytesize)
    end

    def flush = self

    def method_missing(name, ...) = @io.public_send(name, ...)

    def respond_to_missing?(name, all = false) = @io.respond_to?(name, all)
  end

  module_function

  # overlap serves runs that may overlap, a thread for each. There is one environment for all, so it tells of none.
  def overlap
    runs = {}
    while (line = next_request)
      word, id, _activation, _deadline, request = line.split(" ", 5)
      runs.delete_if { |_, (_, thread)| !thread.alive? }
      case word
      when "run" then runs[id] = begin_run(Stream.new(id, @lines), request)
      when "cancel" then runs[id]&.first&.cancel
      end
    end
    runs.each_value { |_, thread| thread.join }
  end

  def begin_run(stream, request)
    group = ThreadGroup.new # threads that the function starts are in it, too
    group.instance_variable_set(:@ow_stream, stream)
    thread = Thread.new do
      group.add(Thread.current)
      result = run(request, stream)
      stream.finish
      @lines.write("end", stream.id, result)
    end
    [stream, thread]
  end

  # watch waits for the line that cancels a run: no other comes while one is under way.
  def watch(stream)
    Thread.new do
      Thread.handle_interrupt(Object => :immediate) { IO.select([@requests]) }
      # The end of the input is met again by who reads next.
      stream.cancel if @requests.gets("\n")&.split == ["cancel", stream.id]
    end
  end
end
