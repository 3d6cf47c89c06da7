package dev.jiffy.engine.kernel.vector;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/// Loops that the JIT compiles by themselves, never as a part of their callers.
///
/// HotSpot stops inlining ordinary methods once a compilation has grown to 18 000 nodes
/// (`NodeCountInliningCutoff`), as many as one or two loops over transcendental functions have; a
/// vector that is passed to a method behind that point becomes an object, and the loop many times
/// slower. What is called through a method handle that is no constant cannot be inlined: hence the
/// array. Such a call costs a few nanoseconds.
final class Isolated {
  private final MethodHandle[] handle;

  private Isolated(MethodHandle handle) {
    this.handle = new MethodHandle[] {handle};
  }

  /// {@return a static method of this package}
  ///
  /// @param owner its class
  /// @param name its name
  /// @param result its result
  /// @param parameters its parameters
  static Isolated method(Class<?> owner, String name, Class<?> result, Class<?>... parameters) {
    MethodType type = MethodType.methodType(result, parameters);
    try {
      return new Isolated(MethodHandles.lookup().findStatic(owner, name, type));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("no method " + name + type + " in " + owner, e);
    }
  }

  /// Calls an elementwise loop: two parameters, arguments, results, how many.
  void run(float alpha, float beta, long x, long y, long n) {
    try {
      handle[0].invokeExact(alpha, beta, x, y, n);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /// Calls an elementwise loop over two operands: either with its step, results, how many.
  void run(long x, long stepX, long y, long stepY, long z, long n) {
    try {
      handle[0].invokeExact(x, stepX, y, stepY, z, n);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /// Calls a loop over a row: arguments, results, how many.
  void run(long x, long y, long n) {
    try {
      handle[0].invokeExact(x, y, n);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /// Calls a loop over a row that returns a number.
  float reduce(long x, float value, long n) {
    try {
      return (float) handle[0].invokeExact(x, value, n);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /// Calls a loop over a row that stores one and returns a number.
  float map(long x, float value, long y, long n) {
    try {
      return (float) handle[0].invokeExact(x, value, y, n);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /// What a kernel throws is unchecked: the declared type is that of any method handle.
  private static RuntimeException failure(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return e instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(e);
  }
}
