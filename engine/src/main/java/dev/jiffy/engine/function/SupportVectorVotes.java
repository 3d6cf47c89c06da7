package dev.jiffy.engine.function;

import java.util.Arrays;
import java.util.List;

/// How support vectors choose one of several classes: each pair of classes has a score that votes
/// for one of them.
///
/// @param vectors the number of support vectors of each class
/// @param coefficients for each class but one a coefficient of every support vector
/// @param rho what is added to the score of each pair
/// @param probabilityA for each pair the slope of the curve from scores to probabilities, or none
/// @param probabilityB for each pair the offset of that curve, or none
/// @param transform what is done to scores at last
public record SupportVectorVotes(
    List<Integer> vectors,
    List<Float> coefficients,
    List<Float> rho,
    List<Float> probabilityA,
    List<Float> probabilityB,
    ScoreTransform transform) {
  private static final int ROUNDS = 100;
  private static final float LEAST = 1e-7f;

  /// Copies the lists and checks their lengths.
  public SupportVectorVotes {
    vectors = List.copyOf(vectors);
    coefficients = List.copyOf(coefficients);
    rho = List.copyOf(rho);
    probabilityA = List.copyOf(probabilityA);
    probabilityB = List.copyOf(probabilityB);
    int classes = vectors.size();
    int pairs = pairs(classes);
    long count = vectors.stream().mapToLong(Integer::longValue).sum();
    expect("coefficients", coefficients.size(), (classes - 1) * count);
    expect("rho", rho.size(), pairs);
    if (!probabilityA.isEmpty() || !probabilityB.isEmpty()) {
      expect("prob_a", probabilityA.size(), pairs);
      expect("prob_b", probabilityB.size(), pairs);
    }
  }

  private static void expect(String name, int found, long expected) {
    if (found < expected) {
      throw new IllegalArgumentException(
          "%s: expected %d numbers, got %d".formatted(name, expected, found));
    }
  }

  private static int pairs(int classes) {
    return Math.multiplyExact(classes, classes - 1) / 2;
  }

  /// {@return the number of scores: one for each class, or for each pair of classes where there are
  /// more than two and no probabilities}
  public int scores() {
    int classes = vectors.size();
    return probabilityA.isEmpty() && classes > 2 ? pairs(classes) : Math.max(classes, 2);
  }

  /// Chooses a class for one row.
  ///
  /// @param kernels how the row compares with each support vector
  /// @param scores takes [#scores] scores
  /// @return the class
  public int decide(double[] kernels, double[] scores) {
    int classes = vectors.size();
    double[] pairs = new double[pairs(classes)];
    int[] votes = new int[classes];
    int[] begins = new int[classes];
    for (int i = 1; i < classes; i++) {
      begins[i] = begins[i - 1] + vectors.get(i - 1);
    }
    int pair = 0;
    for (int i = 0; i < classes - 1; i++) {
      for (int j = i + 1; j < classes; j++) {
        double sum = part(kernels, j - 1, begins[i], vectors.get(i));
        sum += part(kernels, i, begins[j], vectors.get(j));
        sum += rho.get(pair);
        pairs[pair++] = (float) sum;
        votes[sum > 0 ? i : j]++;
      }
    }
    int chosen = 0;
    for (int i = 1; i < classes; i++) {
      chosen = votes[i] > votes[chosen] ? i : chosen;
    }
    if (!probabilityA.isEmpty()) {
      float[] probabilities = probabilities(pairs);
      for (int i = 0; i < classes; i++) {
        scores[i] = probabilities[i];
      }
      transform.apply(scores, classes);
    } else if (classes <= 2) {
      spread(pairs[0], scores);
    } else {
      System.arraycopy(pairs, 0, scores, 0, pairs.length);
      transform.apply(scores, pairs.length);
    }
    return chosen;
  }

  private double part(double[] kernels, int row, int from, int count) {
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      sum += (float) (coefficients.get(row * kernels.length + i) * kernels[i]);
    }
    return sum;
  }

  private void spread(double score, double[] scores) {
    switch (transform) {
      case NONE -> {
        scores[0] = -score;
        scores[1] = score;
      }
      case PROBIT -> {
        scores[0] = ScoreTransform.probit((float) score);
        scores[1] = -scores[0];
      }
      case LOGISTIC, SOFTMAX, SOFTMAX_ZERO -> {
        scores[0] = (float) (1 - score);
        scores[1] = score;
      }
    }
  }

  /// Probabilities of classes from those of pairs, by the second method of T.-F. Wu, C.-J. Lin and
  /// R. C. Weng, "Probability estimates for multi-class classification by pairwise coupling".
  private float[] probabilities(double[] pairs) {
    int n = vectors.size();
    float[][] r = new float[n][n];
    int pair = 0;
    for (int i = 0; i < n - 1; i++) {
      for (int j = i + 1; j < n; j++, pair++) {
        float x = (float) pairs[pair] * probabilityA.get(pair) + probabilityB.get(pair);
        r[i][j] = Math.clamp(1 - ScoreTransform.logistic(x), LEAST, 1 - LEAST);
        r[j][i] = 1 - r[i][j];
      }
    }
    float[][] q = new float[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        if (i != j) {
          q[i][i] += r[j][i] * r[j][i];
          q[i][j] = -r[j][i] * r[i][j];
        }
      }
    }
    return coupled(q);
  }

  private static float[] coupled(float[][] q) {
    int n = q.length;
    float[] p = new float[n];
    float[] qp = new float[n];
    Arrays.fill(p, 1f / n);
    for (int round = 0; round < ROUNDS; round++) {
      float sum = 0;
      for (int i = 0; i < n; i++) {
        qp[i] = 0;
        for (int j = 0; j < n; j++) {
          qp[i] += q[i][j] * p[j];
        }
        sum += p[i] * qp[i];
      }
      float error = 0;
      for (int i = 0; i < n; i++) {
        error = Math.max(error, Math.abs(qp[i] - sum));
      }
      if (error < 0.005f / n) {
        break;
      }
      for (int i = 0; i < n; i++) {
        float step = (sum - qp[i]) / q[i][i];
        p[i] += step;
        sum = (sum + step * (step * q[i][i] + 2 * qp[i])) / (1 + step) / (1 + step);
        for (int j = 0; j < n; j++) {
          qp[j] = (qp[j] + step * q[i][j]) / (1 + step);
          p[j] /= 1 + step;
        }
      }
    }
    return p;
  }
}
