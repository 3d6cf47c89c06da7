package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// Adds operators to a graph under construction: the one around a node, or one within it.
///
/// @param assembly the graph
/// @param hint what new names begin with
record Making(Assembly assembly, String hint) {
  /// {@return a name that no value has}
  String fresh(String name) {
    return assembly.fresh(hint + "/" + name);
  }

  /// {@return a name that no value has, for what an operator makes}
  String fresh(Op op) {
    return fresh(op.getClass().getSimpleName().toLowerCase(Locale.ROOT));
  }

  /// {@return what is known of a value}
  Fact fact(String value) {
    Fact fact = assembly.fact(value);
    if (fact == null) {
      throw new IllegalStateException("nothing is known of '" + value + "'");
    }
    return fact;
  }

  /// {@return the value that a new node makes}
  String make(Op op, String... inputs) {
    return makeAll(op, 1, Arrays.asList(inputs)).getFirst();
  }

  /// {@return the values that a new node makes}
  List<String> makeAll(Op op, int count, List<String> inputs) {
    List<String> outputs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      outputs.add(fresh(op));
    }
    assembly.add(outputs.getFirst(), op, inputs, outputs);
    return outputs;
  }

  /// Makes a value of a given name.
  void to(String output, Op op, String... inputs) {
    assembly.add(fresh(output), op, Arrays.asList(inputs), List.of(output));
  }

  /// {@return the name of a new constant of rank 1}
  String longs(long... values) {
    String name = fresh("constant");
    assembly.constant(name, Tensor.of(values, values.length));
    return name;
  }

  /// {@return the extent of a dimension}
  ///
  /// @param axis the dimension, negative from the end
  String extent(String value, long axis) {
    return make(new Op.ShapeOf(axis, axis == -1 ? null : (Long) (axis + 1)), value);
  }

  /// {@return a tensor whose last slice comes first}
  ///
  /// @param axis the dimension, negative from the end
  String reversed(String value, long axis) {
    return make(new Op.Slice(), value, longs(-1), longs(Long.MIN_VALUE), longs(axis), longs(-1));
  }

  /// Takes over everything of a graph but its inputs and outputs, whose names it keeps.
  void take(Graph graph) {
    graph.constants().forEach(assembly::constant);
    graph.facts().forEach(assembly::fact);
    assembly.nodes().addAll(graph.nodes());
  }
}
