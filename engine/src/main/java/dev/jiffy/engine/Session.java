package dev.jiffy.engine;

import dev.jiffy.engine.ir.StepCost;
import dev.jiffy.engine.lower.Frame;
import dev.jiffy.engine.lower.Plan;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.OptionalValue;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.TensorSequence;
import dev.jiffy.tensor.Value;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The working memory of one thread that runs a [Model].
///
/// A session belongs to one thread at a time. It keeps one block of memory, large enough for the
/// largest input so far, and remembers the plans of the shapes that it has seen lately.
public final class Session implements AutoCloseable {
  private static final VarHandle BUSY;

  static {
    try {
      BUSY = MethodHandles.lookup().findVarHandle(Session.class, "busy", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Model model;
  private final List<TensorSpec> specs;
  private final Value[] arguments;
  private final Execution execution;
  private final ReusedAnswers answers = new ReusedAnswers();

  /// The first input or output that is no tensor.
  private final @Nullable TensorSpec other;

  private boolean busy;
  private boolean closed;

  Session(Model model) {
    this.model = model;
    this.specs = model.inputs();
    this.arguments = new Value[specs.size()];
    this.execution = new Execution(model);
    TensorSpec input = other(specs);
    this.other = input == null ? other(model.outputs()) : input;
  }

  private static @Nullable TensorSpec other(List<TensorSpec> specs) {
    for (TensorSpec spec : specs) {
      if (!spec.isTensor()) {
        return spec;
      }
    }
    return null;
  }

  /// {@return the model's answers, in memory of their own}
  ///
  /// @param inputs a tensor for every input of the model; read during the call only
  /// @throws ModelException if an input is missing, unknown, or has the wrong type or shape
  /// @throws IllegalStateException if the session is closed or runs in another thread
  public Map<String, Tensor> run(Map<String, Tensor> inputs) {
    return guarded(inputs, false);
  }

  /// {@return the model's answers, of any kind, in memory of their own}
  ///
  /// For models that take or give sequences or optional values, and for all others.
  ///
  /// @param inputs a value for every input of the model; read during the call only
  /// @throws ModelException if an input is missing, unknown, or of the wrong kind, type or shape
  /// @throws IllegalStateException if the session is closed or runs in another thread
  public Map<String, Value> runValues(Map<String, ? extends Value> inputs) {
    enter();
    try {
      collect(inputs);
      return run(execution.prepare(arguments), true, Watch.NONE);
    } catch (OutOfMemoryError e) {
      throw noMemory(e);
    } finally {
      BUSY.setRelease(this, false);
    }
  }

  /// {@return the model's answers in the session's own memory, valid until its next run}
  ///
  /// Allocates nothing on the Java heap once a shape has been seen, save for operators that only
  /// the scalar kernels know. The map cannot be changed.
  ///
  /// An answer, or a part of one, may be an input of the next run, as states are.
  ///
  /// @param inputs a tensor for every input of the model; read during the call only
  /// @throws ModelException if an input is missing, unknown, or has the wrong type or shape
  /// @throws IllegalStateException if the session is closed or runs in another thread
  public Map<String, Tensor> runReusing(Map<String, Tensor> inputs) {
    return guarded(inputs, true);
  }

  /// {@return where the time of runs goes, step by step}
  ///
  /// Between any two of them is a run that is timed as a whole only, for comparison.
  ///
  /// @param inputs a tensor for every input of the model
  /// @param runs how many runs, at least 1
  /// @throws ModelException if an input is missing, unknown, or has the wrong type or shape
  /// @throws IllegalStateException if the session is closed or runs in another thread
  public RunProfile profile(Map<String, Tensor> inputs, int runs) {
    if (runs < 1) {
      throw new IllegalArgumentException("runs must be at least 1, got " + runs);
    }
    enter();
    try {
      return profiled(inputs, runs);
    } catch (OutOfMemoryError e) {
      throw noMemory(e);
    } finally {
      BUSY.setRelease(this, false);
    }
  }

  private RunProfile profiled(Map<String, Tensor> inputs, int runs) {
    collect(inputs);
    Execution.Prepared first = execution.prepareAlone(arguments);
    run(inputs, true, Watch.NONE);
    Plan whole = first.stage.isWhole() ? first.stage.plan : null;
    List<StepCost> costs =
        whole == null ? stageCosts(first) : model.costs(model.program(), arguments);
    List<long[]> stamps = new ArrayList<>(runs);
    long[] plain = new long[runs];
    for (int i = 0; i < runs; i++) {
      StageTimes times = new StageTimes(costs.size());
      times.stamp();
      run(inputs, true, times);
      times.stamp();
      if (times.steps() != costs.size()) {
        throw new ModelException(
            "runs differ: one had %d steps, another %d".formatted(costs.size(), times.steps()));
      }
      stamps.add(times.stamps());
      long start = System.nanoTime();
      run(inputs, true, Watch.NONE);
      plain[i] = System.nanoTime() - start;
    }
    long bytes = whole == null ? execution.memoryBytes() : whole.bytes();
    return new RunProfile(costs, bytes, stamps, plain);
  }

  /// What a run costs that is more than one plan.
  private List<StepCost> stageCosts(Execution.Prepared first) {
    StageCosts costs = new StageCosts(model);
    execution.run(first, arguments, false, costs);
    return costs.costs();
  }

  private void enter() {
    if (!BUSY.compareAndSet(this, false, true)) {
      throw new IllegalStateException("the session runs in another thread");
    }
    if (closed) {
      BUSY.setRelease(this, false);
      throw new IllegalStateException("the session is closed");
    }
  }

  private Map<String, Tensor> guarded(Map<String, Tensor> inputs, boolean reuse) {
    enter();
    try {
      return run(inputs, reuse, Watch.NONE);
    } catch (OutOfMemoryError e) {
      throw noMemory(e);
    } finally {
      BUSY.setRelease(this, false);
    }
  }

  private Map<String, Tensor> run(Map<String, Tensor> inputs, boolean reuse, Watch watch) {
    if (other != null) {
      throw new ModelException(
          "'%s' is no tensor but %s: such a model runs with runValues"
              .formatted(other.name(), other.kind()));
    }
    collect(inputs);
    Execution.Prepared current = execution.prepare(arguments);
    Plan plan = current.stage.plan;
    if (plan != null && current.stage.isWhole()) {
      return run(current, plan, reuse, watch);
    }
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    run(current, !reuse, watch)
        .forEach((name, value) -> {
          if (!(value instanceof Tensor tensor)) {
            throw new IllegalStateException("output '" + name + "' is no tensor");
          }
          outputs.put(name, tensor);
        });
    return reuse ? answers.copies(outputs, arguments) : outputs;
  }

  private static ModelException noMemory(OutOfMemoryError e) {
    return new ModelException("there is no memory for a run of these shapes: " + e, e);
  }

  private void collect(Map<String, ? extends Value> inputs) {
    for (int i = 0; i < arguments.length; i++) {
      TensorSpec spec = specs.get(i);
      Value value = inputs.get(spec.name());
      if (value == null) {
        throw new ModelException(
            "input '%s' is missing; expected %s, got %s"
                .formatted(
                    spec.name(), specs.stream().map(TensorSpec::name).toList(), inputs.keySet()));
      }
      check(spec, value);
      arguments[i] = value;
    }
    if (inputs.size() != arguments.length) {
      for (String name : inputs.keySet()) {
        if (specs.stream().noneMatch(spec -> spec.name().equals(name))) {
          throw new ModelException(
              "unknown input '%s'; expected %s"
                  .formatted(name, specs.stream().map(TensorSpec::name).toList()));
        }
      }
    }
  }

  private static void check(TensorSpec spec, Value value) {
    if (!spec.kind().accepts(value)) {
      throw new ModelException(
          "input '%s': expected %s, got %s"
              .formatted(spec.name(), spec.kind(), value.getClass().getSimpleName()));
    }
    if (value instanceof Tensor tensor) {
      check(spec, tensor);
    } else if (value instanceof TensorSequence sequence) {
      if (sequence.dtype() != spec.dtype()) {
        throw wrongType(spec, sequence.dtype());
      }
      for (int i = 0; i < sequence.size(); i++) {
        check(spec, sequence.tensors().get(i));
      }
    } else if (value instanceof OptionalValue(Value inner) && inner != null) {
      check(spec, inner);
    }
  }

  private static void check(TensorSpec spec, Tensor tensor) {
    if (tensor.dtype() != spec.dtype()) {
      throw wrongType(spec, tensor.dtype());
    }
    if (!tensor.segment().scope().isAlive()) {
      throw new IllegalStateException("the memory of input '" + spec.name() + "' is closed");
    }
  }

  private static ModelException wrongType(TensorSpec spec, DType got) {
    return new ModelException(
        "input '%s': expected %s, got %s".formatted(spec.name(), spec.dtype(), got));
  }

  /// Runs what may be more than one plan.
  private Map<String, Value> run(Execution.Prepared current, boolean isOwned, Watch watch) {
    watch.starts();
    List<Value> values = execution.run(current, arguments, isOwned, watch);
    Map<String, Value> outputs = new LinkedHashMap<>();
    for (int i = 0; i < values.size(); i++) {
      outputs.put(model.outputs().get(i).name(), values.get(i));
    }
    return outputs;
  }

  private Map<String, Tensor> run(
      Execution.Prepared current, Plan plan, boolean reuse, Watch watch) {
    Frame frame = execution.frame(current, plan);
    List<Plan.Port> inputs = plan.inputs();
    for (int i = 0; i < arguments.length; i++) {
      frame.point(inputs.get(i).slot(), ((Tensor) arguments[i]).segment().address());
    }
    Map<String, Tensor> outputs =
        reuse ? answers.tensors(current, plan, arguments) : allocate(plan.outputs());
    List<Plan.Port> ports = plan.outputs();
    for (int i = 0; i < ports.size(); i++) {
      Plan.Port port = ports.get(i);
      Tensor output = outputs.get(port.name());
      if (output != null) {
        frame.point(port.slot(), output.segment().address());
      }
    }
    watch.starts();
    watch.run(plan, frame);
    return outputs;
  }

  private static Map<String, Tensor> allocate(List<Plan.Port> ports) {
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    for (Plan.Port port : ports) {
      outputs.put(port.name(), Tensor.allocate(port.dtype(), port.shape()));
    }
    return outputs;
  }

  /// {@return the bytes of the memory that the session keeps between runs; any thread may ask}
  public long memoryBytes() {
    return execution.memoryBytes() + answers.bytes();
  }

  /// Releases the session's memory. Idempotent.
  ///
  /// @throws IllegalStateException if the session runs in another thread
  @Override
  public void close() {
    if (!BUSY.compareAndSet(this, false, true)) {
      throw new IllegalStateException("the session runs in another thread");
    }
    try {
      if (!closed) {
        closed = true;
        execution.close();
        model.release();
      }
    } finally {
      BUSY.setRelease(this, false);
    }
  }
}
