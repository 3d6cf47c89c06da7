package dev.jiffy.engine.function;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A forest and how what a row finds in its leaves becomes scores, and where wanted a decision for
/// one of several classes.
///
/// The definition follows ONNX where that is precise, and ONNX Runtime where it is not: where there
/// are several targets, the score of one for which a row found no weight is 0, without the base.
///
/// @param forest the trees
/// @param aggregate how weights are combined
/// @param transform what is done to scores at last
/// @param base what is added to scores: nothing, one number for each target, or as [Decision] says
/// @param decision how a class is chosen, or null
/// @param isDouble whether scores are summed as `double` instead of `float`, to which all numbers
///   are then limited
public record Ensemble(
    Forest forest,
    TreeAggregate aggregate,
    ScoreTransform transform,
    List<Double> base,
    @Nullable Decision decision,
    boolean isDouble) {

  /// How one of the classes is chosen. Of more than two it is the one with the greatest score.
  ///
  /// With one or two classes the base may have any number of elements up to two. Two classes of
  /// which one alone has weights share one score: it speaks for the second class where it exceeds
  /// the limit.
  ///
  /// @param isSingle whether there are two classes of which one alone has weights
  /// @param isPositive whether no weight is negative: scores are then probabilities, and the limit
  ///   is a half instead of zero
  public record Decision(boolean isSingle, boolean isPositive) {
    /// {@return which of two classes a score speaks for}
    ///
    /// @param score the score
    public int of(double score) {
      return score > (isSingle && isPositive ? 0.5 : 0) ? 1 : 0;
    }
  }

  /// Copies the list and checks its length.
  public Ensemble {
    base = List.copyOf(base);
    int targets = forest.targets();
    boolean fits = base.isEmpty() || base.size() == targets;
    if (decision != null && targets == 2) {
      fits = base.size() <= 2;
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "base values: expected none or %d, got %d".formatted(targets, base.size()));
    }
    if (decision != null && aggregate != TreeAggregate.SUM) {
      throw new IllegalArgumentException("classes are decided by sums, not by " + aggregate);
    }
  }

  /// Computes the scores of one row.
  ///
  /// @param row its features
  /// @param scores takes a score for each target
  /// @return the class that is chosen; 0 where none is asked for
  public int scores(double[] row, double[] scores) {
    boolean[] has = new boolean[scores.length];
    Arrays.fill(scores, 0);
    for (int tree = 0; tree < forest.trees(); tree++) {
      add(forest.leaf(tree, row), scores, has);
    }
    return finish(scores, has);
  }

  /// Combines what a row has found so far with the weights of a leaf.
  ///
  /// @param leaf the leaf
  /// @param scores for each target what was found; changed
  /// @param has for each target whether there was a weight; changed
  public void add(int leaf, double[] scores, boolean[] has) {
    for (int i = forest.weightsFrom(leaf); i < forest.weightsTo(leaf); i++) {
      int target = forest.target(i);
      scores[target] = combined(scores[target], forest.weight(i), has[target]);
      has[target] = true;
    }
  }

  private double combined(double score, double weight, boolean has) {
    return switch (aggregate) {
      case SUM, AVERAGE -> rounded(score + weight);
      case MIN -> !has || weight < score ? weight : score;
      case MAX -> !has || weight > score ? weight : score;
    };
  }

  private double rounded(double x) {
    return isDouble ? x : (float) x;
  }

  /// Makes scores of what the trees gave for a row.
  ///
  /// @param scores for each target what the weights combined to, 0 where there was none; changed
  /// @param has for each target whether the row found a weight
  /// @return the class that is chosen; 0 where none is asked for
  public int finish(double[] scores, boolean[] has) {
    Decision rule = decision;
    int n = forest.targets();
    if (rule == null) {
      for (int i = 0; i < n; i++) {
        double mean = aggregate == TreeAggregate.AVERAGE ? scores[i] / forest.trees() : scores[i];
        scores[i] = has[i] || n == 1 ? rounded(rounded(mean) + base(i)) : 0;
      }
      transform.apply(scores, n);
      return 0;
    }
    return n == 2 ? binary(rule, scores, has) : many(rule, scores, has);
  }

  private double base(int target) {
    return base.isEmpty() ? 0 : base.get(target);
  }

  private int many(Decision rule, double[] scores, boolean[] has) {
    int n = forest.targets();
    int best = -1;
    for (int i = 0; i < n; i++) {
      scores[i] = rounded(scores[i] + base(i));
      if ((has[i] || !base.isEmpty()) && (best < 0 || scores[i] > scores[best])) {
        best = i;
      }
    }
    int chosen = n == 1 ? rule.of(scores[0]) : Math.max(best, 0);
    transform.apply(scores, n);
    return chosen;
  }

  private int binary(Decision rule, double[] scores, boolean[] has) {
    if (base.size() == 2) {
      if (has[1]) {
        scores[1] = rounded(scores[0] + base.get(1));
        scores[0] = -scores[1];
      } else {
        scores[0] = rounded(scores[0] + base.get(0));
        scores[1] = rounded(scores[1] + base.get(1));
      }
    } else if (base.size() == 1) {
      scores[0] = rounded(scores[0] + base.get(0));
    }
    double deciding = has[1] ? scores[1] : has[0] ? scores[0] : 0;
    int chosen = rule.of(deciding);
    if (has[1] || base.size() == 2) {
      scores[0] = has[0] ? scores[0] : 0;
      scores[1] = has[1] ? scores[1] : 0;
      transform.apply(scores, 2);
    } else {
      spread(rule, scores);
    }
    return chosen;
  }

  /// Makes two scores of one.
  private void spread(Decision rule, double[] scores) {
    double score = scores[0];
    boolean isProbability = rule.isSingle() && rule.isPositive();
    switch (transform) {
      case PROBIT -> {
        scores[0] = ScoreTransform.probit((float) score);
        scores[1] = -scores[0];
      }
      case LOGISTIC -> {
        scores[0] = isProbability ? 1 - score : ScoreTransform.logistic((float) -score);
        scores[1] = isProbability ? score : ScoreTransform.logistic((float) score);
      }
      case NONE, SOFTMAX, SOFTMAX_ZERO -> {
        scores[0] = isProbability ? rounded(1 - score) : -score;
        scores[1] = score;
      }
    }
  }
}
