package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Models of one operator of `com.microsoft`, and what becomes of them.
final class MicrosoftModels {
  private MicrosoftModels() {}

  /// One node.
  static Models model(String operator, Map<String, AttributeProto> attributes, String... inputs) {
    return Models.opset(13)
        .input("x", DType.F32, 2, 3, 4)
        .input("b", DType.F32, 4)
        .node("com.microsoft", operator, Arrays.asList(inputs), List.of("y"), attributes)
        .output("y");
  }

  /// The operators that one node becomes.
  static List<Op> ops(String operator, Map<String, AttributeProto> attributes, String... inputs) {
    return Importer.graph(model(operator, attributes, inputs).model()).nodes().stream()
        .map(Node::op)
        .toList();
  }

  /// What an operator makes of its inputs; null stands for an absent one.
  static double[] made(
      String operator, Map<String, AttributeProto> attributes, @Nullable Tensor... inputs) {
    Models model = Models.opset(21);
    List<String> names = new ArrayList<>();
    for (int i = 0; i < inputs.length; i++) {
      Tensor input = inputs[i];
      names.add(input == null ? "" : "i" + i);
      if (input != null) {
        model.constant("i" + i, input);
      }
    }
    model.node("com.microsoft", operator, names, List.of("y"), attributes).output("y");
    Tensor y = Interpreter.run(Importer.graph(model.model()), Map.of()).get("y");
    return Objects.requireNonNull(y).toDoubles();
  }

  static Tensor floats(double... values) {
    return tensor(DType.F32, new long[] {values.length}, values);
  }

  static Tensor one(DType dtype, double value) {
    return tensor(dtype, new long[0], value);
  }

  static float[] run(Models model, Map<String, Tensor> inputs) {
    Tensor y = Interpreter.run(Importer.graph(model.model()), inputs).get("y");
    return Objects.requireNonNull(y).toFloats();
  }

  static Tensor tensor(DType dtype, long[] dims, double... values) {
    Tensor tensor = Tensor.allocate(dtype, Shape.of(dims));
    for (int i = 0; i < tensor.shape().elements(); i++) {
      tensor.setDouble(i, values[i % values.length]);
    }
    return tensor;
  }
}
