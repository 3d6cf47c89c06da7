package dev.jiffy.engine.lower;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.TextOp;
import dev.jiffy.engine.kernel.scalar.ScalarText;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;

/// Operators that read texts, on the scalar kernels.
final class ScalarTextOps {
  private ScalarTextOps() {}

  static void run(TextOp op, Operands o) {
    switch (op) {
      case TextOp.Join _ -> ScalarText.join(o.in(0), o.in(1), o.out());
      case TextOp.FullMatch m -> ScalarText.fullMatch(m.expression(), o.in(0), o.out());
      case TextOp.CountNgrams c -> countNgrams(c, o);
      case TextOp.Cut _, TextOp.Normalize _ ->
          throw new IllegalStateException("the size of the result depends on the texts");
    }
  }

  private static void countNgrams(TextOp.CountNgrams op, Operands o) {
    Tensor out = o.out();
    ScalarText.countNgrams(op.ngrams(), op.shortest(), op.longest(), op.skips(), o.in(0), out);
    int width = op.ngrams().width();
    for (long i = 0; i < out.shape().elements(); i++) {
      double weight = op.weights().isEmpty() ? 1 : (double) op.weights().get((int) (i % width));
      double count = out.getDouble(i);
      switch (op.weighting()) {
        case TF -> {}
        case IDF -> out.setDouble(i, count > 0 ? weight : 0);
        case TFIDF -> out.setDouble(i, count * weight);
      }
    }
  }

  /// The texts that remain.
  static List<Tensor> normalize(TextOp.Normalize op, Tensor x) {
    boolean isUpper = op.change() == TextOp.Case.UPPER;
    UnaryOperator<String> cased = text -> ScalarText.cased(text, isUpper, op.locale());
    UnaryOperator<String> fold = op.caseSensitive() ? UnaryOperator.identity() : cased;
    Set<String> stopWords = new HashSet<>();
    op.stopWords().forEach(word -> stopWords.add(fold.apply(word)));
    List<String> kept =
        ScalarText.normalized(
            x.strings(),
            stopWords,
            fold,
            op.change() == TextOp.Case.NONE ? UnaryOperator.identity() : cased);
    return List.of(
        x.shape().rank() == 2
            ? Tensor.ofStrings(kept, 1, kept.size())
            : Tensor.ofStrings(kept, kept.size()));
  }

  /// The parts of each text, and how many there are.
  static List<Tensor> cut(TextOp.Cut op, Tensor x) {
    long most = op.cuts() == null ? Long.MAX_VALUE : op.cuts();
    if (most < 0) {
      most = Long.MAX_VALUE;
    }
    List<List<String>> all = new ArrayList<>();
    Tensor counts = Tensor.allocate(DType.I64, x.shape());
    int widest = 0;
    for (String text : x.strings()) {
      List<String> parts = ScalarText.parts(text, op.delimiter(), most);
      counts.setLong(all.size(), parts.size());
      all.add(parts);
      widest = Math.max(widest, parts.size());
    }
    long[] dims = java.util.Arrays.copyOf(x.shape().dims(), x.shape().rank() + 1);
    dims[dims.length - 1] = widest;
    Shape shape = Shape.of(dims);
    if (shape.elements() > Integer.MAX_VALUE) {
      throw new ModelException("the parts have shape " + shape + ", more than fit in memory");
    }
    Tensor texts = Tensor.allocate(DType.STRING, shape);
    for (int i = 0; i < all.size(); i++) {
      for (int k = 0; k < all.get(i).size(); k++) {
        texts.setString((long) i * widest + k, all.get(i).get(k));
      }
    }
    return List.of(texts, counts);
  }
}
