package dev.jiffy.engine.function;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A regular expression in the syntax of RE2, matched against whole texts. Immutable.
///
/// The time to match is bounded by the length of the text times that of the expression, whatever
/// they are: all ways through the expression are followed at once (Thompson, "Regular expression
/// search algorithm", 1968). What cannot be matched that way (references to groups, looking ahead
/// or behind) is no part of the syntax. `\C`, a single byte, is not supported.
public final class RegularExpression {
  /// The most instructions that an expression may take.
  private static final int MOST_INSTRUCTIONS = 100_000;

  private static final int WHOLE = -1;

  private final String pattern;
  private final List<Instruction> program = new ArrayList<>();

  /// A part of an expression.
  sealed interface Part {
    /// One code point of a set.
    ///
    /// @param members the set
    record OneOf(CodePoints members) implements Part {}

    /// A condition on what is left and right.
    ///
    /// @param place the condition
    record At(Place place) implements Part {}

    /// One part after the other.
    ///
    /// @param parts the parts
    record Sequence(List<Part> parts) implements Part {}

    /// Any of some parts.
    ///
    /// @param parts the parts
    record Choice(List<Part> parts) implements Part {}

    /// A part repeated.
    ///
    /// @param part the part
    /// @param least how often at least
    /// @param most how often at most, or -1 where there is no limit
    record Repeat(Part part, int least, int most) implements Part {}
  }

  /// A place between two code points.
  enum Place {
    /// The beginning of the text.
    TEXT_START,
    /// The end of the text.
    TEXT_END,
    /// The beginning of a line.
    LINE_START,
    /// The end of a line.
    LINE_END,
    /// Between a word and what is none.
    WORD_BOUNDARY,
    /// Elsewhere.
    NO_WORD_BOUNDARY;

    boolean holds(int before, int after) {
      return switch (this) {
        case TEXT_START -> before == WHOLE;
        case TEXT_END -> after == WHOLE;
        case LINE_START -> before == WHOLE || before == '\n';
        case LINE_END -> after == WHOLE || after == '\n';
        case WORD_BOUNDARY -> isWord(before) != isWord(after);
        case NO_WORD_BOUNDARY -> isWord(before) == isWord(after);
      };
    }

    private static boolean isWord(int c) {
      return c == '_' || (c < 128 && Character.isLetterOrDigit(c));
    }
  }

  /// One step of the program.
  private sealed interface Instruction {
    /// Reads a code point and goes on with the next instruction.
    record Read(CodePoints members) implements Instruction {}

    /// Goes on with the next instruction at a place.
    record Check(Place place) implements Instruction {}

    /// Goes on with two instructions.
    record Fork(int first, int second) implements Instruction {}

    /// The end of the expression.
    record Accept() implements Instruction {}
  }

  private RegularExpression(String pattern, Part part) {
    this.pattern = pattern;
    if (size(part) > MOST_INSTRUCTIONS) {
      throw new IllegalArgumentException(
          "the regular expression is too large: it takes more than %d instructions"
              .formatted(MOST_INSTRUCTIONS));
    }
    emit(part);
    program.add(new Instruction.Accept());
  }

  /// {@return the regular expression that a text writes}
  ///
  /// @param pattern the text
  /// @throws IllegalArgumentException if RE2 refuses the text, or if it is too large; says where
  public static RegularExpression of(String pattern) {
    return new RegularExpression(pattern, new RegularExpressionParser(pattern).expression());
  }

  /// The number of instructions, or one more than there may be.
  private static long size(Part part) {
    long size =
        switch (part) {
          case Part.OneOf _, Part.At _ -> 1;
          case Part.Sequence(List<Part> parts) -> total(parts, 0);
          case Part.Choice(List<Part> parts) -> total(parts, 2);
          case Part.Repeat(Part repeated, int least, int most) ->
              (size(repeated) + 2) * Math.max(1, Math.max(least, most) + 1L);
        };
    return Math.min(size, MOST_INSTRUCTIONS + 1L);
  }

  private static long total(List<Part> parts, long each) {
    long total = 0;
    for (Part part : parts) {
      total += size(part) + each;
    }
    return total;
  }

  private void emit(Part part) {
    switch (part) {
      case Part.OneOf(CodePoints members) -> program.add(new Instruction.Read(members));
      case Part.At(Place place) -> program.add(new Instruction.Check(place));
      case Part.Sequence(List<Part> parts) -> parts.forEach(this::emit);
      case Part.Choice(List<Part> parts) -> choice(parts);
      case Part.Repeat(Part repeated, int least, int most) -> repeat(repeated, least, most);
    }
  }

  private void choice(List<Part> parts) {
    List<Integer> ends = new ArrayList<>();
    for (int i = 0; i < parts.size() - 1; i++) {
      int fork = reserve();
      emit(parts.get(i));
      ends.add(reserve());
      program.set(fork, new Instruction.Fork(fork + 1, program.size()));
    }
    emit(parts.getLast());
    for (int end : ends) {
      program.set(end, new Instruction.Fork(program.size(), program.size()));
    }
  }

  private void repeat(Part part, int least, int most) {
    for (int i = 0; i < least; i++) {
      emit(part);
    }
    if (most < 0) {
      int fork = reserve();
      emit(part);
      program.add(new Instruction.Fork(fork, fork));
      program.set(fork, new Instruction.Fork(fork + 1, program.size()));
      return;
    }
    List<Integer> forks = new ArrayList<>();
    for (int i = least; i < most; i++) {
      forks.add(reserve());
      emit(part);
    }
    for (int fork : forks) {
      program.set(fork, new Instruction.Fork(fork + 1, program.size()));
    }
  }

  private int reserve() {
    program.add(new Instruction.Accept());
    return program.size() - 1;
  }

  /// {@return whether the expression matches all of a text}
  ///
  /// @param text the text
  public boolean matches(String text) {
    Threads now = new Threads(program.size());
    Threads next = new Threads(program.size());
    int before = WHOLE;
    int after = text.isEmpty() ? WHOLE : text.codePointAt(0);
    now.follow(program, 0, before, after);
    for (int at = 0; at < text.length(); ) {
      int c = after;
      at += Character.charCount(c);
      after = at < text.length() ? text.codePointAt(at) : WHOLE;
      next.clear();
      for (int i = 0; i < now.size; i++) {
        int reader = now.members[i];
        if (program.get(reader) instanceof Instruction.Read(CodePoints members)
            && members.contains(c)) {
          next.follow(program, reader + 1, c, after);
        }
      }
      if (next.size == 0) {
        return false;
      }
      Threads swapped = now;
      now = next;
      next = swapped;
    }
    return now.contains(program.size() - 1);
  }

  /// The instructions that are reached at one place of a text, each once.
  private static final class Threads {
    private final int[] members;
    private final int[] places;
    private final int[] pending;
    private int size;

    Threads(int capacity) {
      members = new int[capacity];
      places = new int[capacity];
      pending = new int[2 * capacity + 1];
    }

    void clear() {
      size = 0;
    }

    boolean contains(int instruction) {
      int place = places[instruction];
      return place < size && members[place] == instruction;
    }

    /// Adds an instruction and all that are reached from it without reading.
    void follow(List<Instruction> program, int start, int before, int after) {
      int waiting = 0;
      pending[waiting++] = start;
      while (waiting > 0) {
        int instruction = pending[--waiting];
        if (contains(instruction)) {
          continue;
        }
        places[instruction] = size;
        members[size++] = instruction;
        switch (program.get(instruction)) {
          case Instruction.Fork(int first, int second) -> {
            pending[waiting++] = second;
            pending[waiting++] = first;
          }
          case Instruction.Check(Place place) -> {
            if (place.holds(before, after)) {
              pending[waiting++] = instruction + 1;
            }
          }
          case Instruction.Read _, Instruction.Accept _ -> {}
        }
      }
    }
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof RegularExpression expression && pattern.equals(expression.pattern);
  }

  @Override
  public int hashCode() {
    return pattern.hashCode();
  }

  /// {@return the text that writes it}
  @Override
  public String toString() {
    return pattern;
  }
}
