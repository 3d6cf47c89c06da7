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
          clean("clean"),
          new Pass("widened", Rule.WIDENING),
          new Pass("quantizations", Rule.QUANTIZATIONS),
          new Pass("activations", Rule.ACTIVATIONS),
          new Pass("layer-norms", Rule.LAYER_NORMS),
          new Pass("products", Rule.TRANSPOSED_BYTES, Rule.MATRIX_PRODUCTS),
          new Pass("bytes", Rule.MOVED_BYTES, Rule.BYTE_PRODUCTS),
          new Pass("blocks", Rule.BLOCK_PRODUCTS),
          new Pass("dequantized", Rule.DEQUANTIZED_CONSTANTS),
          new Pass("convolutions", Rule.CONVOLUTIONS),
          // slices and reshapes bring what is cut from one product into the usual form
          new Pass(
              "attention",
              Rule.IDENTITIES,
              Rule.MOVEMENTS,
              Rule.SLICES,
              Rule.SINKING_BY_SLICES,
              Rule.SINKING_BY_RESHAPES,
              Rule.ATTENTIONS),
          new Pass("epilogues", Rule.EPILOGUES, Rule.UNREAD_PIXELS),
          new Pass("norm-residuals", Rule.RESIDUALS_OF_NORMS),
          new Pass("reciprocals", Rule.RECIPROCALS),
          new Pass(
              "channels-last",
              Rule.IMAGE_LAYOUT,
              Rule.SINKING,
              Rule.SINKING_BY_SLICES,
              Rule.SINKING_BY_RESHAPES,
              Rule.FLATTENED_PRODUCTS,
              Rule.MOVEMENTS,
              Rule.TRANSPOSED_OPERANDS),
          new Pass("free-transposes", Rule.FREE_TRANSPOSES),
          // attention whose heads are in order once transposes have sunk, and what is left of it
          // elsewhere
          new Pass("attention-turned", Rule.ATTENTIONS, Rule.FACTORS_OF_KEYS),
          clean("clean-again"),
          new Pass("rotations", Rule.ROTATIONS),
          new Pass("byte-tables", Rule.BYTE_TABLES),
          new Pass("siblings", Rule.SIBLINGS),
          new Pass("projections", Rule.IDENTITIES, Rule.MOVEMENTS, Rule.PROJECTIONS),
          new Pass("expansions", Rule.EXPANSIONS));

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

  /// Folding and simplification.
  private static Pass clean(String name) {
    return new Pass(
        name,
        Rule.WRITTEN_SCALES,
        Rule.CONSTANT_FOLDING,
        Rule.SHAPE_ARITHMETIC,
        Rule.IDENTITIES,
        Rule.UNIT_VECTORS,
        Rule.ROW_UPDATES,
        Rule.EINSUMS,
        Rule.MOVEMENTS,
        Rule.SLICES,
        Rule.COMMON_SUBEXPRESSIONS);
  }
}
