package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.Movement;
import dev.jiffy.engine.kernel.TopElements;
import dev.jiffy.tensor.DType;

/// The largest or the smallest elements along the middle of three dimensions.
final class TopKStep extends Step {
  private final DType type;
  private final boolean largest;
  private final int lines;
  private final int n;
  private final int k;
  private final long inner;
  private final Place x;
  private final Place values;
  private final Place indices;

  /// @param lines the extents of the first and the last dimension, multiplied
  /// @param n the extent that is looked along
  /// @param k how many elements of it are wanted, at least 1
  /// @param inner the extent of the last dimension
  /// @param values where the elements go, or [Place#ABSENT]
  /// @param indices where their indices go, or [Place#ABSENT]
  TopKStep(
      String name,
      Target target,
      DType type,
      boolean largest,
      int lines,
      int n,
      int k,
      long inner,
      Place x,
      Place values,
      Place indices) {
    super(name, Math.min(lines, target.parts(0, 16.0 * lines * n)));
    this.type = type;
    this.largest = largest;
    this.lines = lines;
    this.n = n;
    this.k = k;
    this.inner = inner;
    this.x = x;
    this.values = values;
    this.indices = indices;
  }

  @Override
  public void run(Frame frame, int part) {
    long[] found = frame.operands(part, TopElements.capacity(n, k));
    int bytes = type.bytes();
    for (long line = from(lines, part); line < from(lines, part + 1); line++) {
      long first = line / inner * n * inner + line % inner;
      long target = line / inner * k * inner + line % inner;
      long from = frame.at(x) + first * bytes;
      TopElements.select(type, largest, from, inner * bytes, n, k, found);
      for (int i = 0; i < k; i++) {
        long index = TopElements.index(found[i]);
        long to = target + i * inner;
        if (!values.equals(Place.ABSENT)) {
          Movement.bytes(from + index * inner * bytes, frame.at(values) + to * bytes, bytes);
        }
        if (!indices.equals(Place.ABSENT)) {
          Memory.ALL.set(Memory.LONG, frame.at(indices) + 8 * to, index);
        }
      }
    }
  }
}
