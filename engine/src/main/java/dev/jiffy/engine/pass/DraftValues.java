package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The values of a [Draft]: what is known of each, which node makes it, and how often it is read.
///
/// Counts of reads are exact at every moment, so that a rule can tell whether a value is read
/// elsewhere.
abstract class DraftValues {
  private final Map<String, Value> values;
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
  final Collection<Value> values() {
    return values.values();
  }

  /// {@return the value of a name, a new one where there is none}
  final Value value(String name) {
    Value value = values.get(name);
    if (value == null) {
      value = new Value(name);
      values.put(name, value);
    }
    return value;
  }

  /// Forgets which nodes make values: the sweep is to come to them.
  final void startSweep() {
    sweep++;
  }

  final void register(Entry entry) {
    changes++;
    for (Value output : entry.outputs) {
      output.producer = entry;
      output.sweep = sweep;
    }
  }

  final void forget(Entry entry) {
    changes++;
    for (Value output : entry.outputs) {
      output.producer = null;
    }
  }

  final @Nullable Entry producer(@Nullable Value value) {
    return value != null && value.sweep == sweep ? value.producer : null;
  }

  final boolean isAlive(Entry entry) {
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

  /// The node gives up what it reads.
  final void unread(Entry entry) {
    for (Value input : entry.inputs) {
      input.reads--;
      Entry producer = producer(input);
      if (producer != null && isUnread(producer)) {
        release(producer);
      }
    }
  }

  final void release(Entry entry) {
    forget(entry);
    unread(entry);
  }

  /// {@return what is known of a value}
  ///
  /// @param value the value's name
  Fact fact(String value) {
    Value known = values.get(value);
    if (known == null || known.fact == null) {
      throw new IllegalStateException("nothing is known of value '" + value + "'");
    }
    return known.fact;
  }

  /// {@return the node that makes a value, or null for inputs and constants}
  ///
  /// @param value the value's name
  @Nullable Node producer(String value) {
    Entry entry = producer(values.get(value));
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
    Value known = values.get(value);
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
    Value known = values.get(value);
    return known == null ? 0 : known.reads;
  }

  /// {@return whether callers see the value}
  ///
  /// @param value the value's name
  boolean isOutput(String value) {
    Value known = values.get(value);
    return known != null && known.isOutput;
  }

  /// {@return whether a value is read exactly once, by a node}
  ///
  /// @param value the value's name
  boolean readOnce(String value) {
    Value known = values.get(value);
    return known != null && known.reads == 1 && !known.isOutput;
  }

  /// {@return a number that is another one after every change}
  int changes() {
    return changes;
  }
}
