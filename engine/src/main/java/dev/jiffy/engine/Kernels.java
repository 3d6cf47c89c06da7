package dev.jiffy.engine;

import dev.jiffy.engine.kernel.scalar.ScalarMatrixKernels;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import dev.jiffy.engine.kernel.vector.VectorMatrixKernels;
import dev.jiffy.engine.kernel.vector.VectorRowKernels;
import dev.jiffy.engine.lower.Target;

/// The choice of kernels, made from the load options and what this JVM offers.
final class Kernels {
  private static final System.Logger LOG = System.getLogger("dev.jiffy.engine");

  private Kernels() {}

  /// Whether the JVM was started with the Vector API; asked once, and told once where it is not.
  private static final class VectorApi {
    static final boolean PRESENT =
        ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();

    static {
      if (!PRESENT) {
        LOG.log(
            System.Logger.Level.WARNING,
            "running on scalar kernels: the JVM was started without --add-modules"
                + " jdk.incubator.vector, which would make models many times faster");
      }
    }
  }

  static Target target(LoadOptions options) {
    switch (options.precision()) {
      case F32, AUTO -> {}
      case BF16, INT8 ->
          throw new ModelException(
              "precision %s is not available: this version computes in F32"
                  .formatted(options.precision()));
    }
    int threads =
        options.threads() == 0 ? Runtime.getRuntime().availableProcessors() : options.threads();
    boolean vector =
        switch (options.kernels()) {
          case AUTO -> VectorApi.PRESENT;
          case SCALAR -> false;
          case VECTOR -> {
            if (!VectorApi.PRESENT) {
              throw new ModelException(
                  "kernels VECTOR need a JVM started with --add-modules jdk.incubator.vector");
            }
            yield true;
          }
          case NATIVE ->
              throw new ModelException("kernels NATIVE are not available on this machine");
        };
    return vector
        ? new Target(new VectorMatrixKernels(), new VectorRowKernels(), threads)
        : new Target(new ScalarMatrixKernels(), new ScalarRowKernels(), threads);
  }
}
