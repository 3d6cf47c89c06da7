package dev.jiffy.engine.pass;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Verifier;
import java.util.ArrayList;
import java.util.List;

/// The pipeline: every pass by name, in the order in which they run.
///
/// The graph that comes out is verified; where assertions are enabled, so is each in between.
public final class Passes {
  /// The passes in order.
  private static final List<Pass> LIST =
      List.of(
          new Pass("clean", clean()),
          new Pass("widened", Widening.RULES),
          new Pass("quantizations", Quantizations.RULES),
          new Pass("activations", Activations.RULES),
          new Pass("layer-norms", Normalizations.RULES),
          new Pass(
              "products", join(List.of(List.of(ByteProducts.TRANSPOSED), MatrixProducts.RULES))),
          new Pass("bytes", join(List.of(ByteTables.MOVEMENTS, ByteProducts.RULES))),
          new Pass("blocks", List.of(BlockProducts.RULE)),
          new Pass("dequantized", ByteProducts.CONSTANTS),
          new Pass("convolutions", Convolutions.RULES),
          new Pass("attention", attention()),
          new Pass("epilogues", join(List.of(Epilogues.RULES, List.of(UnreadPixels.RULE)))),
          new Pass("norm-residuals", Normalizations.RESIDUAL),
          new Pass("reciprocals", Identities.RECIPROCALS),
          new Pass("channels-last", imageLayout()),
          new Pass("free-transposes", List.of(Movements.TRANSPOSE_AS_RESHAPE)),
          new Pass("attention-turned", turned()),
          new Pass("clean-again", clean()),
          new Pass("rotations", Rotations.RULES),
          new Pass("byte-tables", ByteTables.RULES),
          new Pass("siblings", Siblings.RULES),
          new Pass("projections", projections()),
          new Pass("expansions", Expansions.RULES));

  private Passes() {}

  /// {@return the names of the passes in order}
  public static List<String> names() {
    return LIST.stream().map(Pass::name).toList();
  }

  /// {@return the graph after all passes}
  ///
  /// @param graph a verified graph with facts for every value
  /// @param evaluator computes constants
  public static Graph optimize(Graph graph, Evaluator evaluator) {
    return run(graph, LIST, evaluator);
  }

  /// {@return the graph after folding and simplification only}
  ///
  /// @param graph a verified graph with facts for every value
  /// @param evaluator computes constants
  public static Graph simplify(Graph graph, Evaluator evaluator) {
    return run(graph, LIST.subList(0, 1), evaluator);
  }

  /// {@return the graph after the passes up to one}
  ///
  /// @param name the last pass that runs
  /// @param graph a verified graph with facts for every value
  /// @param evaluator computes constants
  /// @throws IllegalArgumentException if there is no such pass
  public static Graph upTo(String name, Graph graph, Evaluator evaluator) {
    List<Pass> passes = new ArrayList<>();
    for (Pass pass : LIST) {
      passes.add(pass);
      if (pass.name().equals(name)) {
        return run(graph, passes, evaluator);
      }
    }
    throw new IllegalArgumentException("no pass '%s'; there are %s".formatted(name, names()));
  }

  @SuppressWarnings("ReferenceEquality") // the same object says that nothing changed
  private static Graph run(Graph graph, List<Pass> passes, Evaluator evaluator) {
    Draft draft = new Draft(graph, evaluator);
    for (Pass pass : passes) {
      try {
        draft.rewrite(pass.rules());
        assert draft.graph() == graph || isVerified(draft.graph());
      } catch (ModelException e) {
        // what a pass has found out of a value shows that a node cannot accept it
        throw new ModelException("graph '%s': %s".formatted(graph.name(), e.getMessage()), e);
      } catch (RuntimeException e) {
        throw new IllegalStateException(
            "pass '%s' breaks graph '%s': %s".formatted(pass.name(), graph.name(), e.getMessage()),
            e);
      }
    }
    Graph rewritten = draft.graph();
    if (rewritten != graph) {
      Verifier.verify(rewritten);
    }
    return rewritten;
  }

  private static boolean isVerified(Graph graph) {
    Verifier.verify(graph);
    return true;
  }

  private static List<Rule> attention() {
    return join(
        List.of(
            Identities.RULES,
            Movements.RULES,
            Slices.RULES,
            Sinking.BEFORE_ATTENTION,
            Attentions.RULES));
  }

  /// Attention whose heads are in order once transposes have sunk, and what is left of it
  /// elsewhere.
  private static List<Rule> turned() {
    return join(List.of(Attentions.RULES, List.of(MatrixProducts.FACTOR_OF_KEYS)));
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
    List<Rule> all = new ArrayList<>();
    lists.forEach(all::addAll);
    return all;
  }

  /// Folding and simplification.
  private static List<Rule> clean() {
    return join(
        List.of(
            List.of(WrittenScales.RULE, ConstantFolding::apply),
            ShapeArithmetic.RULES,
            Identities.RULES,
            UnitVectors.RULES,
            List.of(RowUpdates.RULE),
            Einsums.RULES,
            Movements.RULES,
            Slices.RULES,
            List.of((draft, node) -> draft.seen().apply(draft, node))));
  }
}
