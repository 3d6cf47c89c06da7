package dev.jiffy.engine.ir;

import dev.jiffy.engine.function.Ngrams;
import dev.jiffy.engine.function.RegularExpression;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// An operator that reads texts.
public sealed interface TextOp extends Op.Special {
  /// Texts joined in pairs, with broadcasting: `(x, y)`.
  record Join() implements TextOp {}

  /// Whether an expression matches all of a text: `(x)`.
  ///
  /// @param expression the expression
  record FullMatch(RegularExpression expression) implements TextOp {}

  /// Texts cut into parts: `(x)`; results are the parts along a new last dimension, filled up with
  /// empty texts, and the number of parts of each text.
  ///
  /// @param delimiter what is between two parts; empty stands for white space, of which what leads
  ///   and trails is left out
  /// @param cuts how often a text is cut at most, or null where there is no limit
  record Cut(String delimiter, @Nullable Long cuts) implements TextOp {}

  /// How the case of letters changes.
  enum Case {
    /// It does not.
    NONE,
    /// To lower case.
    LOWER,
    /// To upper case.
    UPPER
  }

  /// A vector of texts, or a matrix of one row, without some words: `(x)`; a result without any
  /// text has one empty text instead.
  ///
  /// @param change how the case of what remains changes
  /// @param caseSensitive whether a word is left out only where its case is the same
  /// @param stopWords the words that are left out
  /// @param locale the language whose rules of case hold
  record Normalize(Case change, boolean caseSensitive, List<String> stopWords, Locale locale)
      implements TextOp {
    /// Copies the list.
    public Normalize {
      stopWords = List.copyOf(stopWords);
    }
  }

  /// What a column of n-grams holds.
  enum Weighting {
    /// How often its n-gram occurs.
    TF,
    /// Its weight where its n-gram occurs.
    IDF,
    /// How often its n-gram occurs, times its weight.
    TFIDF
  }

  /// Counts of n-grams in a row of tokens, or in each row of a matrix: `(x)`; f32.
  ///
  /// @param ngrams the n-grams that are counted
  /// @param weighting what the columns hold
  /// @param weights for each column its weight; empty stands for ones
  /// @param shortest the least number of tokens that counts
  /// @param longest the largest number of tokens that counts
  /// @param skips how many tokens may lie between two of an n-gram
  record CountNgrams(
      Ngrams ngrams,
      Weighting weighting,
      List<Float> weights,
      long shortest,
      long longest,
      long skips)
      implements TextOp {
    /// Checks the lengths and copies the list.
    public CountNgrams {
      weights = List.copyOf(weights);
      if (shortest < 1 || longest < shortest || skips < 0) {
        throw new IllegalArgumentException(
            "n-grams of %d to %d tokens with %d skips: expected at least 1, in order, and at least 0"
                .formatted(shortest, longest, skips));
      }
      if (!weights.isEmpty() && weights.size() < ngrams.width()) {
        throw new IllegalArgumentException(
            "%d weights for %d columns".formatted(weights.size(), ngrams.width()));
      }
    }
  }
}
