package dev.jiffy.engine.ir;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A graph under construction.
final class GraphBuilder {
  private final Map<String, Fact> inputs = new LinkedHashMap<>();
  private final Map<String, Tensor> constants = new LinkedHashMap<>();
  private final List<Node> nodes = new ArrayList<>();
  private List<String> outputs = List.of();

  GraphBuilder input(String name, DType dtype, Object... dims) {
    List<Dim> shape = new ArrayList<>();
    for (Object dim : dims) {
      shape.add(
          dim instanceof String symbol ? Dim.of(symbol) : Dim.of(((Integer) dim).longValue()));
    }
    inputs.put(name, Fact.of(dtype, shape));
    return this;
  }

  GraphBuilder constant(String name, Tensor tensor) {
    constants.put(name, tensor);
    return this;
  }

  GraphBuilder node(Op op, String output, String... in) {
    nodes.add(new Node("make_" + output, op, List.of(in), List.of(output)));
    return this;
  }

  /// Names the outputs, where it is not the last value alone.
  GraphBuilder output(String... names) {
    outputs = List.of(names);
    return this;
  }

  Graph build() {
    List<String> in = List.copyOf(inputs.keySet());
    List<String> out = outputs.isEmpty() ? List.of(nodes.getLast().output()) : outputs;
    return new Graph("test", in, out, nodes, constants, inputs);
  }
}
