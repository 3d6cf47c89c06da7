package dev.jiffy.engine.system;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

/// Functions of the C library.
///
/// All are called in few forms, whatever their own signature is, as a process has to link each
/// form: arguments are numbers and addresses as `long`, of which a function reads the low half
/// where it takes an `int`.
public final class CLibrary {
  private static final int ARGUMENTS = 6;

  private CLibrary() {}

  /// {@return a function}
  ///
  /// @param name its name in C
  /// @throws UnsupportedOperationException if there is none
  @SuppressWarnings("restricted")
  public static MemorySegment find(String name) {
    return Linker.nativeLinker()
        .defaultLookup()
        .find(name)
        .orElseThrow(() -> new UnsupportedOperationException("no function " + name));
  }

  /// {@return what calls a function, its first argument, with numbers, and returns a number}
  ///
  /// @param arguments how many numbers
  /// @param options what the linker is told
  @SuppressWarnings("restricted")
  public static MethodHandle form(int arguments, Linker.Option... options) {
    MemoryLayout[] numbers = new MemoryLayout[arguments];
    Arrays.fill(numbers, ValueLayout.JAVA_LONG);
    return Linker.nativeLinker()
        .downcallHandle(FunctionDescriptor.of(ValueLayout.JAVA_LONG, numbers), options);
  }

  /// Calls a function that may take long.
  ///
  /// @param name its name in C
  /// @param arguments at most six numbers and addresses
  /// @return the low half of what it returns
  /// @throws UnsupportedOperationException if there is no such function
  public static int call(String name, long... arguments) {
    return call(Waiting.SIX, name, arguments);
  }

  /// Calls a function that ends soon: the JVM is not told that the thread has left Java. The form
  /// of call is one that machine code has as well.
  ///
  /// @param name its name in C
  /// @param arguments at most six numbers and addresses
  /// @return the low half of what it returns
  /// @throws UnsupportedOperationException if there is no such function
  public static int callBriefly(String name, long... arguments) {
    return call(Brief.SIX, name, arguments);
  }

  private static int call(MethodHandle form, String name, long... arguments) {
    MemorySegment function = find(name);
    long[] all = Arrays.copyOf(arguments, ARGUMENTS);
    try {
      return (int)
          (long) form.invokeExact(function, all[0], all[1], all[2], all[3], all[4], all[5]);
    } catch (Throwable thrown) {
      throw new IllegalStateException(thrown);
    }
  }

  private static final class Waiting {
    static final MethodHandle SIX = form(ARGUMENTS);
  }

  private static final class Brief {
    static final MethodHandle SIX = form(ARGUMENTS, Linker.Option.critical(false));
  }
}
