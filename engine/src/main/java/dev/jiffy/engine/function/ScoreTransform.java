package dev.jiffy.engine.function;

/// What is done to the scores of a row at last: ONNX's `post_transform`.
///
/// All arithmetic is that of `float`, as in ONNX Runtime.
public enum ScoreTransform {
  /// Nothing.
  NONE,
  /// `e^x / Σ e^x`
  SOFTMAX,
  /// `1 / (1 + e^-x)`
  LOGISTIC,
  /// As [#SOFTMAX], but scores that are zero stay zero and do not count.
  SOFTMAX_ZERO,
  /// The inverse of the distribution function of the normal distribution.
  PROBIT;

  private static final float ZERO = 1e-7f;
  private static final float SQRT_2 = (float) Math.sqrt(2);
  private static final float WINITZKI = 0.147f;

  /// Transforms the first scores of an array, where they are at least two; a single one is
  /// transformed by [#PROBIT] only.
  ///
  /// @param scores the scores
  /// @param n how many
  public void apply(double[] scores, int n) {
    switch (this) {
      case NONE -> {}
      case SOFTMAX -> {
        if (n > 1) {
          softmax(scores, n, false);
        }
      }
      case SOFTMAX_ZERO -> {
        if (n > 1) {
          softmax(scores, n, true);
        }
      }
      case LOGISTIC -> {
        for (int i = 0; i < n && n > 1; i++) {
          scores[i] = logistic((float) scores[i]);
        }
      }
      case PROBIT -> {
        for (int i = 0; i < n; i++) {
          scores[i] = probit((float) scores[i]);
        }
      }
    }
  }

  private static void softmax(double[] scores, int n, boolean keepsZeros) {
    float max = -Float.MAX_VALUE;
    for (int i = 0; i < n; i++) {
      max = (float) scores[i] > max ? (float) scores[i] : max;
    }
    float sum = 0;
    for (int i = 0; i < n; i++) {
      float score = (float) scores[i];
      if (keepsZeros && score <= ZERO && score >= -ZERO) {
        scores[i] = score * exp(-max);
      } else {
        scores[i] = exp(score - max);
        sum += (float) scores[i];
      }
    }
    for (int i = 0; i < n; i++) {
      scores[i] = (float) scores[i] / sum;
    }
  }

  private static float exp(float x) {
    return (float) Math.exp((double) x);
  }

  /// {@return `1 / (1 + e^-x)`}
  ///
  /// @param x the number
  public static float logistic(float x) {
    float y = 1 / (1 + exp(-Math.abs(x)));
    return x < 0 ? 1 - y : y;
  }

  /// {@return the number that is exceeded with a probability, by S. Winitzki's approximation of the
  /// inverse error function}
  ///
  /// @param p the probability
  public static float probit(float p) {
    float x = 2 * p - 1;
    float log = (float) Math.log((double) ((1 - x) * (1 + x)));
    float a = 2 / ((float) Math.PI * WINITZKI) + 0.5f * log;
    float b = 1 / WINITZKI * log;
    float root = (float) Math.sqrt((double) (-a + (float) Math.sqrt((double) (a * a - b))));
    return SQRT_2 * (x < 0 ? -root : root);
  }
}
