package dev.jiffy.engine;

import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.KernelPeaks;
import dev.jiffy.engine.kernel.MatrixKernels;
import dev.jiffy.engine.kernel.NarrowKernels;
import dev.jiffy.engine.kernel.Peaks;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.scalar.ScalarMatrixKernels;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import dev.jiffy.engine.kernel.tile.TiledMatrixKernels;
import dev.jiffy.engine.kernel.vector.VectorDepthwise;
import dev.jiffy.engine.kernel.vector.VectorMicroKernels;
import dev.jiffy.engine.kernel.vector.VectorRowKernels;
import dev.jiffy.engine.kernel.x86.X86Depthwise;
import dev.jiffy.engine.kernel.x86.X86MicroKernels;
import dev.jiffy.engine.kernel.x86.X86NarrowKernels;
import dev.jiffy.engine.kernel.x86.X86Peaks;
import dev.jiffy.engine.kernel.x86.X86RowKernels;
import dev.jiffy.engine.kernel.x86.X86Winograd;
import dev.jiffy.engine.lower.Target;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The choice of kernels, made from the load options and what this JVM offers.
final class Kernels {
  private static final System.Logger LOG = System.getLogger("dev.jiffy.engine");

  private Kernels() {}

  /// Whether the JVM was started with the Vector API; its kernels may not be touched where not.
  private static final boolean VECTOR_API =
      ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();

  /// Whether machine code runs here; asked once, and told once what is missing.
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
      if (!VECTOR_API) {
        LOG.log(
            target == null ? System.Logger.Level.WARNING : System.Logger.Level.INFO,
            "the JVM was started without --add-modules jdk.incubator.vector, which would make "
                + (target == null ? "models many times faster" : "rare operators faster"));
      }
      TARGET = target;
      REASON = reason;
    }

    private static Target nativeTarget() {
      MatrixKernels matrices =
          new TiledMatrixKernels(
              new X86MicroKernels(), new X86Depthwise(), new X86Winograd(), new X86NarrowKernels());
      RowKernels others = VECTOR_API ? new VectorRowKernels() : new ScalarRowKernels();
      return new Target(matrices, new X86RowKernels(others), 1, Format.F32);
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
        KernelPath other = VECTOR_API ? KernelPath.VECTOR : KernelPath.SCALAR;
        kernels = MachineCode.TARGET != null ? KernelPath.NATIVE : other;
      }
      case SCALAR -> {}
      case VECTOR -> {
        if (!VECTOR_API) {
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

  /// {@return the loops that measure what this machine can do at most}
  static Peaks peaks() {
    if (MachineCode.TARGET != null) {
      return new X86Peaks();
    }
    Target best = target(decided(LoadOptions.defaults()));
    return new KernelPeaks(best.matrices(), best.rows());
  }

  /// {@return the kernels of decided options}
  static Target target(LoadOptions decided) {
    Format format = format(decided.precision());
    int threads = decided.threads();
    return switch (decided.kernels()) {
      case VECTOR ->
          new Target(
              new TiledMatrixKernels(new VectorMicroKernels(), new VectorDepthwise(), null, null),
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
