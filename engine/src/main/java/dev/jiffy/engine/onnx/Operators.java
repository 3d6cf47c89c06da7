package dev.jiffy.engine.onnx;

import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The table of a domain's operators: for each the way to import it.
///
/// The families fill it; adding an operator is one line in one of them.
final class Operators {
  /// As many inputs or outputs as a node likes.
  static final int MANY = Integer.MAX_VALUE;

  private static final Map<String, Operators> DOMAINS =
      Map.of("", onnx(), "com.microsoft", microsoft(), "ai.onnx.ml", tables());

  private final long oldest;
  private final long newest;

  /// For each name its meanings by the operator set that brought them.
  private final Map<String, NavigableMap<Long, Entry>> entries = new HashMap<>();

  private Operators(long oldest, long newest) {
    this.oldest = oldest;
    this.newest = newest;
  }

  /// {@return the operators of a domain, or null where the engine runs none of it}
  ///
  /// @param domain the domain, "" for ONNX's own
  static @Nullable Operators of(String domain) {
    return DOMAINS.get(domain);
  }

  private static Operators onnx() {
    Operators table = new Operators(Importer.OLDEST_OPSET, Importer.NEWEST_OPSET);
    ElementwiseImports.register(table);
    ConstantImports.register(table);
    ShapeImports.register(table);
    IndexImports.register(table);
    ReductionImports.register(table);
    LinearImports.register(table);
    BranchImports.register(table);
    LoopImports.register(table);
    SequenceImports.register(table);
    RecurrentImports.register(table);
    PoolImports.register(table);
    NormalizationImports.register(table);
    MicrosoftImports.registerRms(table);
    ResizeImports.register(table);
    QuantizationImports.register(table);
    LossImports.register(table);
    TextImports.register(table);
    ImageImports.register(table);
    SignalImports.register(table);
    SelectionImports.register(table);
    RandomImports.register(table);
    EarlyImports.register(table);
    return table;
  }

  private static Operators microsoft() {
    Operators table = new Operators(1, 1);
    MicrosoftImports.register(table);
    return table;
  }

  private static Operators tables() {
    Operators table = new Operators(1, 5);
    TableImports.register(table);
    TreeImports.register(table);
    SupportVectorImports.register(table);
    LookupImports.register(table);
    return table;
  }

  /// {@return the oldest version of the domain that is understood}
  long oldest() {
    return oldest;
  }

  /// {@return the newest version of the domain that is understood}
  long newest() {
    return newest;
  }

  /// One operator.
  ///
  /// @param minInputs the number of inputs that must be there
  /// @param maxInputs the number of inputs that may be there
  /// @param maxOutputs the number of outputs that may be there
  /// @param importer makes the nodes that stand for it
  record Entry(int minInputs, int maxInputs, int maxOutputs, Consumer<NodeScope> importer) {
    /// Makes the nodes that stand for one.
    ///
    /// @param node the node
    void lift(NodeScope node) {
      for (int i = 0; i < minInputs; i++) {
        if (!node.has(i)) {
          throw node.invalid("input " + i + " is missing");
        }
      }
      if (node.inputs() > maxInputs) {
        throw node.invalid(
            "at most %d inputs are allowed, got %d".formatted(maxInputs, node.inputs()));
      }
      if (node.outputs() > maxOutputs || node.outputs() == 0) {
        throw node.invalid(
            "1 to %d outputs are allowed, got %d".formatted(maxOutputs, node.outputs()));
      }
      importer.accept(node);
    }
  }

  /// Adds an operator with one output, or what one means from an operator set on.
  ///
  /// @param name its name
  /// @param since the operator set that brought it or this meaning
  /// @param minInputs the number of inputs that must be there
  /// @param maxInputs the number of inputs that may be there
  /// @param importer makes the nodes that stand for it
  void add(String name, int since, int minInputs, int maxInputs, Consumer<NodeScope> importer) {
    add(name, since, minInputs, maxInputs, 1, importer);
  }

  /// Adds an operator, or what one means from an operator set on.
  ///
  /// @param name its name
  /// @param since the operator set that brought it or this meaning
  /// @param minInputs the number of inputs that must be there
  /// @param maxInputs the number of inputs that may be there
  /// @param maxOutputs the number of outputs that may be there
  /// @param importer makes the nodes that stand for it
  void add(
      String name,
      int since,
      int minInputs,
      int maxInputs,
      int maxOutputs,
      Consumer<NodeScope> importer) {
    Entry entry = new Entry(minInputs, maxInputs, maxOutputs, importer);
    NavigableMap<Long, Entry> meanings = entries.computeIfAbsent(name, _ -> new TreeMap<>());
    if (meanings.put((long) since, entry) != null) {
      throw new IllegalStateException("operator " + name + " is in the table twice");
    }
  }

  /// {@return what an operator means in an operator set, or null where the set has none of that
  /// name}
  ///
  /// @param name its name
  /// @param opset the operator set
  @Nullable Entry find(String name, long opset) {
    NavigableMap<Long, Entry> meanings = entries.get(name);
    Map.Entry<Long, Entry> newest = meanings == null ? null : meanings.floorEntry(opset);
    return newest == null ? null : newest.getValue();
  }
}
