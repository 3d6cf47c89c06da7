package dev.jiffy.engine.function;

/// How one class is chosen by scores.
public enum ClassChoice {
  /// There is one score: the second class where it is positive.
  SIGN,
  /// The class of the greatest score, the first of equals.
  GREATEST,
  /// Of two classes: the second where any score is positive, else that of the greatest score.
  GREATEST_UNLESS_POSITIVE,
  /// Of two classes: the second where any score is at least a half, else that of the greatest
  /// score.
  GREATEST_UNLESS_HALF;

  /// {@return the class that is chosen}
  ///
  /// @param scores the scores
  /// @param n how many
  public int of(double[] scores, int n) {
    int best = 0;
    for (int i = 1; i < n; i++) {
      best = scores[i] > scores[best] ? i : best;
    }
    return of(best, scores[this == SIGN ? 0 : best]);
  }

  /// {@return the class that is chosen}
  ///
  /// @param best the class of the greatest score, the first of equals; 0 where the first score is
  ///   not a number
  /// @param score that score, or the only one
  public int of(int best, double score) {
    return switch (this) {
      case SIGN -> score > 0 ? 1 : 0;
      case GREATEST -> best;
      case GREATEST_UNLESS_POSITIVE -> score > 0 ? 1 : best;
      case GREATEST_UNLESS_HALF -> score >= 0.5 ? 1 : best;
    };
  }
}
