package dev.jiffy.engine;

import dev.jiffy.engine.lower.Frame;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.engine.lower.MemoryBlock;
import dev.jiffy.engine.lower.Plan;
import dev.jiffy.engine.run.Runner;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The working memory of one thread that runs a [Model].
///
/// A session belongs to one thread at a time. It keeps one block of memory, large enough for the
/// largest input so far, and remembers the plans of the shapes that it has seen lately.
public final class Session implements AutoCloseable {
  private static final int REMEMBERED = 32;
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
  private final Tensor[] arguments;

  /// The first input or output that is no tensor.
  private final @Nullable TensorSpec other;

  private final List<Prepared> prepared = new ArrayList<>();
  private @Nullable Prepared last;
  private @Nullable MemoryBlock block;
  private boolean busy;
  private boolean closed;

  /// A plan with this session's memory.
  private static final class Prepared {
    private final Plan plan;

    /// For each input the elements that decide branches, none where it does not.
    private final long[][] values;

    private @Nullable Frame frame;
    private @Nullable Map<String, Tensor> reused;

    Prepared(Plan plan, long[][] values) {
      this.plan = plan;
      this.values = values;
    }

    boolean fits(Tensor[] arguments) {
      List<Plan.Port> inputs = plan.inputs();
      for (int i = 0; i < arguments.length; i++) {
        if (!inputs.get(i).shape().equals(arguments[i].shape())) {
          return false;
        }
        long[] expected = values[i];
        for (int k = 0; k < expected.length; k++) {
          if (arguments[i].getLong(k) != expected[k]) {
            return false;
          }
        }
      }
      return true;
    }
  }

  Session(Model model) {
    this.model = model;
    this.specs = model.inputs();
    this.arguments = new Tensor[specs.size()];
    this.other =
        Stream.concat(specs.stream(), model.outputs().stream())
            .filter(spec -> !spec.isTensor())
            .findFirst()
            .orElse(null);
  }

  /// {@return the model's answers, in memory of their own}
  ///
  /// @param inputs a tensor for every input of the model; read during the call only
  /// @throws ModelException if an input is missing, unknown, or has the wrong type or shape
  /// @throws IllegalStateException if the session is closed or runs in another thread
  public Map<String, Tensor> run(Map<String, Tensor> inputs) {
    return guarded(inputs, false, null);
  }

  /// {@return the model's answers, of any kind, in memory of their own}
  ///
  /// For models that take or give sequences or optional values, and for all others.
  ///
  /// @param inputs a value for every input of the model; read during the call only
  /// @throws ModelException if an input is missing, unknown, or of the wrong kind, type or shape
  /// @throws IllegalStateException if the session is closed or runs in another thread
  public Map<String, Value> runValues(Map<String, ? extends Value> inputs) {
    if (other == null) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      check(inputs);
      inputs.forEach((name, value) -> {
        if (value instanceof Tensor tensor) {
          tensors.put(name, tensor);
        }
      });
      return new LinkedHashMap<>(run(tensors));
    }
    enter();
    try {
      check(inputs);
      return Interpreter.values(model.graph(), inputs, model.options());
    } finally {
      BUSY.setRelease(this, false);
    }
  }

  private void check(Map<String, ? extends Value> inputs) {
    for (TensorSpec spec : specs) {
      Value value = inputs.get(spec.name());
      if (value != null && !spec.kind().accepts(value)) {
        throw new ModelException(
            "input '%s': expected %s, got %s"
                .formatted(spec.name(), spec.kind(), value.getClass().getSimpleName()));
      }
    }
  }

  /// {@return the model's answers in the session's own memory, valid until its next run}
  ///
  /// Allocates nothing on the Java heap once a shape has been seen, save for operators that only
  /// the scalar kernels know.
  ///
  /// @param inputs a tensor for every input of the model; read during the call only
  /// @throws ModelException if an input is missing, unknown, or has the wrong type or shape
  /// @throws IllegalStateException if the session is closed or runs in another thread
  public Map<String, Tensor> runReusing(Map<String, Tensor> inputs) {
    return guarded(inputs, true, null);
  }

  /// {@return where the time of runs goes, step by step}
  ///
  /// Between any two of them is a run that is timed as a whole only, for comparison.
  ///
  /// @param inputs a tensor for every input of the model
  /// @param runs how many runs, at least 1
  /// @throws ModelException if an input is missing, unknown, or has the wrong type or shape
  public RunProfile profile(Map<String, Tensor> inputs, int runs) {
    if (runs < 1) {
      throw new IllegalArgumentException("runs must be at least 1, got " + runs);
    }
    guarded(inputs, true, null);
    Prepared current = last;
    if (current == null) {
      return new RunProfile(List.of(), 0, List.of(), new long[0]);
    }
    List<long[]> stamps = new ArrayList<>(runs);
    long[] plain = new long[runs];
    for (int i = 0; i < runs; i++) {
      long[] times = new long[current.plan.steps().size() + 3];
      times[0] = System.nanoTime();
      guarded(inputs, true, times);
      times[times.length - 1] = System.nanoTime();
      stamps.add(times);
      long start = System.nanoTime();
      guarded(inputs, true, null);
      plain[i] = System.nanoTime() - start;
    }
    return new RunProfile(model.costs(arguments), current.plan.bytes(), stamps, plain);
  }

  private void enter() {
    if (!BUSY.compareAndSet(this, false, true)) {
      throw new IllegalStateException("the session runs in another thread");
    }
    if (closed) {
      busy = false;
      throw new IllegalStateException("the session is closed");
    }
  }

  /// Runs; where `times` is not null, it takes the times of the steps.
  private Map<String, Tensor> guarded(
      Map<String, Tensor> inputs, boolean reuse, long @Nullable [] times) {
    enter();
    try {
      if (other != null) {
        throw new ModelException(
            "'%s' is no tensor but %s: such a model runs with runValues"
                .formatted(other.name(), other.kind()));
      }
      collect(inputs);
      Prepared current = last;
      if (current == null || !current.fits(arguments)) {
        current = prepare();
        last = current;
      }
      return current == null ? interpret(inputs) : run(current, reuse, times);
    } catch (OutOfMemoryError e) {
      throw new ModelException("there is no memory for a run of these shapes: " + e, e);
    } finally {
      BUSY.setRelease(this, false);
    }
  }

  private void collect(Map<String, Tensor> inputs) {
    for (int i = 0; i < arguments.length; i++) {
      TensorSpec spec = specs.get(i);
      Tensor tensor = inputs.get(spec.name());
      if (tensor == null) {
        throw new ModelException(
            "input '%s' is missing; expected %s, got %s"
                .formatted(
                    spec.name(), specs.stream().map(TensorSpec::name).toList(), inputs.keySet()));
      }
      if (tensor.dtype() != spec.dtype()) {
        throw new ModelException(
            "input '%s': expected %s, got %s".formatted(spec.name(), spec.dtype(), tensor.dtype()));
      }
      if (!tensor.segment().scope().isAlive()) {
        throw new IllegalStateException("the memory of input '" + spec.name() + "' is closed");
      }
      arguments[i] = tensor;
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

  private @Nullable Prepared prepare() {
    for (Prepared candidate : prepared) {
      if (candidate.fits(arguments)) {
        return candidate;
      }
    }
    Plan plan = model.plan(arguments);
    long[][] values = new long[arguments.length][];
    for (int i = 0; i < values.length; i++) {
      values[i] = model.isDeciding(i, arguments[i]) ? arguments[i].toLongs() : new long[0];
    }
    if (plan == null) {
      return null;
    }
    if (prepared.size() == REMEMBERED) {
      prepared.removeFirst();
    }
    Prepared added = new Prepared(plan, values);
    prepared.add(added);
    return added;
  }

  private Frame frame(Prepared current) {
    Frame frame = current.frame;
    if (frame == null) {
      long bytes = current.plan.bytes();
      if (block == null || block.bytes() < bytes) {
        if (block != null) {
          block.close();
        }
        for (Prepared other : prepared) {
          other.frame = null;
        }
        block = null;
        block = MemoryBlock.allocate(bytes);
      }
      frame = current.plan.frame(block.address());
      current.frame = frame;
    }
    return frame;
  }

  private Map<String, Tensor> run(Prepared current, boolean reuse, long @Nullable [] times) {
    Frame frame = frame(current);
    List<Plan.Port> inputs = current.plan.inputs();
    for (int i = 0; i < arguments.length; i++) {
      frame.point(inputs.get(i).slot(), arguments[i].segment().address());
    }
    Map<String, Tensor> outputs = reuse ? current.reused : null;
    if (outputs == null) {
      outputs = allocate(current.plan.outputs());
      if (reuse) {
        current.reused = outputs;
      }
    }
    List<Plan.Port> ports = current.plan.outputs();
    for (int i = 0; i < ports.size(); i++) {
      Plan.Port port = ports.get(i);
      Tensor output = outputs.get(port.name());
      if (output != null) {
        frame.point(port.slot(), output.segment().address());
      }
    }
    if (times == null) {
      Runner.run(current.plan, frame);
    } else {
      Runner.profile(current.plan, frame, times);
    }
    return outputs;
  }

  private static Map<String, Tensor> allocate(List<Plan.Port> ports) {
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    for (Plan.Port port : ports) {
      outputs.put(port.name(), Tensor.allocate(port.dtype(), port.shape()));
    }
    return outputs;
  }

  private Map<String, Tensor> interpret(Map<String, Tensor> inputs) {
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    Interpreter.values(model.graph(), inputs, model.options())
        .forEach((name, value) ->
            outputs.put(name, ((Tensor) value).copy())); // some are constants of the model
    return outputs;
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
        prepared.clear();
        last = null;
        if (block != null) {
          block.close();
        }
        model.release();
      }
    } finally {
      busy = false;
    }
  }
}
