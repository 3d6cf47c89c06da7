package dev.jiffy.engine.kernel.x86;

import java.lang.foreign.MemorySegment;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/// Functions of one kind by number, each emitted when it is first needed.
final class CodeTable {
  private final String name;
  private final IntFunction<byte[]> emitter;
  private final @Nullable MemorySegment[] functions;

  /// Makes an empty table.
  ///
  /// @param name for profilers
  /// @param size how many functions there may be
  /// @param emitter from a function's number to its code
  CodeTable(String name, int size, IntFunction<byte[]> emitter) {
    this.name = name;
    this.emitter = emitter;
    functions = new MemorySegment[size];
  }

  MemorySegment get(int number) {
    MemorySegment function = functions[number];
    return function == null ? make(number) : function;
  }

  private synchronized MemorySegment make(int number) {
    MemorySegment function = functions[number];
    if (function == null) {
      function = Code.load(name + number, emitter.apply(number));
      functions[number] = function;
    }
    return function;
  }
}
