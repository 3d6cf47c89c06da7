package dev.jiffy.engine;

import dev.jiffy.engine.foreign.ForeignModel;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.LoopOp;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.StepCost;
import dev.jiffy.engine.ir.TableOp;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.lower.Appends;
import dev.jiffy.engine.lower.Packing;
import dev.jiffy.engine.lower.Plan;
import dev.jiffy.engine.lower.Target;
import dev.jiffy.engine.lower.Weights;
import dev.jiffy.engine.onnx.ModelSource;
import dev.jiffy.engine.onnx.OnnxModel;
import dev.jiffy.engine.onnx.OnnxReader;
import dev.jiffy.engine.run.Runner;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A loaded model: immutable, shared between threads, source of [Session]s.
///
/// Loading is the pipeline of the engine: bytes are read into a graph, passes rewrite the graph,
/// weights are packed for this machine. For each combination of input shapes, and of the elements
/// of inputs that decide branches, the first run lowers the graph to a plan, which all sessions
/// share. A graph with loops, or with shapes that depend on elements, becomes several plans with
/// these nodes between them.
public final class Model implements AutoCloseable {
  private static final int STAGES = 256;

  private final LoadOptions options;
  private final Arena arena;
  private final List<ForeignModel> foreign;
  private final @Nullable Handover handover;
  private final Graph graph;
  private final Kernels kernels;

  /// Of what the graph computes as it was read, and as it was rewritten.
  private final List<Kernels.Checks> checks;

  private Form form;
  private boolean isChecked;

  /// The nodes for which kernels were last found sound.
  private List<Node> checked = List.of();

  private final List<TensorSpec> inputs;
  private final List<TensorSpec> outputs;
  private final Program program;
  private final IdentityHashMap<Graph, Program> bodies = new IdentityHashMap<>();
  private final IdentityHashMap<Graph, Appends> appends = new IdentityHashMap<>();
  private final Map<Program.Request, Stage> stages =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Program.Request, Stage> eldest) {
          return size() > STAGES;
        }
      };
  private int sessions;
  private boolean closed;

  private Model(
      LoadOptions options,
      Arena arena,
      List<ForeignModel> foreign,
      @Nullable Handover handover,
      Program program,
      Kernels kernels,
      List<Kernels.Checks> checks,
      Form form) {
    this.options = options;
    this.arena = arena;
    this.foreign = foreign;
    this.handover = handover;
    this.program = program;
    this.graph = program.graph();
    this.kernels = kernels;
    this.checks = checks;
    this.form = form;
    this.inputs = specs(graph, graph.inputs());
    this.outputs = specs(graph, graph.outputs());
  }

  private static List<TensorSpec> specs(Graph graph, List<String> names) {
    List<TensorSpec> specs = new ArrayList<>();
    Map<String, Node> producers = graph.producers();
    for (String name : names) {
      Fact fact = graph.fact(name);
      specs.add(
          new TensorSpec(name, fact.kind(), fact.dtype(), fact.shape(), labels(producers, name)));
    }
    return List.copyOf(specs);
  }

  /// The labels of a value's columns, where the model names them.
  private static List<String> labels(Map<String, Node> producers, String value) {
    Node node = producers.get(value);
    while (node != null && node.op() instanceof Op.Identity) {
      node = producers.get(node.input(0));
    }
    if (node == null || !(node.op() instanceof TableOp.ZipMap(Tensor labels))) {
      return List.of();
    }
    return labels.dtype() == DType.STRING
        ? labels.strings()
        : Arrays.stream(labels.toLongs()).mapToObj(Long::toString).toList();
  }

  /// Starts the threads that all runs share, which else start with the first run that needs them.
  ///
  /// For a program that loads or runs models on a thread of low priority: on some systems new
  /// threads inherit it.
  public static void startThreads() {
    Runner.start();
  }

  /// {@return the model in an ONNX file, loaded with the default options}
  ///
  /// @param file the file; external data lies beside it
  /// @throws ModelException if the file cannot be read, is malformed or needs what the engine lacks
  public static Model load(Path file) {
    return load(file, LoadOptions.defaults());
  }

  /// {@return the model in an ONNX file}
  ///
  /// @param file the file; external data lies beside it
  /// @param options how to load it
  /// @throws ModelException if the file cannot be read, is malformed or needs what the engine lacks
  public static Model load(Path file, LoadOptions options) {
    Rehearsal.end();
    return load(file, options, Kernels.HERE);
  }

  /// {@return the model in an ONNX file's bytes, loaded with the default options}
  ///
  /// @param bytes the bytes, as of a resource; external data there is none; they are copied
  /// @throws ModelException if the bytes are malformed or need what the engine lacks
  public static Model load(byte[] bytes) {
    return load(bytes, LoadOptions.defaults());
  }

  /// {@return the model in an ONNX file's bytes}
  ///
  /// A file is loaded faster: it is mapped, and its weights are not copied.
  ///
  /// @param bytes the bytes, as of a resource; external data there is none; they are copied
  /// @param options how to load it
  /// @throws ModelException if the bytes are malformed or need what the engine lacks
  public static Model load(byte[] bytes, LoadOptions options) {
    Rehearsal.end();
    return load(MemorySegment.ofArray(bytes), options);
  }

  static Model load(Path file, LoadOptions options, Kernels kernels) {
    return load(new ModelSource.InFile(file), options, kernels);
  }

  /// {@return the model in memory, without data in other files}
  ///
  /// @param bytes a file's bytes, which live as long as the model where they lie off the heap
  /// @param options how to load it
  /// @throws ModelException if the bytes are malformed or need what the engine lacks
  static Model load(MemorySegment bytes, LoadOptions options) {
    return load(new ModelSource.InMemory(bytes), options, Kernels.HERE);
  }

  @SuppressWarnings("MustBeClosedChecker") // the model closes it
  private static Model load(ModelSource source, LoadOptions options, Kernels kernels) {
    LoadOptions begun = kernels.begin(options);
    Arena arena = Arena.ofShared();
    List<ForeignModel> foreign = List.of();
    try {
      OnnxModel read = OnnxReader.read(source, arena);
      Graph imported = Engines.graph(read, source, begun);
      foreign = Engines.foreign(imported);
      LoadOptions decided = kernels.decided(begun);
      Kernels.Checks asImported = kernels.check(decided, imported);
      Graph graph = options.optimize() ? Variants.rewritten(imported) : imported;
      Program program = Program.of(graph, options.optimize());
      Kernels.Checks asRewritten = kernels.check(decided, program.packed());
      Form form = Form.of(decided, program.packed(), kernels, arena);
      Handover handover = Handover.of(imported, read.graph().nodes().size()).orElse(null);
      List<Kernels.Checks> checks = List.of(asImported, asRewritten);
      return new Model(options, arena, foreign, handover, program, kernels, checks, form);
    } catch (OutOfMemoryError | StackOverflowError e) {
      foreign.forEach(ForeignModel::close);
      arena.close();
      throw new ModelException(
          source.described() + ": the model is too large or too deep: " + e, e);
    } catch (RuntimeException | Error e) {
      foreign.forEach(ForeignModel::close);
      arena.close();
      throw e;
    }
  }

  /// The model for some kernels.
  ///
  /// @param options how the model is loaded, with everything decided
  /// @param target the kernels
  /// @param weights the weights, packed for them
  private record Form(LoadOptions options, Target target, Weights weights) {
    static Form of(LoadOptions decided, Graph graph, Kernels kernels, Arena arena) {
      Target target = kernels.target(decided);
      Weights weights = new Weights(target, arena);
      Packing.all(graph, weights);
      return new Form(decided, target, weights);
    }
  }

  /// The form that plans are made for. Waits until its kernels are known to be sound, and takes
  /// others where they are not: no plan is ever made for wrong ones.
  private synchronized Form form() {
    if (!isChecked) {
      makeSound(checks);
      isChecked = true;
    }
    return form;
  }

  /// The form for a graph that a plan is made of: where branches are decided only now, it may need
  /// kernels that the graph as loaded does not.
  @SuppressWarnings("ReferenceEquality") // other lists of the same nodes are checked again
  private synchronized Form form(Graph bound) {
    Form current = form();
    if (bound.nodes() != checked) {
      makeSound(List.of(kernels.check(current.options(), bound)));
      checked = bound.nodes();
    }
    return form;
  }

  private void makeSound(List<Kernels.Checks> checks) {
    for (Kernels.Checks some : checks) {
      if (!some.areSound()) {
        form = Form.of(kernels.decided(options), program.packed(), kernels, arena);
        return;
      }
    }
  }

  /// {@return how the model was loaded: where the options left a choice, with what was chosen}
  public LoadOptions options() {
    return form().options();
  }

  /// {@return what of the model another runtime computes, empty where Jiffy computes all}
  public Optional<Handover> handover() {
    return Optional.ofNullable(handover);
  }

  /// {@return what the model takes, in the file's order}
  public List<TensorSpec> inputs() {
    return inputs;
  }

  /// {@return what the model gives, in the file's order}
  public List<TensorSpec> outputs() {
    return outputs;
  }

  /// {@return the graph as it runs, after all passes; one with branches only simplified, since the
  /// others run once the branches are decided}
  public Graph graph() {
    return graph;
  }

  /// {@return the bytes of the weights in the form that kernels read}
  public long packedBytes() {
    return form().weights().bytes();
  }

  /// {@return a session for one thread}
  ///
  /// @throws IllegalStateException if the model is closed
  public synchronized Session newSession() {
    if (closed) {
      throw new IllegalStateException("the model is closed");
    }
    sessions++;
    return new Session(this);
  }

  /// {@return where a session's memory comes from}
  ///
  /// @param owner frees the memory
  SegmentAllocator memory(Arena owner) {
    return form().target().matrices().memory(owner);
  }

  /// {@return memory that the garbage collector frees}
  ///
  /// @param bytes its size
  MemorySegment collectedMemory(long bytes) {
    return memory(Arena.ofAuto()).allocate(bytes, Tensor.ALIGNMENT);
  }

  /// {@return the most iterations that all loops of one run do together}
  long iterations() {
    return options.iterations();
  }

  /// {@return what a run may ask for at most}
  Limits limits() {
    return options.limits();
  }

  /// {@return the kernels for what looks at many numbers}
  RowKernels rows() {
    return form().target().rows();
  }

  /// {@return what runs}
  Program program() {
    return program;
  }

  /// {@return what runs for a graph within a node}
  ///
  /// @param body the graph
  Program program(Graph body) {
    synchronized (bodies) {
      return bodies.computeIfAbsent(body, graph -> Program.within(graph, options.optimize()));
    }
  }

  /// {@return what a loop appends to}
  ///
  /// @param loop the loop
  Appends appends(LoopOp.Loop loop) {
    synchronized (appends) {
      return appends.computeIfAbsent(loop.body(), _ -> Appends.of(loop));
    }
  }

  /// {@return the stage of a program for concrete inputs}
  ///
  /// @param program one of this model's programs
  /// @param arguments a value for every input of the program: of tensors the shape matters, and the
  ///   elements where they decide branches
  /// @throws ModelException if a shape does not fit the model
  Stage stage(Program program, Value[] arguments) {
    Program.Request request = program.request(arguments);
    synchronized (stages) {
      Stage known = stages.get(request);
      if (known != null) {
        return known;
      }
    }
    Program.Given given = program.given(arguments);
    Form current = form(given.graph());
    Stage stage = program.stage(arguments, given, current.target(), current.weights());
    checkMemory(stage.plan);
    synchronized (stages) {
      Stage other = stages.putIfAbsent(request, stage);
      return other == null ? stage : other;
    }
  }

  /// {@return the stage of a program, made for concrete inputs alone, whatever has run before}
  ///
  /// @param program one of this model's programs
  /// @param arguments a value for every input of the program
  /// @throws ModelException if a shape does not fit the model
  Stage stageAlone(Program program, Value[] arguments) {
    Graph bound = program.given(arguments).bound();
    Form current = form(bound);
    Stage stage = program.stageAlone(arguments, bound, current.target(), current.weights());
    checkMemory(stage.plan);
    return stage;
  }

  private void checkMemory(@Nullable Plan plan) {
    if (plan == null) {
      return;
    }
    long bytes = plan.bytes();
    for (Plan.Port output : plan.outputs()) {
      bytes = Math.max(bytes, bytes + output.shape().bytes(output.dtype()));
    }
    if (bytes < 0 || bytes > options.limits().memoryBytes()) {
      throw new ModelException(
          "a run of these shapes needs %d bytes, the limit is %d"
              .formatted(bytes, options.limits().memoryBytes()));
    }
  }

  /// {@return what the steps of a stage's plan cost, in their order}
  ///
  /// @param program one of this model's programs
  /// @param arguments a value for every input of the program
  List<StepCost> costs(Program program, Value[] arguments) {
    Form current = form();
    return program.costs(arguments, current.target(), current.weights());
  }

  /// A session has closed.
  synchronized void release() {
    sessions--;
    free();
  }

  /// Lets go of the weights: no new session can be opened, and the memory is freed when the last
  /// open one closes. Waits for the checks of kernels that the load has begun, so that a process
  /// may end: the JVM that writes an archive of classes crashes where a thread still links some.
  /// Idempotent.
  @Override
  public void close() {
    synchronized (this) {
      if (!closed) {
        closed = true;
        free();
      }
    }
    for (Kernels.Checks some : checks) {
      some.end();
    }
  }

  private void free() {
    if (closed && sessions == 0) {
      foreign.forEach(ForeignModel::close);
      arena.close();
    }
  }
}
