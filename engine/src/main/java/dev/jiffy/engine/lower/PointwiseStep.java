package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.Affine;
import dev.jiffy.engine.kernel.Pointwise;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.RowKernels.PreparedPointwise;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A chain of elementwise functions in one pass. Where the kernels cannot, bytes among its operands
/// become numbers, and numbers bytes, piece by piece in working memory.
final class PointwiseStep extends Step {
  private final RowKernels kernels;
  private final PreparedPointwise chain;
  private final Reals[] operands;
  private final boolean converts;

  /// The bytes of a piece's numbers.
  private final long pieceBytes;

  private PointwiseStep(
      String name,
      Target target,
      PreparedPointwise chain,
      boolean converts,
      double bytes,
      List<Reals> operands) {
    super(name, Math.min(Math.max(1, chain.pieces()), target.parts(0, bytes)));
    this.kernels = target.rows();
    this.chain = chain;
    this.operands = operands.toArray(Reals[]::new);
    this.converts = converts;
    this.pieceBytes = converts && chain.pieces() > 0 ? MemoryPlan.align(4 * chain.first(1)) : 0;
  }

  /// {@return a step}
  ///
  /// @param operands the inputs, then the result; bytes are as many as the elements of the result
  ///   and in the same order
  static PointwiseStep of(String name, Target target, Pointwise pointwise, List<Reals> operands) {
    double moved = 4.0 * pointwise.elements() * (1 + pointwise.instructions().size());
    Map<Integer, Affine> bytes = new HashMap<>();
    for (int i = 0; i < operands.size(); i++) {
      Affine affine = operands.get(i).bytes();
      if (affine != null) {
        bytes.put(i, affine);
      }
    }
    PreparedPointwise chain =
        bytes.isEmpty() ? null : target.rows().prepare(pointwise, Map.copyOf(bytes));
    boolean converts = chain == null && !bytes.isEmpty();
    PreparedPointwise prepared = chain == null ? target.rows().prepare(pointwise) : chain;
    return new PointwiseStep(name, target, prepared, converts, moved, operands);
  }

  @Override
  long scratchBytes() {
    return MemoryPlan.align(chain.scratchBytes()) + operands.length * pieceBytes;
  }

  @Override
  public void run(Frame frame, int part) {
    long[] addresses = frame.operands(part, operands.length);
    long scratch = frame.scratch(part);
    int from = from(chain.pieces(), part);
    int to = from(chain.pieces(), part + 1);
    if (!converts) {
      for (int i = 0; i < operands.length; i++) {
        addresses[i] = frame.at(operands[i].place());
      }
      chain.run(addresses, from, to, scratch);
      return;
    }
    for (int piece = from; piece < to; piece++) {
      run(frame, addresses, piece, scratch);
    }
  }

  private void run(Frame frame, long[] addresses, int piece, long scratch) {
    long first = chain.first(piece);
    long n = chain.first(piece + 1) - first;
    long numbers = scratch + MemoryPlan.align(chain.scratchBytes());
    int output = operands.length - 1;
    for (int i = 0; i <= output; i++, numbers += pieceBytes) {
      Affine bytes = operands[i].bytes();
      long at = frame.at(operands[i].place());
      addresses[i] = bytes == null ? at : numbers - 4 * first;
      if (bytes != null && i < output) {
        kernels.dequantize(bytes, at + first, numbers, n);
      }
    }
    chain.run(addresses, piece, piece + 1, scratch);
    Affine bytes = operands[output].bytes();
    if (bytes != null) {
      long at = frame.at(operands[output].place());
      kernels.quantize(bytes, addresses[output] + 4 * first, at + first, n);
    }
  }
}
