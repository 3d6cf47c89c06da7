package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.TreeKeys;
import dev.jiffy.engine.kernel.TypedMemory;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;

/// The numbers that keys of rows are made with: for f64 the cuts of each feature, and the sets.
final class KeyTables {
  private final List<KeyColumns.Member> members;
  private final boolean isTwice;
  private final int features;
  private final Tensor begins;
  private final Tensor numbers;

  /// For each set the number of elements before it.
  private final long[] sets;

  /// The tables of some columns.
  ///
  /// @param columns the columns
  /// @param features the number of features of a row
  KeyTables(KeyColumns columns, int features) {
    this.features = features;
    isTwice = columns.isTwice();
    members = columns.members();
    sets = new long[members.size()];
    long count = 0;
    for (int feature = 0; feature < features; feature++) {
      count += columns.cuts(feature).length;
    }
    long cuts = count;
    for (KeyColumns.Member member : members) {
      count += member.set().size();
    }
    begins = Tensor.allocate(DType.I32, Shape.of(features + 1L));
    numbers = Tensor.allocate(DType.F64, Shape.of(count));
    long at = 0;
    for (int feature = 0; feature < features; feature++) {
      for (double cut : columns.cuts(feature)) {
        numbers.setDouble(at++, cut);
      }
      begins.setLong(feature + 1L, at);
    }
    for (int i = 0; i < sets.length; i++) {
      sets[i] = cuts;
      for (double number : members.get(i).set()) {
        numbers.setDouble(cuts++, number);
      }
    }
  }

  /// Makes the keys of the features of a row of f64.
  ///
  /// @param row the row
  /// @param keys where they go
  void ranks(long row, long keys) {
    TreeKeys.ranks(
        row, features, isTwice, begins.segment().address(), numbers.segment().address(), keys);
  }

  /// Makes the keys of sets of a row.
  ///
  /// @param input the type of the row
  /// @param row the row
  /// @param keys where they go
  void members(DType input, long row, long keys) {
    long from = numbers.segment().address();
    for (int i = 0; i < sets.length; i++) {
      KeyColumns.Member member = members.get(i);
      double number = TypedMemory.getDouble(input, row + (long) member.feature() * input.bytes());
      TreeKeys.member(
          number, member.takesMissing(), from + 8 * sets[i], member.set().size(), keys + 4L * i);
    }
  }
}
