package dev.jiffy.engine;

/// How a model is loaded. Immutable.
///
/// @param threads the most threads that one run uses, at least 1; 0 takes as many as the process
///   may use
/// @param precision the arithmetic of matrix products
/// @param kernels the family of kernels
/// @param optimize whether graph passes run; without them every node runs as the file has it
/// @param iterations the most iterations that all loops of one run do together, at least 1; a run
///   that would do more fails
/// @param engine which engine computes the model
/// @param device what the model runs on; all but the processors need a foreign runtime
/// @param limits what the model may ask for at most
public record LoadOptions(
    int threads,
    Precision precision,
    KernelPath kernels,
    boolean optimize,
    long iterations,
    EngineChoice engine,
    Device device,
    Limits limits) {
  /// The iterations of a run where nothing else is said.
  public static final long ITERATIONS = 10_000_000;

  private static final LoadOptions DEFAULTS =
      new LoadOptions(
          0,
          Precision.F32,
          KernelPath.AUTO,
          true,
          ITERATIONS,
          EngineChoice.AUTO,
          new Device.Cpu(),
          Limits.DEFAULTS);

  /// Checks the counts.
  public LoadOptions {
    if (threads < 0 || threads > 1024) {
      throw new IllegalArgumentException("threads must be 0 to 1024, got " + threads);
    }
    if (iterations < 1) {
      throw new IllegalArgumentException("iterations must be at least 1, got " + iterations);
    }
  }

  /// {@return one thread per available processor, f32, the best kernels, all passes, on the
  /// processors; a foreign runtime, where one is present, computes what Jiffy does not support}
  public static LoadOptions defaults() {
    return DEFAULTS;
  }

  /// {@return these options with another thread count}
  ///
  /// @param count the most threads that one run uses; 0 takes as many as the process may use
  public LoadOptions threads(int count) {
    return new LoadOptions(count, precision, kernels, optimize, iterations, engine, device, limits);
  }

  /// {@return these options with another precision}
  ///
  /// @param choice the arithmetic of matrix products
  public LoadOptions precision(Precision choice) {
    return new LoadOptions(threads, choice, kernels, optimize, iterations, engine, device, limits);
  }

  /// {@return these options with another family of kernels}
  ///
  /// @param path the family of kernels
  public LoadOptions kernels(KernelPath path) {
    return new LoadOptions(threads, precision, path, optimize, iterations, engine, device, limits);
  }

  /// {@return these options with passes on or off}
  ///
  /// @param on whether graph passes run
  public LoadOptions optimize(boolean on) {
    return new LoadOptions(threads, precision, kernels, on, iterations, engine, device, limits);
  }

  /// {@return these options with another limit for loops}
  ///
  /// @param most the most iterations that all loops of one run do together
  public LoadOptions iterations(long most) {
    return new LoadOptions(threads, precision, kernels, optimize, most, engine, device, limits);
  }

  /// {@return these options with another engine}
  ///
  /// @param choice which engine computes the model
  public LoadOptions engine(EngineChoice choice) {
    return new LoadOptions(
        threads, precision, kernels, optimize, iterations, choice, device, limits);
  }

  /// {@return these options with another device}
  ///
  /// @param place what the model runs on
  public LoadOptions device(Device place) {
    return new LoadOptions(
        threads, precision, kernels, optimize, iterations, engine, place, limits);
  }

  /// {@return these options with other limits}
  ///
  /// @param most what the model may ask for at most
  public LoadOptions limits(Limits most) {
    return new LoadOptions(threads, precision, kernels, optimize, iterations, engine, device, most);
  }
}
