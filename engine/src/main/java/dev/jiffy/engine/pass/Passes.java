package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Inference;
import dev.jiffy.engine.ir.Verifier;
import java.util.ArrayList;
import java.util.List;

/// The pipeline: every pass by name, in the order in which they run.
///
/// After each pass that changed something, facts are inferred anew and the graph is verified.
public final class Passes {
  private static final int MAX_ROUNDS = 8;

  private Passes() {}

  /// {@return the passes in order}
  ///
  /// @param evaluator computes constants
  public static List<Pass> list(Evaluator evaluator) {
    return List.of(
        new Pass("clean", graph -> clean(graph, evaluator)),
        rules("activations", Activations.RULES),
        rules("layer-norms", Normalizations.RULES),
        rules("products", MatrixProducts.RULES),
        rules("convolutions", Convolutions.RULES),
        rules("attention", attention()),
        rules("projections", projections()),
        rules("epilogues", Epilogues.RULES),
        rules("norm-residuals", Normalizations.RESIDUAL),
        rules("reciprocals", Identities.RECIPROCALS),
        rules("channels-last", imageLayout()),
        rules("free-transposes", List.of(Movements.TRANSPOSE_AS_RESHAPE)),
        new Pass("clean-again", graph -> clean(graph, evaluator)));
  }

  /// {@return the names of the passes in order}
  public static List<String> names() {
    return list(
            (_, _, _) -> {
              throw new IllegalStateException("the names alone need no evaluation");
            })
        .stream()
        .map(Pass::name)
        .toList();
  }

  /// {@return the graph after all passes}
  ///
  /// @param graph a verified graph with facts for every value
  /// @param evaluator computes constants
  public static Graph optimize(Graph graph, Evaluator evaluator) {
    return run(graph, list(evaluator));
  }

  /// {@return the graph after the passes up to one}
  ///
  /// @param name the last pass that runs
  /// @param graph a verified graph with facts for every value
  /// @param evaluator computes constants
  /// @throws IllegalArgumentException if there is no such pass
  public static Graph upTo(String name, Graph graph, Evaluator evaluator) {
    List<Pass> passes = new ArrayList<>();
    for (Pass pass : list(evaluator)) {
      passes.add(pass);
      if (pass.name().equals(name)) {
        return run(graph, passes);
      }
    }
    throw new IllegalArgumentException("no pass '%s'; there are %s".formatted(name, names()));
  }

  private static Graph run(Graph graph, List<Pass> passes) {
    Graph current = graph;
    for (Pass pass : passes) {
      current = checked(current, pass.apply(current), pass.name());
    }
    return current;
  }

  @SuppressWarnings("ReferenceEquality") // the same object says that nothing changed
  private static Graph checked(Graph before, Graph after, String pass) {
    if (after == before) {
      return before;
    }
    try {
      Graph inferred = Inference.infer(after);
      Verifier.verify(inferred);
      return inferred;
    } catch (RuntimeException e) {
      throw new IllegalStateException(
          "pass '%s' breaks graph '%s': %s".formatted(pass, before.name(), e.getMessage()), e);
    }
  }

  private static List<Rule> attention() {
    return join(List.of(Movements.RULES, Slices.RULES, Sinking.BEFORE_ATTENTION, Attentions.RULES));
  }

  private static List<Rule> projections() {
    return join(List.of(Identities.RULES, Movements.RULES, Projections.RULES));
  }

  private static List<Rule> imageLayout() {
    return join(
        List.of(
            ImageLayout.RULES,
            Sinking.RULES,
            Movements.RULES,
            List.of(MatrixProducts.TRANSPOSED_OPERAND)));
  }

  private static List<Rule> join(List<List<Rule>> lists) {
    return lists.stream().flatMap(List::stream).toList();
  }

  private static Pass rules(String name, List<Rule> rules) {
    return new Pass(name, graph -> Draft.rewrite(graph, rules));
  }

  /// Folding and simplification until nothing changes.
  @SuppressWarnings("ReferenceEquality") // the same object says that nothing changed
  private static Graph clean(Graph graph, Evaluator evaluator) {
    List<Rule> rules =
        join(
            List.of(
                List.of(new ConstantFolding(evaluator)),
                ShapeArithmetic.RULES,
                Identities.RULES,
                Movements.RULES,
                Slices.RULES));
    Graph current = graph;
    for (int round = 0; round < MAX_ROUNDS; round++) {
      Graph next = CommonSubexpressions.apply(Draft.rewrite(current, rules));
      if (next == current) {
        return current;
      }
      current = checked(current, next, "clean");
    }
    return current;
  }
}
