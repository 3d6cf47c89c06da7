package dev.jiffy.engine.ir;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The canonical text of a [Polynomial], and its reader.
///
/// `sum = ["-"] term {("+" | "-") term}`, `term = number | [number "*"] atom {"*" atom}`, `atom =
/// identifier ["(" anything balanced ")"] | "`" anything "`"`.
final class PolynomialText {
  /// What the short names of expressions begin with that may be negative.
  static final String SIGNED = "signed_expression_";

  private final String text;
  private int at;

  private PolynomialText(String text) {
    this.text = text;
  }

  /// A quotient rounded down.
  record Quotient(Polynomial dividend, long divisor) {}

  static String of(Polynomial polynomial) {
    Map<List<String>, Long> terms = polynomial.terms();
    if (terms.isEmpty()) {
      return "0";
    }
    if (terms.size() == 1) {
      Map.Entry<List<String>, Long> only = terms.entrySet().iterator().next();
      if (only.getKey().size() == 1 && only.getValue() == 1) {
        return only.getKey().getFirst();
      }
    }
    StringBuilder out = new StringBuilder();
    for (Map.Entry<List<String>, Long> term : terms.entrySet()) {
      append(out, term.getKey(), term.getValue());
    }
    return out.toString();
  }

  private static void append(StringBuilder out, List<String> monomial, long coefficient) {
    if (coefficient < 0) {
      out.append('-');
    } else if (!out.isEmpty()) {
      out.append('+');
    }
    String digits = Long.toString(coefficient);
    String magnitude = coefficient < 0 ? digits.substring(1) : digits;
    String separator = "";
    if (monomial.isEmpty() || !magnitude.equals("1")) {
      out.append(magnitude);
      separator = "*";
    }
    for (String atom : monomial) {
      out.append(separator).append(isPlain(atom) ? atom : "`" + atom + "`");
      separator = "*";
    }
  }

  private static boolean isPlain(String atom) {
    PolynomialText reader = new PolynomialText(atom);
    return atom.equals(reader.plainAtom()) && reader.at == atom.length();
  }

  /// The polynomial that a name spells, or the name as an atom where it is no canonical text.
  static Polynomial parse(String name) {
    if (isPlain(name)) {
      return Polynomial.atom(name);
    }
    Polynomial polynomial = new PolynomialText(name).sum();
    return polynomial != null && of(polynomial).equals(name) ? polynomial : Polynomial.atom(name);
  }

  private @Nullable Polynomial sum() {
    Polynomial sum = Polynomial.ZERO;
    try {
      do {
        long sign = 1;
        if (peek() == '-' || (peek() == '+' && at > 0)) {
          sign = text.charAt(at++) == '-' ? -1 : 1;
        }
        Polynomial term = term(sign);
        if (term == null) {
          return null;
        }
        sum = sum.plus(term);
      } while (peek() == '+' || peek() == '-');
    } catch (ArithmeticException | NumberFormatException _) {
      return null;
    }
    return at == text.length() ? sum : null;
  }

  private @Nullable Polynomial term(long sign) {
    long coefficient = sign;
    List<String> atoms = new ArrayList<>();
    int begin = at;
    while (Character.isDigit(peek())) {
      at++;
    }
    if (at > begin) {
      coefficient = Long.parseLong((sign < 0 ? "-" : "") + text.substring(begin, at));
      if (peek() != '*') {
        return Polynomial.of(coefficient);
      }
      at++;
    }
    while (true) {
      String atom = peek() == '`' ? quotedAtom() : plainAtom();
      if (atom == null) {
        return null;
      }
      atoms.add(atom);
      if (peek() != '*') {
        break;
      }
      at++;
    }
    Collections.sort(atoms);
    return Polynomial.term(List.copyOf(atoms), coefficient);
  }

  private @Nullable String quotedAtom() {
    int end = text.indexOf('`', at + 1);
    if (end < 0) {
      return null;
    }
    String atom = text.substring(at + 1, end);
    at = end + 1;
    return atom;
  }

  private @Nullable String plainAtom() {
    int begin = at;
    if (!Character.isLetter(peek()) && peek() != '_') {
      return null;
    }
    while (Character.isLetterOrDigit(peek()) || peek() == '_' || peek() == '.') {
      at++;
    }
    if (peek() == '(') {
      int end = closing(text, at);
      if (end < 0) {
        return null;
      }
      at = end + 1;
    }
    return text.substring(begin, at);
  }

  private char peek() {
    return at < text.length() ? text.charAt(at) : '\0';
  }

  private static int closing(String text, int open) {
    int depth = 0;
    boolean quoted = false;
    for (int i = open; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '`') {
        quoted = !quoted;
      } else if (!quoted && c == '(') {
        depth++;
      } else if (!quoted && c == ')' && --depth == 0) {
        return i;
      }
    }
    return -1;
  }

  /// The atom for a quotient rounded down.
  static String quotient(Polynomial dividend, Polynomial divisor) {
    return "floor((" + of(dividend) + ")/(" + of(divisor) + "))";
  }

  /// What an atom made by [#quotient(Polynomial, Polynomial)] divides by a number, or null.
  static @Nullable Quotient quotient(String atom) {
    if (!atom.startsWith("floor((")) {
      return null;
    }
    int end = closing(atom, "floor(".length());
    if (end < 0 || !atom.startsWith(")/(", end) || !atom.endsWith("))")) {
      return null;
    }
    Polynomial divisor = parse(atom.substring(end + 3, atom.length() - 2));
    return divisor.isConstant() && divisor.constant() > 0
        ? new Quotient(parse(atom.substring("floor((".length(), end)), divisor.constant())
        : null;
  }

  /// A short name for an expression too long to print; the same expression gets the same name.
  static String digest(Polynomial polynomial) {
    try {
      byte[] text = of(polynomial).getBytes(StandardCharsets.UTF_8);
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(text);
      return (polynomial.isNonNegative() ? "expression_" : SIGNED)
          + HexFormat.of().formatHex(hash, 0, 12);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
