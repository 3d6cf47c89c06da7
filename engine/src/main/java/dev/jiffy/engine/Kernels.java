package dev.jiffy.engine;

import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.MatrixKernels;
import dev.jiffy.engine.kernel.NarrowKernels;
import dev.jiffy.engine.kernel.scalar.ScalarMatrixKernels;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import dev.jiffy.engine.kernel.tile.MicroKernels;
import dev.jiffy.engine.kernel.tile.TiledMatrixKernels;
import dev.jiffy.engine.kernel.vector.VectorDepthwise;
import dev.jiffy.engine.kernel.vector.VectorMicroKernels;
import dev.jiffy.engine.kernel.vector.VectorRowKernels;
import dev.jiffy.engine.kernel.x86.X86Depthwise;
import dev.jiffy.engine.kernel.x86.X86MicroKernels;
import dev.jiffy.engine.kernel.x86.X86NarrowKernels;
import dev.jiffy.engine.kernel.x86.X86RowKernels;
import dev.jiffy.engine.lower.Target;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

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

  /// Whether machine code runs here; asked once, and told once where it does not.
  private static final class MachineCode {
    static final @Nullable Target TARGET;
    static final String REASON;

    static {
      Target target = null;
      String reason = "";
      try {
        target = nativeTarget();
      } catch (UnsupportedOperationException e) {
        reason = String.valueOf(e.getMessage());
        LOG.log(System.Logger.Level.INFO, "no machine code of our own: " + reason);
      }
      TARGET = target;
      REASON = reason;
    }

    private static Target nativeTarget() {
      if (!VectorApi.PRESENT) {
        throw new UnsupportedOperationException("it completes the kernels of the Vector API");
      }
      MicroKernels vector = new VectorMicroKernels();
      MicroKernels micro = new X86MicroKernels(vector);
      if (micro.lanes() != vector.lanes()) {
        throw new UnsupportedOperationException("the Vector API uses other vectors");
      }
      MatrixKernels matrices =
          new TiledMatrixKernels(micro, new X86Depthwise(vector), new X86NarrowKernels());
      return new Target(matrices, new X86RowKernels(new VectorRowKernels()), 1, Format.F32);
    }
  }

  /// {@return the options with everything that they leave open decided}
  ///
  /// @throws ModelException if they ask for what this machine or this version lacks
  static LoadOptions decided(LoadOptions options) {
    int threads =
        options.threads() == 0 ? Runtime.getRuntime().availableProcessors() : options.threads();
    KernelPath kernels = options.kernels();
    switch (kernels) {
      case AUTO -> {
        boolean vector = VectorApi.PRESENT;
        kernels =
            MachineCode.TARGET != null
                ? KernelPath.NATIVE
                : vector ? KernelPath.VECTOR : KernelPath.SCALAR;
      }
      case SCALAR -> {}
      case VECTOR -> {
        if (!VectorApi.PRESENT) {
          throw new ModelException(
              "kernels VECTOR need a JVM started with --add-modules jdk.incubator.vector");
        }
      }
      case NATIVE -> {
        if (MachineCode.TARGET == null) {
          throw new ModelException(
              "kernels NATIVE are not available on this machine: " + MachineCode.REASON);
        }
      }
    }
    Precision precision =
        options.precision() == Precision.AUTO ? Precision.F32 : options.precision();
    LoadOptions decided =
        new LoadOptions(Math.min(threads, 1024), precision, kernels, options.optimize());
    NarrowKernels narrow = target(decided).matrices().narrow();
    Format format = format(precision);
    if (format != Format.F32 && (narrow == null || !narrow.computes(format, null))) {
      throw new ModelException(
          "precision %s is not available with %s kernels on this machine"
              .formatted(precision, kernels));
    }
    return decided;
  }

  private static Format format(Precision precision) {
    return switch (precision) {
      case F32, AUTO -> Format.F32;
      case BF16 -> Format.BF16;
      case INT8 -> Format.INT8;
    };
  }

  /// {@return the kernels of decided options}
  static Target target(LoadOptions decided) {
    Format format = format(decided.precision());
    int threads = decided.threads();
    return switch (decided.kernels()) {
      case VECTOR ->
          new Target(
              new TiledMatrixKernels(new VectorMicroKernels(), new VectorDepthwise(), null),
              new VectorRowKernels(),
              threads,
              format);
      case NATIVE -> {
        Target found = Objects.requireNonNull(MachineCode.TARGET);
        yield new Target(found.matrices(), found.rows(), threads, format);
      }
      case AUTO, SCALAR ->
          new Target(new ScalarMatrixKernels(), new ScalarRowKernels(), threads, format);
    };
  }
}
