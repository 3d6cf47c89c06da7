package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Inference;
import dev.jiffy.engine.ir.NameSource;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A graph while rules rewrite it, one forward sweep at a time.
///
/// A sweep visits nodes in order; everything that a node reads has been visited and rewritten
/// before it. A rule may add nodes in front of the node at hand and replace it by a value or by
/// another operator. Counts of reads are exact at every moment, so that a rule can tell whether a
/// value is read elsewhere. Nodes that nobody reads any more are dropped. Facts are kept true: what
/// reads a value of which more is known than before is inferred anew when the sweep comes to it.
final class Draft {
  private static final int MAX_SWEEPS = 32;

  private final Graph source;
  private final Map<String, Tensor> constants;
  private final Map<String, Fact> facts;
  private final Set<String> outputs;
  private final Map<String, Integer> reads = new HashMap<>();
  private final Map<String, Node> producers = new HashMap<>();
  private final Map<String, String> aliases = new HashMap<>();
  private final Set<String> news = new HashSet<>();
  private final NameSource names;
  private final Matcher matcher = new Matcher(this);
  private final Evaluator evaluator;
  private CommonSubexpressions seen = new CommonSubexpressions();
  private List<Node> done;
  private int changes;
  private boolean isSource = true;

  /// The draft that says what a graph says.
  ///
  /// @param graph a graph with facts for every value
  /// @param evaluator computes constants
  Draft(Graph graph, Evaluator evaluator) {
    this.evaluator = evaluator;
    source = graph;
    constants = new LinkedHashMap<>(graph.constants());
    facts = new LinkedHashMap<>(graph.facts());
    outputs = new HashSet<>(graph.outputs());
    names = NameSource.of(graph);
    done = graph.nodes();
    count();
  }

  /// Counts who reads what.
  private void count() {
    reads.clear();
    for (Node node : done) {
      for (String input : node.inputs()) {
        read(input);
      }
    }
    for (String output : source.outputs()) {
      read(output);
    }
  }

  /// Rewrites by rules, swept until none applies.
  ///
  /// @param rules the rules, the first that applies to a node wins
  void rewrite(Rules rules) {
    if (!rules.concern(done)) {
      return;
    }
    seen = new CommonSubexpressions();
    for (int sweep = 0; sweep < MAX_SWEEPS && sweep(rules); sweep++) {
      isSource = false;
    }
  }

  private boolean sweep(Rules rules) {
    boolean changed = false;
    List<Node> pending = done;
    done = new ArrayList<>(pending.size() + 16);
    producers.clear();
    news.clear();
    for (Node original : pending) {
      Node node = resolved(original);
      if (isUnread(node)) {
        release(node);
        changed = true;
        continue;
      }
      register(node);
      refresh(node);
      if (apply(rules, node)) {
        changed = true;
      } else {
        done.add(node);
      }
    }
    if (changed) {
      done.removeIf(node -> !isAlive(node));
      settleOutputs();
    }
    return changed;
  }

  private boolean apply(Rules rules, Node node) {
    for (Rule rule : rules.of(node)) {
      int mark = done.size();
      if (rule.apply(this, node)) {
        return true;
      }
      takeBack(mark);
    }
    return false;
  }

  /// Drops the nodes that a rule added before it gave up.
  private void takeBack(int mark) {
    while (done.size() > mark) {
      Node node = done.removeLast();
      forget(node);
      for (String input : node.inputs()) {
        if (!input.isEmpty()) {
          reads.merge(input, -1, Integer::sum);
        }
      }
    }
  }

  /// {@return the node with the values that stand for its inputs}
  private Node resolved(Node node) {
    if (aliases.isEmpty()) {
      return node;
    }
    List<String> inputs = null;
    for (int i = 0; i < node.inputs().size(); i++) {
      String input = node.inputs().get(i);
      String value = resolved(input);
      if (!value.equals(input)) {
        inputs = inputs == null ? new ArrayList<>(node.inputs()) : inputs;
        inputs.set(i, value);
        if (constants.containsKey(value) || !fact(value).equals(facts.get(input))) {
          news.add(value);
        }
      }
    }
    return inputs == null ? node : new Node(node.name(), node.op(), inputs, node.outputs());
  }

  private String resolved(String value) {
    String current = value;
    for (String next = aliases.get(current); next != null; next = aliases.get(current)) {
      current = next;
    }
    return current;
  }

  /// Infers anew what a node makes, where more is known of what it reads.
  private void refresh(Node node) {
    if (news.isEmpty()) {
      return;
    }
    for (String input : node.inputs()) {
      if (news.contains(input)) {
        learn(node, infer(node.op(), node.inputs(), node.outputs().size()));
        return;
      }
    }
  }

  private void learn(Node node, List<Fact> made) {
    for (int i = 0; i < node.outputs().size(); i++) {
      String output = node.outputs().get(i);
      if (!output.isEmpty() && !made.get(i).equals(facts.put(output, made.get(i)))) {
        news.add(output);
      }
    }
  }

  private void register(Node node) {
    changes++;
    for (String output : node.outputs()) {
      if (!output.isEmpty()) {
        producers.put(output, node);
      }
    }
  }

  private void forget(Node node) {
    changes++;
    for (String output : node.outputs()) {
      producers.remove(output);
    }
  }

  private boolean isAlive(Node node) {
    for (String output : node.outputs()) {
      if (producers.containsKey(output)) {
        return true;
      }
    }
    return false;
  }

  private boolean isUnread(Node node) {
    for (String output : node.outputs()) {
      if (reads(output) > 0) {
        return false;
      }
    }
    return true;
  }

  private void read(String value) {
    if (!value.isEmpty()) {
      reads.merge(value, 1, Integer::sum);
    }
  }

  private void unread(String value) {
    if (value.isEmpty()) {
      return;
    }
    reads.merge(value, -1, Integer::sum);
    Node producer = producers.get(value);
    if (producer != null && isUnread(producer)) {
      release(producer);
    }
  }

  private void release(Node node) {
    forget(node);
    for (String input : node.inputs()) {
      unread(input);
    }
  }

  // ---- what is known

  /// {@return what is known of a value}
  ///
  /// @param value the value's name
  Fact fact(String value) {
    Fact fact = facts.get(value);
    if (fact == null) {
      throw new IllegalStateException("nothing is known of value '" + value + "'");
    }
    return fact;
  }

  /// {@return the node that makes a value, or null for inputs and constants}
  ///
  /// @param value the value's name
  @Nullable Node producer(String value) {
    return producers.get(value);
  }

  /// {@return the node that makes a value if it has an operator of this type, or null}
  ///
  /// @param value the value's name
  /// @param type the type of operator
  @Nullable Node producer(String value, Class<? extends Op> type) {
    Node node = producers.get(value);
    return node != null && type.isInstance(node.op()) ? node : null;
  }

  /// {@return the tensor of a constant, or null for other values}
  ///
  /// @param value the value's name
  @Nullable Tensor constant(String value) {
    return constants.get(value);
  }

  /// {@return the number that a value is known to be: a constant of one element, whatever its rank}
  ///
  /// @param value the value's name
  @Nullable Double scalar(String value) {
    Tensor tensor = constants.get(value);
    boolean isNumber =
        tensor != null
            && tensor.shape().elements() == 1
            && (tensor.dtype().isFloat() || tensor.dtype().isInteger());
    return tensor != null && isNumber ? tensor.getDouble(0) : null;
  }

  /// {@return the elements of an integer vector or scalar known at load, or null}
  ///
  /// @param value the value's name, "" for an absent input
  long @Nullable [] integers(String value) {
    if (value.isEmpty()) {
      return null;
    }
    Tensor tensor = constants.get(value);
    if (tensor != null) {
      return tensor.dtype().isInteger() ? tensor.toLongs() : null;
    }
    return fact(value).concreteValue();
  }

  /// {@return how often a value is read, a graph output counting as one}
  ///
  /// @param value the value's name
  int reads(String value) {
    return reads.getOrDefault(value, 0);
  }

  /// {@return whether callers see the value}
  ///
  /// @param value the value's name
  boolean isOutput(String value) {
    return outputs.contains(value);
  }

  /// {@return whether a value is read exactly once, by a node}
  ///
  /// @param value the value's name
  boolean readOnce(String value) {
    return reads(value) == 1 && !outputs.contains(value);
  }

  /// {@return the results of an operator on constants}
  ///
  /// @param op the operator
  /// @param inputs what it reads, null for absent inputs
  /// @param outputs how many results
  List<Tensor> evaluate(Op op, List<@Nullable Tensor> inputs, int outputs) {
    return evaluator.evaluate(op, inputs, outputs);
  }

  /// {@return what has been seen in this pass}
  CommonSubexpressions seen() {
    return seen;
  }

  /// {@return what finds formulas in this draft}
  Matcher matcher() {
    return matcher;
  }

  /// {@return a number that is another one after every change}
  int changes() {
    return changes;
  }

  // ---- changes

  /// {@return the name of a new constant}
  ///
  /// @param hint what the name starts with
  /// @param tensor the elements, never changed from now on
  String constant(String hint, Tensor tensor) {
    String name = fresh(hint);
    constants.put(name, tensor);
    facts.put(name, Inference.fact(tensor));
    return name;
  }

  /// {@return the name of a new constant vector of i64}
  ///
  /// @param hint what the name starts with
  /// @param values the elements
  String vector(String hint, long... values) {
    return constant(hint, Tensor.of(values, values.length));
  }

  /// {@return the value that a new node makes}
  ///
  /// @param origin the node in whose place this one stands, for its name
  /// @param op the operator
  /// @param inputs the values it reads, "" for absent ones
  String add(Node origin, Op op, String... inputs) {
    return add(origin, op, Arrays.asList(inputs), 1).getFirst();
  }

  /// {@return the values that a new node makes}
  ///
  /// @param origin the node in whose place this one stands, for its name
  /// @param op the operator
  /// @param inputs the values it reads, "" for absent ones
  /// @param count the number of outputs
  List<String> add(Node origin, Op op, List<String> inputs, int count) {
    List<String> made = new ArrayList<>();
    String hint = hint(origin);
    List<Fact> known = infer(op, inputs, count);
    for (int i = 0; i < count; i++) {
      String name = fresh(hint);
      facts.put(name, known.get(i));
      made.add(name);
    }
    emit(new Node(fresh(origin.name()), op, inputs, made));
    return made;
  }

  private static String hint(Node origin) {
    for (String output : origin.outputs()) {
      if (!output.isEmpty()) {
        return output;
      }
    }
    return "value";
  }

  private void emit(Node node) {
    for (String input : node.inputs()) {
      read(input);
    }
    register(node);
    done.add(node);
  }

  private List<Fact> infer(Op op, List<String> inputs, int count) {
    List<@Nullable Fact> known = new ArrayList<>();
    List<@Nullable Tensor> tensors = new ArrayList<>();
    for (String input : inputs) {
      known.add(input.isEmpty() ? null : fact(input));
      tensors.add(input.isEmpty() ? null : constants.get(input));
    }
    return Inference.infer(op, known, tensors, count, names);
  }

  /// Lets every reader of a node's output read another value.
  ///
  /// @param node the node at hand
  /// @param value what stands for its only output
  /// @return true
  boolean replace(Node node, String value) {
    return replace(node, List.of(value));
  }

  /// Lets every reader of a node's outputs read other values.
  ///
  /// @param node the node at hand
  /// @param values what stands for each of its outputs
  /// @return true
  boolean replace(Node node, List<String> values) {
    for (int i = 0; i < node.outputs().size(); i++) {
      String old = node.outputs().get(i);
      if (old.isEmpty()) {
        continue;
      }
      String value = values.get(i);
      aliases.put(old, value);
      reads.merge(value, reads(old), Integer::sum);
      reads.remove(old);
      if (outputs.contains(old)) {
        outputs.add(value);
      }
    }
    release(node);
    return true;
  }

  /// Puts another operator in a node's place; it makes the values of the same names.
  ///
  /// @param node the node at hand
  /// @param op the operator
  /// @param inputs the values it reads, "" for absent ones
  /// @return true
  boolean replace(Node node, Op op, String... inputs) {
    List<String> read = Arrays.asList(inputs);
    List<Fact> made = infer(op, read, node.outputs().size());
    Node next = new Node(node.name(), op, read, node.outputs());
    emit(next);
    for (String input : node.inputs()) {
      unread(input);
    }
    learn(next, made);
    return true;
  }

  private String fresh(String hint) {
    return names.fresh(stem(hint));
  }

  private static String stem(String name) {
    int end = name.length();
    while (end > 0 && Character.isDigit(name.charAt(end - 1))) {
      end--;
    }
    return end > 1 && end < name.length() && name.charAt(end - 1) == '_'
        ? name.substring(0, end - 1)
        : name;
  }

  // ---- the result

  /// Gives the values that now stand for the graph's outputs their names.
  private void settleOutputs() {
    Map<String, String> renames = new HashMap<>();
    List<Node> tail = new ArrayList<>();
    boolean isReplaced = false;
    for (String output : source.outputs()) {
      String value = resolved(output);
      if (value.equals(output)) {
        continue;
      }
      isReplaced = true;
      Tensor tensor = constants.get(value);
      facts.put(output, fact(value));
      if (tensor != null) {
        constants.put(output, tensor);
      } else if (producers.containsKey(value)
          && !source.outputs().contains(value)
          && !renames.containsKey(value)) {
        renames.put(value, output);
      } else {
        tail.add(new Node(output, new Op.Identity(), List.of(value), List.of(output)));
      }
    }
    aliases.clear();
    if (isReplaced) {
      done.addAll(tail);
      done.replaceAll(node -> renamed(node, renames));
      outputs.clear();
      outputs.addAll(source.outputs());
      count();
    }
  }

  private static Node renamed(Node node, Map<String, String> renames) {
    if (renames.isEmpty()) {
      return node;
    }
    return new Node(
        node.name(),
        node.op(),
        node.inputs().stream().map(name -> renames.getOrDefault(name, name)).toList(),
        node.outputs().stream().map(name -> renames.getOrDefault(name, name)).toList());
  }

  /// {@return the graph as it is now, with what it needs only; the same graph where nothing
  /// changed}
  Graph graph() {
    if (isSource) {
      return source;
    }
    Set<String> needed = new HashSet<>(source.inputs());
    needed.addAll(source.outputs());
    for (Node node : done) {
      needed.addAll(node.inputs());
      needed.addAll(node.outputs());
    }
    Map<String, Tensor> known = new LinkedHashMap<>(constants);
    Map<String, Fact> told = new LinkedHashMap<>(facts);
    known.keySet().retainAll(needed);
    told.keySet().retainAll(needed);
    return new Graph(source.name(), source.inputs(), source.outputs(), done, known, told);
  }
}
