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
    return switch (this) {
      case SIGN -> scores[0] > 0 ? 1 : 0;
      case GREATEST -> best;
      case GREATEST_UNLESS_POSITIVE -> scores[best] > 0 ? 1 : best;
      case GREATEST_UNLESS_HALF -> scores[best] >= 0.5 ? 1 : best;
    };
  }
}
