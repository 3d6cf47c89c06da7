package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The rule of branches.
final class BranchRule {
  private BranchRule() {}

  /// The facts of the branch that is taken, or what holds of both. A branch that does not accept
  /// its inputs is one that such inputs do not take, unless it is the only one.
  static List<Fact> conditional(Op.If op, Operands in) {
    if (in.count() != 1 + op.then().inputs().size()) {
      throw new ModelException(
          "expected %d inputs, got %d".formatted(1 + op.then().inputs().size(), in.count()));
    }
    in.expect(0, DType.BOOL);
    in.expectTensor(0);
    if (in.outputs() > op.then().outputs().size()) {
      throw new ModelException(
          "expected 1 to %d outputs, got %d".formatted(op.then().outputs().size(), in.outputs()));
    }
    Dim condition = in.scalar(0);
    if (condition instanceof Dim.Known(long value)) {
      return results(value != 0 ? op.then() : op.otherwise(), in);
    }
    List<Fact> then;
    try {
      then = results(op.then(), in);
    } catch (ModelException _) {
      return results(op.otherwise(), in);
    }
    List<Fact> otherwise;
    try {
      otherwise = results(op.otherwise(), in);
    } catch (ModelException _) {
      return then;
    }
    List<Fact> both = new ArrayList<>();
    for (int i = 0; i < then.size(); i++) {
      both.add(both(i, then.get(i), otherwise.get(i), in));
    }
    return both;
  }

  private static List<Fact> results(Graph branch, Operands in) {
    Map<String, Fact> inputs = new LinkedHashMap<>();
    for (int i = 0; i < branch.inputs().size(); i++) {
      inputs.put(branch.inputs().get(i), in.fact(i + 1));
    }
    Graph inferred = GraphInference.infer(branch, inputs, in.names());
    return branch.outputs().subList(0, in.outputs()).stream().map(inferred::fact).toList();
  }

  private static Fact both(int output, Fact a, Fact b, Operands in) {
    if (a.dtype() != b.dtype() || a.kind() != b.kind()) {
      throw new ModelException(
          "output %d: expected one type of both branches, got %s and %s".formatted(output, a, b));
    }
    @Nullable List<Dim> shape = SequenceRules.common(a.shape(), b.shape(), "either", in);
    boolean isSame = shape != null && Objects.equals(a.value(), b.value());
    return new Fact(a.kind(), a.dtype(), shape, isSame ? a.value() : null);
  }
}
