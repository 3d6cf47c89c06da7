package dev.jiffy.engine.pass;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.AttentionOp;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp.BlockMatMul;
import dev.jiffy.engine.ir.QuantizedOp.Dequantize;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Products of numbers with constants of few bits.
class BlockProductsTest {
  private static final int COLUMNS = 513;

  private static final Weights PLAIN = new Weights(DType.U8, 160, true, 0);
  private static final Weights PLAIN_ROWS = new Weights(DType.U8, 160, false, 0);
  private static final Op CAST = new Op.Cast(DType.F32, true);

  private final Random random = new Random(5);

  /// A matrix as a file has it.
  ///
  /// @param type of the integers
  /// @param isTransposed whether it has a row for each column of the product
  /// @param block the depth that shares a scale, -1 where a column does, 0 where all do
  private record Weights(DType type, int depth, boolean isTransposed, int block) {
    private Shape shape(long depths) {
      return isTransposed ? Shape.of(COLUMNS, depths) : Shape.of(depths, COLUMNS);
    }

    private Shape scales() {
      return switch (block) {
        case 0 -> Shape.of();
        case -1 -> Shape.of(COLUMNS);
        default -> shape((depth + block - 1) / block);
      };
    }

    private Dequantize op() {
      boolean isAlongDepth = block > 0;
      return new Dequantize(isAlongDepth == isTransposed ? 1 : 0, Math.max(0, block));
    }
  }

  private String integers(Sketch s, DType type, Shape shape) {
    boolean isSigned = type == DType.I8 || type == DType.I4;
    int range = type == DType.I8 || type == DType.U8 ? 256 : 16;
    Tensor tensor = Tensor.allocate(type, shape);
    for (long i = 0; i < shape.elements(); i++) {
      tensor.setLong(i, random.nextInt(range) - (isSigned ? range / 2 : 0));
    }
    return s.constant(tensor);
  }

  private String dequantized(Sketch s, Weights w, @Nullable Long zero) {
    Tensor scales = Tensor.allocate(DType.F32, w.scales());
    for (long i = 0; i < scales.shape().elements(); i++) {
      scales.setDouble(i, 0.001 + 0.01 * random.nextDouble());
    }
    String q = integers(s, w.type, w.shape(w.depth));
    if (zero == null) {
      return s.op(w.op(), q, s.constant(scales));
    }
    Tensor same = Tensor.allocate(w.type, w.scales());
    for (long i = 0; i < same.shape().elements(); i++) {
      same.setLong(i, zero);
    }
    return s.op(w.op(), q, s.constant(scales), s.constant(same));
  }

  private static Tensor constant(Graph graph, String name) {
    return Objects.requireNonNull(graph.constants().get(name));
  }

  private String product(Sketch s, Weights w, String matrix) {
    String x = s.input("x", "batch", w.depth);
    return s.matMul(x, w.isTransposed ? s.transpose(matrix, 1, 0) : matrix);
  }

  @Test
  void scalesAreOfTheMatrixOfColumnsOrOfBlocks() {
    for (DType type : List.of(DType.I8, DType.U8, DType.I4, DType.U4)) {
      for (boolean isTransposed : new boolean[] {true, false}) {
        for (int block : new int[] {0, -1, 32, 48, 512}) {
          for (int depth : new int[] {160, 131}) {
            for (Long zero : block == 32 ? new Long[] {null, 3L} : new Long[] {8L}) {
              Sketch s = new Sketch();
              Weights w = new Weights(type, depth, isTransposed, block);
              String y = s.add(product(s, w, dequantized(s, w, zero)), s.weights(COLUMNS));
              Graph graph = Rewritten.of(s.graph(y));
              assertEquals(List.of("BlockMatMul"), Rewritten.operators(graph), w::toString);
            }
          }
        }
      }
    }
  }

  @Test
  void eachScaleMayHaveItsZeroPoint() {
    for (DType type : List.of(DType.I8, DType.U4)) {
      Sketch s = new Sketch();
      Weights w = new Weights(type, 160, false, 16);
      Tensor scales = Tensor.allocate(DType.F32, w.scales());
      for (long i = 0; i < scales.shape().elements(); i++) {
        scales.setDouble(i, 0.01);
      }
      String zeros = integers(s, type, w.scales());
      String q = integers(s, type, w.shape(160));
      String y = product(s, w, s.op(w.op(), q, s.constant(scales), zeros));
      assertEquals(List.of("BlockMatMul"), Rewritten.operators(Rewritten.of(s.graph(y))));
    }
  }

  @Test
  void bytesThatLieAsTheyAreReadAreNotCopied() {
    for (boolean isFolded : new boolean[] {true, false}) {
      Sketch s = new Sketch();
      String q = integers(s, DType.U8, Shape.of(COLUMNS, 160));
      String x = s.input("x", "batch", 160);
      String scale = s.number(0.01);
      Op op = new Dequantize(1, 0);
      String w =
          isFolded ? s.op(op, s.transpose(q, 1, 0), scale) : s.transpose(s.op(op, q, scale), 1, 0);
      Graph before = s.graph(s.matMul(x, w));
      Graph graph = Rewritten.of(before);
      Node node = graph.nodes().getFirst();
      assertEquals(BlockMatMul.class, node.op().getClass());
      assertEquals(constant(before, q).segment(), constant(graph, node.input(1)).segment());
    }
  }

  @Test
  void productsAndLookupsShareAMatrix() {
    Sketch s = new Sketch();
    String table =
        s.op(new Dequantize(1, 0), integers(s, DType.U8, Shape.of(COLUMNS, 160)), s.number(0.01));
    String x = s.op(new Op.Gather(0), table, s.input("i", DType.I64, "batch"));
    String y = s.matMul(s.unary(UnaryFunction.TANH, x), s.transpose(table, 1, 0));
    String z = s.matMul(s.input("z", "batch", 160), s.transpose(table, 1, 0));
    Graph graph = Rewritten.of(s.graph(y, z));
    List<Node> products =
        graph.nodes().stream().filter(node -> node.op() instanceof BlockMatMul).toList();
    assertEquals(2, products.size());
    assertEquals(
        products.getFirst().inputs().subList(1, 4), products.getLast().inputs().subList(1, 4));
    assertEquals(DType.U8, constant(graph, graph.nodes().getFirst().input(0)).dtype());
  }

  @Test
  void otherMatricesBecomeNumbers() {
    for (Weights w :
        List.of(
            new Weights(DType.U8, 100, true, 0), // too small
            new Weights(DType.U8, 160, true, 24), // no blocks of 16
            new Weights(DType.I16, 160, true, 0))) {
      Sketch s = new Sketch();
      Graph graph = Rewritten.of(s.graph(product(s, w, dequantized(s, w, 0L))));
      assertEquals(List.of("MatMul"), Rewritten.operators(graph), w::toString);
    }
    Sketch s = new Sketch();
    String q = integers(s, DType.U8, Shape.of(160, COLUMNS));
    String perRow = s.op(new Dequantize(0, 0), q, s.weights(160));
    Graph graph = Rewritten.of(s.graph(s.matMul(s.input("x", "batch", 160), perRow)));
    assertEquals(List.of("MatMul"), Rewritten.operators(graph));
  }

  @Test
  void whatFollowsIsPartOfTheProduct() {
    for (UnaryFunction function : List.of(UnaryFunction.RELU, UnaryFunction.TANH)) {
      Sketch s = new Sketch();
      String product = product(s, PLAIN, dequantized(s, PLAIN, 7L));
      String sum = s.add(s.input("r", "batch", COLUMNS), s.add(product, s.weights(COLUMNS)));
      Graph graph = Rewritten.of(s.graph(s.unary(function, sum)));
      Rewritten.assertOperators(graph, "BlockMatMul");
      Node node = graph.nodes().getFirst();
      assertTrue(node.hasInput(4) && node.hasInput(5), node::toString);
      assertEquals(new Op.Unary(function), ((BlockMatMul) node.op()).activation());
    }
  }

  @Test
  void whatFollowsStaysWhereOthersReadTheProductOrShapesDiffer() {
    Sketch s = new Sketch();
    String product = product(s, PLAIN, dequantized(s, PLAIN, 7L));
    Graph graph = Rewritten.of(s.graph(product, s.unary(UnaryFunction.RELU, product)));
    Rewritten.assertOperators(graph, "BlockMatMul", "Unary");
    s = new Sketch();
    product = product(s, PLAIN, dequantized(s, PLAIN, 7L));
    graph = Rewritten.of(s.graph(s.add(product, s.input("r", "batch", 1))));
    Rewritten.assertOperators(graph, "BlockMatMul", "Binary");
    s = new Sketch();
    product = product(s, PLAIN, dequantized(s, PLAIN, 7L));
    String relu = s.unary(UnaryFunction.RELU, product);
    graph = Rewritten.of(s.graph(s.add(relu, s.input("r", "batch", COLUMNS))));
    Rewritten.assertOperators(graph, "BlockMatMul", "Binary");
  }

  @Test
  void biasesBehindProductsOfTheFileArePartOfThem() {
    Sketch s = new Sketch();
    String bytes = integers(s, DType.U8, Shape.of(7, 4, 16));
    Op op = new BlockMatMul(100, 7, 32, 4, false, null);
    String product = s.op(op, s.input("x", "batch", 100), bytes, s.weights(28));
    Graph graph = Rewritten.of(s.graph(s.add(s.add(product, s.weights(7)), s.number(2))));
    Rewritten.assertOperators(graph, "BlockMatMul");
    s = new Sketch();
    bytes = integers(s, DType.U8, Shape.of(7, 4, 16));
    product = s.op(op, s.input("x", 3, 100), bytes, s.weights(28));
    graph = Rewritten.of(s.graph(s.add(product, s.weights(3, 1)))); // one for each row
    Rewritten.assertOperators(graph, "BlockMatMul", "Binary");
  }

  /// Queries, keys and values.
  private String attention(Sketch s, List<String> matrices) {
    String x = s.input("x", 2, 5, 160);
    List<String> parts = matrices.stream().map(matrix -> s.matMul(x, matrix)).toList();
    return s.op(new AttentionOp.Attention(3, 0.1f), parts.toArray(String[]::new));
  }

  @Test
  void queriesKeysAndValuesAreOneProduct() {
    for (Long zero : new Long[] {128L, 7L}) {
      Sketch s = new Sketch();
      Weights w = PLAIN_ROWS;
      String one = dequantized(s, w, zero);
      String y = attention(s, List.of(one, dequantized(s, w, zero), dequantized(s, w, zero)));
      Rewritten.assertOperators(Rewritten.of(s.graph(y)), "BlockMatMul", "Split", "Attention");
    }
    Sketch s = new Sketch();
    Weights w = PLAIN_ROWS;
    String other = dequantized(s, new Weights(DType.U8, 160, false, 16), 7L);
    String y = attention(s, List.of(dequantized(s, w, 7L), other, dequantized(s, w, 7L)));
    Rewritten.assertCount(3, Rewritten.of(s.graph(y)), BlockMatMul.class);
    s = new Sketch();
    other = dequantized(s, w, null);
    y = attention(s, List.of(other, dequantized(s, w, 128L), dequantized(s, w, 128L)));
    Rewritten.assertCount(3, Rewritten.of(s.graph(y)), BlockMatMul.class);
  }

  @Test
  void scalesMayBeWrittenOut() {
    for (DType type : List.of(DType.I8, DType.U8, DType.U4)) {
      for (boolean isTransposed : new boolean[] {true, false}) {
        Sketch s = new Sketch();
        Weights w = new Weights(type, 160, isTransposed, -1);
        String q = s.op(CAST, integers(s, type, w.shape(160)));
        String zero = s.op(CAST, integers(s, type, Shape.of()));
        String perColumn = isTransposed ? s.weights(COLUMNS, 1) : s.weights(COLUMNS);
        String y = product(s, w, s.mul(perColumn, s.sub(q, zero)));
        Rewritten.assertOperators(Rewritten.of(s.graph(y)), "BlockMatMul");
      }
    }
    Sketch s = new Sketch();
    String q = s.op(CAST, integers(s, DType.U8, Shape.of(160, COLUMNS)));
    String y = product(s, PLAIN_ROWS, s.mul(q, s.number(0.01)));
    Rewritten.assertOperators(Rewritten.of(s.graph(y)), "BlockMatMul");
  }

  @Test
  void othersThatLookLikeScalesStayNumbers() {
    for (int which = 0; which < 4; which++) {
      Sketch s = new Sketch();
      String q = s.op(CAST, integers(s, DType.U8, Shape.of(160, COLUMNS)));
      String w =
          switch (which) {
            case 0 -> s.mul(s.sub(q, s.number(0.5)), s.number(0.01)); // no zero point of bytes
            case 1 -> s.mul(q, s.weights(160, 1)); // one for each row
            case 2 -> s.mul(s.mul(q, s.weights(160, 1)), s.weights(COLUMNS));
            default -> s.mul(s.sub(q, s.weights(160, 1)), s.weights(COLUMNS));
          };
      Graph graph = Rewritten.of(s.graph(product(s, PLAIN_ROWS, w)));
      Rewritten.assertOperators(graph, "MatMul");
    }
    Sketch s = new Sketch();
    String q = s.op(CAST, integers(s, DType.U8, Shape.of(160, COLUMNS)));
    String y = product(s, PLAIN_ROWS, s.mul(q, s.input("scale"))); // known at the run
    Rewritten.assertCount(0, Rewritten.of(s.graph(y)), BlockMatMul.class);
  }

  @Test
  void transposedBytesThatAreNoMatrixOfAProductAreFolded() {
    Sketch s = new Sketch();
    String q = s.transpose(integers(s, DType.U8, Shape.of(COLUMNS, 160)), 1, 0);
    String w = s.op(new Dequantize(1, 0), q, s.weights(COLUMNS));
    Graph graph = Rewritten.of(s.graph(s.add(s.input("x", 160, COLUMNS), w)));
    Rewritten.assertCount(0, graph, Op.Transpose.class);
    Rewritten.assertCount(0, graph, Dequantize.class);
  }
}
