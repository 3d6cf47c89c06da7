package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Inference;
import dev.jiffy.engine.ir.NameSource;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.Tensor;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A graph under construction, and what is wrong with it so far.
final class Assembly {
  /// What names of dimensions have only where they are expressions, unless they begin with a digit.
  private static final String OF_EXPRESSIONS = "-+*()`";

  /// The graph around all others, which gives names to all.
  private final Assembly root;

  private final Supplier<Set<String>> taken;
  private @Nullable NameSource names;
  private final Map<String, String> renamed = new HashMap<>();
  private final NameSource symbols;
  private final List<Node> nodes = new ArrayList<>();
  private final Map<String, Tensor> constants = new LinkedHashMap<>();
  private final Map<String, Fact> facts = new LinkedHashMap<>();
  private final Map<LongBuffer, String> vectors = new HashMap<>();
  private final List<String> problems;
  private final FreeNames free;
  private final int mostNodes;

  /// The number of nodes in all graphs, where this is the one around all others.
  private int count;

  /// An empty graph.
  ///
  /// @param taken gives the names that no new value may have, where one is needed
  /// @param symbols where names of dimensions come from
  /// @param mostNodes the most nodes of this graph and those within it
  Assembly(Supplier<Set<String>> taken, NameSource symbols, int mostNodes) {
    this.root = this;
    this.mostNodes = mostNodes;
    this.taken = taken;
    this.symbols = symbols;
    this.problems = new ArrayList<>();
    this.free = new FreeNames();
  }

  /// An empty graph within another, from which it takes names and to which it reports.
  ///
  /// @param around the graph around it
  Assembly(Assembly around) {
    this.root = around.root;
    this.mostNodes = around.mostNodes;
    this.taken = around.taken;
    this.symbols = around.symbols;
    this.problems = around.problems;
    this.free = around.free;
  }

  /// {@return what graphs within others read from around them}
  FreeNames free() {
    return free;
  }

  /// {@return a name that no value has}
  ///
  /// @param hint what it should look like
  String fresh(String hint) {
    return root.names().fresh(hint);
  }

  /// {@return a dimension that nothing is known of}
  ///
  /// @param hint what its name should look like
  Dim freshDim(String hint) {
    return Dim.of(symbols.fresh(hint));
  }

  /// {@return the dimension of a name that the file gives}
  ///
  /// To the file it is but a name; where it could be read as an expression, it becomes another.
  ///
  /// @param name the name
  Dim dim(String name) {
    return Dim.of(
        isExpression(name)
            ? root.renamed.computeIfAbsent(name, _ -> symbols.fresh(plain(name)))
            : name);
  }

  private static boolean isExpression(String name) {
    for (int i = 0; i < name.length(); i++) {
      if (OF_EXPRESSIONS.indexOf(name.charAt(i)) >= 0) {
        return true;
      }
    }
    return !name.isEmpty() && Character.isDigit(name.codePointAt(0));
  }

  private static String plain(String name) {
    String plain = name.replaceAll("[^\\p{L}\\p{Nd}_]", "_");
    return Character.isDigit(plain.charAt(0)) ? "_" + plain : plain;
  }

  private NameSource names() {
    NameSource source = names;
    if (source == null) {
      source = new NameSource(taken.get());
      names = source;
    }
    return source;
  }

  /// Adds a constant.
  ///
  /// @param name its name
  /// @param tensor its value
  /// @return whether the name was free
  boolean constant(String name, Tensor tensor) {
    facts.put(name, Inference.fact(tensor));
    return constants.put(name, tensor) == null;
  }

  /// Adds what is known of a value.
  ///
  /// @param value the value's name
  /// @param fact the fact
  void fact(String value, Fact fact) {
    facts.put(value, fact);
  }

  /// {@return what is known of a value, or null}
  ///
  /// @param value the value's name
  @Nullable Fact fact(String value) {
    return facts.get(value);
  }

  /// Notes something that the engine cannot run.
  ///
  /// @param problem what, and where
  void problem(String problem) {
    if (!problems.contains(problem)) {
      problems.add(problem);
    }
  }

  /// {@return what the engine cannot run}
  List<String> problems() {
    return problems;
  }

  /// {@return the constants so far}
  Map<String, Tensor> constants() {
    return constants;
  }

  /// {@return the names of constant vectors made for nodes, by their elements}
  Map<LongBuffer, String> vectors() {
    return vectors;
  }

  /// {@return the nodes so far}
  List<Node> nodes() {
    return nodes;
  }

  /// {@return the finished graph, without constants that nobody reads}
  ///
  /// @param name its name
  /// @param inputs its inputs
  /// @param outputs its outputs
  Graph graph(String name, List<String> inputs, List<String> outputs) {
    Set<String> read = new HashSet<>(outputs);
    for (Node node : nodes) {
      read.addAll(node.inputs());
    }
    for (Iterator<String> names = constants.keySet().iterator(); names.hasNext(); ) {
      String constant = names.next();
      if (!read.contains(constant) && facts.remove(constant) != null) {
        names.remove();
      }
    }
    return new Graph(name, inputs, outputs, nodes, constants, facts);
  }

  /// {@return whether there may be no more nodes}
  boolean isFull() {
    return root.count >= mostNodes;
  }

  /// Adds a node and what can be told of its outputs.
  ///
  /// Where nothing is known of an input, because what makes it is not supported, nothing is told.
  ///
  /// @param name the node's name
  /// @param op the operator
  /// @param inputs the values read
  /// @param outputs the values made
  /// @throws ModelException if the operator does not accept such inputs
  void add(String name, Op op, List<String> inputs, List<String> outputs) {
    if (isFull()) {
      throw new ModelException("the graph has more than " + mostNodes + " nodes, the limit");
    }
    root.count++;
    nodes.add(new Node(name, op, inputs, outputs));
    List<@Nullable Fact> in = new ArrayList<>();
    List<@Nullable Tensor> known = new ArrayList<>();
    for (String input : inputs) {
      Fact fact = facts.get(input);
      if (fact == null && !input.isEmpty()) {
        return;
      }
      in.add(fact);
      known.add(constants.get(input));
    }
    List<Fact> out = Inference.infer(op, in, known, outputs.size(), symbols);
    for (int i = 0; i < out.size(); i++) {
      if (!outputs.get(i).isEmpty()) {
        facts.put(outputs.get(i), out.get(i));
      }
    }
  }
}
