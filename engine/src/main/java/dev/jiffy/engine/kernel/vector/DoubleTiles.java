package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.Memory.DOUBLE;
import static dev.jiffy.engine.kernel.vector.Lanes.DOUBLES;
import static dev.jiffy.engine.kernel.vector.Tiles.ADDRESS;
import static dev.jiffy.engine.kernel.vector.Tiles.LE;

import jdk.incubator.vector.DoubleVector;

/// Tiles of f64: a few rows or one by one vector of columns of `C = init + A · B`; see [Tiles].
final class DoubleTiles {
  /// The rows of a tall tile.
  static final int ROWS = 8;

  private DoubleTiles() {}

  static void tall(
      long a, long aStep, int k, long b, long bStep, long init, long initStep, long c, long cStep) {
    DoubleVector s0 = DoubleVector.fromMemorySegment(DOUBLES, ALL, init, LE);
    DoubleVector s1 = DoubleVector.fromMemorySegment(DOUBLES, ALL, init + initStep, LE);
    DoubleVector s2 = DoubleVector.fromMemorySegment(DOUBLES, ALL, init + 2 * initStep, LE);
    DoubleVector s3 = DoubleVector.fromMemorySegment(DOUBLES, ALL, init + 3 * initStep, LE);
    DoubleVector s4 = DoubleVector.fromMemorySegment(DOUBLES, ALL, init + 4 * initStep, LE);
    DoubleVector s5 = DoubleVector.fromMemorySegment(DOUBLES, ALL, init + 5 * initStep, LE);
    DoubleVector s6 = DoubleVector.fromMemorySegment(DOUBLES, ALL, init + 6 * initStep, LE);
    DoubleVector s7 = DoubleVector.fromMemorySegment(DOUBLES, ALL, init + 7 * initStep, LE);
    long s = aStep & ADDRESS;
    long three = 3 * aStep & ADDRESS;
    long near = a;
    long far = a + 4 * aStep;
    long row = b;
    for (int i = 0; i < k; i++) {
      long low = near & ADDRESS;
      long high = far & ADDRESS;
      DoubleVector y = DoubleVector.fromMemorySegment(DOUBLES, ALL, row & ADDRESS, LE);
      s0 = DoubleVector.broadcast(DOUBLES, ALL.get(DOUBLE, low)).fma(y, s0);
      s1 = DoubleVector.broadcast(DOUBLES, ALL.get(DOUBLE, low + s)).fma(y, s1);
      s2 = DoubleVector.broadcast(DOUBLES, ALL.get(DOUBLE, low + 2 * s)).fma(y, s2);
      s3 = DoubleVector.broadcast(DOUBLES, ALL.get(DOUBLE, low + three)).fma(y, s3);
      s4 = DoubleVector.broadcast(DOUBLES, ALL.get(DOUBLE, high)).fma(y, s4);
      s5 = DoubleVector.broadcast(DOUBLES, ALL.get(DOUBLE, high + s)).fma(y, s5);
      s6 = DoubleVector.broadcast(DOUBLES, ALL.get(DOUBLE, high + 2 * s)).fma(y, s6);
      s7 = DoubleVector.broadcast(DOUBLES, ALL.get(DOUBLE, high + three)).fma(y, s7);
      near += 8;
      far += 8;
      row += bStep;
    }
    s0.intoMemorySegment(ALL, c, LE);
    s1.intoMemorySegment(ALL, c + cStep, LE);
    s2.intoMemorySegment(ALL, c + 2 * cStep, LE);
    s3.intoMemorySegment(ALL, c + 3 * cStep, LE);
    s4.intoMemorySegment(ALL, c + 4 * cStep, LE);
    s5.intoMemorySegment(ALL, c + 5 * cStep, LE);
    s6.intoMemorySegment(ALL, c + 6 * cStep, LE);
    s7.intoMemorySegment(ALL, c + 7 * cStep, LE);
  }

  static void row(long a, int k, long b, long bStep, long init, long c) {
    DoubleVector sum = DoubleVector.fromMemorySegment(DOUBLES, ALL, init, LE);
    long row = b;
    for (int i = 0; i < k; i++) {
      DoubleVector y = DoubleVector.fromMemorySegment(DOUBLES, ALL, row, LE);
      sum = DoubleVector.broadcast(DOUBLES, ALL.get(DOUBLE, a + 8L * i)).fma(y, sum);
      row += bStep;
    }
    sum.intoMemorySegment(ALL, c, LE);
  }

  /// `c += row` for each row of a block.
  static void add(long row, long c, long cStep, int rows, int columns) {
    int lanes = DOUBLES.length();
    for (int i = 0; i < rows; i++) {
      long to = c + i * cStep;
      int column = 0;
      for (; column <= columns - lanes; column += lanes) {
        DoubleVector x = DoubleVector.fromMemorySegment(DOUBLES, ALL, row + 8L * column, LE);
        DoubleVector.fromMemorySegment(DOUBLES, ALL, to + 8L * column, LE)
            .add(x)
            .intoMemorySegment(ALL, to + 8L * column, LE);
      }
      for (; column < columns; column++) {
        double x = ALL.get(DOUBLE, row + 8L * column);
        ALL.set(DOUBLE, to + 8L * column, ALL.get(DOUBLE, to + 8L * column) + x);
      }
    }
  }
}
