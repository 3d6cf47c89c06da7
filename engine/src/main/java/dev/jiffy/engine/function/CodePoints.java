package dev.jiffy.engine.function;

import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// A set of Unicode code points. Immutable.
final class CodePoints {
  /// The number of code points that there are.
  private static final int COUNT = Character.MAX_CODE_POINT + 1;

  /// What Unicode folds to i in Turkic languages alone.
  private static final int CAPITAL_DOTTED_I = 0x130;

  private static final int SMALL_DOTLESS_I = 0x131;

  /// Ranges in order: first, last, first, last.
  private final int[] ranges;

  private CodePoints(BitSet members) {
    int[] found = new int[16];
    int size = 0;
    for (int first = members.nextSetBit(0); first >= 0; ) {
      int end = members.nextClearBit(first);
      if (size == found.length) {
        found = Arrays.copyOf(found, 2 * size);
      }
      found[size++] = first;
      found[size++] = end - 1;
      first = members.nextSetBit(end);
    }
    ranges = Arrays.copyOf(found, size);
  }

  /// {@return the set of what is in a bit set}
  static CodePoints of(BitSet members) {
    return new CodePoints(members);
  }

  /// {@return whether a code point is in the set}
  boolean contains(int codePoint) {
    int at = Arrays.binarySearch(ranges, codePoint);
    // between the ends of a range the place to insert is odd
    return at >= 0 || (-at - 1) % 2 == 1;
  }

  /// {@return a range as a bit set}
  static BitSet range(int first, int last) {
    BitSet members = new BitSet();
    members.set(first, last + 1);
    return members;
  }

  /// {@return what a set lacks}
  static BitSet complement(BitSet members) {
    BitSet complement = (BitSet) members.clone();
    complement.flip(0, COUNT);
    return complement;
  }

  /// {@return the code points that a predicate holds for}
  static BitSet where(IntPredicate predicate) {
    BitSet members = new BitSet();
    for (int c = 0; c < COUNT; c++) {
      if (predicate.test(c)) {
        members.set(c);
      }
    }
    return members;
  }

  /// {@return the set with every code point that differs from one of it in case only}
  static BitSet folded(BitSet members) {
    BitSet folded = (BitSet) members.clone();
    for (int[] orbit : Folds.ORBITS) {
      boolean isTouched = false;
      for (int c : orbit) {
        isTouched |= members.get(c);
      }
      if (isTouched) {
        for (int c : orbit) {
          folded.set(c);
        }
      }
    }
    return folded;
  }

  /// Code points that differ in case only.
  private static final class Folds {
    static final int[][] ORBITS = orbits();

    private static int[][] orbits() {
      Map<Integer, BitSet> orbits = new HashMap<>();
      for (int c = 0; c < COUNT; c++) {
        if (c == CAPITAL_DOTTED_I || c == SMALL_DOTLESS_I) {
          continue;
        }
        int fold = Character.toLowerCase(Character.toUpperCase(c));
        if (fold != c) {
          BitSet orbit = orbits.computeIfAbsent(fold, _ -> new BitSet());
          orbit.set(c);
          orbit.set(fold);
        }
      }
      return orbits.values().stream().map(orbit -> orbit.stream().toArray()).toArray(int[][]::new);
    }
  }

  /// {@return the code points of a general category or script, or null where Unicode has none of
  /// that name}
  ///
  /// @param name the name, such as `Lu`, `L` or `Greek`
  static @Nullable BitSet property(String name) {
    if (name.equals("Any")) {
      return range(0, COUNT - 1);
    }
    int categories = categories(name);
    if (categories != 0) {
      return where(c -> (categories >> Character.getType(c) & 1) != 0);
    }
    try {
      Character.UnicodeScript script = Character.UnicodeScript.forName(name);
      boolean isWritten =
          !Character.isLowerCase(name.charAt(0))
              && script.name().equals(name.toUpperCase(Locale.ROOT));
      return isWritten ? where(c -> Character.UnicodeScript.of(c) == script) : null;
    } catch (IllegalArgumentException _) {
      return null;
    }
  }

  /// The general categories that a name stands for, as bits numbered by [Character#getType(int)].
  private static int categories(String name) {
    return switch (name) {
      case "Lu" -> bits(Character.UPPERCASE_LETTER);
      case "Ll" -> bits(Character.LOWERCASE_LETTER);
      case "Lt" -> bits(Character.TITLECASE_LETTER);
      case "Lm" -> bits(Character.MODIFIER_LETTER);
      case "Lo" -> bits(Character.OTHER_LETTER);
      case "Mn" -> bits(Character.NON_SPACING_MARK);
      case "Mc" -> bits(Character.COMBINING_SPACING_MARK);
      case "Me" -> bits(Character.ENCLOSING_MARK);
      case "Nd" -> bits(Character.DECIMAL_DIGIT_NUMBER);
      case "Nl" -> bits(Character.LETTER_NUMBER);
      case "No" -> bits(Character.OTHER_NUMBER);
      case "Pc" -> bits(Character.CONNECTOR_PUNCTUATION);
      case "Pd" -> bits(Character.DASH_PUNCTUATION);
      case "Ps" -> bits(Character.START_PUNCTUATION);
      case "Pe" -> bits(Character.END_PUNCTUATION);
      case "Pi" -> bits(Character.INITIAL_QUOTE_PUNCTUATION);
      case "Pf" -> bits(Character.FINAL_QUOTE_PUNCTUATION);
      case "Po" -> bits(Character.OTHER_PUNCTUATION);
      case "Sm" -> bits(Character.MATH_SYMBOL);
      case "Sc" -> bits(Character.CURRENCY_SYMBOL);
      case "Sk" -> bits(Character.MODIFIER_SYMBOL);
      case "So" -> bits(Character.OTHER_SYMBOL);
      case "Zs" -> bits(Character.SPACE_SEPARATOR);
      case "Zl" -> bits(Character.LINE_SEPARATOR);
      case "Zp" -> bits(Character.PARAGRAPH_SEPARATOR);
      case "Cc" -> bits(Character.CONTROL);
      case "Cf" -> bits(Character.FORMAT);
      case "Co" -> bits(Character.PRIVATE_USE);
      case "Cs" -> bits(Character.SURROGATE);
      case "L" -> union("Lu", "Ll", "Lt", "Lm", "Lo");
      case "M" -> union("Mn", "Mc", "Me");
      case "N" -> union("Nd", "Nl", "No");
      case "P" -> union("Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po");
      case "S" -> union("Sm", "Sc", "Sk", "So");
      case "Z" -> union("Zs", "Zl", "Zp");
      case "C" -> union("Cc", "Cf", "Co", "Cs");
      default -> 0;
    };
  }

  private static int bits(byte category) {
    return 1 << category;
  }

  private static int union(String... names) {
    int bits = 0;
    for (String name : names) {
      bits |= categories(name);
    }
    return bits;
  }
}
