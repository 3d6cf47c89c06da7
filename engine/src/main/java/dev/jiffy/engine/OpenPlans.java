package dev.jiffy.engine;

import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.lower.OpenPlan;
import dev.jiffy.engine.lower.Plan;
import dev.jiffy.engine.lower.Target;
import dev.jiffy.engine.lower.Weights;
import dev.jiffy.tensor.Shape;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The open plans of a program: where what is given differs from what was given lately in a few
/// extents, on which little depends, what does not is kept for the next such run.
///
/// Safe for use by several threads.
final class OpenPlans {
  /// The most plans that are kept, and the most runs that are remembered.
  private static final int MOST = 8;

  /// The most differences that are remembered for too much depends on them; with more, none is
  /// made.
  private static final int MOST_REFUSED = 64;

  private final List<Open> plans = new ArrayList<>();
  private final List<Program.Given> recent = new ArrayList<>();
  private final Set<Set<String>> refused = new HashSet<>();

  private record Open(Program.Given first, OpenPlan plan) {
    boolean fits(Program.Given given) {
      return first.isLike(given) && plan.fits(given.shapes());
    }
  }

  /// {@return the plan for what is given where one that was left open fits, or null}
  ///
  /// @param given the graph and the inputs
  /// @throws ModelException if a shape does not fit the graph
  @Nullable Plan plan(Program.Given given) {
    OpenPlan open = find(given);
    Plan plan = open == null ? null : open.plan(given.shapes());
    if (open != null && plan == null) {
      forget(open);
    }
    return plan;
  }

  private synchronized @Nullable OpenPlan find(Program.Given given) {
    for (int i = 0; i < plans.size(); i++) {
      if (plans.get(i).fits(given)) {
        plans.addFirst(plans.remove(i));
        return plans.getFirst().plan;
      }
    }
    return null;
  }

  /// {@return the plan for what is given, with what is to be kept of it, or null where it has to be
  /// made as a whole}
  ///
  /// @param given the graph and the inputs
  /// @param bound the graph for them
  /// @param target the kernels and threads
  /// @param weights the packed weights of the model
  synchronized @Nullable Plan plan(
      Program.Given given, Graph bound, Target target, Weights weights) {
    Program.Given nearest = null;
    Set<String> difference = Set.of();
    for (Program.Given before : recent) {
      Set<String> found = before.isLike(given) ? difference(before, given) : Set.of();
      if (!found.isEmpty() && (nearest == null || found.size() < difference.size())) {
        nearest = before;
        difference = found;
      }
    }
    recent.addFirst(given);
    keep(recent);
    if (nearest == null || refused.size() >= MOST_REFUSED || refused.contains(difference)) {
      return null;
    }
    OpenPlan made = OpenPlan.of(given.graph(), bound, nearest.bound(), target, weights);
    Plan plan = made == null ? null : made.plan(given.shapes());
    if (made == null || plan == null) {
      refused.add(difference);
    } else {
      plans.addFirst(new Open(given, made));
      keep(plans);
    }
    return plan;
  }

  private synchronized void forget(OpenPlan plan) {
    plans.removeIf(open -> open.plan.equals(plan));
  }

  /// The extents in which two differ; none where a rank does.
  private static Set<String> difference(Program.Given a, Program.Given b) {
    Set<String> found = new HashSet<>();
    for (Map.Entry<String, Shape> each : a.shapes().entrySet()) {
      Shape one = each.getValue();
      Shape other = b.shapes().get(each.getKey());
      if (other == null || one.rank() != other.rank()) {
        return Set.of();
      }
      for (int d = 0; d < one.rank(); d++) {
        if (one.dim(d) != other.dim(d)) {
          found.add(d + " of " + each.getKey());
        }
      }
    }
    return found;
  }

  private static void keep(List<?> list) {
    if (list.size() > MOST) {
      list.removeLast();
    }
  }
}
