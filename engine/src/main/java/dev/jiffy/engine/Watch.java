package dev.jiffy.engine;

import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.lower.Frame;
import dev.jiffy.engine.lower.Plan;
import dev.jiffy.engine.run.Runner;
import dev.jiffy.tensor.Value;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Is told how a run goes, except for what happens within a node.
interface Watch {
  /// Does not look.
  Watch NONE = new Watch() {};

  /// Inputs are checked, and what is to run is known.
  default void starts() {}

  /// A stage has its memory, and begins, where there is more than one plan.
  ///
  /// @param program what it is a stage of
  /// @param arguments a value for every input of the program
  default void begins(Program program, Value[] arguments) {}

  /// Runs a stage's plan.
  ///
  /// @param plan the plan
  /// @param frame its memory
  default void run(Plan plan, Frame frame) {
    Runner.run(plan, frame);
  }

  /// A node that no plan has is computed.
  ///
  /// @param node the node
  /// @param inputs what it read, null for what is absent
  /// @param outputs what it made, null for what nobody reads
  default void ends(
      Node node, List<? extends @Nullable Value> inputs, List<? extends @Nullable Value> outputs) {}
}
