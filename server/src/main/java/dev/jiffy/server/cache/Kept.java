package dev.jiffy.server.cache;

import dev.jiffy.pipeline.Embeddings;
import dev.jiffy.server.schedule.Answer;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An answer on the heap, where the collector finds it when it is no longer kept. Immutable.
sealed interface Kept {
  /// What an array can hold, and some room.
  long MOST = Integer.MAX_VALUE / 2;

  /// {@return about how many bytes it takes}
  long bytes();

  /// {@return the answer; its tensors last until the thread asks for another one}
  Answer answer();

  /// {@return an answer that lasts, null where it is too large}
  ///
  /// @param answer an answer
  /// @param outputs the names of the outputs that are wanted
  /// @param most the most bytes
  static @Nullable Kept of(Answer answer, List<String> outputs, long most) {
    return switch (answer) {
      case Answer.Tensors(Map<String, Tensor> all) -> {
        List<Output> kept = new ArrayList<>();
        long bytes = 0;
        for (String name : outputs) {
          Tensor tensor = all.get(name);
          if (tensor != null) {
            bytes += tensor.dtype() == DType.STRING ? 0 : tensor.segment().byteSize();
            if (bytes > Math.min(most, MOST)) {
              yield null;
            }
            kept.add(Output.of(name, tensor));
          }
        }
        yield new Outputs(List.copyOf(kept));
      }
      case Answer.Vectors(Embeddings embeddings) ->
          new Vectors(new Embeddings(embeddings.vectors(), embeddings.tokens(), 0, 0, 0));
    };
  }

  /// The outputs of a run.
  record Outputs(List<Output> outputs) implements Kept {
    private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

    @Override
    public long bytes() {
      return outputs.stream().mapToLong(Output::bytes).sum();
    }

    @Override
    public Answer answer() {
      long bytes = 0;
      for (Output output : outputs) {
        bytes += Scratch.aligned(output.bytes());
      }
      MemorySegment memory = SCRATCH.get().atLeast(bytes);
      Map<String, Tensor> tensors = LinkedHashMap.newLinkedHashMap(outputs.size());
      long at = 0;
      for (Output output : outputs) {
        tensors.put(output.name(), output.tensor(memory, at));
        at += Scratch.aligned(output.bytes());
      }
      return new Answer.Tensors(tensors);
    }
  }

  /// The vectors of texts.
  record Vectors(Embeddings embeddings) implements Kept {
    @Override
    public long bytes() {
      return embeddings.vectors().stream().mapToLong(vector -> 4L * vector.length).sum();
    }

    @Override
    public Answer answer() {
      return new Answer.Vectors(embeddings);
    }
  }

  /// One output.
  ///
  /// @param elements its elements, on the heap; none where they are texts
  /// @param texts its elements where they are texts
  record Output(
      String name, DType dtype, Shape shape, MemorySegment elements, @Nullable List<String> texts) {
    static Output of(String name, Tensor tensor) {
      if (tensor.dtype() == DType.STRING) {
        return new Output(
            name,
            tensor.dtype(),
            tensor.shape(),
            MemorySegment.NULL,
            List.copyOf(tensor.strings()));
      }
      MemorySegment elements =
          MemorySegment.ofArray(new byte[Math.toIntExact(tensor.segment().byteSize())])
              .copyFrom(tensor.segment());
      return new Output(name, tensor.dtype(), tensor.shape(), elements, null);
    }

    long bytes() {
      return texts == null
          ? elements.byteSize()
          : texts.stream().mapToLong(text -> 2L * text.length()).sum();
    }

    Tensor tensor(MemorySegment memory, long at) {
      if (texts != null) {
        return Tensor.ofStrings(texts, shape.dims());
      }
      MemorySegment part = memory.asSlice(at, elements.byteSize()).copyFrom(elements);
      return Tensor.of(dtype, shape, part);
    }
  }

  /// Memory of one thread in which answers are laid out.
  final class Scratch {
    private MemorySegment memory = MemorySegment.NULL;

    static long aligned(long bytes) {
      return (bytes + Tensor.ALIGNMENT - 1) & -Tensor.ALIGNMENT;
    }

    MemorySegment atLeast(long bytes) {
      if (memory.byteSize() < bytes) {
        memory = Arena.ofAuto().allocate(bytes, Tensor.ALIGNMENT);
      }
      return memory;
    }
  }
}
