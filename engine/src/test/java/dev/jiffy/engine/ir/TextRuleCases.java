package dev.jiffy.engine.ir;

import static dev.jiffy.engine.ir.RuleCase.bad;
import static dev.jiffy.engine.ir.RuleCase.good;

import dev.jiffy.engine.function.Ngrams;
import dev.jiffy.engine.function.RegularExpression;
import java.util.List;
import java.util.Locale;

/// Cases of the operators that read texts.
final class TextRuleCases {
  private static final Op NORMALIZE =
      new TextOp.Normalize(TextOp.Case.LOWER, false, List.of("the"), Locale.ROOT);
  private static final Op MATCH = new TextOp.FullMatch(RegularExpression.of("a+"));
  private static final Op CUT = new TextOp.Cut("", null);
  private static final Op WORDS =
      count(new Ngrams(List.of("a"), List.of(), List.of(0L), List.of(4L)));
  private static final Op NUMBERS =
      count(new Ngrams(List.of(), List.of(7L), List.of(0L), List.of(0L)));

  static final List<RuleCase> CASES =
      List.of(
          good(new TextOp.Join(), "string[n×1]; string[3]", "string[n×3]"),
          bad(new TextOp.Join(), "string[3]; f32[3]", "input 1: expected string, got f32[3]"),
          good(MATCH, "string[n×3]", "bool[n×3]"),
          bad(MATCH, "i64[3]", "input 0: expected string, got i64[3]"),
          good(CUT, "string[n×3]", "string[n×3×parts]"),
          good(CUT, "string[0×3]", "string[0×3×0]"),
          good(CUT, "string[…]", "string[…]"),
          good(NORMALIZE, "string[n]", "string[kept]"),
          good(NORMALIZE, "string[1×n]", "string[1×kept]"),
          good(NORMALIZE, "string[…]", "string[…]"),
          bad(NORMALIZE, "string[2×n]", "input 0: expected a vector or one row, got string[2×n]"),
          good(WORDS, "string[n×c]", "f32[n×5]"),
          good(WORDS, "string[c]", "f32[5]"),
          bad(WORDS, "i64[3]", "input 0: expected string, got i64[3]"),
          good(NUMBERS, "i32[n×c]", "f32[n×1]"),
          bad(NUMBERS, "f32[3]", "input 0: expected i64 or i32, got f32[3]"),
          bad(NUMBERS, "i64[1×2×3]", "input 0: expected rank 1 or 2, got i64[1×2×3]"));

  private TextRuleCases() {}

  private static Op count(Ngrams ngrams) {
    return new TextOp.CountNgrams(ngrams, TextOp.Weighting.TF, List.of(), 1, 1, 0);
  }
}
