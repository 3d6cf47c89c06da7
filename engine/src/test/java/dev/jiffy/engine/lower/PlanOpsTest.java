package dev.jiffy.engine.lower;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.Targets;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.Inference;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.RandomOp;
import dev.jiffy.engine.ir.SignalOp;
import dev.jiffy.engine.run.Runner;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every operator case as a plan of one node, against the scalar operators.
@Tag("many-machines")
class PlanOpsTest {
  private static final double TOLERANCE = 2e-5;

  @ParameterizedTest
  @MethodSource("dev.jiffy.engine.Targets#all")
  void plansAgreeWithTheInterpreter(Targets.Named target) {
    agree(target.target());
  }

  /// Once with weights that are constants, once with weights that the caller gives.
  private static void agree(Target target) {
    List<String> failures = new ArrayList<>();
    for (OpCase c : OpCases.all()) {
      for (boolean fixed : new boolean[] {true, false}) {
        try {
          OpCases.check(c, (op, in, outputs) -> run(target, op, in, outputs, fixed), TOLERANCE);
        } catch (AssertionError | RuntimeException e) {
          failures.add((fixed ? "constant weights: " : "given weights: ") + c + ": " + e);
        }
      }
    }
    assertEquals("", String.join("\n", failures));
  }

  private static List<Tensor> run(
      Target target, Op op, List<@Nullable Tensor> in, int outputs, boolean fixed) {
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    Map<String, Tensor> constants = new LinkedHashMap<>();
    Map<String, Fact> facts = new LinkedHashMap<>();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < in.size(); i++) {
      Tensor tensor = in.get(i);
      names.add(tensor == null ? "" : "x" + i);
      if (tensor != null) {
        boolean parameter =
            i > 0
                || op instanceof Op.ConstantOfShape
                || op instanceof Op.Range
                || op instanceof RandomOp
                || op instanceof SignalOp.MelWeights
                || (fixed && op instanceof Op.Concat);
        boolean given =
            tensor.dtype() == DType.F32 || (op instanceof Op.MatMul && tensor.dtype().isFloat());
        boolean constant = parameter && (fixed || !given);
        (constant ? constants : inputs).put("x" + i, tensor);
        facts.put("x" + i, Fact.of(tensor.dtype(), tensor.shape().dims()));
      }
    }
    List<String> made = new ArrayList<>();
    for (int k = 0; k < outputs; k++) {
      made.add("y" + k);
    }
    List<Node> nodes = List.of(new Node("n", op, names, made));
    Graph graph =
        Inference.infer(
            new Graph("g", List.copyOf(inputs.keySet()), made, nodes, constants, facts));
    try (Arena arena = Arena.ofShared()) {
      Plan plan = Lowering.plan(graph, target, new Weights(target, arena));
      boolean isSized =
          ScalarOps.isSizedByElements(op)
              || (!fixed && (op instanceof ImageOp.Resize || op instanceof SignalOp.MelWeights));
      if (plan == null && !isSized) {
        throw new AssertionError("no plan of " + op + (fixed ? "" : " with given parameters"));
      }
      return plan == null
          ? List.copyOf(Interpreter.run(graph, inputs).values())
          : run(plan, List.copyOf(inputs.values()));
    }
  }

  static List<Tensor> run(Plan plan, List<Tensor> inputs) {
    try (MemoryBlock block = MemoryBlock.allocate(plan.bytes(), arena -> arena)) {
      Frame frame = plan.frame(block.address());
      for (int i = 0; i < inputs.size(); i++) {
        frame.point(plan.inputs().get(i).slot(), inputs.get(i).segment().address());
      }
      List<Tensor> outputs = new ArrayList<>();
      for (Plan.Port port : plan.outputs()) {
        Tensor output = Tensor.allocate(port.dtype(), port.shape());
        frame.point(port.slot(), output.segment().address());
        outputs.add(output);
      }
      Runner.run(plan, frame);
      return outputs;
    } finally {
      Reference.reachabilityFence(inputs);
    }
  }
}
