package dev.jiffy.bench.fuzz;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/// Moves all nodes of a model to where they mean the same: into a function, both branches of an
/// `If`, or the body of a loop.
final class Enclosures {
  private static final String DOMAIN = "local";

  private final Random random;
  private final Proto model;
  private final Proto graph;

  Enclosures(Random random, Proto model, Proto graph) {
    this.random = random;
    this.model = model;
    this.graph = graph;
  }

  /// Moves the nodes, where they make all outputs.
  void apply() {
    Set<String> made = new HashSet<>();
    graph.messages(1).forEach(node -> made.addAll(node.texts(2)));
    if (!made.containsAll(outputs())) {
      return;
    }
    switch (random.nextInt(3)) {
      case 0 -> function();
      case 1 -> branches();
      default -> loop();
    }
  }

  private List<Proto> taken() {
    List<Proto> nodes = graph.messages(1);
    graph.remove(1);
    return nodes;
  }

  private static Proto node(String operator, List<String> in, List<String> out) {
    Proto node = new Proto(Proto.Kind.NODE);
    in.forEach(name -> node.add(1, name));
    out.forEach(name -> node.add(2, name));
    return node.add(4, operator);
  }

  private List<String> outputs() {
    return graph.messages(12).stream().map(value -> value.text(1)).toList();
  }

  /// What is outside is an input of the function.
  private void function() {
    List<String> in = new ArrayList<>();
    graph.messages(11).forEach(value -> in.add(value.text(1)));
    graph.messages(5).stream()
        .map(tensor -> tensor.text(8))
        .filter(name -> !in.contains(name))
        .forEach(in::add);
    Proto function = new Proto(Proto.Kind.FUNCTION).add(1, "All");
    in.forEach(name -> function.add(4, name));
    outputs().forEach(name -> function.add(5, name));
    taken().forEach(node -> function.add(7, node));
    model.messages(8).forEach(opset -> function.add(9, opset));
    function.add(10, DOMAIN);
    graph.add(1, node("All", in, outputs()).add(7, DOMAIN));
    model.add(8, new Proto(Proto.Kind.OPSET).add(1, DOMAIN).add(2, 1)).add(25, function);
  }

  /// A graph of all nodes, which reads what is outside.
  private Proto body(List<Proto> nodes) {
    Proto body = new Proto(Proto.Kind.GRAPH).add(2, "body");
    nodes.forEach(node -> body.add(1, node));
    return body;
  }

  private void branches() {
    Proto body = body(taken());
    graph.messages(12).forEach(value -> body.add(12, value));
    Tensor flag = Tensor.allocate(DType.BOOL, Shape.of());
    flag.setLong(0, random.nextInt(2));
    graph.add(5, Elements.proto("flag", flag));
    enclose("If", List.of("flag"), attribute("then_branch", body), attribute("else_branch", body));
  }

  private void loop() {
    Proto body =
        body(taken())
            .add(1, node("Identity", List.of("go"), List.of("goes_on")))
            .add(11, scalar("i", DType.I64))
            .add(11, scalar("go", DType.BOOL))
            .add(12, scalar("goes_on", DType.BOOL));
    graph.messages(12).forEach(value -> body.add(12, value));
    graph.add(5, Elements.proto("trips", Tensor.of(new long[] {1 + random.nextInt(2)})));
    enclose("Loop", List.of("trips", ""), attribute("body", body));
  }

  private static Proto scalar(String name, DType dtype) {
    Proto type =
        new Proto(Proto.Kind.TENSOR_TYPE)
            .add(1, Elements.number(dtype))
            .add(2, new Proto(Proto.Kind.SHAPE));
    return new Proto(Proto.Kind.VALUE).add(1, name).add(2, new Proto(Proto.Kind.TYPE).add(1, type));
  }

  private static Proto attribute(String name, Proto body) {
    return new Proto(Proto.Kind.ATTRIBUTE).add(1, name).add(20, 5).add(6, body.copy());
  }

  /// Makes a node all of the graph; its outputs have names of their own and no shapes.
  private void enclose(String operator, List<String> in, Proto... attributes) {
    List<String> out = outputs().stream().map(name -> name + "_out").toList();
    Proto node = node(operator, in, out);
    for (Proto attribute : attributes) {
      node.add(5, attribute);
    }
    graph.add(1, node);
    graph.remove(13);
    List<Proto> values = graph.messages(12).stream().map(Proto::copy).toList();
    graph.remove(12);
    for (int i = 0; i < out.size(); i++) {
      Proto type = values.get(i).message(2);
      Proto tensor = type == null ? null : type.message(1);
      if (tensor != null) {
        tensor.remove(2);
      }
      graph.add(12, values.get(i).with(1, out.get(i)));
    }
  }
}
