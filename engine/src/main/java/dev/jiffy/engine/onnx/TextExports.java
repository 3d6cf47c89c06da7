package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.Ngrams;
import dev.jiffy.engine.ir.TextOp;

/// Operators that read texts as ONNX has them.
final class TextExports {
  private TextExports() {}

  /// Writes an operator that reads texts.
  static void export(ExportScope node, TextOp op) {
    switch (op) {
      case TextOp.Join _ -> {
        node.needs(20, "StringConcat");
        node.same("StringConcat");
      }
      case TextOp.FullMatch o -> {
        node.needs(20, "RegexFullMatch");
        node.same("RegexFullMatch", new AttributeSet().text("pattern", o.expression().toString()));
      }
      case TextOp.Cut o -> {
        node.needs(20, "StringSplit");
        AttributeSet attributes = new AttributeSet().text("delimiter", o.delimiter());
        Long cuts = o.cuts();
        node.same("StringSplit", cuts == null ? attributes : attributes.integer("maxsplit", cuts));
      }
      case TextOp.Normalize o ->
          node.same(
              "StringNormalizer",
              new AttributeSet()
                  .text("case_change_action", o.change().name())
                  .flag("is_case_sensitive", o.caseSensitive())
                  .texts("stopwords", o.stopWords())
                  .text("locale", o.locale().toString()));
      case TextOp.CountNgrams o -> countNgrams(node, o);
    }
  }

  private static void countNgrams(ExportScope node, TextOp.CountNgrams op) {
    Ngrams ngrams = op.ngrams();
    AttributeSet attributes =
        new AttributeSet()
            .text("mode", op.weighting().name())
            .integer("min_gram_length", op.shortest())
            .integer("max_gram_length", op.longest())
            .integer("max_skip_count", op.skips())
            .integers("ngram_counts", ngrams.starts())
            .integers("ngram_indexes", ngrams.columns())
            .integers("pool_int64s", ngrams.numbers())
            .reals("weights", op.weights());
    if (!ngrams.texts().isEmpty()) {
      attributes.texts("pool_strings", ngrams.texts());
    }
    node.same("TfIdfVectorizer", attributes);
  }
}
