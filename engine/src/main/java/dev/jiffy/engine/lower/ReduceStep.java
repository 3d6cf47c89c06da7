package dev.jiffy.engine.lower;

/// A reduction of the middle of three dimensions.
final class ReduceStep extends Step {
  private final Reduction reduction;
  private final int resultBytes;
  private final int outer;
  private final long n;
  private final long inner;
  private final Place x;
  private final Place y;

  /// What is computed of f32 `[outer, n, inner]` at `x`: `[outer, inner]` at `y`.
  interface Reduction {
    void run(long x, long y, long outer, long n, long inner);
  }

  /// @param resultBytes the bytes of an element of the result
  ReduceStep(
      String name,
      Target target,
      Reduction reduction,
      int resultBytes,
      int outer,
      long n,
      long inner,
      Place x,
      Place y) {
    super(name, Math.min(Math.max(1, outer), target.parts(0, 8.0 * outer * n * inner)));
    this.reduction = reduction;
    this.resultBytes = resultBytes;
    this.outer = outer;
    this.n = n;
    this.inner = inner;
    this.x = x;
    this.y = y;
  }

  @Override
  public void run(Frame frame, int part) {
    long from = from(outer, part);
    reduction.run(
        frame.at(x) + 4 * from * n * inner,
        frame.at(y) + resultBytes * from * inner,
        from(outer, part + 1) - from,
        n,
        inner);
  }
}
