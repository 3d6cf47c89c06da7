package dev.jiffy.server.schedule;

import dev.jiffy.engine.TensorSpec;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The inputs of several requests one below the other, in memory that is used again and again by
/// one thread. Shorter ones are padded with zeros behind their end.
final class JoinedInputs {
  private final List<TensorSpec> specs;
  private final Map<String, MemorySegment> memory = new HashMap<>();
  private final Map<String, Tensor> tensors = new HashMap<>();

  JoinedInputs(List<TensorSpec> specs) {
    this.specs = specs;
  }

  /// {@return the inputs of a batch, valid until the next call}
  ///
  /// @param tickets requests for tensors that join
  /// @param padded the length to which the second dimension is padded, 0 where it is not
  Map<String, Tensor> fill(List<Ticket> tickets, int padded) {
    for (TensorSpec spec : specs) {
      tensors.put(spec.name(), fill(spec, tickets, padded));
    }
    return tensors;
  }

  private static Tensor input(Ticket ticket, String name) {
    if (ticket.question() instanceof Question.Tensors(Map<String, Tensor> inputs)) {
      Tensor tensor = inputs.get(name);
      if (tensor != null) {
        return tensor;
      }
    }
    throw new IllegalStateException("a request without '" + name + "' was joined");
  }

  private Tensor fill(TensorSpec spec, List<Ticket> tickets, int padded) {
    long[] dims = input(tickets.getFirst(), spec.name()).shape().dims();
    dims[0] = 0;
    for (Ticket ticket : tickets) {
      dims[0] += ticket.rows;
    }
    if (padded > 0) {
      dims[1] = padded;
    }
    Shape shape = Shape.of(dims);
    long bytes = shape.bytes(spec.dtype());
    MemorySegment segment = memory.get(spec.name());
    if (segment == null || segment.byteSize() < bytes) {
      segment = Arena.ofAuto().allocate(Math.max(bytes, 1), Tensor.ALIGNMENT);
      memory.put(spec.name(), segment);
    }
    long at = 0;
    for (Ticket ticket : tickets) {
      MemorySegment source = input(ticket, spec.name()).segment();
      int length = ticket.bucket.length();
      if (length == padded) {
        MemorySegment.copy(source, 0, segment, at, source.byteSize());
        at += source.byteSize();
      } else {
        at = pad(source, ticket.rows, segment, at, padded * (long) spec.dtype().bytes());
      }
    }
    return Tensor.of(spec.dtype(), shape, segment.asSlice(0, bytes));
  }

  private static long pad(
      MemorySegment source, int rows, MemorySegment target, long from, long rowBytes) {
    long bytes = source.byteSize() / rows;
    long at = from;
    for (int row = 0; row < rows; row++) {
      MemorySegment.copy(source, row * bytes, target, at, bytes);
      target.asSlice(at + bytes, rowBytes - bytes).fill((byte) 0);
      at += rowBytes;
    }
    return at;
  }

  /// {@return the beginning of the second dimension, in memory of its own}
  static Tensor cut(Tensor tensor, int length) {
    long[] dims = tensor.shape().dims();
    long bytes = dims[0] == 0 ? 0 : tensor.segment().byteSize() / dims[0];
    long kept = dims[1] == 0 ? 0 : bytes / dims[1] * length;
    dims[1] = length;
    Tensor cut = Tensor.allocate(tensor.dtype(), Shape.of(dims));
    for (long row = 0; row < dims[0]; row++) {
      MemorySegment.copy(tensor.segment(), row * bytes, cut.segment(), row * kept, kept);
    }
    return cut;
  }
}
