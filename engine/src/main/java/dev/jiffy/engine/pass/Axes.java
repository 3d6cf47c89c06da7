package dev.jiffy.engine.pass;

import java.util.List;

/// Arithmetic on axes and permutations.
final class Axes {
  private Axes() {}

  /// {@return the axis counted from the front}
  ///
  /// @param axis the axis, negative from the end
  /// @param rank the number of dimensions
  static int normal(long axis, int rank) {
    return Math.toIntExact(axis < 0 ? axis + rank : axis);
  }

  /// {@return a transpose's permutation as an array}
  ///
  /// @param perm the permutation; empty reverses all
  /// @param rank the number of dimensions
  static int[] perm(List<Long> perm, int rank) {
    int[] result = new int[rank];
    for (int i = 0; i < rank; i++) {
      result[i] = perm.isEmpty() ? rank - 1 - i : Math.toIntExact(perm.get(i));
    }
    return result;
  }

  /// {@return a permutation as a transpose has it}
  ///
  /// @param perm the permutation
  static List<Long> list(int[] perm) {
    long[] values = new long[perm.length];
    for (int i = 0; i < perm.length; i++) {
      values[i] = perm[i];
    }
    return Constants.list(values);
  }

  /// {@return the permutation that undoes another}
  ///
  /// @param perm the other
  static int[] inverse(int[] perm) {
    int[] result = new int[perm.length];
    for (int i = 0; i < perm.length; i++) {
      result[perm[i]] = i;
    }
    return result;
  }

  /// {@return the permutation that does one after another}
  ///
  /// @param first what is done first
  /// @param second what is done to its result
  static int[] compose(int[] first, int[] second) {
    int[] result = new int[first.length];
    for (int i = 0; i < first.length; i++) {
      result[i] = first[second[i]];
    }
    return result;
  }

  /// {@return whether a permutation leaves everything in place}
  ///
  /// @param perm the permutation
  static boolean isIdentity(int[] perm) {
    for (int i = 0; i < perm.length; i++) {
      if (perm[i] != i) {
        return false;
      }
    }
    return true;
  }

  /// {@return the permutation from channels first to channels last}
  ///
  /// @param rank the number of dimensions
  static int[] toLast(int rank) {
    int[] perm = new int[rank];
    for (int i = 1; i < rank - 1; i++) {
      perm[i] = i + 1;
    }
    perm[rank - 1] = 1;
    return perm;
  }

  /// {@return the permutation from channels last to channels first}
  ///
  /// @param rank the number of dimensions
  static int[] toFirst(int rank) {
    return inverse(toLast(rank));
  }
}
