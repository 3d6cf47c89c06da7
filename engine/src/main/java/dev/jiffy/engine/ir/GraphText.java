package dev.jiffy.engine.ir;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A graph as text, one line for each value: for people and for golden files.
///
/// ```
/// graph encoder
/// input x: f32[batch×384]
/// constant w: f32[384×1536]
/// y: f32[batch×1536] = MatMul{alpha=1.0, activation=GELU}(x, w)
/// output y: f32[batch×1536]
/// ```
///
/// The same graph gives the same text. Attributes that are absent, empty or false are left out;
/// constants of up to eight elements show them.
public final class GraphText {
  private static final int INLINE = 8;

  private GraphText() {}

  /// {@return the text of a graph, each line ended by a line feed}
  ///
  /// @param graph the graph
  public static String of(Graph graph) {
    StringBuilder text = new StringBuilder("graph ").append(graph.name()).append('\n');
    for (String input : graph.inputs()) {
      text.append("input ").append(typed(graph, input)).append('\n');
    }
    graph
        .constants()
        .forEach((name, tensor) ->
            text.append("constant ").append(name).append(": ").append(of(tensor)).append('\n'));
    for (Node node : graph.nodes()) {
      text.append(of(graph, node)).append('\n');
      if (node.op() instanceof Op.If(Graph then, Graph otherwise)) {
        text.append("  then ").append(indented(of(then)));
        text.append("  otherwise ").append(indented(of(otherwise)));
      }
      if (node.op() instanceof LoopOp.Loop loop) {
        text.append("  body ").append(indented(of(loop.body())));
      }
    }
    for (String output : graph.outputs()) {
      text.append("output ").append(typed(graph, output)).append('\n');
    }
    return text.toString();
  }

  private static String indented(String text) {
    return text.strip().replace("\n", "\n    ") + "\n";
  }

  /// {@return the line of one node}
  ///
  /// @param graph the graph that has the node's facts
  /// @param node the node
  public static String of(Graph graph, Node node) {
    String outputs =
        node.outputs().stream()
            .map(output -> output.isEmpty() ? "_" : typed(graph, output))
            .collect(Collectors.joining(", "));
    String inputs =
        node.inputs().stream()
            .map(input -> input.isEmpty() ? "_" : input)
            .collect(Collectors.joining(", ", "(", ")"));
    return outputs + " = " + of(node.op()) + inputs;
  }

  private static String typed(Graph graph, String value) {
    Fact fact = graph.facts().get(value);
    return value + ": " + (fact == null ? "?" : fact);
  }

  /// {@return an operator with its attributes, such as `Gather{axis=0}`}
  ///
  /// @param op the operator
  public static String of(Op op) {
    String attributes =
        switch (op) {
          case Op.Unary unary -> of(unary);
          case Op.Binary binary -> binary.function().toString();
          default -> attributes((Record) op);
        };
    String name = op.getClass().getSimpleName();
    return attributes.isEmpty() ? name : name + "{" + attributes + "}";
  }

  private static String of(Op.Unary unary) {
    String parameters =
        unary.alpha() == 0 && unary.beta() == 0 ? "" : ", " + unary.alpha() + ", " + unary.beta();
    return unary.function() + parameters;
  }

  private static String attributes(Record attributes) {
    List<String> parts = new ArrayList<>();
    for (RecordComponent component : attributes.getClass().getRecordComponents()) {
      String value = text(read(attributes, component));
      if (!value.isEmpty()) {
        parts.add(component.getName() + "=" + value);
      }
    }
    return String.join(", ", parts);
  }

  private static @Nullable Object read(Record attributes, RecordComponent component) {
    try {
      return component.getAccessor().invoke(attributes);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("attribute " + component + " cannot be read", e);
    }
  }

  /// The text of an attribute, empty where it is not worth a word.
  private static String text(@Nullable Object attribute) {
    return switch (attribute) {
      case null -> "";
      case Boolean flag -> flag ? "true" : "";
      case List<?> list ->
          list.isEmpty() ? "" : list.stream().map(GraphText::text).toList().toString();
      case Op.Unary unary ->
          unary.alpha() == 0 && unary.beta() == 0 ? of(unary) : "(" + of(unary) + ")";
      case Tensor tensor -> of(tensor);
      case DType dtype -> Dtypes.name(dtype);
      case Graph body -> body.nodes().size() + " nodes";
      case Record nested -> {
        String inner = attributes(nested);
        yield inner.isEmpty() ? "" : "{" + inner + "}";
      }
      default -> attribute.toString();
    };
  }

  private static String of(Tensor tensor) {
    StringBuilder text =
        new StringBuilder(Fact.of(tensor.dtype(), tensor.shape().dims()).toString());
    if (tensor.shape().elements() > INLINE) {
      return text.toString();
    }
    List<String> elements = new ArrayList<>();
    for (int i = 0; i < tensor.shape().elements(); i++) {
      elements.add(element(tensor, i));
    }
    return text.append('=').append(elements).toString();
  }

  private static String element(Tensor tensor, int index) {
    return switch (tensor.dtype()) {
      case STRING -> '"' + tensor.getString(index) + '"';
      case F64 -> Double.toString(tensor.getDouble(index));
      case F32, F16, BF16 -> Float.toString((float) tensor.getDouble(index));
      case U64 -> Long.toUnsignedString(tensor.getLong(index));
      case I4, I8, I16, I32, I64, U4, U8, U16, U32 -> Long.toString(tensor.getLong(index));
      case BOOL -> tensor.getLong(index) != 0 ? "true" : "false";
    };
  }
}
