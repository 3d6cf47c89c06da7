package dev.jiffy.onnxruntime;

import static dev.jiffy.onnxruntime.Net.BOOL;
import static dev.jiffy.onnxruntime.Net.F32;
import static dev.jiffy.onnxruntime.Net.F8;
import static dev.jiffy.onnxruntime.Net.I64;
import static dev.jiffy.onnxruntime.Net.MICROSOFT;
import static dev.jiffy.onnxruntime.Net.STRING;

import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto.FloatValue;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto.GraphValue;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto.IntValue;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto.StringValue;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto.Strings;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// Networks with operators that Jiffy does not support, and what of them should leave.
final class Nets {
  private static final Map<String, AttributeProto> SEPARATED =
      Map.of(
          "mark", new IntValue(0),
          "mincharnum", new IntValue(1),
          "pad_value", new StringValue("#"),
          "separators", new Strings(List.of(" ")));

  private Nets() {}

  /// A network.
  ///
  /// @param name what it is about
  /// @param net the network
  /// @param inputs its inputs
  /// @param leaving the names of the nodes that leave, in the order in which they run
  /// @param crossings how many groups they form; 0 where the whole model leaves
  record Sample(
      String name, Net net, Map<String, Tensor> inputs, List<String> leaving, int crossings) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Sample> all() {
    return List.of(
        middle(),
        start(),
        end(),
        several(),
        close(),
        beside(),
        acrossADiamond(),
        inBranches(),
        inLoops(),
        ofAnotherType(),
        ofAnotherTypeWithNodesBetween(),
        dataDependentShapes(),
        sharedWeights(),
        twiceRead(),
        strings(),
        ofConstantsOnly());
  }

  private static Tensor matrix(long seed, long... dims) {
    Tensor tensor = Tensor.allocate(DType.F32, Shape.of(dims));
    Random random = new Random(seed);
    for (long i = 0; i < tensor.shape().elements(); i++) {
      tensor.setDouble(i, random.nextGaussian());
    }
    return tensor;
  }

  private static Map<String, Tensor> square() {
    return Map.of("x", matrix(7, 2, 5, 5));
  }

  private static Net net() {
    return new Net().input("x", F32, "batch", 5, 5).output("y", F32);
  }

  private static Sample middle() {
    Net net = net().constant("w", matrix(1, 5, 3)).node("Sin", "s", "x").inverse("i", "s");
    return new Sample("middle", net.node("MatMul", "y", "i", "w"), square(), List.of("n_i"), 1);
  }

  private static Sample start() {
    Net net = net().constant("w", matrix(1, 5, 3)).inverse("i", "x").node("MatMul", "y", "i", "w");
    return new Sample("start", net, square(), List.of("n_i"), 1);
  }

  private static Sample end() {
    Net net = net().node("MatMul", "m", "x", "x").inverse("y", "m");
    return new Sample("end", net, square(), List.of("n_y"), 1);
  }

  private static Sample several() {
    Net net = net().node("Sin", "s", "x").inverse("a", "s").node("MatMul", "m", "a", "x");
    net.inverse("b", "m").node("Tanh", "y", "b");
    return new Sample("several", net, square(), List.of("n_a", "n_b"), 2);
  }

  private static Sample close() {
    Net net = net().node("MatMul", "m", "x", "x").inverse("a", "m").node("Sin", "s", "a");
    net.inverse("b", "s").node("MatMul", "y", "b", "x");
    return new Sample("close", net, square(), List.of("n_a", "n_s", "n_b"), 1);
  }

  private static Sample beside() {
    Net net = net().node("Sin", "s", "x").node("Cos", "c", "x").inverse("a", "s").inverse("b", "c");
    return new Sample(
        "beside", net.node("MatMul", "y", "a", "b"), square(), List.of("n_a", "n_b"), 1);
  }

  /// Were both inverses one group, it would wait for itself.
  private static Sample acrossADiamond() {
    Net net = net().node("Sin", "s", "x").inverse("a", "s").node("MatMul", "m", "a", "x");
    net.node("Add", "p", "m", "s").inverse("b", "p").node("Mul", "q", "a", "b");
    return new Sample(
        "diamond", net.node("Sub", "y", "q", "m"), square(), List.of("n_a", "n_b"), 2);
  }

  private static Sample inBranches() {
    Net then = new Net().inverse("t", "s").output("t", F32);
    Net otherwise = new Net().node("Mul", "o", "s", "w").output("o", F32);
    Net net = net().input("c", BOOL).constant("w", matrix(1, 5, 5)).node("Sin", "s", "x");
    Map<String, AttributeProto> bodies =
        Map.of(
            "then_branch", new GraphValue(then.graph()),
            "else_branch", new GraphValue(otherwise.graph()));
    net.node("", "If", List.of("f"), bodies, "c").node("MatMul", "y", "f", "x");
    Map<String, Tensor> inputs =
        Map.of("x", matrix(7, 2, 5, 5), "c", Tensor.of(new boolean[] {true}));
    return new Sample("branches", net, inputs, List.of("n_f"), 1);
  }

  private static Sample inLoops() {
    Net body = new Net().input("k", I64).input("go", BOOL).input("v", F32, "batch", 5, 5);
    body.inverse("i", "v").node("Add", "next", "i", "s").node("Identity", "on", "go");
    body.output("on", BOOL).output("next", F32);
    Net net = net().constant("count", Tensor.of(new long[] {3})).node("Sin", "s", "x");
    net.node(
        "", "Loop", List.of("l"), Map.of("body", new GraphValue(body.graph())), "count", "", "x");
    return new Sample("loops", net.node("MatMul", "y", "l", "s"), square(), List.of("n_l"), 1);
  }

  private static Sample ofAnotherType() {
    Net net = net().node("MatMul", "m", "x", "x");
    net.node("", "Cast", List.of("e"), Map.of("to", new IntValue(F8)), "m");
    net.node("", "Cast", List.of("f"), Map.of("to", new IntValue(F32)), "e");
    net.node("MatMul", "y", "f", "x");
    return new Sample("another type", net, square(), List.of("n_e", "n_f"), 1);
  }

  /// The second cast reads the first one's value, which no tensor of Jiffy holds, and one that is
  /// computed behind the first: what is between has to leave.
  private static Sample ofAnotherTypeWithNodesBetween() {
    Net net = net().node("MatMul", "m", "x", "x").inverse("a", "m");
    net.node("", "Cast", List.of("e"), Map.of("to", new IntValue(F8)), "m");
    net.node("MatMul", "b", "a", "x").node("ReduceSum", "r", "b").node("Greater", "g", "r", "r");
    Net then = new Net().output("t", F32);
    then.node("", "Cast", List.of("t"), Map.of("to", new IntValue(F32)), "e");
    Net otherwise = new Net().output("o", F32);
    otherwise.node("", "Cast", List.of("o"), Map.of("to", new IntValue(F32)), "e");
    Map<String, AttributeProto> bodies =
        Map.of(
            "then_branch", new GraphValue(then.graph()),
            "else_branch", new GraphValue(otherwise.graph()));
    net.node("", "If", List.of("f"), bodies, "g1").node("MatMul", "y", "f", "b");
    net.constant("shape", Tensor.of(new long[] {1}, 1)).node("Reshape", "g1", "g", "shape");
    return new Sample(
        "another type, nodes between",
        net,
        square(),
        List.of("n_a", "n_e", "n_b", "n_r", "n_g", "n_g1", "n_f"),
        1);
  }

  private static Sample dataDependentShapes() {
    Net net = new Net().input("x", STRING, "n").output("y", F32).output("z", I64);
    net.node(MICROSOFT, "Tokenizer", List.of("u"), SEPARATED, "x");
    net.node("Shape", "z", "u").node("ConstantOfShape", "c", "z").node("Cos", "y", "c");
    return new Sample("data-dependent shapes", net, Map.of("x", texts()), List.of("n_u"), 1);
  }

  private static Sample sharedWeights() {
    Net net = net().constant("w", matrix(1, 4, 5)).node("Sin", "s", "x");
    net.constant("flat", Tensor.of(new long[] {-1, 5}, 2)).node("Reshape", "r", "s", "flat");
    Map<String, AttributeProto> attributes =
        Map.of(
            "activation", new StringValue("ThresholdedRelu"), // which Jiffy does not have there
            "activation_alpha", new FloatValue(0.1f),
            "transB", new IntValue(1));
    net.node(MICROSOFT, "FusedGemm", List.of("d"), attributes, "r", "w");
    net.node("MatMul", "y", "d", "w");
    return new Sample("shared weights", net, square(), List.of("n_d"), 1);
  }

  private static Sample twiceRead() {
    Net net = net().output("i", F32).node("Sin", "s", "x").inverse("i", "s");
    return new Sample("twice read", net.node("Add", "y", "i", "s"), square(), List.of("n_i"), 1);
  }

  private static Tensor texts() {
    return Tensor.ofStrings(List.of("a way out", "für alle", ""), 3);
  }

  private static Sample strings() {
    Net net = new Net().input("x", STRING, "n").output("y", STRING);
    net.node(MICROSOFT, "Tokenizer", List.of("y"), SEPARATED, "x");
    return new Sample("strings", net, Map.of("x", texts()), List.of("n_y"), 0);
  }

  private static Sample ofConstantsOnly() {
    Net net = net().constant("w", matrix(1, 5, 5)).inverse("i", "w").node("MatMul", "y", "x", "i");
    return new Sample("constants only", net, square(), List.of("n_i"), 1);
  }
}
