package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The rule of Einstein summation.
final class EinsumRule {
  private static final String ELLIPSIS = "...";

  private EinsumRule() {}

  static Fact einsum(Op.Einsum op, Operands in) {
    in.expect(1, Integer.MAX_VALUE, 1);
    in.numeric(0);
    String equation = op.equation().replace(" ", "");
    int arrow = equation.indexOf("->");
    String[] terms = (arrow < 0 ? equation : equation.substring(0, arrow)).split(",", -1);
    if (terms.length != in.count()) {
      throw new ModelException(
          "equation " + equation + ": expected " + terms.length + " inputs, got " + in.count());
    }
    Map<Character, Dim> extents = new TreeMap<>();
    Map<Character, Integer> uses = new TreeMap<>();
    List<Dim> batch = List.of();
    boolean known = true;
    for (int i = 0; i < terms.length; i++) {
      in.same(i, 0);
      checkTerm(equation, terms[i]);
      for (char c : terms[i].replace(ELLIPSIS, "").toCharArray()) {
        uses.merge(c, 1, Integer::sum);
      }
      List<Dim> shape = in.shape(i);
      if (shape == null) {
        known = false;
      } else {
        List<Dim> here = bind(equation, terms[i], shape, extents);
        List<Dim> joined = Dims.broadcast(batch, here);
        batch = joined == null ? batch : joined;
      }
    }
    String output = arrow < 0 ? implicit(equation, uses) : equation.substring(arrow + 2);
    checkTerm(equation, output);
    return Fact.of(in.dtype(0), result(equation, output, extents, uses, known ? batch : null, in));
  }

  private static void checkTerm(String equation, String term) {
    String letters = term.replaceFirst("\\.\\.\\.", "");
    if (!letters.chars().allMatch(c -> (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) {
      throw new ModelException(
          "equation " + equation + ": expected letters and one ellipsis at most, got " + term);
    }
  }

  /// Letters that appear once, in alphabetical order, behind the ellipsis.
  private static String implicit(String equation, Map<Character, Integer> uses) {
    StringBuilder output = new StringBuilder(equation.contains(ELLIPSIS) ? ELLIPSIS : "");
    uses.forEach((letter, count) -> output.append(count == 1 ? letter.toString() : ""));
    return output.toString();
  }

  /// Notes the extents of a term's letters; returns those that its ellipsis stands for.
  private static List<Dim> bind(
      String equation, String term, List<Dim> shape, Map<Character, Dim> extents) {
    int dots = term.indexOf(ELLIPSIS);
    int letters = dots < 0 ? term.length() : term.length() - ELLIPSIS.length();
    if (dots < 0 ? letters != shape.size() : letters > shape.size()) {
      throw new ModelException(
          "equation "
              + equation
              + ": expected rank "
              + letters
              + (dots < 0 ? "" : " or more")
              + " for "
              + term
              + ", got "
              + Dims.text(shape));
    }
    int hidden = shape.size() - letters;
    String spelled = dots < 0 ? term : term.replace(ELLIPSIS, "");
    for (int i = 0; i < letters; i++) {
      char letter = spelled.charAt(i);
      Dim dim = shape.get(dots < 0 || i < dots ? i : i + hidden);
      Dim before = extents.get(letter);
      Dim joined = before == null ? dim : Dims.broadcast(before, dim);
      if (joined == null) {
        throw new ModelException(
            "equation "
                + equation
                + ": expected extent "
                + before
                + " for "
                + letter
                + ", got "
                + dim);
      }
      extents.put(letter, joined);
    }
    return dots < 0 ? List.of() : shape.subList(dots, dots + hidden);
  }

  private static @Nullable List<Dim> result(
      String equation,
      String output,
      Map<Character, Dim> extents,
      Map<Character, Integer> uses,
      @Nullable List<Dim> batch,
      Operands in) {
    List<Dim> dims = new ArrayList<>();
    for (int i = 0; i < output.length(); i++) {
      char letter = output.charAt(i);
      if (letter == '.') {
        if (batch == null) {
          return null;
        }
        dims.addAll(batch);
        i += ELLIPSIS.length() - 1;
        continue;
      }
      if (!uses.containsKey(letter) || output.indexOf(letter) != i) {
        throw new ModelException(
            "equation "
                + equation
                + ": expected each letter of the result once and in a term, got "
                + letter);
      }
      Dim dim = extents.get(letter);
      dims.add(dim == null ? in.fresh("einsum") : dim);
    }
    return dims;
  }
}
