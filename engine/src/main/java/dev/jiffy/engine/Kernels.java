package dev.jiffy.engine;

import dev.jiffy.engine.kernel.scalar.ScalarMatrixKernels;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import dev.jiffy.engine.kernel.tile.TiledMatrixKernels;
import dev.jiffy.engine.kernel.vector.VectorDepthwise;
import dev.jiffy.engine.kernel.vector.VectorMicroKernels;
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

  /// {@return the options with everything that they leave open decided}
  ///
  /// @throws ModelException if they ask for what this machine or this version lacks
  static LoadOptions decided(LoadOptions options) {
    Precision precision =
        switch (options.precision()) {
          case F32, AUTO -> Precision.F32;
          case BF16, INT8 ->
              throw new ModelException(
                  "precision %s is not available: this version computes in F32"
                      .formatted(options.precision()));
        };
    int threads =
        options.threads() == 0 ? Runtime.getRuntime().availableProcessors() : options.threads();
    KernelPath kernels =
        switch (options.kernels()) {
          case AUTO -> VectorApi.PRESENT ? KernelPath.VECTOR : KernelPath.SCALAR;
          case SCALAR -> KernelPath.SCALAR;
          case VECTOR -> {
            if (!VectorApi.PRESENT) {
              throw new ModelException(
                  "kernels VECTOR need a JVM started with --add-modules jdk.incubator.vector");
            }
            yield KernelPath.VECTOR;
          }
          case NATIVE ->
              throw new ModelException("kernels NATIVE are not available on this machine");
        };
    return new LoadOptions(Math.min(threads, 1024), precision, kernels, options.optimize());
  }

  /// {@return the kernels of decided options}
  static Target target(LoadOptions decided) {
    return decided.kernels() == KernelPath.VECTOR
        ? new Target(
            new TiledMatrixKernels(new VectorMicroKernels(), new VectorDepthwise()),
            new VectorRowKernels(),
            decided.threads())
        : new Target(new ScalarMatrixKernels(), new ScalarRowKernels(), decided.threads());
  }
}
