package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.AttentionOp;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Foreign;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.LoopOp;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.ir.RecurrentOp;
import dev.jiffy.engine.ir.SequenceOp;
import dev.jiffy.engine.ir.StepCost;
import dev.jiffy.engine.ir.TableOp;
import dev.jiffy.engine.kernel.Affine;
import dev.jiffy.engine.kernel.StridedCopy;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Makes a plan of a graph whose shapes are all numbers.
///
/// Every node becomes one step or a few, or none where its result is a view of its input. What each
/// family of operators becomes stands in the file named after it; what none of them takes runs on
/// the scalar kernels.
public final class Lowering {
  private final Graph graph;
  private final Target target;
  private final Weights weights;
  private final PlanBuilder builder;
  private final Map<String, Place> places = new HashMap<>();
  private final Map<String, Place> wanted = new HashMap<>();
  private final Map<String, Shape> shapes = new HashMap<>();
  private final Map<String, Node> producers;
  private final Map<String, List<Node>> consumers;
  private final Needs needs;
  private final PointwiseGroups groups;

  /// The bytes that some values stand for, until the first reader needs them as f32.
  private final Map<String, Deferred> deferred = new HashMap<>();

  /// For each step so far the node that it was made for, or null where it copies an output.
  private final List<@Nullable Node> origins = new ArrayList<>();

  /// The node that is being lowered, or null.
  private @Nullable Node current;

  /// A node that makes numbers of bytes.
  private record Deferred(Node node, Affine bytes) {}

  private Lowering(Graph graph, Target target, Weights weights) {
    this(graph, target, weights, new PlanBuilder());
  }

  /// For a part of a plan.
  ///
  /// @param graph the part, with concrete facts
  /// @param target the kernels and threads
  /// @param weights the packed weights of the model
  /// @param builder where its steps go
  Lowering(Graph graph, Target target, Weights weights, PlanBuilder builder) {
    this.builder = builder;
    this.graph = graph;
    this.target = target;
    this.weights = weights;
    this.producers = graph.producers();
    this.consumers = graph.consumers();
    this.needs = Needs.of(graph, producers);
    this.groups = PointwiseGroups.of(graph, needs, producers, consumers);
  }

  /// {@return the plan, or null where a shape depends on data, which only the interpreter can run}
  ///
  /// @param graph the graph with concrete facts
  /// @param target the kernels and threads
  /// @param weights the packed weights of the model
  public static @Nullable Plan plan(Graph graph, Target target, Weights weights) {
    Lowering lowering = new Lowering(graph, target, weights);
    return lowering.isConcrete() ? lowering.lower() : null;
  }

  /// {@return what each step of a plan costs, in their order}
  ///
  /// @param graph the graph that the plan was made of
  /// @param target the kernels and threads
  /// @param weights the packed weights of the model
  public static List<StepCost> costs(Graph graph, Target target, Weights weights) {
    Lowering lowering = new Lowering(graph, target, weights);
    List<Step> steps = lowering.lower().steps();
    StepCosts costs = new StepCosts(graph, weights, lowering.groups);
    List<StepCost> all = new ArrayList<>();
    IdentityHashMap<@Nullable Node, List<Step>> shares = new IdentityHashMap<>();
    for (int i = 0; i < steps.size(); i++) {
      shares.computeIfAbsent(lowering.origin(i), _ -> new ArrayList<>()).add(steps.get(i));
    }
    for (int i = 0; i < steps.size(); i++) {
      Node origin = lowering.origin(i);
      all.add(costs.of(steps.get(i), origin, shares.getOrDefault(origin, List.of())));
    }
    return all;
  }

  /// {@return the node that a step was made for, or null where it copies an output}
  private @Nullable Node origin(int step) {
    return step < origins.size() ? origins.get(step) : null;
  }

  /// {@return whether a plan can have a step for every node that runs}
  boolean isConcrete() {
    for (Node node : graph.nodes()) {
      if (needs.runs(node) && !needs.isPlanned(node)) {
        return false;
      }
    }
    for (String output : graph.outputs()) {
      Fact fact = graph.fact(output);
      if (!fact.hasConcreteShape() || fact.dtype() == DType.STRING) {
        return false;
      }
    }
    return true;
  }

  private Plan lower() {
    List<Plan.Port> inputs = new ArrayList<>();
    for (String input : graph.inputs()) {
      int slot = builder.callers();
      places.put(input, new Place(slot, 0));
      inputs.add(Plan.Port.of(input, graph.fact(input), slot));
    }
    List<Plan.Port> outputs = new ArrayList<>();
    for (String output : graph.outputs()) {
      int slot = builder.callers();
      outputs.add(Plan.Port.of(output, graph.fact(output), slot));
      want(output, new Place(slot, 0));
    }
    for (Node node : graph.nodes()) {
      add(node);
    }
    for (Plan.Port output : outputs) {
      settle(output.name(), new Place(output.slot(), 0));
    }
    return builder.build(inputs, outputs);
  }

  /// Adds the steps of a node, where it runs.
  void add(Node node) {
    if (needs.runs(node) && !groups.isInner(node)) {
      current = node;
      lower(node);
      charge(node);
      current = null;
    }
  }

  /// Copies a value to a place where it does not lie there.
  void settle(String value, Place place) {
    Place lies = place(value);
    if (!lies.equals(place)) {
      copyAll(value, lies, place, dtype(value), shape(value));
    }
  }

  /// Takes down which node the latest steps were made for.
  private void charge(@Nullable Node node) {
    while (origins.size() < builder.size()) {
      origins.add(node);
    }
  }

  /// {@return whether a value's elements are known before the run}
  boolean isKnown(String value) {
    return needs.isKnown(value);
  }

  /// Lets a value be written straight to a place, where its node makes it elsewhere than its inputs
  /// lie.
  void aim(String value, Place place) {
    wanted.put(value, place);
  }

  /// Lets a value be written straight to an output's place, as well as the values of which it is a
  /// whole view.
  void want(String output, Place place) {
    String value = output;
    while (!graph.inputs().contains(value)
        && !graph.constants().containsKey(value)
        && !needs.isKnown(value)
        && wanted.putIfAbsent(value, place) == null) {
      Node producer = producers.get(value);
      if (producer == null || !Views.isWhole(graph, producer)) {
        return;
      }
      value = producer.input(0);
    }
  }

  private void lower(Node node) {
    if (groups.isRoot(node)) {
      groups.lower(node, this);
      return;
    }
    boolean done =
        switch (node.op()) {
          case Op.Identity _, Op.Reshape _, Op.Flatten _, Op.Squeeze _, Op.Unsqueeze _ ->
              Views.lowerWhole(node, this);
          case Op.Transpose _, Op.Slice _, Op.Split _, Op.Expand _, Op.Concat _, Op.Pad _ ->
              Movement.lower(node, this);
          case Op.Tile _, Op.DepthToSpace _, Op.SpaceToDepth _ -> Movement.lower(node, this);
          case Op.Gather gather -> Movement.lower(node, gather, this);
          case Op.Cast _ -> Movement.lowerCast(node, this);
          case Op.MatMul matMul -> Linear.lower(node, matMul, this);
          case Op.QuantizedMatMul matMul -> Linear.lower(node, matMul, this);
          case AttentionOp.Attention attention -> Linear.lower(node, attention, this);
          case AttentionOp.CausalAttention attention -> Linear.lower(node, attention, this);
          case AttentionOp.AppendRows append -> Movement.lower(node, append, this);
          case RecurrentOp.Recurrent recurrent -> Recurrences.lower(node, recurrent, this);
          case RecurrentOp.DynamicRecurrent recurrent -> Recurrences.lower(node, recurrent, this);
          case Op.Conv conv -> Images.lower(node, conv, this);
          case Op.ConvTranspose conv -> Images.lower(node, conv, this);
          case Op.Pool pool -> Pools.lower(node, pool, this);
          case Op.GlobalPool pool -> Pools.lower(node, pool, this);
          case ImageOp.Resize resize -> Resampling.lower(node, resize, this);
          case Op.Softmax softmax -> Rows.lower(node, softmax, this);
          case Op.LayerNorm norm -> Rows.lower(node, norm, this);
          case Op.Reduce reduce -> Rows.lower(node, reduce, this);
          case Op.Unary unary -> Numbers.lower(node, unary, this);
          case Op.Binary binary -> Numbers.lower(node, binary, this);
          case Op.OneHot oneHot -> Numbers.lower(node, oneHot, this);
          case Op.OneHotDot dot -> Numbers.lower(node, dot, this);
          case Op.Where _ -> false;
          case Op.If _, LoopOp _, SequenceOp _ ->
              throw new IllegalStateException(node.op() + " has no plan");
          case Foreign _ -> false;
          case Op.ConstantOfShape fill -> Movement.lowerFill(node, fill, this);
          case Op.ShapeOf _, Op.Size _, Op.Range _, Op.EyeLike _ -> false;
          case Op.GatherElements gather -> Movement.lower(node, gather, this);
          case Op.GatherNd gather -> Scatters.lower(node, gather, this);
          case Op.ScatterElements scatter -> Scatters.lower(node, scatter, this);
          case Op.ScatterNd scatter -> Scatters.lower(node, scatter, this);
          case Op.Trilu _, Op.NonZero _ -> false;
          case Op.CumSum sum -> Rows.lower(node, sum, this);
          case Op.TopK topK -> Rows.lower(node, topK, this);
          case Op.ArgReduce reduce -> Rows.lower(node, reduce, this);
          case Op.Compress _, Op.ReverseSequence _, Op.Hardmax _ -> false;
          case Op.Gemm _, Op.Einsum _, Op.BatchNorm _, Op.InstanceNorm _, Op.Lrn _ -> false;
          case Op.LpNormalization _ -> false;
          case Op.DynamicQuantize _ -> DynamicBytes.lower(node, this);
          case QuantizedOp op -> Bytes.lower(node, op, this);
          case TableOp table -> Tables.lower(node, table, this);
          case ImageOp.SampleGrid grid -> Sampling.lower(node, grid, this);
          case ImageOp.Fold fold -> Sampling.lower(node, fold, this);
          case ImageOp.AlignRegions regions -> Sampling.lower(node, regions, this);
          case Op.Special _ -> false;
        };
    if (!done) {
      lowerScalar(node);
    }
  }

  private void lowerScalar(Node node) {
    List<ScalarStep.@Nullable Operand> inputs = new ArrayList<>();
    List<ScalarStep.@Nullable Operand> outputs = new ArrayList<>();
    List<Place> touched = new ArrayList<>();
    for (String input : node.inputs()) {
      inputs.add(input.isEmpty() ? null : operand(input, place(input), touched));
    }
    for (String output : node.outputs()) {
      outputs.add(output.isEmpty() ? null : operand(output, result(output), touched));
    }
    builder.add(new ScalarStep(label(node), node.op(), inputs, outputs), touched);
  }

  private ScalarStep.Operand operand(String value, Place place, List<Place> touched) {
    touched.add(place);
    return new ScalarStep.Operand(dtype(value), shape(value), place);
  }

  // ---- what the families work with

  Graph graph() {
    return graph;
  }

  Target target() {
    return target;
  }

  Weights weights() {
    return weights;
  }

  /// {@return the constant matrix that a value is, or null}
  ///
  /// @param transposed whether the value holds columns as rows
  @Nullable Columns columns(String value, boolean transposed) {
    return Columns.of(graph, value, transposed, producers);
  }

  /// {@return the node that makes a value, or null for inputs and constants}
  @Nullable Node producer(String value) {
    return producers.get(value);
  }

  /// {@return the nodes that read a value; empty for an output of the graph}
  List<Node> readers(String value) {
    return graph.outputs().contains(value) ? List.of() : consumers.getOrDefault(value, List.of());
  }

  /// {@return the name of a node's step}
  static String label(Node node) {
    return node.name() + " (" + node.op().getClass().getSimpleName() + ")";
  }

  DType dtype(String value) {
    return graph.fact(value).dtype();
  }

  Shape shape(String value) {
    Shape known = shapes.get(value);
    if (known != null) {
      return known;
    }
    Shape shape = graph.fact(value).concreteShape();
    if (shape == null) {
      throw new IllegalStateException("'" + value + "' has no concrete shape");
    }
    shapes.put(value, shape);
    return shape;
  }

  boolean isF32(String... values) {
    return areF32(Arrays.asList(values));
  }

  boolean areF32(List<String> values) {
    return are(DType.F32, values);
  }

  boolean are(DType dtype, List<String> values) {
    for (String value : values) {
      if (!value.isEmpty() && dtype(value) != dtype) {
        return false;
      }
    }
    return true;
  }

  /// {@return where a value lies, [Place#ABSENT] for ""}
  Place place(String value) {
    if (value.isEmpty()) {
      return Place.ABSENT;
    }
    Deferred late = deferred.remove(value);
    if (late != null) {
      charge(current);
      String label = label(late.node);
      Place bytes = place(late.node.input(0));
      Bytes.asFloats(label, late.bytes, bytes, result(value), shape(value), this);
      charge(late.node);
    }
    Place place = places.get(value);
    if (place == null) {
      place = new Place(builder.fixed(constant(value)), 0);
      places.put(value, place);
    }
    return place;
  }

  /// Leaves it to the readers of a node's result to make numbers of its bytes.
  ///
  /// @return whether they can: they all stand for numbers alike
  boolean defer(Node node) {
    Affine bytes = Bytes.affine(graph, node);
    if (bytes != null) {
      deferred.put(node.output(), new Deferred(node, bytes));
    }
    return bytes != null;
  }

  /// {@return whether the elements of a value are f32, or bytes that stand for numbers}
  boolean isReal(String value) {
    return isF32(value) || Affine.isSupported(dtype(value));
  }

  /// {@return where the elements of a value lie, as f32 or as bytes: integers and truth values
  /// stand for themselves}
  Reals reals(String value) {
    Deferred late = deferred.get(value);
    if (late != null) {
      return new Reals(place(late.node.input(0)), late.bytes);
    }
    DType type = dtype(value) == DType.BOOL ? DType.U8 : dtype(value);
    return new Reals(place(value), Affine.isSupported(type) ? new Affine(type, 1, 0) : null);
  }

  /// {@return where the elements of a value lie as f32}
  Place floats(String label, String value) {
    Reals reals = isF32(value) ? Reals.floats(place(value)) : reals(value);
    return reals.bytes() == null
        ? reals.place()
        : Bytes.asFloats(label, reals.bytes(), reals.place(), shape(value), this);
  }

  private Tensor constant(String value) {
    return known(graph, value, producers.get(value));
  }

  /// {@return the elements of a value that are known before the run}
  ///
  /// @param graph the graph
  /// @param value the value's name
  /// @param producer the node that makes it, or null
  static Tensor known(Graph graph, String value, @Nullable Node producer) {
    Tensor constant = graph.constants().get(value);
    if (constant != null) {
      return constant;
    }
    Fact fact = graph.fact(value);
    Shape shape = fact.concreteShape();
    long[] known = fact.concreteValue();
    List<Tensor> joined = Columns.joined(graph, producer);
    if (shape == null || (known == null && joined.isEmpty())) {
      throw new IllegalStateException("value '" + value + "' has no place");
    }
    Tensor tensor = Tensor.allocate(fact.dtype(), shape);
    if (producer != null && !joined.isEmpty()) {
      ScalarOps.run(producer.op(), new ArrayList<>(joined), new ArrayList<>(List.of(tensor)));
      return tensor;
    }
    for (int i = 0; known != null && i < known.length; i++) {
      tensor.setLong(i, known[i]);
    }
    return tensor;
  }

  /// {@return a new place for a value about to be made}
  Place result(String value) {
    Place place = wanted.get(value);
    if (place == null) {
      place = new Place(builder.planned(shape(value).bytes(dtype(value))), 0);
    }
    places.put(value, place);
    return place;
  }

  /// {@return a new place for a result of a node, [Place#ABSENT] where nobody reads it}
  Place result(Node node, int output) {
    boolean isWanted = output < node.outputs().size() && !node.outputs().get(output).isEmpty();
    return isWanted ? result(node.outputs().get(output)) : Place.ABSENT;
  }

  /// {@return a new place for what has no name}
  ///
  /// @param bytes its size
  Place planned(long bytes) {
    return new Place(builder.planned(bytes), 0);
  }

  /// Lets a value be a view of memory that is there already.
  void view(String value, Place place) {
    places.put(value, place);
  }

  /// {@return the place of a constant without a name}
  Place fixed(Tensor tensor) {
    return new Place(builder.fixed(tensor), 0);
  }

  void add(Step step, Place... touched) {
    builder.add(step, List.of(touched));
  }

  void add(Step step, List<Place> touched) {
    builder.add(step, touched);
  }

  void copyAll(String name, Place from, Place to, DType dtype, Shape shape) {
    long bytes = dtype.bytes();
    StridedCopy copy =
        StridedCopy.of(
            dtype.bytes(), new long[] {shape.elements()}, new long[] {bytes}, new long[] {bytes});
    add(new CopyStep(name + " (copy)", target, copy, from, to), from, to);
  }
}
