package dev.jiffy.server.cache;

import dev.jiffy.pipeline.Embeddings;
import dev.jiffy.protocol.InferResponse;
import dev.jiffy.protocol.InferTensor;
import dev.jiffy.protocol.InferWire;
import dev.jiffy.protocol.Limits;
import dev.jiffy.protocol.Parameter;
import dev.jiffy.server.schedule.Answer;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Answers as bytes, for other servers: the protocol's own message of an answer. Vectors of texts
/// are one tensor, with the number of tokens beside it.
final class KeptBytes {
  private static final String TENSORS = "tensors";
  private static final String VECTORS = "vectors";
  private static final String TOKENS = "tokens";
  private static final InferWire WIRE = new InferWire(Limits.defaults());

  private KeptBytes() {}

  /// {@return the bytes of an answer, null where it has no such form}
  ///
  /// @param kept the answer
  static byte @Nullable [] of(Kept kept) {
    return switch (kept.answer()) {
      case Answer.Tensors(Map<String, Tensor> outputs) -> {
        List<InferTensor> tensors = new ArrayList<>();
        outputs.forEach((name, tensor) -> tensors.add(new InferTensor(name, tensor, true)));
        yield bytes(TENSORS, Map.of(), tensors);
      }
      case Answer.Vectors(Embeddings embeddings) -> vectors(embeddings);
    };
  }

  private static byte @Nullable [] vectors(Embeddings embeddings) {
    List<float[]> vectors = embeddings.vectors();
    int length = vectors.getFirst().length;
    float[] joined = new float[Math.multiplyExact(vectors.size(), length)];
    for (int i = 0; i < vectors.size(); i++) {
      if (vectors.get(i).length != length) {
        return null;
      }
      System.arraycopy(vectors.get(i), 0, joined, i * length, length);
    }
    return bytes(
        VECTORS,
        Map.of(TOKENS, new Parameter.Whole(embeddings.tokens())),
        List.of(new InferTensor(VECTORS, Tensor.of(joined, vectors.size(), length), true)));
  }

  private static byte[] bytes(
      String form, Map<String, Parameter> parameters, List<InferTensor> tensors) {
    return InferWire.response(new InferResponse(form, null, null, parameters, tensors));
  }

  /// {@return the answer in some bytes, null where they are none}
  ///
  /// @param bytes the bytes, which may be anything
  /// @param names the outputs that it must have, in any order; none for vectors of texts
  static @Nullable Kept kept(byte[] bytes, List<String> names) {
    try (Arena arena = Arena.ofConfined()) {
      InferResponse read = WIRE.readResponse(bytes, arena);
      if (read.modelName().equals(TENSORS)) {
        List<Kept.Output> outputs = new ArrayList<>();
        for (InferTensor output : read.outputs()) {
          outputs.add(Kept.Output.of(output.name(), output.tensor()));
        }
        return outputs.stream()
                .map(Kept.Output::name)
                .sorted()
                .toList()
                .equals(names.stream().sorted().toList())
            ? new Kept.Outputs(List.copyOf(outputs))
            : null;
      }
      return read.modelName().equals(VECTORS) && names.isEmpty() && read.outputs().size() == 1
          ? vectors(read, read.outputs().getFirst().tensor())
          : null;
    } catch (RuntimeException | OutOfMemoryError e) { // whatever the bytes are, somebody waits
      return null;
    }
  }

  private static @Nullable Kept vectors(InferResponse read, Tensor tensor) {
    if (tensor.dtype() != DType.F32
        || tensor.shape().rank() != 2
        || tensor.shape().dim(1) < 1
        || !(read.parameters().get(TOKENS) instanceof Parameter.Whole(long tokens))
        || tokens != (int) tokens) {
      return null;
    }
    float[] joined = tensor.toFloats();
    int length = (int) tensor.shape().dim(1);
    List<float[]> vectors = new ArrayList<>();
    for (int i = 0; i < tensor.shape().dim(0); i++) {
      vectors.add(Arrays.copyOfRange(joined, i * length, (i + 1) * length));
    }
    return new Kept.Vectors(new Embeddings(vectors, (int) tokens, 0, 0, 0));
  }
}
