package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp.ByteTable;
import dev.jiffy.engine.ir.QuantizedOp.Dequantize;
import dev.jiffy.engine.ir.QuantizedOp.Quantize;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Bytes that are an elementwise function of other bytes are looked up in a table of it.
final class ByteTables {
  /// The nodes of a function, more or less: what is read twice counts twice.
  private static final int MOST_NODES = 64;

  private static final int BYTES = 256;

  private ByteTables() {}

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    Function function = new Function(draft);
    String x = function.isOne(node) ? function.source(node.inputs()) : null;
    if (x == null
        || x.equals(Function.CONSTANT)
        || !isByte(draft.fact(node.output()).dtype())
        || draft.fact(x).shape() == null
        || !Objects.equals(draft.fact(x).shape(), draft.fact(node.output()).shape())) {
      return false;
    }
    String table = draft.constant(node.output() + "/table", function.values(node, x));
    return draft.replace(node, new ByteTable(), x, table);
  }

  /// Of bytes that are moved as numbers, the bytes are moved.
  static boolean movement(Draft draft, Node node) {
    Node source = draft.producer(node.input(0));
    Function function = new Function(draft);
    if (source == null
        || !function.isOne(node)
        || !isByte(draft.fact(node.output()).dtype())
        || !draft.readOnce(source.output())) {
      return false;
    }
    int moved =
        switch (source.op()) {
          case Op.Concat _ -> source.inputs().size();
          case Op.Slice _,
              Op.Transpose _,
              Op.Reshape _,
              Op.Flatten _,
              Op.Squeeze _,
              Op.Unsqueeze _ ->
              1;
          default -> 0;
        };
    for (int i = 0; i < moved; i++) {
      Node number = draft.producer(source.input(i), Dequantize.class);
      if (number == null
          || !function.isOne(number)
          || !isByte(draft.fact(number.input(0)).dtype())) {
        return false;
      }
    }
    String[] inputs = source.inputs().toArray(String[]::new);
    for (int i = 0; i < moved; i++) {
      inputs[i] =
          draft.add(
              node, node.op(), MatrixProducts.inputs(inputs[i], node.input(1), node.input(2)));
    }
    return moved > 0 && draft.replace(node, source.op(), inputs);
  }

  private static boolean isByte(@Nullable DType type) {
    return type == DType.U8 || type == DType.I8;
  }

  /// An elementwise function of bytes and numbers.
  private static final class Function {
    /// Stands for the source of numbers.
    static final String CONSTANT = "";

    private final Draft draft;
    private final Map<String, Tensor> known = new HashMap<>();
    private int nodes;

    Function(Draft draft) {
      this.draft = draft;
    }

    /// {@return whether a node computes each element of its result alike from those of its inputs}
    boolean isOne(Node node) {
      return switch (node.op()) {
        case Op.Unary _, Op.Binary _, Op.Where _, Op.Cast _, ByteTable _ -> true;
        case Quantize _, Dequantize _ ->
            isNumber(node.input(1)) && (!node.hasInput(2) || isNumber(node.input(2)));
        default -> false;
      };
    }

    private boolean isNumber(String value) {
      Tensor constant = draft.constant(value);
      return constant != null && constant.shape().elements() == 1;
    }

    /// {@return the bytes that some values are a function of, [#CONSTANT] where they are numbers,
    /// or null where there are none or several}
    @Nullable String source(List<String> values) {
      String common = CONSTANT;
      for (String value : values) {
        String own = value.isEmpty() ? CONSTANT : source(value);
        if (own == null
            || !(common.equals(CONSTANT) || own.equals(CONSTANT) || own.equals(common))) {
          return null;
        }
        common = own.equals(CONSTANT) ? common : own;
      }
      return common;
    }

    private @Nullable String source(String value) {
      if (draft.constant(value) != null) {
        return isNumber(value) ? CONSTANT : null;
      }
      Node producer = draft.producer(value);
      String further = null;
      if (producer != null && nodes++ < MOST_NODES && isOne(producer)) {
        further =
            producer.op() instanceof ByteTable
                ? source(producer.input(0))
                : source(producer.inputs());
      }
      return further == null && isByte(draft.fact(value).dtype()) ? value : further;
    }

    /// {@return what a node computes of all bytes}
    Tensor values(Node node, String x) {
      DType type = draft.fact(x).dtype();
      Tensor all = Tensor.allocate(DType.U8, Shape.of(BYTES));
      for (int i = 0; i < BYTES; i++) {
        all.setLong(i, i);
      }
      known.put(x, type == DType.U8 ? all : Tensor.of(DType.I8, all.shape(), all.segment()));
      return compute(node);
    }

    private Tensor value(String value) {
      Tensor result = known.get(value);
      if (result == null) {
        Tensor constant = draft.constant(value);
        Node producer = draft.producer(value);
        if (constant != null) {
          result = isNumber(value) ? constant.reshape() : constant;
        } else if (producer != null) {
          result = compute(producer);
        } else {
          throw new IllegalStateException("'" + value + "' is no function of bytes");
        }
        known.put(value, result);
      }
      return result;
    }

    private Tensor compute(Node node) {
      List<@Nullable Tensor> inputs = new ArrayList<>();
      for (String input : node.inputs()) {
        inputs.add(input.isEmpty() ? null : value(input));
      }
      return draft.evaluate(node.op(), inputs, 1).getFirst();
    }
  }
}
