package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// An Einstein summation: which label each dimension has.
///
/// Labels are letters; the dimensions of an ellipsis are numbered from -1 at its end down.
///
/// @param factors the labels of each factor; without those of an ellipsis where the rank is not
///   known
/// @param result the labels of the result, or null where the rank of its ellipsis is not known
public record EinsumTerms(List<List<Integer>> factors, @Nullable List<Integer> result) {
  private static final String ELLIPSIS = "...";

  /// {@return the labels that an equation gives to factors}
  ///
  /// @param text the equation, such as `ij,jk->ik`
  /// @param ranks the rank of each factor, -1 where it is not known
  /// @throws ModelException if the equation is none, or does not fit the factors
  public static EinsumTerms of(String text, int... ranks) {
    String equation = text.replace(" ", "");
    int arrow = equation.indexOf("->");
    String[] terms = (arrow < 0 ? equation : equation.substring(0, arrow)).split(",", -1);
    if (terms.length != ranks.length) {
      throw invalid(equation, "expected " + terms.length + " inputs, got " + ranks.length);
    }
    Map<Integer, Integer> uses = new TreeMap<>();
    List<List<Integer>> factors = new ArrayList<>();
    int most = 0; // dimensions that an ellipsis stands for
    boolean known = true;
    for (int i = 0; i < terms.length; i++) {
      int hidden = hidden(equation, terms[i], ranks[i]);
      known &= hidden >= 0;
      most = Math.max(most, hidden);
      List<Integer> labels = labels(terms[i], hidden);
      labels.forEach(label -> uses.merge(label, 1, Integer::sum));
      factors.add(labels);
    }
    if (arrow < 0) {
      boolean isKnown = known || !equation.contains(ELLIPSIS);
      return new EinsumTerms(factors, isKnown ? implicit(uses) : null);
    }
    String output = equation.substring(arrow + 2);
    int spelled = hidden(equation, output, -1);
    List<Integer> result = labels(output, spelled == 0 ? 0 : most);
    for (int i = 0; i < result.size(); i++) {
      int label = result.get(i);
      if (label > 0 && (!uses.containsKey(label) || result.indexOf(label) != i)) {
        throw invalid(
            equation, "expected each letter of the result once and in a term, got " + name(label));
      }
    }
    return new EinsumTerms(factors, known || spelled == 0 ? result : null);
  }

  /// {@return what messages call a label}
  ///
  /// @param label the label
  static String name(int label) {
    return label < 0 ? ELLIPSIS : Character.toString(label);
  }

  static ModelException invalid(String equation, String problem) {
    return new ModelException("equation " + equation.replace(" ", "") + ": " + problem);
  }

  /// The dimensions that a term's ellipsis stands for, or -1 where the rank is not known.
  private static int hidden(String equation, String term, int rank) {
    String letters = term.replaceFirst("\\.\\.\\.", "");
    if (!letters.chars().allMatch(c -> (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) {
      throw invalid(equation, "expected letters and one ellipsis at most, got " + term);
    }
    boolean isWhole = letters.length() == term.length();
    if (rank >= 0 && (isWhole ? letters.length() != rank : letters.length() > rank)) {
      throw invalid(
          equation,
          "expected rank %d%s for %s, got %d"
              .formatted(letters.length(), isWhole ? "" : " or more", term, rank));
    }
    return isWhole ? 0 : Math.max(rank - letters.length(), -1);
  }

  private static List<Integer> labels(String term, int hidden) {
    List<Integer> labels = new ArrayList<>();
    for (int i = 0; i < term.length(); i++) {
      if (term.charAt(i) == '.') {
        for (int label = -hidden; label < 0; label++) {
          labels.add(label);
        }
        i += ELLIPSIS.length() - 1;
      } else {
        labels.add((int) term.charAt(i));
      }
    }
    return labels;
  }

  /// The ellipsis, then the letters that appear once, in alphabetical order.
  private static List<Integer> implicit(Map<Integer, Integer> uses) {
    List<Integer> result = new ArrayList<>();
    uses.forEach((label, count) -> {
      if (label < 0 || count == 1) {
        result.add(label);
      }
    });
    return result;
  }
}
