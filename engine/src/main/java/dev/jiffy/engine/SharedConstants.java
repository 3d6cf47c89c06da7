package dev.jiffy.engine;

import dev.jiffy.engine.ir.Graph;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The constants of the graphs that one graph became: equal ones are one tensor, so that what
/// passes made of the same weights is kept and packed once.
///
/// For one thread at a time.
final class SharedConstants {
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// How many longs of a tensor tell it from most others.
  private static final int SAMPLES = 32;

  /// What most tensors that differ differ in.
  private record Key(DType dtype, Shape shape, long sampled) {}

  private final Map<Key, List<Tensor>> known = new HashMap<>();

  /// {@return the graph with the tensors of earlier graphs in place of equal ones}
  ///
  /// @param graph a graph
  Graph share(Graph graph) {
    Map<String, Tensor> constants = LinkedHashMap.newLinkedHashMap(graph.constants().size());
    graph.constants().forEach((name, tensor) -> constants.put(name, shared(tensor)));
    return new Graph(
        graph.name(), graph.inputs(), graph.outputs(), graph.nodes(), constants, graph.facts());
  }

  @SuppressWarnings("ReferenceEquality") // what graphs read of the model's file is one already
  private Tensor shared(Tensor tensor) {
    if (tensor.dtype() == DType.STRING) {
      return tensor;
    }
    Key key = new Key(tensor.dtype(), tensor.shape(), sampled(tensor.segment()));
    List<Tensor> alike = known.computeIfAbsent(key, _ -> new ArrayList<>(1));
    for (Tensor other : alike) {
      if (other == tensor || other.segment().mismatch(tensor.segment()) < 0) {
        return other;
      }
    }
    alike.add(tensor);
    return tensor;
  }

  /// {@return a hash of longs all over the elements}
  private static long sampled(MemorySegment segment) {
    long longs = segment.byteSize() / Long.BYTES;
    long sampled = longs == 0 && segment.byteSize() > 0 ? segment.get(ValueLayout.JAVA_BYTE, 0) : 0;
    long count = Math.min(longs, SAMPLES);
    for (long i = 0; i < count; i++) {
      sampled = 31 * sampled + segment.get(LONG, longs * i / count * Long.BYTES);
    }
    return sampled;
  }
}
