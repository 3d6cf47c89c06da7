package dev.jiffy.engine;

import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.LoopOp;
import dev.jiffy.engine.kernel.OverlapSuppression;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.lower.Allowance;
import dev.jiffy.engine.lower.Appends;
import dev.jiffy.engine.lower.Evaluation;
import dev.jiffy.engine.lower.Frame;
import dev.jiffy.engine.lower.MemoryBlock;
import dev.jiffy.engine.lower.Plan;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Runs the programs of a model for one session: stage by stage, in one block of memory that all
/// plans use in turn.
///
/// What passes from one stage to the next has [memory of its own][RunMemory], so that nothing is
/// left in the block when a stage ends.
final class Execution implements AutoCloseable {
  /// The most stages of the model's program that a session remembers.
  private static final int REMEMBERED = 32;

  /// The most of another one: an iteration of a loop may be unlike all others.
  private static final int REMEMBERED_WITHIN = 128;

  /// The most stages of all programs together.
  private static final int MOST = 4096;

  private final Model model;
  private @Nullable MemoryBlock block;
  private volatile long memoryBytes;

  /// Tells frames in this block from those in one that is gone.
  private int epoch;

  private int remembered;
  private Track main;
  private final RunMemory runs;

  /// What the plans and nodes that run now make their results in.
  private RunMemory memory;

  /// The model's kernels for nodes outside plans, once one has asked for them.
  private @Nullable RowKernels rows;

  private final OverlapSuppression suppression = new OverlapSuppression();

  /// The stages of one program that this session has run lately.
  private static final class Track {
    private final Program program;

    /// Whether each is made for its inputs alone.
    private final boolean isAlone;

    private final int most;
    private final List<Prepared> prepared = new ArrayList<>();
    private @Nullable Prepared last;

    /// Where the last one was found, as the next one is likely to follow it.
    private int place;

    Track(Program program, boolean isAlone, int most) {
      this.program = program;
      this.isAlone = isAlone;
      this.most = most;
    }

    /// {@return a stage for such inputs, null where none is remembered}
    @Nullable Prepared find(Value[] arguments) {
      Prepared found = last;
      if (found != null && found.stage.fits(arguments)) {
        return found;
      }
      for (int i = 0; i < prepared.size(); i++) {
        place = place + 1 < prepared.size() ? place + 1 : 0;
        found = prepared.get(place);
        if (found.stage.fits(arguments)) {
          last = found;
          return found;
        }
      }
      return null;
    }

    void add(Prepared added) {
      if (prepared.size() < most) {
        place = prepared.size();
        prepared.add(added);
      } else {
        place = place + 1 < most ? place + 1 : 0;
        prepared.set(place, added);
      }
      last = added;
    }
  }

  /// A stage with this session's memory.
  static final class Prepared {
    /// The stage.
    final Stage stage;

    private @Nullable Frame frame;
    private int epoch;
    private @Nullable Track rest;
    private final IdentityHashMap<Graph, Track> bodies = new IdentityHashMap<>();

    /// What a run answers with in either block of the session's memory for answers.
    final ReusedAnswers.@Nullable Placed[] answers = new ReusedAnswers.@Nullable Placed[2];

    /// Whether it is made for its inputs alone, as are those that follow it.
    private final boolean isAlone;

    private Prepared(Stage stage, boolean isAlone) {
      this.stage = stage;
      this.isAlone = isAlone;
    }
  }

  Execution(Model model) {
    this.model = model;
    this.main = new Track(model.program(), false, REMEMBERED);
    this.runs = new RunMemory(model::collectedMemory);
    this.memory = runs;
  }

  /// {@return the stage of the model for such inputs}
  ///
  /// @param arguments a value for every input of the model
  Prepared prepare(Value[] arguments) {
    return prepare(main, arguments);
  }

  /// {@return the stage of the model for such inputs, made for these alone, as are those that
  /// follow it, so that their steps are those that [Model#costs] knows; runs with such inputs take
  /// it until others come}
  ///
  /// @param arguments a value for every input of the model
  Prepared prepareAlone(Value[] arguments) {
    Prepared alone = new Prepared(model.stageAlone(model.program(), arguments), true);
    main.last = alone;
    return alone;
  }

  private Prepared prepare(Track track, Value[] arguments) {
    Prepared known = track.find(arguments);
    if (known != null) {
      return known;
    }
    Stage stage =
        track.isAlone
            ? model.stageAlone(track.program, arguments)
            : model.stage(track.program, arguments);
    Prepared added = new Prepared(stage, track.isAlone);
    track.add(added);
    remembered++;
    return added;
  }

  /// {@return the memory of a plan}
  Frame frame(Prepared prepared, Plan plan) {
    Frame frame = prepared.frame;
    if (frame == null || prepared.epoch != epoch) {
      long bytes = plan.bytes();
      long size = block == null ? 0 : block.bytes();
      if (block == null || size < bytes) {
        if (block != null) {
          block.close();
        }
        epoch++;
        block = null;
        block = MemoryBlock.allocate(size == 0 ? bytes : withRoom(bytes), model::memory);
        count();
      }
      frame = plan.frame(block.address());
      prepared.frame = frame;
      prepared.epoch = epoch;
    }
    return frame;
  }

  /// Up to an eighth more, for plans that need a little more each time.
  private static long withRoom(long bytes) {
    long step = Math.max(1, Long.highestOneBit(bytes) >> 3);
    return Math.ceilDiv(bytes, step) * step;
  }

  private void count() {
    memoryBytes = (block == null ? 0 : block.bytes()) + runs.bytes();
  }

  /// {@return the model's outputs in its order}
  ///
  /// @param prepared the stage for the arguments
  /// @param arguments a value for every input of the model
  /// @param isOwned whether they have memory of their own; else they live until the next run, or as
  ///   long as the arguments
  /// @param watch is told how it goes
  List<Value> run(Prepared prepared, Value[] arguments, boolean isOwned, Watch watch) {
    if (remembered > MOST) {
      main = new Track(model.program(), false, REMEMBERED);
      remembered = 0;
    }
    runs.start();
    Allowance allowance = new Allowance(model.iterations());
    try {
      return run(model.program(), prepared, arguments, allowance, isOwned, watch);
    } finally {
      count();
    }
  }

  private List<Value> run(
      Program program,
      Prepared first,
      Value[] arguments,
      Allowance allowance,
      boolean isOwned,
      Watch watch) {
    Program running = program;
    Prepared current = first;
    Value[] in = arguments;
    @Nullable Value[] outputs = new @Nullable Value[first.stage.results.length];
    int[] places = first.stage.results;
    int[] open = new int[places.length];
    for (int i = 0; i < open.length; i++) {
      open[i] = i;
    }
    while (true) {
      Stage stage = current.stage;
      @Nullable Value[] registers = registers(running, current, in, allowance, isOwned, watch);
      int left = 0;
      for (int i = 0; i < stage.results.length; i++) {
        int place = stage.results[i];
        if (place < 0) {
          open[left++] = open[i];
        } else {
          outputs[open[i]] = isOwned ? owned(stage, registers, place) : at(registers, place);
        }
      }
      Program rest = stage.rest;
      if (rest == null) {
        break;
      }
      Value[] next = new Value[stage.restInputs.length];
      for (int i = 0; i < next.length; i++) {
        next[i] = at(registers, stage.restInputs[i]);
      }
      Track track = current.rest;
      if (track == null) {
        track = new Track(rest, current.isAlone, REMEMBERED_WITHIN);
        current.rest = track;
      }
      in = next;
      running = rest;
      current = prepare(track, next);
    }
    List<Value> all = new ArrayList<>(outputs.length);
    for (int i = 0; i < outputs.length; i++) {
      all.add(at(outputs, i));
    }
    return all;
  }

  private static Value at(@Nullable Value[] registers, int place) {
    Value value = registers[place];
    if (value == null) {
      throw new IllegalStateException("register " + place + " is empty");
    }
    return value;
  }

  /// A result that nobody else holds: what a plan made is, all else is copied.
  private static Value owned(Stage stage, @Nullable Value[] registers, int place) {
    Plan plan = stage.plan;
    boolean isPlanned =
        plan != null
            && place >= stage.planOutputs
            && place < stage.planOutputs + plan.outputs().size();
    return isPlanned ? at(registers, place) : Evaluation.copy(at(registers, place));
  }

  /// Runs one stage.
  private @Nullable Value[] registers(
      Program program,
      Prepared current,
      Value[] in,
      Allowance allowance,
      boolean isOwned,
      Watch watch) {
    Stage stage = current.stage;
    @Nullable Value[] registers = stage.registers.clone();
    System.arraycopy(in, 0, registers, 0, in.length);
    Plan plan = stage.plan;
    List<Value> made = plan == null ? List.of() : allocate(stage, plan, isOwned);
    watch.begins(program, in);
    if (plan != null) {
      run(current, plan, registers, made, watch);
      for (int i = 0; i < made.size(); i++) {
        registers[stage.planOutputs + i] = made.get(i);
      }
    }
    Context context = new Context(current, allowance);
    for (int n = 0; n < stage.nodes.size(); n++) {
      Stage.Own own = stage.nodes.get(n);
      List<@Nullable Value> inputs = new ArrayList<>(own.inputs.length);
      for (int place : own.inputs) {
        inputs.add(place < 0 ? null : at(registers, place));
      }
      List<@Nullable Value> outputs = Evaluation.run(own.node, inputs, context);
      for (int i = 0; i < own.outputs.length; i++) {
        if (own.outputs[i] >= 0) {
          registers[own.outputs[i]] = outputs.get(i);
        }
      }
      watch.ends(own.node, inputs, outputs);
    }
    return registers;
  }

  private void run(
      Prepared current, Plan plan, @Nullable Value[] registers, List<Value> made, Watch watch) {
    Frame frame = frame(current, plan);
    List<Plan.Port> inputs = plan.inputs();
    for (int i = 0; i < inputs.size(); i++) {
      point(frame, inputs.get(i), at(registers, current.stage.planInputs[i]));
    }
    List<Plan.Port> outputs = plan.outputs();
    for (int i = 0; i < outputs.size(); i++) {
      point(frame, outputs.get(i), made.get(i));
    }
    try {
      watch.run(plan, frame);
    } finally {
      Reference.reachabilityFence(registers);
      Reference.reachabilityFence(made);
    }
  }

  private static void point(Frame frame, Plan.Port port, Value value) {
    if (!(value instanceof Tensor tensor)) {
      throw new IllegalStateException("'" + port.name() + "' is no tensor");
    }
    frame.point(port.slot(), tensor.segment().address());
  }

  /// {@return what a plan writes to}
  ///
  /// @param stage the plan's stage
  /// @param plan the plan
  /// @param isOwned whether results of the stage need memory of their own
  private List<Value> allocate(Stage stage, Plan plan, boolean isOwned) {
    List<Value> tensors = new ArrayList<>(plan.outputs().size());
    for (int i = 0; i < plan.outputs().size(); i++) {
      Plan.Port port = plan.outputs().get(i);
      tensors.add(
          isOwned && stage.isResult(stage.planOutputs + i)
              ? Evaluation.allocate(port.dtype(), port.shape())
              : memory.allocate(port.dtype(), port.shape()));
    }
    return tensors;
  }

  /// What the nodes of one stage have around them.
  private final class Context implements Evaluation.Context {
    private final Prepared around;
    private final Allowance allowance;

    Context(Prepared around, Allowance allowance) {
      this.around = around;
      this.allowance = allowance;
    }

    @Override
    public long tensorBytes() {
      return model.limits().tensorBytes();
    }

    @Override
    public RowKernels rows() {
      RowKernels found = rows;
      if (found == null) {
        found = model.rows();
        rows = found;
      }
      return found;
    }

    @Override
    public OverlapSuppression suppression() {
      return suppression;
    }

    @Override
    public Tensor allocate(DType dtype, Shape shape) {
      return memory.zeroed(dtype, shape);
    }

    @Override
    public Appends appends(LoopOp.Loop loop) {
      return model.appends(loop);
    }

    @Override
    public Evaluation.Body body(Graph body) {
      Track track =
          around.bodies.computeIfAbsent(
              body, _ -> new Track(model.program(body), false, REMEMBERED_WITHIN));
      return new Repeated(track, allowance);
    }
  }

  /// A body that runs again and again. All iterations but the first make their results in two
  /// memories that take turns, unless what is there is still needed.
  private final class Repeated implements Evaluation.Body {
    private final Track track;
    private final Allowance allowance;
    private final RunMemory around = memory;
    private RunMemory.@Nullable Turns turns;
    private long iteration;

    Repeated(Track track, Allowance allowance) {
      this.track = track;
      this.allowance = allowance;
    }

    @Override
    public List<Value> run(List<Value> inputs) {
      allowance.take();
      Value[] arguments = inputs.toArray(new Value[0]);
      Prepared current = prepare(track, arguments);
      Plan plan = current.stage.plan;
      memory = own(arguments);
      try {
        if (plan == null || !current.stage.isWhole()) {
          return Execution.this.run(
              track.program, current, arguments, allowance, false, Watch.NONE);
        }
        List<Value> made = allocate(current.stage, plan, false);
        Execution.this.run(current, plan, arguments, made, Watch.NONE);
        return made;
      } finally {
        memory = around;
      }
    }

    /// The memory for an iteration.
    private RunMemory own(Value[] arguments) {
      long number = iteration++;
      if (number == 1) {
        turns = around.loop();
      }
      if (turns == null) {
        return around;
      }
      RunMemory turn = number % 2 == 0 ? turns.even() : turns.odd();
      if (turn.holdsAny(arguments)) {
        return around;
      }
      turn.start();
      return turn;
    }
  }

  /// {@return the bytes of the memory of plans and of what passes between them; any thread may ask}
  long memoryBytes() {
    return memoryBytes;
  }

  /// Releases the memory.
  @Override
  public void close() {
    main = new Track(model.program(), false, REMEMBERED);
    if (block != null) {
      block.close();
      block = null;
      epoch++;
    }
    runs.close();
    count();
  }
}
