package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The values of a [Draft]: what is known of each, which node makes it, how often it is read, and
/// what stands for it.
///
/// Counts of reads are exact at every moment, so that a rule can tell whether a value is read
/// elsewhere.
final class DraftValues {
  private final Map<String, Value> values;
  private final List<Value> replaced = new ArrayList<>();
  private final List<Value> news = new ArrayList<>();
  private int sweep;
  private int changes;

  /// A value; all that is asked of one stands in one place, as a load asks it thousands of times
  /// before anything is compiled.
  static final class Value {
    final String name;
    @Nullable Fact fact;
    @Nullable Tensor constant;

    /// What makes it, if the sweep of this number came there.
    @Nullable Entry producer;

    int sweep;
    int reads;
    boolean isOutput;

    /// Whether more is known of it than when its readers were inferred.
    boolean isNews;

    /// What is read instead of it from now on.
    @Nullable Value standIn;

    Value(String name) {
      this.name = name;
    }
  }

  /// A node with the values that it reads and makes, absent ones left out.
  final class Entry {
    final Node node;
    final Value[] inputs;
    final Value[] outputs;

    private @Nullable Rules asked;
    private List<Rule> rules = List.of();

    Entry(Node node) {
      this.node = node;
      inputs = present(node.inputs());
      outputs = present(node.outputs());
    }

    /// {@return the rules that may apply, asked once for each pass}
    List<Rule> rules(Rules all) {
      if (asked != all) {
        asked = all;
        rules = all.of(node);
      }
      return rules;
    }

    private Value[] present(List<String> names) {
      Value[] present = new Value[names.size()];
      int count = 0;
      for (int i = 0; i < present.length; i++) {
        String name = names.get(i);
        if (!name.isEmpty()) {
          present[count++] = value(name);
        }
      }
      return count == present.length ? present : Arrays.copyOf(present, count);
    }
  }

  /// No values yet.
  ///
  /// @param expected how many the graph has
  DraftValues(int expected) {
    values = LinkedHashMap.newLinkedHashMap(2 * expected);
  }

  /// {@return all values, in the order in which they were first named}
  Collection<Value> values() {
    return values.values();
  }

  /// {@return the value of a name, a new one where there is none}
  Value value(String name) {
    Value value = values.get(name);
    if (value == null) {
      value = new Value(name);
      values.put(name, value);
    }
    return value;
  }

  /// {@return the value of a name, or null where there is none}
  @Nullable Value find(String name) {
    return values.get(name);
  }

  /// {@return a number that is another one after every change}
  int changes() {
    return changes;
  }

  /// Forgets which nodes make values, as the sweep is to come to them, and what is news.
  void startSweep() {
    sweep++;
    for (Value value : news) {
      value.isNews = false;
    }
    news.clear();
  }

  /// Counts who reads what.
  void count(List<Entry> nodes, List<String> outputs) {
    for (Value value : values()) {
      value.reads = 0;
      value.isOutput = false;
    }
    for (Entry entry : nodes) {
      read(entry);
    }
    for (String output : outputs) {
      Value value = value(output);
      value.reads++;
      value.isOutput = true;
    }
  }

  void register(Entry entry) {
    changes++;
    for (Value output : entry.outputs) {
      output.producer = entry;
      output.sweep = sweep;
    }
  }

  void forget(Entry entry) {
    changes++;
    for (Value output : entry.outputs) {
      output.producer = null;
    }
  }

  @Nullable Entry producer(@Nullable Value value) {
    return value != null && value.sweep == sweep ? value.producer : null;
  }

  boolean isAlive(Entry entry) {
    for (Value output : entry.outputs) {
      if (producer(output) != null) {
        return true;
      }
    }
    return false;
  }

  static boolean isUnread(Entry entry) {
    for (Value output : entry.outputs) {
      if (output.reads > 0) {
        return false;
      }
    }
    return true;
  }

  void read(Entry entry) {
    for (Value input : entry.inputs) {
      input.reads++;
    }
  }

  /// The node gives up what it reads.
  void unread(Entry entry) {
    for (Value input : entry.inputs) {
      input.reads--;
      Entry producer = producer(input);
      if (producer != null && isUnread(producer)) {
        release(producer);
      }
    }
  }

  void release(Entry entry) {
    forget(entry);
    unread(entry);
  }

  /// Notes what is known of a value.
  void learn(Value value, Fact fact) {
    if (!fact.equals(value.fact)) {
      value.fact = fact;
      addNews(value);
    }
  }

  private void addNews(Value value) {
    if (!value.isNews) {
      value.isNews = true;
      news.add(value);
    }
  }

  /// Lets every reader of a value read another one.
  void replace(Value old, Value by) {
    old.standIn = by;
    replaced.add(old);
    by.reads += old.reads;
    old.reads = 0;
    by.isOutput |= old.isOutput;
  }

  /// Forgets what stands for values: nobody reads these any more.
  void endReplacements() {
    for (Value value : replaced) {
      value.standIn = null;
    }
    replaced.clear();
  }

  /// {@return what is read instead of a value}
  static Value resolved(Value value) {
    Value current = value;
    for (Value next = current.standIn; next != null; next = next.standIn) {
      current = next;
    }
    return current;
  }

  /// {@return the node with the values that stand for its inputs}
  Entry resolved(Entry entry) {
    boolean isResolved = true;
    for (Value input : entry.inputs) {
      isResolved &= input.standIn == null;
    }
    if (isResolved) {
      return entry;
    }
    Node node = entry.node;
    List<String> inputs = new ArrayList<>(node.inputs());
    for (int i = 0; i < inputs.size(); i++) {
      Value input = inputs.get(i).isEmpty() ? null : value(inputs.get(i));
      if (input != null && input.standIn != null) {
        Value value = resolved(input);
        inputs.set(i, value.name);
        if (value.constant != null || !Objects.equals(value.fact, input.fact)) {
          addNews(value);
        }
      }
    }
    return new Entry(new Node(node.name(), node.op(), inputs, node.outputs()));
  }
}
