package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// A graph that is put together, with names given or made up.
///
/// Nodes are added in an order in which every value is made before it is read.
public final class GraphBuilder {
  private final String name;
  private final Map<String, Fact> inputs = new LinkedHashMap<>();
  private final Map<String, Tensor> constants = new LinkedHashMap<>();
  private final List<Node> nodes = new ArrayList<>();
  private final Set<String> taken = new HashSet<>();
  private List<String> outputs = List.of();

  /// A graph of nothing.
  ///
  /// @param name the graph's name
  public GraphBuilder(String name) {
    this.name = name;
  }

  /// Adds an input.
  ///
  /// @param input its name
  /// @param dtype its element type
  /// @param dims its extents: numbers, and names for those that are not known yet
  /// @return this
  public GraphBuilder input(String input, DType dtype, Object... dims) {
    List<Dim> shape = new ArrayList<>();
    for (Object dim : dims) {
      shape.add(
          switch (dim) {
            case String symbol -> Dim.of(symbol);
            case Integer number -> Dim.of(number);
            case Long number -> Dim.of(number);
            default -> throw new IllegalArgumentException("not an extent: " + dim);
          });
    }
    return input(input, Fact.of(dtype, shape));
  }

  /// Adds an input.
  ///
  /// @param input its name
  /// @param fact what is known of it
  /// @return this
  public GraphBuilder input(String input, Fact fact) {
    inputs.put(input, fact);
    taken.add(input);
    return this;
  }

  /// Adds a constant.
  ///
  /// @param constant its name
  /// @param tensor its elements
  /// @return this
  public GraphBuilder constant(String constant, Tensor tensor) {
    constants.put(constant, tensor);
    taken.add(constant);
    return this;
  }

  /// {@return the name, made up, of a constant that it adds}
  ///
  /// @param tensor its elements
  public String constant(Tensor tensor) {
    String constant = fresh("c" + constants.size());
    constant(constant, tensor);
    return constant;
  }

  /// Adds a node that makes one value.
  ///
  /// @param op the operator
  /// @param output the value's name, after which the node is named too
  /// @param in the values that it reads; "" stands for an absent optional one
  /// @return this
  public GraphBuilder node(Op op, String output, String... in) {
    return node(op, List.of(output), in);
  }

  /// Adds a node.
  ///
  /// @param op the operator
  /// @param made the names of the values that it makes; "" is one that nobody reads, but not the
  ///   last, after which the node is named
  /// @param in the values that it reads; "" stands for an absent optional one
  /// @return this
  public GraphBuilder node(Op op, List<String> made, String... in) {
    taken.addAll(made);
    nodes.add(new Node("make_" + made.getLast(), op, List.of(in), made));
    return this;
  }

  /// {@return the name, made up, of the value of a node that it adds}
  ///
  /// @param op the operator
  /// @param in the values that it reads; "" stands for an absent optional one
  public String add(Op op, String... in) {
    return add(op, 1, in).getFirst();
  }

  /// {@return the names, made up, of the values of a node that it adds}
  ///
  /// @param op the operator
  /// @param count how many it makes
  /// @param in the values that it reads; "" stands for an absent optional one
  public List<String> add(Op op, int count, String... in) {
    List<String> made = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      made.add(fresh("v" + nodes.size() + (i == 0 ? "" : "_" + i)));
    }
    node(op, made, in);
    return made;
  }

  private String fresh(String wanted) {
    String free = wanted;
    while (taken.contains(free)) {
      free += "_";
    }
    return free;
  }

  /// Names the outputs, where they are not all that the last node makes.
  ///
  /// @param names the names
  /// @return this
  public GraphBuilder outputs(String... names) {
    outputs = List.of(names);
    return this;
  }

  /// {@return the graph with facts about every value}
  ///
  /// @throws ModelException if a node does not accept its inputs; names the node
  public Graph build() {
    List<String> out = outputs.isEmpty() ? nodes.getLast().outputs() : outputs;
    return Inference.infer(
        new Graph(name, List.copyOf(inputs.keySet()), out, nodes, constants, inputs));
  }
}
