package dev.jiffy.engine.lower;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Tensors of one shape, collected one by one along a new first dimension.
final class Stack implements LoopResult {
  /// The most rows that memory is taken for before the first one is there.
  static final long MOST_AHEAD = 1 << 16;

  private static final long FIRST = 16;

  private final Fact fact;
  private final long expected;
  private final Evaluation.Context context;
  private @Nullable Tensor buffer;
  private @Nullable Shape row;
  private final List<String> strings = new ArrayList<>();
  private long rows;

  /// An empty stack.
  ///
  /// @param fact what is known of each row
  /// @param expected how many rows will come, 0 where that is not known
  /// @param context gives memory and knows the most bytes of all rows
  Stack(Fact fact, long expected, Evaluation.Context context) {
    this.fact = fact;
    this.expected = expected;
    this.context = context;
  }

  /// Copies a tensor behind those that are there.
  @Override
  public void add(Value made) {
    Tensor tensor = Evaluation.tensor(made, "a collected value");
    Shape shape = row == null ? tensor.shape() : row;
    if (!shape.equals(tensor.shape()) || tensor.dtype() != fact.dtype()) {
      throw new ModelException(
          "iteration %d: what is collected must stay %s%s, got %s"
              .formatted(rows, fact.dtype(), shape, Evaluation.describe(tensor)));
    }
    row = shape;
    if (fact.dtype() == DType.STRING) {
      strings.addAll(tensor.strings());
    } else {
      long bytes = shape.bytes(fact.dtype());
      Tensor target = withRoom(shape);
      MemorySegment.copy(tensor.segment(), 0, target.segment(), rows * bytes, bytes);
    }
    rows++;
  }

  private Tensor withRoom(Shape shape) {
    Tensor current = buffer;
    long capacity = current == null ? 0 : current.shape().dim(0);
    if (current != null && rows < capacity) {
      return current;
    }
    long next = Math.max(FIRST, 2 * capacity);
    if (expected > 0 && expected - rows <= Math.max(next, MOST_AHEAD)) {
      next = expected;
    }
    long bytes = shape.bytes(fact.dtype());
    long mostBytes = context.tensorBytes();
    if ((rows + 1) * bytes > mostBytes) {
      throw new ModelException(
          "iteration %d: what is collected has %d bytes, the limit is %d"
              .formatted(rows, (rows + 1) * bytes, mostBytes));
    }
    if (bytes > 0) {
      next = Math.min(next, mostBytes / bytes);
    }
    Tensor grown = context.allocate(fact.dtype(), stacked(next, shape));
    if (current != null) {
      MemorySegment.copy(current.segment(), 0, grown.segment(), 0, current.segment().byteSize());
    }
    buffer = grown;
    return grown;
  }

  private static Shape stacked(long count, Shape shape) {
    long[] dims = new long[shape.rank() + 1];
    dims[0] = count;
    System.arraycopy(shape.dims(), 0, dims, 1, shape.rank());
    return Shape.of(dims);
  }

  /// {@return what was collected; where that is nothing, unknown extents are 0}
  @Override
  public Tensor value() {
    Shape shape = stacked(rows, row == null ? nothing() : row);
    if (fact.dtype() == DType.STRING) {
      return Tensor.ofStrings(strings, shape.dims());
    }
    Tensor all = buffer;
    return all == null
        ? context.allocate(fact.dtype(), shape)
        : Tensor.of(fact.dtype(), shape, all.segment().asSlice(0, shape.bytes(fact.dtype())));
  }

  private Shape nothing() {
    List<Dim> dims = fact.shape();
    if (dims == null) {
      return Shape.of();
    }
    long[] extents = new long[dims.size()];
    for (int i = 0; i < extents.length; i++) {
      extents[i] = dims.get(i) instanceof Dim.Known(long extent) ? extent : 0;
    }
    return Shape.of(extents);
  }
}
