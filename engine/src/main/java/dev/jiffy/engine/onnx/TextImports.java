package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.Ngrams;
import dev.jiffy.engine.function.RegularExpression;
import dev.jiffy.engine.ir.TextOp;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Operators that read texts.
final class TextImports {
  private TextImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "StringConcat" -> Operator.of(20, 2, 2, n -> n.same(new TextOp.Join()));
      case "StringSplit" -> Operator.of(20, 1, 1, 2, TextImports::split);
      case "RegexFullMatch" -> Operator.of(20, 1, 1, TextImports::fullMatch);
      case "StringNormalizer" -> Operator.of(10, 1, 1, TextImports::normalize);
      case "TfIdfVectorizer" -> Operator.of(9, 1, 1, TextImports::vectorize);
      default -> null;
    };
  }

  private static void split(NodeScope node) {
    Long cuts = node.hasAttribute("maxsplit") ? (Long) node.integer("maxsplit") : null;
    node.same(new TextOp.Cut(node.text("delimiter", ""), cuts));
  }

  private static void fullMatch(NodeScope node) {
    node.same(new TextOp.FullMatch(RegularExpression.of(node.text("pattern", ""))));
  }

  private static void normalize(NodeScope node) {
    node.same(
        new TextOp.Normalize(
            node.choice("case_change_action", TextOp.Case.NONE),
            node.flag("is_case_sensitive", false),
            node.texts("stopwords"),
            locale(node.text("locale", ""))));
  }

  /// A locale written as POSIX does, such as `en_US.UTF-8`; without one letters change as
  /// everywhere but in Turkish, Azeri and Lithuanian.
  private static Locale locale(String name) {
    return Locale.forLanguageTag(name.replaceFirst("[.@].*", "").replace('_', '-'));
  }

  private static void vectorize(NodeScope node) {
    for (String attribute : new String[] {"max_gram_length", "min_gram_length", "max_skip_count"}) {
      node.integer(attribute);
    }
    Ngrams ngrams =
        new Ngrams(
            node.texts("pool_strings"),
            node.integers("pool_int64s"),
            node.integers("ngram_counts"),
            node.integers("ngram_indexes"));
    if (!node.hasAttribute("mode")) {
      throw node.invalid("attribute 'mode' is missing");
    }
    node.same(
        new TextOp.CountNgrams(
            ngrams,
            node.choice("mode", TextOp.Weighting.TF),
            node.reals("weights"),
            node.integer("min_gram_length"),
            node.integer("max_gram_length"),
            node.integer("max_skip_count")));
  }
}
