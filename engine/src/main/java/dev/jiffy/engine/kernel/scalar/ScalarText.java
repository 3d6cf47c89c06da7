package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.engine.function.Ngrams;
import dev.jiffy.engine.function.RegularExpression;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.UnaryOperator;

/// Loops over texts.
public final class ScalarText {
  private ScalarText() {}

  /// Joins texts in pairs, both broadcast to the result's shape.
  ///
  /// @param x the first texts
  /// @param y what is put behind them
  /// @param out the result
  public static void join(Tensor x, Tensor y, Tensor out) {
    Shape shape = out.shape();
    Walk walk =
        new Walk(
            shape.dims(),
            Elements.broadcastStrides(x.shape(), shape.rank()),
            Elements.broadcastStrides(y.shape(), shape.rank()));
    for (long i = 0; i < shape.elements(); i++, walk.next()) {
      out.setString(i, x.getString(walk.offset(0)).concat(y.getString(walk.offset(1))));
    }
  }

  /// Tells which texts an expression matches as a whole.
  ///
  /// @param expression the expression
  /// @param x the texts
  /// @param out truth values of the same shape
  public static void fullMatch(RegularExpression expression, Tensor x, Tensor out) {
    for (long i = 0; i < x.shape().elements(); i++) {
      out.setLong(i, expression.matches(x.getString(i)) ? 1 : 0);
    }
  }

  /// {@return the parts of a text}
  ///
  /// @param text the text
  /// @param delimiter what is between two parts; empty stands for white space, of which what leads
  ///   and trails is left out
  /// @param cuts how often the text is cut at most
  public static List<String> parts(String text, String delimiter, long cuts) {
    List<String> parts = new ArrayList<>();
    if (delimiter.isEmpty()) {
      words(text, cuts, parts);
      return parts;
    }
    int start = 0;
    while (parts.size() < cuts) {
      int end = text.indexOf(delimiter, start);
      if (end < 0) {
        break;
      }
      parts.add(text.substring(start, end));
      start = end + delimiter.length();
    }
    parts.add(text.substring(start));
    return parts;
  }

  /// What is left when no more cuts are allowed keeps its trailing white space.
  private static void words(String text, long cuts, List<String> words) {
    int start = 0;
    while (true) {
      while (start < text.length() && isSpace(text.charAt(start))) {
        start++;
      }
      if (start == text.length()) {
        return;
      }
      int end = start;
      while (end < text.length() && (words.size() >= cuts || !isSpace(text.charAt(end)))) {
        end++;
      }
      words.add(text.substring(start, end));
      start = end;
    }
  }

  private static boolean isSpace(char c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
  }

  /// {@return the texts that are no stop words, in their order, one empty text where there are
  /// none}
  ///
  /// @param texts the texts
  /// @param stopWords what is left out, in the form that `fold` gives
  /// @param fold brings a text into the form in which it is looked up
  /// @param change changes what remains
  public static List<String> normalized(
      List<String> texts,
      Set<String> stopWords,
      UnaryOperator<String> fold,
      UnaryOperator<String> change) {
    List<String> kept = new ArrayList<>();
    for (String text : texts) {
      if (stopWords.isEmpty() || !stopWords.contains(fold.apply(text))) {
        kept.add(change.apply(text));
      }
    }
    return kept.isEmpty() ? List.of("") : kept;
  }

  /// Counts n-grams in each row.
  ///
  /// @param ngrams the n-grams
  /// @param shortest the least number of tokens that counts
  /// @param longest the largest number of tokens that counts
  /// @param skips how many tokens may lie between two of an n-gram
  /// @param x the tokens, `[columns]` or `[rows, columns]`
  /// @param out the counts, zeroed, with as many rows
  public static void countNgrams(
      Ngrams ngrams, long shortest, long longest, long skips, Tensor x, Tensor out) {
    int columns = Math.toIntExact(x.shape().dim(x.shape().rank() - 1));
    long rows = x.shape().elements(0, x.shape().rank() - 1);
    int[] tokens = new int[columns];
    float[] counts = new float[ngrams.width()];
    for (long row = 0; row < rows; row++) {
      for (int i = 0; i < columns; i++) {
        tokens[i] = token(ngrams, x, row * columns + i);
      }
      java.util.Arrays.fill(counts, 0);
      // a single token has nothing to skip
      if (shortest == 1) {
        count(ngrams, tokens, 1, 1, 1, counts);
      }
      // beyond the distance at which two tokens fit into the row there is nothing to find
      for (int distance = 1; distance <= Math.min(skips + 1, columns - 1); distance++) {
        count(ngrams, tokens, Math.max(2, shortest), longest, distance, counts);
      }
      for (int i = 0; i < counts.length; i++) {
        out.setDouble(row * counts.length + i, (double) counts[i]);
      }
    }
  }

  private static int token(Ngrams ngrams, Tensor x, long index) {
    return ngrams.token(x.dtype() == DType.STRING ? x.getString(index) : (Object) x.getLong(index));
  }

  private static void count(
      Ngrams ngrams, int[] tokens, long shortest, long longest, int distance, float[] counts) {
    for (int start = 0; start < tokens.length; start++) {
      int node = Ngrams.ROOT;
      long length = 1;
      for (long at = start; at < tokens.length && length <= longest; at += distance, length++) {
        int token = tokens[(int) at];
        node = token == Ngrams.NONE ? Ngrams.NONE : ngrams.next(node, token);
        if (node == Ngrams.NONE) {
          break;
        }
        int column = ngrams.column(node);
        if (length >= shortest && column != Ngrams.NONE) {
          counts[column]++;
        }
      }
    }
  }

  /// {@return a text in upper or lower case}
  ///
  /// @param text the text
  /// @param isUpper whether upper case is wanted
  /// @param locale the language whose rules hold
  public static String cased(String text, boolean isUpper, Locale locale) {
    return isUpper ? text.toUpperCase(locale) : text.toLowerCase(locale);
  }
}
