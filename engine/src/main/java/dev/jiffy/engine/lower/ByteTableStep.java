package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.RowKernels;

/// Bytes looked up in a table.
final class ByteTableStep extends Step {
  private final RowKernels kernels;
  private final long elements;
  private final Place x;
  private final Place table;
  private final Place y;

  ByteTableStep(String name, Target target, long elements, Place x, Place table, Place y) {
    super(name, target.parts(0, 2.0 * elements));
    this.kernels = target.rows();
    this.elements = elements;
    this.x = x;
    this.table = table;
    this.y = y;
  }

  @Override
  public void run(Frame frame, int part) {
    long from = from(elements, part);
    kernels.lookUp(
        frame.at(table), frame.at(x) + from, frame.at(y) + from, from(elements, part + 1) - from);
  }
}
