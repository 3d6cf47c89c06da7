package dev.jiffy.engine;

import dev.jiffy.engine.kernel.MatrixKernels;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.scalar.ScalarMatrixKernels;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/// Kernels whose products are wrong in one element and whose other results are right.
@SuppressWarnings("exports") // for tests of this module
public final class WrongKernels {
  private static final int RESULT = 5;

  private WrongKernels() {}

  /// {@return such kernels}
  public static MatrixKernels products() {
    MatrixKernels right = new ScalarMatrixKernels();
    Class<?>[] types = {MatrixKernels.class};
    return (MatrixKernels)
        Proxy.newProxyInstance(
            MatrixKernels.class.getClassLoader(),
            types,
            (_, method, arguments) -> {
              try {
                Object result = method.invoke(right, arguments);
                if (method.getName().equals("multiply")) {
                  long c = (long) arguments[RESULT];
                  Memory.setFloat(c, Memory.getFloat(c) + 0.01f);
                }
                return result;
              } catch (InvocationTargetException e) {
                throw e.getCause() == null ? e : e.getCause();
              }
            });
  }
}
