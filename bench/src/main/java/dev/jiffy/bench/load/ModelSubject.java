package dev.jiffy.bench.load;

import dev.jiffy.bench.Case;
import dev.jiffy.bench.Comparison;
import dev.jiffy.bench.record.Outcome;
import dev.jiffy.bench.record.Recording;
import dev.jiffy.engine.Model;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.Session;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// A model in this process: a session for each request under way, kept from run to run, and no
/// network.
public final class ModelSubject implements Subject {
  private final ThreadSubject threads;

  /// A model in this process.
  ///
  /// @param name what to call it
  /// @param model the model, which stays open
  /// @param cases what to ask, at least one
  /// @param sessions the most requests at a time, at least 1
  /// @param tolerance how far answers may be from known ones; null to not look at them
  public ModelSubject(
      String name, Model model, List<Case> cases, int sessions, @Nullable Double tolerance) {
    List<Map<String, Tensor>> tensors = cases.stream().map(Case::tensors).toList();
    threads =
        new ThreadSubject(
            name,
            cases.size(),
            sessions,
            thread -> new OneSession(model.newSession(), cases, tensors, tolerance));
  }

  private static final class OneSession implements ThreadSubject.Work {
    private final Session session;
    private final List<Case> cases;
    private final List<Map<String, Tensor>> tensors;
    private final @Nullable Double tolerance;
    private Map<String, Tensor> answers = Map.of();

    OneSession(
        Session session,
        List<Case> cases,
        List<Map<String, Tensor>> tensors,
        @Nullable Double tolerance) {
      this.session = session;
      this.cases = cases;
      this.tensors = tensors;
      this.tolerance = tolerance;
    }

    @Override
    public Outcome answer(int sample) {
      try {
        answers = session.runReusing(tensors.get(sample));
        return Outcome.OK;
      } catch (ModelException e) {
        return Outcome.BAD_REQUEST;
      }
    }

    @Override
    public Outcome check(int sample) {
      return tolerance == null
              || Comparison.of(cases.get(sample).expected(), answers, tolerance).matches()
          ? Outcome.OK
          : Outcome.WRONG_ANSWER;
    }

    @Override
    public void close() {
      session.close();
    }
  }

  @Override
  public String name() {
    return threads.name();
  }

  @Override
  public int samples() {
    return threads.samples();
  }

  @Override
  public int slots() {
    return threads.slots();
  }

  @Override
  public Recording run(Plan plan, IntConsumer progress) {
    return threads.run(plan, progress);
  }

  @Override
  public void close() {
    threads.close();
  }
}
