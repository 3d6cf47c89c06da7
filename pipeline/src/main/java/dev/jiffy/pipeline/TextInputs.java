package dev.jiffy.pipeline;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The input tensors of a text model, in memory that is used again and again by one thread.
final class TextInputs {
  /// The name of the tokens.
  static final String IDS = "input_ids";

  private static final String MASK = "attention_mask";
  private static final String TYPES = "token_type_ids";

  private final List<TensorSpec> specs;
  private final int padId;
  private final Map<String, MemorySegment> memory = new HashMap<>();
  private final Map<String, Tensor> tensors = new HashMap<>();

  TextInputs(List<TensorSpec> specs, int padId) {
    this.specs = specs;
    this.padId = padId;
  }

  /// Checks that an input is one that a text fills.
  ///
  /// @throws ModelException if it is not
  static void check(TensorSpec input, Path modelFile) {
    boolean known =
        switch (input.name()) {
          case IDS, MASK, TYPES -> true;
          default -> false;
        };
    List<Dim> shape = input.shape();
    if (!known
        || (input.dtype() != DType.I64 && input.dtype() != DType.I32)
        || (shape != null && shape.size() != 2)) {
      throw new ModelException(
          "%s takes %s of %s%s, expected %s, %s and %s of I64 or I32 [batch, tokens]"
              .formatted(
                  modelFile,
                  input.name(),
                  input.dtype(),
                  shape == null ? "" : shape,
                  IDS,
                  MASK,
                  TYPES));
    }
  }

  /// {@return the tensors of a batch, valid until the next call}
  ///
  /// @param batch the texts
  /// @param length the tokens to which each is padded
  Map<String, Tensor> fill(List<Tokens> batch, int length) {
    Shape shape = Shape.of(batch.size(), length);
    for (TensorSpec spec : specs) {
      Tensor tensor = tensor(spec, shape);
      for (int row = 0; row < batch.size(); row++) {
        fill(tensor, spec.name(), batch.get(row), (long) row * length, length);
      }
    }
    return tensors;
  }

  private Tensor tensor(TensorSpec spec, Shape shape) {
    Tensor last = tensors.get(spec.name());
    if (last != null && last.shape().equals(shape)) {
      return last;
    }
    long bytes = shape.bytes(spec.dtype());
    MemorySegment segment = memory.get(spec.name());
    if (segment == null || segment.byteSize() < bytes) {
      segment = Arena.ofAuto().allocate(bytes, Tensor.ALIGNMENT);
      memory.put(spec.name(), segment);
    }
    Tensor tensor = Tensor.of(spec.dtype(), shape, segment.asSlice(0, bytes));
    tensors.put(spec.name(), tensor);
    return tensor;
  }

  private void fill(Tensor tensor, String name, Tokens tokens, long at, int length) {
    int count = tokens.count();
    switch (name) {
      case IDS -> {
        for (int i = 0; i < length; i++) {
          tensor.setLong(at + i, i < count ? tokens.id(i) : padId);
        }
      }
      case MASK -> {
        for (int i = 0; i < length; i++) {
          tensor.setLong(at + i, i < count ? 1 : 0);
        }
      }
      case TYPES -> {
        for (int i = 0; i < length; i++) {
          tensor.setLong(at + i, i < count ? tokens.typeId(i) : 0);
        }
      }
      default -> throw new IllegalStateException("no text fills " + name);
    }
  }
}
