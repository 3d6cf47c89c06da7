package dev.jiffy.engine.lower;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.AttentionOp;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.GraphBuilder;
import dev.jiffy.engine.ir.Inference;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Operators that keep the elements of a batch apart, and others.
class BatchElementsTest {
  private static final int BATCH = 6;
  private static final int PART = 2;

  /// An operator, whether it is known to keep elements apart, whether it does, and what it reads:
  /// numbers are tensors of constants, names are inputs `x` of `[batch, 4, 5]`, `y` alike, `m` of
  /// `[batch, 5]`, `v` of `[batch]`, `i` of indices `[batch, 4]`.
  record Case(String name, boolean isApart, boolean isEqual, Op op, List<Object> inputs) {
    @Override
    public String toString() {
      return name;
    }

    Graph graph() {
      GraphBuilder builder = new GraphBuilder("g");
      for (String input : names()) {
        builder.input(input, input.equals("i") ? DType.I64 : DType.F32, dims(input));
      }
      String[] read =
          inputs.stream()
              .map(in -> in instanceof Tensor tensor ? builder.constant(tensor) : (String) in)
              .toArray(String[]::new);
      return builder.node(op, "out", read).outputs("out").build();
    }

    List<String> names() {
      return inputs.stream()
          .filter(in -> in instanceof String name && !name.isEmpty())
          .map(String.class::cast)
          .distinct()
          .toList();
    }

    private static Object[] dims(String input) {
      return switch (input) {
        case "x", "y" -> new Object[] {"batch", 4, 5};
        case "m" -> new Object[] {"batch", 5};
        case "v" -> new Object[] {"batch"};
        default -> new Object[] {"batch", 4};
      };
    }
  }

  private static Case apart(String name, Op op, Object... inputs) {
    return new Case(name, true, true, op, List.of(inputs));
  }

  private static Case mixed(String name, Op op, Object... inputs) {
    return new Case(name, false, false, op, List.of(inputs));
  }

  private static Case unknown(String name, Op op, Object... inputs) {
    return new Case(name, false, true, op, List.of(inputs));
  }

  private static Tensor longs(long... values) {
    return Tensor.of(values, values.length);
  }

  private static Tensor numbers(long... dims) {
    return Samples.between(1, -1, 1, dims);
  }

  static Stream<Case> cases() {
    Op add = new Op.Binary(BinaryFunction.ADD);
    return Stream.of(
        apart("relu", new Op.Unary(UnaryFunction.RELU), "x"),
        apart("sum of two", add, "x", "y"),
        apart("sum with a row", add, "x", numbers(5)),
        mixed("sum along the last extent", add, "v", numbers(3, 1)),
        apart("product with weights", new Op.MatMul(), "x", numbers(5, 3)),
        apart("product of rows", new Op.MatMul(), "m", numbers(5, 3)),
        apart("product of two", new Op.MatMul(false, true, 1, null), "x", "y"),
        mixed("product over the batch", new Op.MatMul(true, false, 1, null), "m", "m"),
        mixed("product of all pairs", new Op.MatMul(false, true, 1, null), "m", "m"),
        apart("attention", new AttentionOp.Attention(1, 1), "x", "y", "y", ""),
        apart("softmax", new Op.Softmax(-1, false), "x"),
        mixed("softmax over the batch", new Op.Softmax(0, false), "x"),
        mixed("softmax over the batch from behind", new Op.Softmax(-3, false), "x"),
        apart("norm", new Op.LayerNorm(1, 1e-5f), "x", numbers(4, 5), numbers(4, 5)),
        mixed("norm of all", new Op.LayerNorm(0, 1e-5f), "m"),
        apart("mean", new Op.Reduce(ReduceFunction.MEAN, false, false), "x", longs(1)),
        mixed("mean of the batch", new Op.Reduce(ReduceFunction.MEAN, true, false), "x", longs(0)),
        apart("argmax", new Op.ArgReduce(true, 2, false, false), "x"),
        mixed("argmax of the batch", new Op.ArgReduce(true, -3, true, false), "x"),
        apart("running sum", new Op.CumSum(false, false), "x", longs(1)),
        mixed("running sum of the batch", new Op.CumSum(false, false), "x", longs(0)),
        apart("reshape", new Op.Reshape(false), "x", longs(-1, 20)),
        apart("rows of all", new Op.Reshape(false), "x", longs(-1, 5)),
        unknown("reshape behind", new Op.Reshape(false), "x", longs(20, -1)),
        apart("flatten", new Op.Flatten(1), "x"),
        apart("unsqueeze", new Op.Unsqueeze(), "x", longs(1)),
        unknown("unsqueeze first", new Op.Unsqueeze(), "x", longs(0)),
        apart("transpose", new Op.Transpose(List.of(0L, 2L, 1L)), "x"),
        mixed("transpose of the batch", new Op.Transpose(List.of(1L, 0L, 2L)), "x"),
        apart("concat", new Op.Concat(1), "x", "y"),
        mixed("concat of batches", new Op.Concat(0), "x", "y"),
        apart("slice", new Op.Slice(), "x", longs(1), longs(3), longs(1)),
        mixed("reversed", new Op.Slice(), "x", longs(-1), longs(-99), longs(0), longs(-1)),
        mixed(
            "reversed from behind",
            new Op.Slice(),
            "x",
            longs(-1),
            longs(-99),
            longs(-3),
            longs(-1)),
        unknown("every other one", new Op.Slice(), "x", longs(0), longs(99), longs(0), longs(2)),
        apart("border", new Op.Pad(Op.PadMode.CONSTANT), "m", longs(0, 1, 0, 1)),
        mixed("moved by one", new Op.Pad(Op.PadMode.CONSTANT), "m", longs(-1, 0, 1, 0)),
        apart("looked up", new Op.Gather(0), numbers(7, 3), "i"),
        apart("picked", new Op.Gather(1), "x", longs(2, 0)),
        mixed("picked from the batch", new Op.Gather(0), "x", "i"),
        apart("picked one by one", new Op.GatherElements(1), "m", "i"),
        mixed("picked across the batch", new Op.GatherElements(0), "m", "i"),
        mixed("tiled", new Op.Tile(), "x", longs(2, 1, 1)),
        mixed("spread over columns", new Op.OneHot(0), "i", longs(4), longs(0, 1)),
        mixed("bytes by the range of all", new Op.DynamicQuantize(), "x"));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void partsAreComputedByThemselvesWhereElementsStayApart(Case each) {
    Graph graph = each.graph();
    Graph whole = bound(each, graph, BATCH);
    Graph part = bound(each, graph, PART);
    assertEquals(each.isApart, BatchElements.areApart(whole, part, BATCH / PART));
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    each.names().forEach(name -> inputs.put(name, sample(name, whole)));
    Tensor all = only(Interpreter.run(whole, inputs));
    long bytes = all.segment().byteSize() / (BATCH / PART);
    boolean areEqual = true;
    for (int p = 0; p < BATCH / PART; p++) {
      Map<String, Tensor> some = new LinkedHashMap<>();
      for (Map.Entry<String, Tensor> input : inputs.entrySet()) {
        Shape shape = shape(part, input.getKey());
        long size = shape.bytes(input.getValue().dtype());
        some.put(
            input.getKey(),
            Tensor.of(
                input.getValue().dtype(),
                shape,
                input.getValue().segment().asSlice(p * size, size)));
      }
      Tensor few = only(Interpreter.run(part, some));
      areEqual &=
          few.segment().byteSize() == bytes
              && few.segment().mismatch(all.segment().asSlice(p * bytes, bytes)) < 0;
    }
    assertEquals(each.isEqual, areEqual);
  }

  private static Tensor sample(String name, Graph graph) {
    Shape shape = shape(graph, name);
    if (!name.equals("i")) {
      return Samples.between(name.hashCode(), -1, 1, shape.dims());
    }
    Tensor indices = Tensor.allocate(DType.I64, shape);
    for (long i = 0; i < shape.elements(); i++) {
      indices.setLong(i, i % 3 == 0 ? 0 : 1);
    }
    return indices;
  }

  private static Shape shape(Graph graph, String value) {
    return Objects.requireNonNull(graph.fact(value).concreteShape());
  }

  private static Tensor only(Map<String, Tensor> outputs) {
    return outputs.values().iterator().next();
  }

  private static Graph bound(Case each, Graph graph, long batch) {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    for (String name : each.names()) {
      shapes.put(
          name,
          switch (name) {
            case "x", "y" -> Shape.of(batch, 4, 5);
            case "m" -> Shape.of(batch, 5);
            case "v" -> Shape.of(batch);
            default -> Shape.of(batch, 4);
          });
    }
    return Inference.bind(graph, shapes);
  }
}
