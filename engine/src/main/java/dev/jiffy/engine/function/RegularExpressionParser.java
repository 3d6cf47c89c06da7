package dev.jiffy.engine.function;

import dev.jiffy.engine.function.RegularExpression.Part;
import dev.jiffy.engine.function.RegularExpression.Place;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads a regular expression in the syntax of RE2 (github.com/google/re2/wiki/Syntax).
final class RegularExpressionParser {
  private static final int LONGEST = 1 << 16;
  private static final int DEEPEST = 1000;
  private static final int MOST_REPEATS = 1000;
  private static final int UNLIMITED = -1;
  private static final String SPACES = "\t\n\f\r  ";

  private final String pattern;
  private int at;
  private int depth;
  private Flags flags = new Flags(false, false, false);
  private final Set<String> groups = new HashSet<>();
  private final Map<String, BitSet> properties = new HashMap<>();

  /// @param foldCase whether letters stand for both cases
  /// @param dotAll whether a dot stands for the end of a line too
  /// @param multiLine whether `^` and `$` stand for the ends of lines
  private record Flags(boolean foldCase, boolean dotAll, boolean multiLine) {}

  RegularExpressionParser(String pattern) {
    this.pattern = pattern;
  }

  Part expression() {
    if (pattern.length() > LONGEST) {
      throw new IllegalArgumentException(
          "the regular expression is too long: expected at most %d characters, got %d"
              .formatted(LONGEST, pattern.length()));
    }
    Part part = choice();
    if (at < pattern.length()) {
      throw wrong("unexpected )");
    }
    return part;
  }

  private IllegalArgumentException wrong(String reason) {
    String shown = pattern.length() > 80 ? pattern.substring(0, 80) + "…" : pattern;
    return new IllegalArgumentException(
        "regular expression '%s': %s at character %d".formatted(shown, reason, at));
  }

  private boolean isAt(String text) {
    return pattern.startsWith(text, at);
  }

  private boolean take(String text) {
    if (!isAt(text)) {
      return false;
    }
    at += text.length();
    return true;
  }

  private int next() {
    if (at == pattern.length()) {
      throw wrong("unexpected end");
    }
    int c = pattern.codePointAt(at);
    at += Character.charCount(c);
    return c;
  }

  private Part choice() {
    List<Part> parts = new ArrayList<>();
    do {
      parts.add(sequence());
    } while (take("|"));
    return parts.size() == 1 ? parts.getFirst() : new Part.Choice(parts);
  }

  private Part sequence() {
    List<Part> parts = new ArrayList<>();
    while (at < pattern.length() && !isAt("|") && !isAt(")")) {
      int start = at;
      if (quantifier() != null) {
        at = start;
        throw wrong("nothing to repeat");
      }
      if (take("\\Q")) {
        quoted(parts);
      } else {
        Part part = item();
        if (part == null) {
          continue;
        }
        parts.add(part);
      }
      if (!parts.isEmpty()) {
        repetition(parts);
      }
    }
    return parts.size() == 1 ? parts.getFirst() : new Part.Sequence(parts);
  }

  private void repetition(List<Part> parts) {
    int[] times = quantifier();
    if (times == null) {
      return;
    }
    parts.add(new Part.Repeat(parts.removeLast(), times[0], times[1]));
    int start = at;
    if (quantifier() != null) {
      at = start;
      throw wrong("a repetition is repeated");
    }
  }

  /// Takes a quantifier and returns the least and most number of times, or null where there is
  /// none. Whether it is greedy does not matter where all of a text is matched.
  private int @Nullable [] quantifier() {
    int[] times = null;
    if (take("*")) {
      times = new int[] {0, UNLIMITED};
    } else if (take("+")) {
      times = new int[] {1, UNLIMITED};
    } else if (take("?")) {
      times = new int[] {0, 1};
    } else if (isAt("{")) {
      times = counts();
    }
    if (times != null) {
      take("?");
    }
    return times;
  }

  /// Numbers in braces; what is not of that form is ordinary text.
  private int @Nullable [] counts() {
    int start = at;
    take("{");
    Integer least = number();
    Integer most = least;
    if (least != null && take(",")) {
      most = isAt("}") ? (Integer) UNLIMITED : number();
    }
    if (least == null || most == null || !take("}")) {
      at = start;
      return null;
    }
    if (least > MOST_REPEATS || most > MOST_REPEATS || (most >= 0 && most < least)) {
      at = start;
      throw wrong("a number of repetitions is out of range");
    }
    return new int[] {least, most};
  }

  private @Nullable Integer number() {
    int start = at;
    while (at < pattern.length() && pattern.charAt(at) >= '0' && pattern.charAt(at) <= '9') {
      at++;
    }
    int digits = at - start;
    if (digits == 0) {
      return null;
    }
    return digits > 6 ? (Integer) Integer.MAX_VALUE : Integer.valueOf(pattern.substring(start, at));
  }

  private void quoted(List<Part> parts) {
    while (at < pattern.length() && !take("\\E")) {
      parts.add(literal(next()));
    }
  }

  /// What a repetition may follow; null for flags alone.
  private @Nullable Part item() {
    int c = next();
    return switch (c) {
      case '(' -> group();
      case '[' -> oneOf(bracketed());
      case '.' ->
          oneOf(
              CodePoints.complement(flags.dotAll() ? new BitSet() : CodePoints.range('\n', '\n')));
      case '^' -> new Part.At(flags.multiLine() ? Place.LINE_START : Place.TEXT_START);
      case '$' -> new Part.At(flags.multiLine() ? Place.LINE_END : Place.TEXT_END);
      case '\\' -> escape();
      default -> literal(c);
    };
  }

  private static Part oneOf(BitSet members) {
    return new Part.OneOf(CodePoints.of(members));
  }

  private Part literal(int c) {
    BitSet members = CodePoints.range(c, c);
    return oneOf(flags.foldCase() ? CodePoints.folded(members) : members);
  }

  private @Nullable Part group() {
    Flags before = flags;
    if (take("?")) {
      if (take("P<") || (isAt("<") && !isAt("<=") && !isAt("<!") && take("<"))) {
        name();
      } else if (flags()) {
        return null;
      }
    }
    if (++depth > DEEPEST) {
      throw wrong("groups are nested too deeply");
    }
    Part part = choice();
    depth--;
    if (!take(")")) {
      throw wrong("missing )");
    }
    flags = before;
    return part;
  }

  private void name() {
    int end = pattern.indexOf('>', at);
    String name = end < 0 ? "" : pattern.substring(at, end);
    if (name.isEmpty()
        || !name.codePoints().allMatch(c -> c == '_' || Character.isLetterOrDigit(c))) {
      throw wrong("a group has no valid name");
    }
    if (!groups.add(name)) {
      throw wrong("two groups are named '" + name + "'");
    }
    at = end + 1;
  }

  /// Takes flags up to a colon, or up to the bracket that makes them hold for the rest of the group
  /// around them; returns whether it was the latter.
  private boolean flags() {
    boolean on = true;
    boolean any = false;
    while (true) {
      int c = next();
      switch (c) {
        case 'i' -> flags = new Flags(on, flags.dotAll(), flags.multiLine());
        case 's' -> flags = new Flags(flags.foldCase(), on, flags.multiLine());
        case 'm' -> flags = new Flags(flags.foldCase(), flags.dotAll(), on);
        case 'U' -> {} // greediness
        case '-' -> {
          if (!on) {
            throw wrong("two minus signs among flags");
          }
          on = false;
          any = false;
          continue;
        }
        case ':', ')' -> {
          if (!on && !any) {
            throw wrong("no flag after the minus sign");
          }
          return c == ')';
        }
        default -> throw wrong("RE2 has no group of this kind");
      }
      any = true;
    }
  }

  private Part escape() {
    int start = at;
    Place place =
        take("A")
            ? Place.TEXT_START
            : take("z")
                ? Place.TEXT_END
                : take("b") ? Place.WORD_BOUNDARY : take("B") ? Place.NO_WORD_BOUNDARY : null;
    if (place != null) {
      return new Part.At(place);
    }
    BitSet members = named();
    if (members != null) {
      return oneOf(members);
    }
    at = start;
    return literal(character());
  }

  /// The set that an escape names, or null.
  private @Nullable BitSet named() {
    int c = next();
    return switch (c) {
      case 'd' -> folded(ascii("digit"));
      case 'D' -> CodePoints.complement(ascii("digit"));
      case 's' -> set(SPACES);
      case 'S' -> CodePoints.complement(set(SPACES));
      case 'w' -> folded(ascii("word"));
      case 'W' -> CodePoints.complement(folded(ascii("word")));
      case 'p' -> property(false);
      case 'P' -> property(true);
      default -> null;
    };
  }

  private BitSet folded(BitSet members) {
    return flags.foldCase() ? CodePoints.folded(members) : members;
  }

  private BitSet property(boolean negated) {
    String name;
    if (take("{")) {
      int end = pattern.indexOf('}', at);
      if (end < 0) {
        throw wrong("missing }");
      }
      name = pattern.substring(at, end);
      at = end + 1;
    } else {
      name = Character.toString(next());
    }
    boolean isComplement = name.startsWith("^") != negated;
    String positive = name.startsWith("^") ? name.substring(1) : name;
    BitSet members = properties.get(positive);
    if (members == null) {
      members = positive.isEmpty() ? null : CodePoints.property(positive);
      if (members == null) {
        throw wrong("Unicode has no category or script '" + positive + "'");
      }
      properties.put(positive, members);
    }
    BitSet cased = folded(members);
    return isComplement ? CodePoints.complement(cased) : cased;
  }

  /// The character that an escape stands for.
  private int character() {
    int c = next();
    return switch (c) {
      case 'a' -> 7;
      case 'f' -> '\f';
      case 't' -> '\t';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 'v' -> 11;
      case 'x' -> hexadecimal();
      case '0', '1', '2', '3', '4', '5', '6', '7' -> octal(c);
      default -> {
        if (c >= 128 || Character.isLetterOrDigit(c)) {
          throw wrong("RE2 has no escape \\" + Character.toString(c));
        }
        yield c;
      }
    };
  }

  private int octal(int first) {
    boolean isFollowed = at < pattern.length() && isOctal(pattern.charAt(at));
    if (first != '0' && !isFollowed) {
      throw wrong("RE2 has no references to groups");
    }
    int value = first - '0';
    for (int i = 0; i < 2 && at < pattern.length() && isOctal(pattern.charAt(at)); i++) {
      value = value * 8 + pattern.charAt(at++) - '0';
    }
    return value;
  }

  private static boolean isOctal(char c) {
    return c >= '0' && c <= '7';
  }

  private int hexadecimal() {
    int end = take("{") ? pattern.indexOf('}', at) : Math.min(pattern.length(), at + 2);
    String digits = end < 0 ? "" : pattern.substring(at, end);
    boolean braced = end >= 0 && end < pattern.length() && pattern.charAt(at - 1) == '{';
    boolean isNumber =
        !digits.isEmpty()
            && digits.length() <= 8
            && digits.chars().allMatch(c -> c < 128 && Character.digit(c, 16) >= 0)
            && (braced || digits.length() == 2);
    long value = isNumber ? Long.parseLong(digits, 16) : -1;
    if (value < 0 || value > Character.MAX_CODE_POINT) {
      throw wrong("no code point in hexadecimal");
    }
    at = braced ? end + 1 : end;
    return (int) value;
  }

  /// The set in brackets, of which the first is taken.
  private BitSet bracketed() {
    boolean negated = take("^");
    BitSet members = new BitSet();
    boolean isFirst = true;
    while (isFirst || !isAt("]")) {
      isFirst = false;
      if (isAt("[:") && pattern.indexOf(":]", at) >= 0) {
        members.or(posix());
        continue;
      }
      int start = at;
      BitSet named = take("\\") ? named() : null;
      if (named != null) {
        members.or(named);
        continue;
      }
      at = start;
      range(members);
    }
    take("]");
    return negated ? CodePoints.complement(members) : members;
  }

  private void range(BitSet members) {
    int first = one();
    int last = first;
    if (isAt("-") && !isAt("-]")) {
      take("-");
      last = one();
      if (last < first) {
        throw wrong("a range of characters is out of order");
      }
    }
    members.or(folded(CodePoints.range(first, last)));
  }

  private int one() {
    return take("\\") ? character() : next();
  }

  private BitSet posix() {
    int end = pattern.indexOf(":]", at);
    String name = pattern.substring(at + 2, end);
    BitSet members = ascii(name.startsWith("^") ? name.substring(1) : name);
    at = end + 2;
    return name.startsWith("^") ? CodePoints.complement(folded(members)) : folded(members);
  }

  /// A class of ASCII characters.
  private BitSet ascii(String name) {
    return switch (name) {
      case "alnum" -> set("09AZaz");
      case "alpha" -> set("AZaz");
      case "ascii" -> CodePoints.range(0, 127);
      case "blank" -> set("\t\t  ");
      case "cntrl" -> set("\0\u001f\u007f\u007f");
      case "digit" -> set("09");
      case "graph" -> set("!~");
      case "lower" -> set("az");
      case "print" -> set(" ~");
      case "punct" -> set("!/:@[`{~");
      case "space" -> set("\t\r  ");
      case "upper" -> set("AZ");
      case "word" -> set("09AZaz__");
      case "xdigit" -> set("09AFaf");
      default -> throw wrong("there is no class [:" + name + ":]");
    };
  }

  /// The set of some ranges, each given by its ends.
  private static BitSet set(String ends) {
    BitSet members = new BitSet();
    for (int i = 0; i < ends.length(); i += 2) {
      members.set(ends.charAt(i), ends.charAt(i + 1) + 1);
    }
    return members;
  }
}
