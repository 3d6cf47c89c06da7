package dev.jiffy.engine.kernel.x86;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Functions of one kind by number, each emitted when it is first needed.
final class CodeTable {
  private final String name;
  private final Emitter emitter;
  private final @Nullable MemorySegment[] functions;

  /// What emits the functions of some tables.
  ///
  /// A class of kernels is that of all its tables: a function object for each would have to be
  /// linked in processes that need none of them.
  interface Emitter {
    /// {@return the code of a function}
    ///
    /// @param table the name of its table
    /// @param number its number there
    byte[] emit(String table, int number);
  }

  /// Makes an empty table.
  ///
  /// @param name for profilers
  /// @param size how many functions there may be
  /// @param emitter emits the functions
  CodeTable(String name, int size, Emitter emitter) {
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
      function = Code.load(name + number, emitter.emit(name, number));
      functions[number] = function;
    }
    return function;
  }
}
