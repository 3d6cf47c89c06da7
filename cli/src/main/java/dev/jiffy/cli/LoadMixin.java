package dev.jiffy.cli;

import dev.jiffy.engine.Device;
import dev.jiffy.engine.EngineChoice;
import dev.jiffy.engine.KernelPath;
import dev.jiffy.engine.Limits;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.Precision;
import picocli.CommandLine.Option;

/// The options that say how a model is loaded.
final class LoadMixin {
  @Option(
      names = "--threads",
      paramLabel = "N",
      converter = OptionValues.Threads.class,
      description = "The most threads that one run uses; 0, the default, takes all processors.")
  private int threads;

  @Option(
      names = "--precision",
      paramLabel = "P",
      description =
          "The arithmetic of matrix products and attention: f32, bf16, int8 or auto; f32 by default.")
  private Precision precision = Precision.F32;

  @Option(
      names = "--kernels",
      paramLabel = "K",
      description =
          "The family of kernels: scalar, vector, native or auto, the best here, by default.")
  private KernelPath kernels = KernelPath.AUTO;

  @Option(
      names = "--no-optimize",
      description = "Run every node as the file has it, without graph passes.")
  private boolean plain;

  @Option(
      names = "--iterations",
      paramLabel = "N",
      converter = OptionValues.Size.class,
      description =
          "The most iterations that all loops of one run do together; 10,000,000 by default.")
  private long iterations = LoadOptions.ITERATIONS;

  @Option(
      names = "--engine",
      paramLabel = "E",
      description = {
        "Who computes: jiffy, which refuses a model that needs what it does not support;"
            + " onnxruntime, for the whole model; or auto, the default, where ONNX Runtime computes"
            + " those nodes that Jiffy does not support."
      })
  private EngineChoice engine = EngineChoice.AUTO;

  @Option(
      names = "--device",
      paramLabel = "D",
      converter = OptionValues.DeviceName.class,
      description =
          "What the model runs on: cpu, the default, or cuda:N, where ONNX Runtime computes the"
              + " whole model on that GPU.")
  private Device device = new Device.Cpu();

  @Option(
      names = "--max-tensor-bytes",
      paramLabel = "N",
      converter = OptionValues.Size.class,
      description =
          "The most bytes of one tensor whose shape is known only once it is computed; 4 GiB by"
              + " default.")
  private long tensorBytes = Limits.DEFAULTS.tensorBytes();

  @Option(
      names = "--max-run-bytes",
      paramLabel = "N",
      converter = OptionValues.Size.class,
      description =
          "The most bytes of tensors that a plan needs at the same time; 16 GiB by default.")
  private long runBytes = Limits.DEFAULTS.memoryBytes();

  @Option(
      names = "--max-nodes",
      paramLabel = "N",
      converter = OptionValues.Amount.class,
      description = "The most nodes of a model, functions expanded; 1,000,000 by default.")
  private int nodes = Limits.DEFAULTS.nodes();

  /// {@return the options as the engine takes them}
  LoadOptions options() {
    Limits limits = new Limits(tensorBytes, runBytes, nodes);
    return new LoadOptions(threads, precision, kernels, !plain, iterations, engine, device, limits);
  }
}
