package dev.jiffy.engine;

import dev.jiffy.engine.kernel.MatrixKernels;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.NarrowKernels;
import dev.jiffy.engine.kernel.scalar.ScalarMatrixKernels;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;

/// Kernels that are wrong in one thing and right in all others.
@SuppressWarnings("exports") // for tests of this module
public final class WrongKernels {
  private static final int RESULT = 5;
  private static final int BYTES = 64;

  private WrongKernels() {}

  /// What becomes of a call.
  public interface Change {
    /// {@return the result}
    ///
    /// @param result what it was
    /// @param arguments the arguments
    @Nullable Object of(@Nullable Object result, Object[] arguments);
  }

  /// {@return kernels whose products are wrong in one element}
  public static MatrixKernels products() {
    return changed(
        MatrixKernels.class,
        new ScalarMatrixKernels(),
        "multiply",
        (_, arguments) -> spoiled(arguments[RESULT]));
  }

  /// {@return kernels with such products of narrow numbers}
  ///
  /// @param narrow the products
  public static MatrixKernels narrow(NarrowKernels narrow) {
    return changed(MatrixKernels.class, new ScalarMatrixKernels(), "narrow", (_, _) -> narrow);
  }

  /// Makes the first number of a result wrong.
  ///
  /// @param address where it lies
  /// @return the result of a method without one
  public static @Nullable Object spoiled(Object address) {
    Memory.setFloat((long) address, Memory.getFloat((long) address) + 0.01f);
    return null;
  }

  /// {@return kernels of which one method differs}
  ///
  /// @param <T> the type of kernels
  /// @param type the type of kernels
  /// @param right the kernels that compute
  /// @param name the name of the method
  /// @param change how it differs
  public static <T> T changed(Class<T> type, T right, String name, Change change) {
    return proxy(
        type,
        (_, method, arguments) -> {
          try {
            Object result = method.invoke(right, arguments);
            return method.getName().equals(name) ? change.of(result, arguments) : result;
          } catch (InvocationTargetException e) {
            throw e.getCause() == null ? e : e.getCause();
          }
        });
  }

  /// {@return kernels that can do everything, as they say, and do nothing}
  ///
  /// @param <T> the type of kernels
  /// @param type the type of kernels
  public static <T> T idle(Class<T> type) {
    return proxy(
        type,
        (_, method, _) -> {
          Class<?> result = method.getReturnType();
          if (result == boolean.class) {
            return true;
          }
          if (result == int.class) {
            return BYTES;
          }
          if (result == long.class) {
            return (long) BYTES;
          }
          return result.isInterface() ? idle(result) : null;
        });
  }

  private static <T> T proxy(Class<T> type, InvocationHandler handler) {
    Class<?>[] types = {type};
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), types, handler));
  }
}
