package dev.jiffy.engine.function;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Sequences of tokens that are counted, each with the column of its count. Immutable.
///
/// The n-grams form a trie: from the root a token leads to a node, from there the next token to
/// another. Tokens are either all texts or all numbers.
public final class Ngrams {
  /// The node before the first token.
  public static final int ROOT = 0;

  /// What is not there: a token that no n-gram has, a node without continuation, a column.
  public static final int NONE = -1;

  private final List<String> texts;
  private final List<Long> numbers;
  private final List<Long> starts;
  private final List<Long> columns;

  /// The number of each token.
  private final Map<Object, Integer> tokens = new HashMap<>();

  /// For a node and the number of a token the node that it leads to, with linear probing.
  private long[] edges = new long[64];

  private int[] targets = new int[64];
  private int count;

  /// For each node the column of the n-gram that ends there.
  private int[] ends = new int[16];

  private int nodes = 1;
  private int width;

  /// The n-grams of a pool, in which those of one token come first, then those of two, and so on.
  ///
  /// @param texts the tokens of the pool; empty where they are numbers
  /// @param numbers the tokens of the pool; empty where they are texts
  /// @param starts where in the pool the n-grams of 1, 2, … tokens begin
  /// @param columns for each n-gram the column of its count
  /// @throws IllegalArgumentException if the numbers contradict each other
  public Ngrams(List<String> texts, List<Long> numbers, List<Long> starts, List<Long> columns) {
    this.texts = List.copyOf(texts);
    this.numbers = List.copyOf(numbers);
    this.starts = List.copyOf(starts);
    this.columns = List.copyOf(columns);
    if (texts.isEmpty() == numbers.isEmpty()) {
      throw new IllegalArgumentException(
          "the pool needs either texts or numbers, got %d and %d"
              .formatted(texts.size(), numbers.size()));
    }
    Arrays.fill(targets, NONE);
    Arrays.fill(ends, NONE);
    List<?> pool = texts.isEmpty() ? numbers : texts;
    int ngram = 0;
    for (int i = 0; i < starts.size(); i++) {
      long start = starts.get(i);
      long end = i + 1 < starts.size() ? starts.get(i + 1) : pool.size();
      if (start < 0 || end < start || end > pool.size() || (end - start) % (i + 1) != 0) {
        throw new IllegalArgumentException(
            "the n-grams of %d tokens lie at %d to %d of a pool of %d"
                .formatted(i + 1, start, end, pool.size()));
      }
      for (long at = start; at < end; at += i + 1, ngram++) {
        add(pool.subList((int) at, (int) at + i + 1), columnOf(ngram));
      }
    }
    if (ngram != columns.size()) {
      throw new IllegalArgumentException(
          "there are %d n-grams, but columns of %d".formatted(ngram, columns.size()));
    }
  }

  private int columnOf(int ngram) {
    long column = ngram < columns.size() ? columns.get(ngram) : 0;
    if (column < 0 || column >= Integer.MAX_VALUE) {
      throw new IllegalArgumentException("column " + column + " is out of range");
    }
    return (int) column;
  }

  private void add(List<?> ngram, int column) {
    int node = ROOT;
    for (Object token : ngram) {
      int number = tokens.computeIfAbsent(token, _ -> tokens.size());
      int next = next(node, number);
      if (next == NONE) {
        next = nodes++;
        if (next == ends.length) {
          ends = Arrays.copyOf(ends, 2 * next);
          Arrays.fill(ends, next, ends.length, NONE);
        }
        if (2 * ++count > edges.length) {
          grow();
        }
        put(edge(node, number), next);
      }
      node = next;
    }
    ends[node] = column;
    width = Math.max(width, column + 1);
  }

  private static long edge(int node, int token) {
    return (long) node << 32 | token;
  }

  private int slot(long edge) {
    long mixed = edge * 0x9e37_79b9_7f4a_7c15L;
    int mask = edges.length - 1;
    int slot = (int) (mixed >>> 33) & mask;
    while (targets[slot] != NONE && edges[slot] != edge) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private void put(long edge, int target) {
    int slot = slot(edge);
    edges[slot] = edge;
    targets[slot] = target;
  }

  private void grow() {
    long[] oldEdges = edges;
    int[] oldTargets = targets;
    edges = new long[2 * oldEdges.length];
    targets = new int[edges.length];
    Arrays.fill(targets, NONE);
    for (int i = 0; i < oldEdges.length; i++) {
      if (oldTargets[i] != NONE) {
        put(oldEdges[i], oldTargets[i]);
      }
    }
  }

  /// {@return the number of a token, or [#NONE] where no n-gram has it}
  ///
  /// @param token a text or a boxed `long`, as the pool has
  public int token(Object token) {
    Integer number = tokens.get(token);
    return number == null ? NONE : number;
  }

  /// {@return the node that a token leads to, or [#NONE]}
  ///
  /// @param node where from
  /// @param token the number of the token
  public int next(int node, int token) {
    return targets[slot(edge(node, token))];
  }

  /// {@return the column of the n-gram that ends at a node, or [#NONE] where none does}
  ///
  /// @param node the node
  public int column(int node) {
    return ends[node];
  }

  /// {@return the number of columns}
  public int width() {
    return width;
  }

  /// {@return the tokens of the pool, empty where they are numbers}
  public List<String> texts() {
    return texts;
  }

  /// {@return the tokens of the pool, empty where they are texts}
  public List<Long> numbers() {
    return numbers;
  }

  /// {@return where in the pool the n-grams of 1, 2, … tokens begin}
  public List<Long> starts() {
    return starts;
  }

  /// {@return for each n-gram the column of its count}
  public List<Long> columns() {
    return columns;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Ngrams ngrams
        && texts.equals(ngrams.texts)
        && numbers.equals(ngrams.numbers)
        && starts.equals(ngrams.starts)
        && columns.equals(ngrams.columns);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * texts.hashCode() + numbers.hashCode()) + columns.hashCode();
  }

  /// {@return how many there are}
  @Override
  public String toString() {
    return columns.size() + " n-grams";
  }
}
