package dev.jiffy.engine.onnx;

import org.jspecify.annotations.Nullable;

/// The operators of a domain: each family is asked for a name, and answers with the way to import
/// it.
///
/// Adding an operator is one line in a family. Families are switches rather than tables, since a
/// table would make a function object for each of some three hundred operators in every process, of
/// which a model has twenty.
enum Operators {
  /// ONNX's own.
  ONNX(Importer.OLDEST_OPSET, Importer.NEWEST_OPSET),

  /// `com.microsoft`.
  MICROSOFT(1, 1),

  /// `ai.onnx.ml`.
  TABLES(1, 5);

  private final long oldest;
  private final long newest;

  Operators(long oldest, long newest) {
    this.oldest = oldest;
    this.newest = newest;
  }

  /// {@return the operators of a domain, or null where the engine runs none of it}
  ///
  /// @param domain the domain, "" for ONNX's own
  static @Nullable Operators of(String domain) {
    return switch (domain) {
      case "" -> ONNX;
      case "com.microsoft" -> MICROSOFT;
      case "ai.onnx.ml" -> TABLES;
      default -> null;
    };
  }

  /// {@return the oldest version of the domain that is understood}
  long oldest() {
    return oldest;
  }

  /// {@return the newest version of the domain that is understood}
  long newest() {
    return newest;
  }

  /// {@return what an operator means in an operator set, or null where the set has none of that
  /// name}
  ///
  /// @param name its name
  /// @param opset the operator set
  @Nullable Operator find(String name, long opset) {
    return switch (this) {
      case ONNX ->
          first(
              opset,
              ElementwiseImports.find(name),
              ConstantImports.find(name),
              ShapeImports.find(name),
              IndexImports.find(name),
              ReductionImports.find(name),
              LinearImports.find(name),
              BranchImports.find(name),
              LoopImports.find(name),
              SequenceImports.find(name),
              RecurrentImports.find(name),
              PoolImports.find(name),
              NormalizationImports.find(name),
              ResizeImports.find(name),
              QuantizationImports.find(name),
              LossImports.find(name),
              TextImports.find(name),
              ImageImports.find(name),
              SignalImports.find(name),
              SelectionImports.find(name),
              RandomImports.find(name),
              EarlyImports.find(name));
      case MICROSOFT ->
          first(
              opset,
              MicrosoftImports.find(name),
              QuantizationImports.linear(name, 1),
              QLinearImports.find(name),
              AttentionImports.find(name),
              GroupedAttention.find(name),
              RotaryImports.find(name),
              RecurrentImports.quantized(name),
              PoolImports.microsoft(name));
      case TABLES ->
          first(
              opset,
              TableImports.find(name),
              TreeImports.find(name),
              SupportVectorImports.find(name),
              LookupImports.find(name));
    };
  }

  /// The first that an operator set has: what operators meant earlier comes last.
  private static @Nullable Operator first(long opset, @Nullable Operator... operators) {
    for (Operator operator : operators) {
      if (operator != null && operator.since() <= opset) {
        return operator;
      }
    }
    return null;
  }
}
