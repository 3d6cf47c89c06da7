package dev.jiffy.engine.lower;

/// What is computed of slices that lie one behind the other, of each alone.
final class SliceStep extends Step {
  private final Computation computation;
  private final long slices;
  private final long xBytes;
  private final long yBytes;
  private final Place x;
  private final Place y;

  /// Computes some slices.
  interface Computation {
    /// Computes them.
    ///
    /// @param x the first
    /// @param y where its result goes
    /// @param slices how many
    /// @param frame the memory
    /// @param part the part that computes
    void run(long x, long y, long slices, Frame frame, int part);
  }

  /// A step.
  ///
  /// @param bytes what it costs, as bytes that are moved
  /// @param slices how many there are
  /// @param xBytes the bytes of a slice
  /// @param yBytes the bytes of its result
  SliceStep(
      String name,
      Target target,
      double bytes,
      long slices,
      long xBytes,
      long yBytes,
      Place x,
      Place y,
      Computation computation) {
    super(name, (int) Math.min(Math.max(1, slices), target.parts(0, bytes)));
    this.computation = computation;
    this.slices = slices;
    this.xBytes = xBytes;
    this.yBytes = yBytes;
    this.x = x;
    this.y = y;
  }

  @Override
  public void run(Frame frame, int part) {
    long from = from(slices, part);
    long some = from(slices, part + 1) - from;
    computation.run(frame.at(x) + from * xBytes, frame.at(y) + from * yBytes, some, frame, part);
  }
}
