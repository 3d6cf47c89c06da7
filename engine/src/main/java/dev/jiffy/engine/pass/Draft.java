package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Inference;
import dev.jiffy.engine.ir.NameSource;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.pass.DraftValues.Entry;
import dev.jiffy.engine.pass.DraftValues.Value;
import dev.jiffy.tensor.Tensor;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A graph while rules rewrite it, one forward sweep at a time.
///
/// A sweep visits nodes in order; everything that a node reads has been visited and rewritten
/// before it. A rule may add nodes in front of the node at hand, replace it by a value or by
/// another operator, and say what stands for values that are made behind it. Nodes that nobody
/// reads any more are dropped. Facts are kept true: what reads a value of which more is known than
/// before is inferred anew when the sweep comes to it.
final class Draft {
  private static final int MAX_SWEEPS = 32;

  private final Graph source;
  private final DraftValues values;
  private final Map<Object, String> shared = new HashMap<>();
  private final NameSource names;
  private final Matcher matcher = new Matcher(this);
  private final Evaluator evaluator;
  private CommonSubexpressions seen = new CommonSubexpressions();
  private List<Entry> done = new ArrayList<>();

  /// The nodes that the sweep goes through, and how many it has come to.
  private List<Entry> pending = List.of();

  private int next;
  private Entry atHand;

  /// How many nodes there were before a rule added any.
  private int mark;

  private boolean isSource = true;

  /// The draft that says what a graph says.
  ///
  /// @param graph a graph with facts for every value
  /// @param evaluator computes constants
  Draft(Graph graph, Evaluator evaluator) {
    values = new DraftValues(graph.facts().size());
    atHand = values.new Entry(new Node("", new Op.Identity(), List.of(), List.of()));
    this.evaluator = evaluator;
    source = graph;
    for (Map.Entry<String, Fact> fact : graph.facts().entrySet()) {
      values.value(fact.getKey()).fact = fact.getValue();
    }
    for (Map.Entry<String, Tensor> constant : graph.constants().entrySet()) {
      values.value(constant.getKey()).constant = constant.getValue();
    }
    names = NameSource.of(graph);
    for (Node node : graph.nodes()) {
      done.add(values.new Entry(node));
    }
    values.count(done, source.outputs());
    dropUnread();
  }

  /// Drops the nodes that no output needs, before anything is found out of them.
  private void dropUnread() {
    for (Entry entry : done.reversed()) {
      if (DraftValues.isUnread(entry)) {
        values.unread(entry);
      }
    }
    isSource = !done.removeIf(DraftValues::isUnread);
  }

  /// Rewrites by rules, swept until none applies.
  ///
  /// @param rules the rules, the first that applies to a node wins
  /// @return whether none applies any more; rules that undo each other are stopped at some time
  boolean rewrite(Rules rules) {
    if (!concern(rules)) {
      return true;
    }
    seen = new CommonSubexpressions();
    for (int sweep = 0; sweep < MAX_SWEEPS; sweep++) {
      if (!sweep(rules)) {
        return true;
      }
      isSource = false;
    }
    return false;
  }

  /// {@return whether there are rules for any of the nodes}
  private boolean concern(Rules rules) {
    for (int i = 0; i < done.size(); i++) {
      if (!done.get(i).rules(rules).isEmpty()) {
        return true;
      }
    }
    return false;
  }

  private boolean sweep(Rules rules) {
    boolean changed = false;
    pending = done;
    done = new ArrayList<>(pending.size() + 16);
    values.startSweep();
    for (next = 0; next < pending.size(); ) {
      atHand = values.resolved(pending.get(next++));
      if (DraftValues.isUnread(atHand)) {
        values.release(atHand);
        changed = true;
        continue;
      }
      values.register(atHand);
      refresh(atHand);
      if (apply(atHand.rules(rules), atHand.node)) {
        changed = true;
      } else {
        done.add(atHand);
      }
    }
    if (changed) {
      done.removeIf(entry -> !values.isAlive(entry));
      settleOutputs();
    }
    return changed;
  }

  private boolean apply(List<Rule> rules, Node node) {
    mark = done.size();
    for (int i = 0; i < rules.size(); i++) {
      if (rules.get(i).apply(this, node)) {
        return true;
      }
      takeBack();
    }
    return false;
  }

  /// Drops the nodes that a rule added before it gave up.
  void takeBack() {
    while (done.size() > mark) {
      Entry entry = done.removeLast();
      values.forget(entry);
      for (Value input : entry.inputs) {
        input.reads--;
      }
    }
  }

  /// Infers anew what a node makes, where more is known of what it reads.
  private void refresh(Entry entry) {
    for (Value input : entry.inputs) {
      if (input.isNews) {
        Node node = entry.node;
        learn(node, infer(node.op(), node.inputs(), node.outputs().size()));
        return;
      }
    }
  }

  private void learn(Node node, List<Fact> made) {
    for (int i = 0; i < node.outputs().size(); i++) {
      String output = node.outputs().get(i);
      if (!output.isEmpty()) {
        values.learn(values.value(output), made.get(i));
      }
    }
  }

  // ---- what is known

  /// {@return what is known of a value}
  ///
  /// @param value the value's name
  Fact fact(String value) {
    Value known = values.find(value);
    if (known == null || known.fact == null) {
      throw new IllegalStateException("nothing is known of value '" + value + "'");
    }
    return known.fact;
  }

  /// {@return the node that makes a value, or null for inputs and constants}
  ///
  /// @param value the value's name
  @Nullable Node producer(String value) {
    Entry entry = values.producer(values.find(value));
    return entry == null ? null : entry.node;
  }

  /// {@return the node that makes a value if it has an operator of this type, or null}
  ///
  /// @param value the value's name
  /// @param type the type of operator
  @Nullable Node producer(String value, Class<? extends Op> type) {
    Node node = producer(value);
    return node != null && type.isInstance(node.op()) ? node : null;
  }

  /// {@return the tensor of a constant, or null for other values}
  ///
  /// @param value the value's name
  @Nullable Tensor constant(String value) {
    Value known = values.find(value);
    return known == null ? null : known.constant;
  }

  /// {@return the number that a value is known to be: a constant of one element, whatever its rank}
  ///
  /// @param value the value's name
  @Nullable Double scalar(String value) {
    Tensor tensor = constant(value);
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
    Tensor tensor = constant(value);
    if (tensor != null) {
      return tensor.dtype().isInteger() ? tensor.toLongs() : null;
    }
    return fact(value).concreteValue();
  }

  /// {@return how often a value is read, a graph output counting as one}
  ///
  /// @param value the value's name
  int reads(String value) {
    Value known = values.find(value);
    return known == null ? 0 : known.reads;
  }

  /// {@return whether callers see the value}
  ///
  /// @param value the value's name
  boolean isOutput(String value) {
    Value known = values.find(value);
    return known != null && known.isOutput;
  }

  /// {@return whether a value is read exactly once, by a node}
  ///
  /// @param value the value's name
  boolean readOnce(String value) {
    Value known = values.find(value);
    return known != null && known.reads == 1 && !known.isOutput;
  }

  /// {@return a number that is another one after every change}
  int changes() {
    return values.changes();
  }

  /// {@return the nodes behind the one at hand that read a value, in order}
  ///
  /// @param value the value's name
  List<Node> readersAhead(String value) {
    List<Node> readers = new ArrayList<>();
    for (int i = next; i < pending.size(); i++) {
      Entry entry = pending.get(i);
      for (Value input : entry.inputs) {
        if (DraftValues.resolved(input).name.equals(value) && !DraftValues.isUnread(entry)) {
          readers.add(values.resolved(entry).node);
          break;
        }
      }
    }
    return readers;
  }

  /// {@return what would be known of the only result of an operator}
  ///
  /// @param op the operator
  /// @param inputs the values it would read, "" for absent ones
  Fact made(Op op, String... inputs) {
    return infer(op, Arrays.asList(inputs), 1).getFirst();
  }

  /// {@return the results of an operator on constants}
  ///
  /// @param op the operator
  /// @param inputs what it reads, null for absent inputs
  /// @param outputs how many results
  List<Tensor> evaluate(Op op, List<@Nullable Tensor> inputs, int outputs) {
    return evaluator.evaluate(op, inputs, outputs, ConstantFolding.most(inputs));
  }

  /// {@return what has been seen in this pass}
  CommonSubexpressions seen() {
    return seen;
  }

  /// {@return what finds formulas in this draft}
  Matcher matcher() {
    return matcher;
  }

  // ---- changes

  /// {@return the name of a new constant}
  ///
  /// @param hint what the name starts with
  /// @param tensor the elements, never changed from now on
  String constant(String hint, Tensor tensor) {
    String name = fresh(hint);
    Value value = values.value(name);
    value.constant = tensor;
    value.fact = Inference.fact(tensor);
    return name;
  }

  /// {@return the name of a constant vector of i64}
  ///
  /// @param hint what the name starts with where no equal vector was asked for before
  /// @param values the elements
  String vector(String hint, long... values) {
    Object key = LongBuffer.wrap(values.clone());
    return constant(key, hint, () -> Tensor.of(values, values.length));
  }

  /// {@return the name of a constant that all who ask for it share}
  ///
  /// @param key what tells the constant from others
  /// @param hint what the name starts with where the constant was not asked for before
  /// @param elements makes its elements, then
  String constant(Object key, String hint, Supplier<Tensor> elements) {
    return shared.computeIfAbsent(key, _ -> constant(hint, elements.get()));
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
      values.value(name).fact = known.get(i);
      made.add(name);
    }
    emit(values.new Entry(new Node(fresh(origin.name()), op, inputs, made)));
    return made;
  }

  private static String hint(Node origin) {
    for (String name : origin.outputs()) {
      if (!name.isEmpty()) {
        return name;
      }
    }
    return "value";
  }

  private void emit(Entry entry) {
    values.read(entry);
    values.register(entry);
    done.add(entry);
  }

  private List<Fact> infer(Op op, List<String> inputs, int count) {
    List<@Nullable Fact> known = new ArrayList<>();
    List<@Nullable Tensor> tensors = new ArrayList<>();
    for (String input : inputs) {
      known.add(input.isEmpty() ? null : fact(input));
      tensors.add(input.isEmpty() ? null : constant(input));
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
  /// @param standIns what stands for each of its outputs
  /// @return true
  boolean replace(Node node, List<String> standIns) {
    standIn(node, standIns);
    values.release(atHand);
    return true;
  }

  /// Lets every reader of the output of a node that the sweep has yet to come to read another
  /// value.
  ///
  /// @param node the node, which goes when the sweep comes to it
  /// @param value what stands for its only output
  void replaceAhead(Node node, String value) {
    standIn(node, List.of(value));
  }

  private void standIn(Node node, List<String> standIns) {
    for (int i = 0; i < node.outputs().size(); i++) {
      String output = node.outputs().get(i);
      if (!output.isEmpty()) {
        values.replace(values.value(output), values.value(standIns.get(i)));
      }
    }
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
    emit(values.new Entry(next));
    values.unread(atHand);
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
    for (String name : source.outputs()) {
      Value output = values.value(name);
      Value value = DraftValues.resolved(output);
      if (value == output) {
        continue;
      }
      isReplaced = true;
      output.fact = fact(value.name);
      if (value.constant != null) {
        output.constant = value.constant;
      } else if (values.producer(value) != null
          && !source.outputs().contains(value.name)
          && !renames.containsKey(value.name)) {
        renames.put(value.name, name);
      } else {
        tail.add(new Node(name, new Op.Identity(), List.of(value.name), List.of(name)));
      }
    }
    values.endReplacements();
    if (isReplaced) {
      for (Node node : tail) {
        done.add(values.new Entry(node));
      }
      for (int i = 0; i < done.size(); i++) {
        done.set(i, renamed(done.get(i), renames));
      }
      values.count(done, source.outputs());
    }
  }

  private Entry renamed(Entry entry, Map<String, String> renames) {
    Node node = entry.node;
    List<String> inputs = renamed(node.inputs(), renames);
    List<String> outputs = renamed(node.outputs(), renames);
    return inputs.equals(node.inputs()) && outputs.equals(node.outputs())
        ? entry
        : values.new Entry(new Node(node.name(), node.op(), inputs, outputs));
  }

  private static List<String> renamed(List<String> names, Map<String, String> renames) {
    List<String> renamed = new ArrayList<>();
    for (String name : names) {
      renamed.add(renames.getOrDefault(name, name));
    }
    return renamed;
  }

  /// {@return the graph as it is now, with what it needs only; the same graph where nothing
  /// changed}
  Graph graph() {
    if (isSource) {
      return source;
    }
    Set<Value> needed = new HashSet<>();
    for (String input : source.inputs()) {
      needed.add(values.value(input));
    }
    for (String output : source.outputs()) {
      needed.add(values.value(output));
    }
    List<Node> nodes = new ArrayList<>();
    for (Entry entry : done) {
      nodes.add(entry.node);
      Collections.addAll(needed, entry.inputs);
      Collections.addAll(needed, entry.outputs);
    }
    Map<String, Tensor> constants = new LinkedHashMap<>();
    Map<String, Fact> facts = new LinkedHashMap<>();
    for (Value value : values.values()) {
      if (needed.contains(value)) {
        facts.put(value.name, fact(value.name));
        if (value.constant != null) {
          constants.put(value.name, value.constant);
        }
      }
    }
    return new Graph(source.name(), source.inputs(), source.outputs(), nodes, constants, facts);
  }
}
