package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.LoopOp;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.SequenceOp;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Value;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// Loops over the slices of tensors and over the tensors of sequences, as loops whose bodies pick
/// what they need by the number of the iteration.
final class ScanImports {
  private ScanImports() {}

  // ---- Scan

  /// What a Scan node says.
  ///
  /// @param proto the body
  /// @param states the names of the first states
  /// @param scanned the names of the tensors that are cut into slices
  /// @param inputAxes for each of these the dimension that is cut
  /// @param areInputsReversed for each whether the last slice comes first
  /// @param outputAxes for each collected value where the new dimension goes
  /// @param areOutputsReversed for each whether the last slice comes first
  private record Scan(
      GraphProto proto,
      List<String> states,
      List<String> scanned,
      List<Long> inputAxes,
      List<Boolean> areInputsReversed,
      List<Long> outputAxes,
      List<Boolean> areOutputsReversed) {}

  static void scan(NodeScope node) {
    boolean isBatched = node.opset() < 9;
    GraphProto proto = node.graph("body");
    int scannedCount = Math.toIntExact(node.integer("num_scan_inputs"));
    int first = isBatched ? 1 : 0;
    int states = node.inputs() - first - scannedCount;
    int collected = proto.outputs().size() - states;
    if (scannedCount < 1
        || states < 0
        || collected < 0
        || proto.inputs().size() != states + scannedCount
        || node.outputs() > states + collected) {
      throw node.invalid(
          "a body with %d inputs and %d outputs does not go with %d inputs, %d of them scanned"
              .formatted(
                  proto.inputs().size(), proto.outputs().size(), node.inputs(), scannedCount));
    }
    List<String> names = new ArrayList<>();
    for (int i = first; i < node.inputs(); i++) {
      node.require(i);
      names.add(node.input(i));
    }
    Scan scan =
        new Scan(
            proto,
            List.copyOf(names.subList(0, states)),
            List.copyOf(names.subList(states, names.size())),
            axes(node, "scan_input_axes", scannedCount),
            directions(node, isBatched ? "directions" : "scan_input_directions", scannedCount),
            axes(node, "scan_output_axes", collected),
            directions(node, "scan_output_directions", collected));
    if (names.stream().anyMatch(name -> node.fact(name) == null)) {
      return;
    }
    if (isBatched && node.has(0)) {
      node.unsupported("input 'sequence_lens'");
      return;
    }
    List<String> captured = LoopImports.captured(node, proto);
    Making here = node.here();
    List<String> results =
        isBatched ? batches(node, scan, captured, here) : loop(node, scan, captured, here);
    for (int i = 0; i < node.outputs() && !results.isEmpty(); i++) {
      if (node.wants(i)) {
        node.result(i, new Op.Identity(), results.get(i));
      }
    }
  }

  private static List<Long> axes(NodeScope node, String attribute, int count) {
    List<Long> axes = node.integers(attribute);
    if (!axes.isEmpty() && axes.size() != count) {
      throw node.invalid(
          "attribute '%s' has %d numbers, expected %d".formatted(attribute, axes.size(), count));
    }
    return axes.isEmpty() ? Collections.nCopies(count, 0L) : axes;
  }

  private static List<Boolean> directions(NodeScope node, String attribute, int count) {
    return axes(node, attribute, count).stream().map(direction -> direction != 0).toList();
  }

  /// The results of a scan, none where its body is not supported.
  ///
  /// @param here where its names mean something and its nodes go
  private static List<String> loop(NodeScope node, Scan scan, List<String> captured, Making here) {
    int states = scan.states().size();
    List<Fact> given = new ArrayList<>();
    scan.states().forEach(state -> given.add(here.fact(state)));
    for (int k = 0; k < scan.scanned().size(); k++) {
      given.add(slice(here.fact(scan.scanned().get(k)), scan.inputAxes().get(k)));
    }
    Graph body =
        LoopImports.body(node, scan.proto(), given, captured, new LoopImports.States(0, 0, states));
    if (body == null) {
      return List.of();
    }
    List<String> sources = new ArrayList<>();
    for (int k = 0; k < scan.scanned().size(); k++) {
      String source = scan.scanned().get(k);
      sources.add(
          scan.areInputsReversed().get(k)
              ? here.reversed(source, scan.inputAxes().get(k))
              : source);
    }
    Making within = node.within();
    Picking picking = new Picking(within);
    body.inputs().subList(0, states).forEach(state -> picking.input(state, body.fact(state)));
    for (int k = 0; k < sources.size(); k++) {
      String source = picking.fresh("scanned", here.fact(sources.get(k)));
      within.to(
          body.inputs().get(states + k),
          new Op.Gather(scan.inputAxes().get(k)),
          source,
          picking.iteration());
    }
    captured.forEach(name -> picking.input(name, body.fact(name)));
    within.take(body);
    Graph loop = picking.graph(body.outputs());
    List<String> inputs = new ArrayList<>();
    inputs.add(here.extent(scan.scanned().getFirst(), scan.inputAxes().getFirst()));
    inputs.add("");
    inputs.addAll(scan.states());
    inputs.addAll(sources);
    inputs.addAll(captured);
    List<String> results =
        here.makeAll(new LoopOp.Loop(loop, states), body.outputs().size(), inputs);
    return results.isEmpty() ? results : turned(node, scan, results, here);
  }

  /// What is known of a slice.
  private static Fact slice(Fact fact, long axis) {
    List<Dim> shape = fact.shape();
    if (shape == null) {
      return Fact.unranked(fact.dtype());
    }
    List<Dim> dims = new ArrayList<>(shape);
    dims.remove(axis(axis, dims.size()));
    return Fact.of(fact.dtype(), dims);
  }

  private static int axis(long axis, int rank) {
    if (axis < -rank || axis >= rank) {
      throw new ModelException("axis %d is out of range for rank %d".formatted(axis, rank));
    }
    return (int) (axis < 0 ? axis + rank : axis);
  }

  /// Brings what was collected into its order and its dimension to its place.
  private static List<String> turned(NodeScope node, Scan scan, List<String> results, Making here) {
    List<String> turned = new ArrayList<>(results);
    for (int k = 0; k < scan.outputAxes().size(); k++) {
      int at = scan.states().size() + k;
      String result = results.get(at);
      if (scan.areOutputsReversed().get(k)) {
        result = here.reversed(result, 0);
      }
      if (scan.outputAxes().get(k) != 0) {
        int rank = here.fact(result).rank();
        if (rank < 0) {
          node.unsupported("attribute 'scan_output_axes' where the rank is not known");
          return List.of();
        }
        List<Long> perm = new ArrayList<>();
        for (long i = 1; i < rank; i++) {
          perm.add(i);
        }
        perm.add(axis(scan.outputAxes().get(k), rank), 0L);
        result = here.make(new Op.Transpose(perm), result);
      }
      turned.set(at, result);
    }
    return turned;
  }

  /// The scans of the operator set 8: one for each element of a batch, which is a loop around them.
  private static List<String> batches(
      NodeScope node, Scan scan, List<String> captured, Making here) {
    Making within = node.within();
    Picking picking = new Picking(within);
    List<String> inputs = new ArrayList<>();
    inputs.add(here.extent(scan.scanned().getFirst(), 0));
    inputs.add("");
    List<String> states = new ArrayList<>();
    for (String state : scan.states()) {
      inputs.add(state);
      states.add(picking.slice(here.fact(state)));
    }
    List<String> scanned = new ArrayList<>();
    for (String source : scan.scanned()) {
      inputs.add(source);
      scanned.add(picking.slice(here.fact(source)));
    }
    for (String name : captured) {
      inputs.add(name);
      picking.input(name, here.fact(name));
    }
    Scan one =
        new Scan(
            scan.proto(),
            states,
            scanned,
            scan.inputAxes(),
            scan.areInputsReversed(),
            scan.outputAxes(),
            scan.areOutputsReversed());
    List<String> results = loop(node, one, captured, within);
    return results.isEmpty()
        ? results
        : here.makeAll(new LoopOp.Loop(picking.graph(results), 0), results.size(), inputs);
  }

  // ---- SequenceMap

  static void sequenceMap(NodeScope node) {
    GraphProto proto = node.graph("body");
    if (proto.inputs().size() != node.inputs() || proto.outputs().size() != node.outputs()) {
      throw node.invalid(
          "a body with %d inputs and %d outputs does not go with %d inputs and %d outputs"
              .formatted(
                  proto.inputs().size(), proto.outputs().size(), node.inputs(), node.outputs()));
    }
    List<Fact> given = new ArrayList<>();
    for (int i = 0; i < node.inputs(); i++) {
      Fact fact = node.fact(node.input(i));
      if (fact == null) {
        return;
      }
      given.add(fact.as(Value.Kind.TENSOR));
    }
    List<String> captured = LoopImports.captured(node, proto);
    Graph body = node.body(proto, given, captured);
    if (!node.isRefused()) {
      map(node, body, captured);
    }
  }

  private static void map(NodeScope node, Graph body, List<String> captured) {
    Making here = node.here();
    Making within = node.within();
    Picking picking = new Picking(within);
    List<String> inputs = new ArrayList<>();
    inputs.add(here.make(new SequenceOp.SequenceLength(), node.input(0)));
    inputs.add("");
    List<String> states = new ArrayList<>();
    for (String output : body.outputs()) {
      DType dtype = body.fact(output).dtype();
      inputs.add(here.make(new SequenceOp.SequenceEmpty(dtype)));
      Fact state = Fact.unranked(dtype).as(Value.Kind.SEQUENCE);
      states.add(picking.fresh("mapped", state));
    }
    for (int i = 0; i < node.inputs(); i++) {
      Fact fact = here.fact(node.input(i));
      inputs.add(node.input(i));
      String inner = body.inputs().get(i);
      if (fact.kind() == Value.Kind.SEQUENCE) {
        String sequence = picking.fresh("sequence", fact);
        within.to(inner, new SequenceOp.SequenceAt(), sequence, picking.iteration());
      } else {
        picking.input(inner, fact);
      }
    }
    inputs.addAll(captured);
    captured.forEach(name -> picking.input(name, body.fact(name)));
    within.take(body);
    List<String> longer = new ArrayList<>();
    for (int k = 0; k < states.size(); k++) {
      longer.add(
          within.make(new SequenceOp.SequenceInsert(), states.get(k), body.outputs().get(k)));
    }
    node.results(
        new LoopOp.Loop(picking.graph(longer), states.size()), inputs.toArray(String[]::new));
  }

  /// The body of a loop under construction that picks by the number of the iteration and never
  /// stops before the last one.
  private static final class Picking {
    private final Making within;
    private final List<String> inputs = new ArrayList<>();

    Picking(Making within) {
      this.within = within;
      fresh("iteration", Fact.of(DType.I64));
      fresh("condition", Fact.of(DType.BOOL));
    }

    /// {@return the number of the iteration}
    String iteration() {
      return inputs.getFirst();
    }

    /// Adds an input.
    void input(String name, Fact fact) {
      within.assembly().fact(name, fact);
      inputs.add(name);
    }

    /// {@return a new input}
    String fresh(String hint, Fact fact) {
      String name = within.fresh(hint);
      input(name, fact);
      return name;
    }

    /// {@return the slice of a new input along its first dimension}
    String slice(Fact fact) {
      return within.make(new Op.Gather(0), fresh("batch", fact), iteration());
    }

    /// {@return the body}
    Graph graph(List<String> results) {
      List<String> outputs = new ArrayList<>();
      outputs.add(inputs.get(1));
      outputs.addAll(results);
      return within.assembly().graph("body", inputs, outputs);
    }
  }
}
