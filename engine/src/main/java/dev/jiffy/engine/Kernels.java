package dev.jiffy.engine;

import dev.jiffy.engine.ir.AttentionOp;
import dev.jiffy.engine.ir.Bodies;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.ir.RecurrentOp;
import dev.jiffy.engine.ir.SelectionOp;
import dev.jiffy.engine.ir.TableOp;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.KernelPeaks;
import dev.jiffy.engine.kernel.MatrixKernels;
import dev.jiffy.engine.kernel.NarrowKernels;
import dev.jiffy.engine.kernel.Peaks;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.check.KernelCheck;
import dev.jiffy.engine.kernel.scalar.ScalarMatrixKernels;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import dev.jiffy.engine.kernel.tile.TiledMatrixKernels;
import dev.jiffy.engine.kernel.vector.VectorDepthwise;
import dev.jiffy.engine.kernel.vector.VectorMicroKernels;
import dev.jiffy.engine.kernel.vector.VectorRowKernels;
import dev.jiffy.engine.kernel.vector.VectorWinograd;
import dev.jiffy.engine.kernel.x86.X86Depthwise;
import dev.jiffy.engine.kernel.x86.X86MicroKernels;
import dev.jiffy.engine.kernel.x86.X86NarrowKernels;
import dev.jiffy.engine.kernel.x86.X86Peaks;
import dev.jiffy.engine.kernel.x86.X86RowKernels;
import dev.jiffy.engine.kernel.x86.X86Winograd;
import dev.jiffy.engine.lower.Target;
import dev.jiffy.tensor.DType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The choice of kernels, made from the load options and what this JVM offers.
///
/// Machine code is compared with the oracle in every process that uses it, on a thread of its own
/// beside the load. On any doubt it is dropped for as long as the process runs.
final class Kernels {
  /// What quantized operators need: convolutions of bytes, or of f32 and a chain behind them, and
  /// conversions.
  private static final Set<KernelCheck.Kind> BYTES =
      Set.of(
          KernelCheck.Kind.BYTE_CONVOLUTION,
          KernelCheck.Kind.CONVOLUTION,
          KernelCheck.Kind.ELEMENTWISE,
          KernelCheck.Kind.ROWS);

  /// The kernels of this machine.
  static final Kernels HERE = new Kernels(Kernels::nativeTarget);

  /// Whether whoever started the JVM does without the Vector API (`-Djiffy.vector=false`).
  private static final boolean IS_UNWANTED = "false".equals(System.getProperty("jiffy.vector"));

  /// Looked for when it is asked for: where there is machine code most models never do.
  private static final class VectorApi {
    /// Whether the JVM was started with the Vector API; its kernels may not be touched where not.
    static final boolean IS_THERE =
        !IS_UNWANTED && ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
  }

  private final Supplier<Target> maker;
  private final AtomicBoolean isFirst = new AtomicBoolean(true);
  private boolean isAsked;
  private @Nullable Target machineCode;
  private boolean isDropped;

  /// Why there is no machine code.
  private String reason = "";

  private final Map<KernelCheck.Kind, FutureTask<Optional<String>>> checks = new HashMap<>();

  /// A choice.
  ///
  /// @param maker makes the kernels of machine code, or throws an `UnsupportedOperationException`
  ///   that says why there is none; asked once
  Kernels(Supplier<Target> maker) {
    this.maker = maker;
  }

  private static Target nativeTarget() {
    MatrixKernels matrices =
        new TiledMatrixKernels(
            new X86MicroKernels(), new X86Depthwise(), new X86Winograd(), X86NarrowKernels::new);
    return new Target(matrices, new X86RowKernels(Kernels::others), 1, Format.F32);
  }

  /// The kernels for what has no machine code.
  private static RowKernels others() {
    if (VectorApi.IS_THERE) {
      return new VectorRowKernels();
    }
    missVectorApi(System.Logger.Level.INFO, "operators of this model faster");
    return new ScalarRowKernels();
  }

  private static void missVectorApi(System.Logger.Level level, String gain) {
    if (!IS_UNWANTED) {
      log(
          level,
          "the JVM was started without --add-modules jdk.incubator.vector, which would make "
              + gain);
    }
  }

  /// Begins to look for machine code, beside what the caller does next: in a young process that
  /// takes as long as reading a model.
  ///
  /// @param options the options of a load
  /// @return the options with what can be decided without
  LoadOptions begin(LoadOptions options) {
    boolean isWanted =
        options.kernels() == KernelPath.AUTO || options.kernels() == KernelPath.NATIVE;
    if (isWanted && isFirst.getAndSet(false)) {
      Thread.ofPlatform().name("jiffy-kernels").daemon().start(this::look);
    }
    return threads(options);
  }

  /// Tells what is missing, too, which no load waits for.
  private void look() {
    try {
      if (machineCode() == null) {
        log(System.Logger.Level.INFO, "no machine code of our own: " + reason);
        if (!VectorApi.IS_THERE) {
          missVectorApi(System.Logger.Level.WARNING, "models many times faster");
        }
      }
    } catch (RuntimeException _) {
      // the load that waits for it is told
    }
  }

  private static LoadOptions threads(LoadOptions options) {
    int threads =
        options.threads() == 0 ? Runtime.getRuntime().availableProcessors() : options.threads();
    return options.threads(Math.min(threads, 1024));
  }

  /// The kernels of machine code, or null where it does not run.
  private synchronized @Nullable Target machineCode() {
    if (!isAsked) {
      try {
        machineCode = maker.get();
      } catch (UnsupportedOperationException e) {
        reason = String.valueOf(e.getMessage());
      }
      isAsked = true;
    }
    return isDropped ? null : machineCode;
  }

  /// Asks for the logger when there is something to log: in a young process it is not there yet.
  private static void log(System.Logger.Level level, String message) {
    System.getLogger("dev.jiffy.engine").log(level, message);
  }

  /// Begins to compare machine code with the oracle on what a graph computes, as far as that has
  /// not been done and is not under way.
  ///
  /// @param decided the options, decided
  /// @param graph the graph
  Checks check(LoadOptions decided, Graph graph) {
    List<FutureTask<Optional<String>>> wanted = new ArrayList<>();
    if (decided.kernels() != KernelPath.NATIVE) {
      return new Checks(wanted);
    }
    List<FutureTask<Optional<String>>> begun = new ArrayList<>();
    synchronized (this) {
      Target target = Objects.requireNonNull(machineCode);
      for (KernelCheck.Kind kind : kinds(decided, graph)) {
        FutureTask<Optional<String>> check = checks.get(kind);
        if (check == null) {
          check =
              new FutureTask<>(() ->
                  Optional.ofNullable(KernelCheck.fault(kind, target.matrices(), target.rows())));
          checks.put(kind, check);
          begun.add(check);
        }
        wanted.add(check);
      }
    }
    if (!begun.isEmpty()) {
      Thread thread = new Thread(() -> run(begun), "jiffy-kernel-check");
      thread.setDaemon(true);
      try {
        thread.start();
      } catch (OutOfMemoryError _) { // no more threads; others wait for these checks, too
        run(begun);
      }
    }
    return new Checks(wanted);
  }

  private static void run(List<FutureTask<Optional<String>>> checks) {
    for (FutureTask<Optional<String>> check : checks) {
      check.run();
    }
  }

  /// Checks of kernels, some of which may be under way.
  final class Checks {
    private final List<FutureTask<Optional<String>>> wanted;

    private Checks(List<FutureTask<Optional<String>>> wanted) {
      this.wanted = wanted;
    }

    /// {@return whether the kernels are sound; waits for what is under way}
    boolean areSound() {
      for (FutureTask<Optional<String>> check : wanted) {
        if (!holds(check)) {
          return false;
        }
      }
      return true;
    }

    /// Waits for what is under way, whatever comes of it.
    void end() {
      boolean isInterrupted = false;
      for (FutureTask<Optional<String>> check : wanted) {
        while (!check.isDone()) {
          try {
            check.get();
          } catch (ExecutionException _) {
            // whoever relies on the kernels is told
          } catch (InterruptedException _) {
            isInterrupted = true;
          }
        }
      }
      if (isInterrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /// {@return what is needed where products multiply bytes, or what stands in for it}
  private Set<KernelCheck.Kind> kinds(LoadOptions decided, Op.QuantizedMatMul product, DType w) {
    Op.Unary last = product.activation();
    Activation activation =
        last == null ? null : new Activation(last.function(), last.alpha(), last.beta());
    NarrowKernels narrow = target(decided).matrices().narrow();
    return narrow != null
            && w == DType.I8
            && product.shift() == 0
            && narrow.computes(Format.INT8, activation)
        ? Set.of(KernelCheck.Kind.INT8)
        : BYTES;
  }

  /// {@return what is needed where products multiply numbers by weights}
  private static Set<KernelCheck.Kind> products(Precision precision) {
    return switch (precision) {
      case BF16 -> Set.of(KernelCheck.Kind.PRODUCT, KernelCheck.Kind.BF16);
      case INT8 -> Set.of(KernelCheck.Kind.PRODUCT, KernelCheck.Kind.INT8);
      case F32, AUTO -> Set.of(KernelCheck.Kind.PRODUCT);
    };
  }

  private Set<KernelCheck.Kind> kinds(LoadOptions decided, Graph graph) {
    // every graph may get copies, of its own or by a choice of layout
    Set<KernelCheck.Kind> kinds = new TreeSet<>(Set.of(KernelCheck.Kind.COPIES));
    for (Node node : graph.nodes()) {
      for (Graph body : Bodies.of(node.op())) {
        kinds.addAll(kinds(decided, body));
      }
      switch (node.op()) {
        case Op.MatMul _, Op.Gemm _, Op.Einsum _ -> kinds.addAll(products(decided.precision()));
        case RecurrentOp.Recurrent _ ->
            kinds.addAll(Set.of(KernelCheck.Kind.PRODUCT, KernelCheck.Kind.ELEMENTWISE));
        case RecurrentOp.DynamicRecurrent _ -> {
          kinds.addAll(BYTES);
          kinds.addAll(Set.of(KernelCheck.Kind.PRODUCT, KernelCheck.Kind.ELEMENTWISE));
        }
        case Op.QuantizedMatMul product ->
            kinds.addAll(kinds(decided, product, graph.fact(node.input(1)).dtype()));
        case QuantizedOp.ByteMatMul _,
            QuantizedOp.ByteConv _,
            QuantizedOp.ByteSums _,
            QuantizedOp.DynamicConv _ ->
            kinds.addAll(BYTES);
        case QuantizedOp.BlockMatMul _ ->
            kinds.addAll(Set.of(KernelCheck.Kind.BLOCKS, KernelCheck.Kind.PRODUCT));
        case Op.Conv _ -> {
          kinds.add(KernelCheck.Kind.CONVOLUTION);
          kinds.addAll(products(decided.precision())); // windows of one pixel
        }
        case Op.ConvTranspose _ -> kinds.add(KernelCheck.Kind.CONVOLUTION);
        case AttentionOp.Attention _, AttentionOp.CausalAttention _ -> {
          kinds.add(KernelCheck.Kind.ATTENTION);
          if (decided.precision() != Precision.F32) {
            kinds.add(KernelCheck.Kind.BF16);
          }
        }
        case Op.Softmax _ ->
            kinds.addAll(Set.of(KernelCheck.Kind.ATTENTION, KernelCheck.Kind.ROWS));
        case Op.LayerNorm _, Op.Reduce _, Op.GlobalPool _, SelectionOp.SuppressOverlaps _ ->
            kinds.add(KernelCheck.Kind.ROWS);
        case Op.DynamicQuantize _, QuantizedOp.Quantize _, QuantizedOp.Dequantize _ ->
            kinds.add(KernelCheck.Kind.ROWS);
        case QuantizedOp.ByteTable _ -> kinds.add(KernelCheck.Kind.ROWS);
        case Op.Unary _, Op.Binary _, Op.Where _, Op.ScatterNd _, ImageOp.Fold _ ->
            kinds.add(KernelCheck.Kind.ELEMENTWISE);
        case Op.Pool _ -> kinds.add(KernelCheck.Kind.POOLING);
        case ImageOp.Resize _, ImageOp.SampleGrid _, ImageOp.AlignRegions _ ->
            kinds.add(KernelCheck.Kind.RESAMPLING);
        case TableOp.TreeEnsemble _ -> kinds.add(KernelCheck.Kind.TREES);
        default -> {}
      }
    }
    return kinds;
  }

  /// Whether a check holds; waits for it.
  private boolean holds(FutureTask<Optional<String>> check) {
    Optional<String> fault;
    try {
      fault = check.get();
    } catch (ExecutionException e) {
      fault = Optional.of(String.valueOf(e.getCause()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ModelException("interrupted while the kernels were checked", e);
    }
    if (fault.isPresent()) {
      drop(fault.get());
    }
    return fault.isEmpty();
  }

  private synchronized void drop(String fault) {
    if (!isDropped) {
      isDropped = true;
      reason = "its results are wrong here: " + fault;
      log(System.Logger.Level.WARNING, "machine code is not used, as " + reason);
    }
  }

  /// {@return the options with everything that they leave open decided}
  ///
  /// @throws ModelException if they ask for what this machine or this version lacks
  LoadOptions decided(LoadOptions options) {
    KernelPath kernels = options.kernels();
    switch (kernels) {
      case AUTO -> {
        if (machineCode() != null) {
          kernels = KernelPath.NATIVE;
        } else {
          kernels = VectorApi.IS_THERE ? KernelPath.VECTOR : KernelPath.SCALAR;
        }
      }
      case SCALAR -> {}
      case VECTOR -> {
        if (!VectorApi.IS_THERE) {
          throw new ModelException(
              "kernels VECTOR need a JVM started with --add-modules jdk.incubator.vector");
        }
      }
      case NATIVE -> {
        if (machineCode() == null) {
          throw new ModelException("kernels NATIVE are not available on this machine: " + reason);
        }
      }
    }
    Precision precision =
        options.precision() == Precision.AUTO ? Precision.F32 : options.precision();
    LoadOptions decided = threads(options).precision(precision).kernels(kernels);
    Format format = format(precision);
    NarrowKernels narrow = format == Format.F32 ? null : target(decided).matrices().narrow();
    if (format != Format.F32 && (narrow == null || !narrow.computes(format, null))) {
      throw new ModelException(
          "precision %s is not available with %s kernels on this machine"
              .formatted(precision, kernels));
    }
    return decided;
  }

  /// {@return the numbers that products multiply}
  static Format format(Precision precision) {
    return switch (precision) {
      case F32, AUTO -> Format.F32;
      case BF16 -> Format.BF16;
      case INT8 -> Format.INT8;
    };
  }

  /// {@return the loops that measure what this machine can do at most}
  Peaks peaks() {
    if (machineCode() != null) {
      return new X86Peaks();
    }
    Target best = target(decided(LoadOptions.defaults()));
    return new KernelPeaks(best.matrices(), best.rows());
  }

  /// {@return the kernels of decided options}
  Target target(LoadOptions decided) {
    Format format = format(decided.precision());
    int threads = decided.threads();
    return switch (decided.kernels()) {
      case VECTOR ->
          new Target(
              new TiledMatrixKernels(
                  new VectorMicroKernels(), new VectorDepthwise(), new VectorWinograd(), null),
              new VectorRowKernels(),
              threads,
              format);
      case NATIVE -> {
        Target found = Objects.requireNonNull(machineCode);
        yield new Target(found.matrices(), found.rows(), threads, format);
      }
      case AUTO, SCALAR ->
          new Target(new ScalarMatrixKernels(), new ScalarRowKernels(), threads, format);
    };
  }
}
