package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.Memory.FLOAT;
import static dev.jiffy.engine.kernel.Memory.LONG;
import static dev.jiffy.engine.kernel.vector.Lanes.BYTES;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static dev.jiffy.engine.kernel.vector.Tiles.LE;

import jdk.incubator.vector.FloatVector;

/// Tiles of 9 to 12 rows and two vectors of columns, whose sums all start from one row; for CPUs
/// with 32 vector registers. See [Tiles].
final class TallTiles {
  private TallTiles() {}

  static void wide9(
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bStep,
      long init,
      long c,
      long cStep) {
    FloatVector l0 = FloatVector.fromMemorySegment(SPECIES, ALL, init, LE);
    FloatVector h0 = FloatVector.fromMemorySegment(SPECIES, ALL, init + BYTES, LE);
    FloatVector l1 = l0;
    FloatVector h1 = h0;
    FloatVector l2 = l0;
    FloatVector h2 = h0;
    FloatVector l3 = l0;
    FloatVector h3 = h0;
    FloatVector l4 = l0;
    FloatVector h4 = h0;
    FloatVector l5 = l0;
    FloatVector h5 = h0;
    FloatVector l6 = l0;
    FloatVector h6 = h0;
    FloatVector l7 = l0;
    FloatVector h7 = h0;
    FloatVector l8 = l0;
    FloatVector h8 = h0;
    long pb = b;
    for (int run = 0; run < runs; run++) {
      long a0 = a + ALL.get(LONG, taps + 8L * run);
      long a1 = a0 + aStep;
      long a2 = a1 + aStep;
      long a3 = a2 + aStep;
      long a4 = a3 + aStep;
      long a5 = a4 + aStep;
      long a6 = a5 + aStep;
      long a7 = a6 + aStep;
      long a8 = a7 + aStep;
      for (int i = 0; i < k; i++) {
        long at = 4L * i;
        FloatVector bl = FloatVector.fromMemorySegment(SPECIES, ALL, pb, LE);
        FloatVector bh = FloatVector.fromMemorySegment(SPECIES, ALL, pb + BYTES, LE);
        FloatVector x0 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a0 + at));
        l0 = x0.fma(bl, l0);
        h0 = x0.fma(bh, h0);
        FloatVector x1 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a1 + at));
        l1 = x1.fma(bl, l1);
        h1 = x1.fma(bh, h1);
        FloatVector x2 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a2 + at));
        l2 = x2.fma(bl, l2);
        h2 = x2.fma(bh, h2);
        FloatVector x3 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a3 + at));
        l3 = x3.fma(bl, l3);
        h3 = x3.fma(bh, h3);
        FloatVector x4 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a4 + at));
        l4 = x4.fma(bl, l4);
        h4 = x4.fma(bh, h4);
        FloatVector x5 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a5 + at));
        l5 = x5.fma(bl, l5);
        h5 = x5.fma(bh, h5);
        FloatVector x6 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a6 + at));
        l6 = x6.fma(bl, l6);
        h6 = x6.fma(bh, h6);
        FloatVector x7 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a7 + at));
        l7 = x7.fma(bl, l7);
        h7 = x7.fma(bh, h7);
        FloatVector x8 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a8 + at));
        l8 = x8.fma(bl, l8);
        h8 = x8.fma(bh, h8);
        pb += bStep;
      }
    }
    long high = c + BYTES;
    l0.intoMemorySegment(ALL, c, LE);
    h0.intoMemorySegment(ALL, high, LE);
    l1.intoMemorySegment(ALL, c + cStep, LE);
    h1.intoMemorySegment(ALL, high + cStep, LE);
    l2.intoMemorySegment(ALL, c + 2 * cStep, LE);
    h2.intoMemorySegment(ALL, high + 2 * cStep, LE);
    l3.intoMemorySegment(ALL, c + 3 * cStep, LE);
    h3.intoMemorySegment(ALL, high + 3 * cStep, LE);
    l4.intoMemorySegment(ALL, c + 4 * cStep, LE);
    h4.intoMemorySegment(ALL, high + 4 * cStep, LE);
    l5.intoMemorySegment(ALL, c + 5 * cStep, LE);
    h5.intoMemorySegment(ALL, high + 5 * cStep, LE);
    l6.intoMemorySegment(ALL, c + 6 * cStep, LE);
    h6.intoMemorySegment(ALL, high + 6 * cStep, LE);
    l7.intoMemorySegment(ALL, c + 7 * cStep, LE);
    h7.intoMemorySegment(ALL, high + 7 * cStep, LE);
    l8.intoMemorySegment(ALL, c + 8 * cStep, LE);
    h8.intoMemorySegment(ALL, high + 8 * cStep, LE);
  }

  static void wide10(
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bStep,
      long init,
      long c,
      long cStep) {
    FloatVector l0 = FloatVector.fromMemorySegment(SPECIES, ALL, init, LE);
    FloatVector h0 = FloatVector.fromMemorySegment(SPECIES, ALL, init + BYTES, LE);
    FloatVector l1 = l0;
    FloatVector h1 = h0;
    FloatVector l2 = l0;
    FloatVector h2 = h0;
    FloatVector l3 = l0;
    FloatVector h3 = h0;
    FloatVector l4 = l0;
    FloatVector h4 = h0;
    FloatVector l5 = l0;
    FloatVector h5 = h0;
    FloatVector l6 = l0;
    FloatVector h6 = h0;
    FloatVector l7 = l0;
    FloatVector h7 = h0;
    FloatVector l8 = l0;
    FloatVector h8 = h0;
    FloatVector l9 = l0;
    FloatVector h9 = h0;
    long pb = b;
    for (int run = 0; run < runs; run++) {
      long a0 = a + ALL.get(LONG, taps + 8L * run);
      long a1 = a0 + aStep;
      long a2 = a1 + aStep;
      long a3 = a2 + aStep;
      long a4 = a3 + aStep;
      long a5 = a4 + aStep;
      long a6 = a5 + aStep;
      long a7 = a6 + aStep;
      long a8 = a7 + aStep;
      long a9 = a8 + aStep;
      for (int i = 0; i < k; i++) {
        long at = 4L * i;
        FloatVector bl = FloatVector.fromMemorySegment(SPECIES, ALL, pb, LE);
        FloatVector bh = FloatVector.fromMemorySegment(SPECIES, ALL, pb + BYTES, LE);
        FloatVector x0 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a0 + at));
        l0 = x0.fma(bl, l0);
        h0 = x0.fma(bh, h0);
        FloatVector x1 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a1 + at));
        l1 = x1.fma(bl, l1);
        h1 = x1.fma(bh, h1);
        FloatVector x2 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a2 + at));
        l2 = x2.fma(bl, l2);
        h2 = x2.fma(bh, h2);
        FloatVector x3 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a3 + at));
        l3 = x3.fma(bl, l3);
        h3 = x3.fma(bh, h3);
        FloatVector x4 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a4 + at));
        l4 = x4.fma(bl, l4);
        h4 = x4.fma(bh, h4);
        FloatVector x5 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a5 + at));
        l5 = x5.fma(bl, l5);
        h5 = x5.fma(bh, h5);
        FloatVector x6 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a6 + at));
        l6 = x6.fma(bl, l6);
        h6 = x6.fma(bh, h6);
        FloatVector x7 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a7 + at));
        l7 = x7.fma(bl, l7);
        h7 = x7.fma(bh, h7);
        FloatVector x8 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a8 + at));
        l8 = x8.fma(bl, l8);
        h8 = x8.fma(bh, h8);
        FloatVector x9 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a9 + at));
        l9 = x9.fma(bl, l9);
        h9 = x9.fma(bh, h9);
        pb += bStep;
      }
    }
    long high = c + BYTES;
    l0.intoMemorySegment(ALL, c, LE);
    h0.intoMemorySegment(ALL, high, LE);
    l1.intoMemorySegment(ALL, c + cStep, LE);
    h1.intoMemorySegment(ALL, high + cStep, LE);
    l2.intoMemorySegment(ALL, c + 2 * cStep, LE);
    h2.intoMemorySegment(ALL, high + 2 * cStep, LE);
    l3.intoMemorySegment(ALL, c + 3 * cStep, LE);
    h3.intoMemorySegment(ALL, high + 3 * cStep, LE);
    l4.intoMemorySegment(ALL, c + 4 * cStep, LE);
    h4.intoMemorySegment(ALL, high + 4 * cStep, LE);
    l5.intoMemorySegment(ALL, c + 5 * cStep, LE);
    h5.intoMemorySegment(ALL, high + 5 * cStep, LE);
    l6.intoMemorySegment(ALL, c + 6 * cStep, LE);
    h6.intoMemorySegment(ALL, high + 6 * cStep, LE);
    l7.intoMemorySegment(ALL, c + 7 * cStep, LE);
    h7.intoMemorySegment(ALL, high + 7 * cStep, LE);
    l8.intoMemorySegment(ALL, c + 8 * cStep, LE);
    h8.intoMemorySegment(ALL, high + 8 * cStep, LE);
    l9.intoMemorySegment(ALL, c + 9 * cStep, LE);
    h9.intoMemorySegment(ALL, high + 9 * cStep, LE);
  }

  static void wide11(
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bStep,
      long init,
      long c,
      long cStep) {
    FloatVector l0 = FloatVector.fromMemorySegment(SPECIES, ALL, init, LE);
    FloatVector h0 = FloatVector.fromMemorySegment(SPECIES, ALL, init + BYTES, LE);
    FloatVector l1 = l0;
    FloatVector h1 = h0;
    FloatVector l2 = l0;
    FloatVector h2 = h0;
    FloatVector l3 = l0;
    FloatVector h3 = h0;
    FloatVector l4 = l0;
    FloatVector h4 = h0;
    FloatVector l5 = l0;
    FloatVector h5 = h0;
    FloatVector l6 = l0;
    FloatVector h6 = h0;
    FloatVector l7 = l0;
    FloatVector h7 = h0;
    FloatVector l8 = l0;
    FloatVector h8 = h0;
    FloatVector l9 = l0;
    FloatVector h9 = h0;
    FloatVector l10 = l0;
    FloatVector h10 = h0;
    long pb = b;
    for (int run = 0; run < runs; run++) {
      long a0 = a + ALL.get(LONG, taps + 8L * run);
      long a1 = a0 + aStep;
      long a2 = a1 + aStep;
      long a3 = a2 + aStep;
      long a4 = a3 + aStep;
      long a5 = a4 + aStep;
      long a6 = a5 + aStep;
      long a7 = a6 + aStep;
      long a8 = a7 + aStep;
      long a9 = a8 + aStep;
      long a10 = a9 + aStep;
      for (int i = 0; i < k; i++) {
        long at = 4L * i;
        FloatVector bl = FloatVector.fromMemorySegment(SPECIES, ALL, pb, LE);
        FloatVector bh = FloatVector.fromMemorySegment(SPECIES, ALL, pb + BYTES, LE);
        FloatVector x0 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a0 + at));
        l0 = x0.fma(bl, l0);
        h0 = x0.fma(bh, h0);
        FloatVector x1 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a1 + at));
        l1 = x1.fma(bl, l1);
        h1 = x1.fma(bh, h1);
        FloatVector x2 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a2 + at));
        l2 = x2.fma(bl, l2);
        h2 = x2.fma(bh, h2);
        FloatVector x3 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a3 + at));
        l3 = x3.fma(bl, l3);
        h3 = x3.fma(bh, h3);
        FloatVector x4 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a4 + at));
        l4 = x4.fma(bl, l4);
        h4 = x4.fma(bh, h4);
        FloatVector x5 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a5 + at));
        l5 = x5.fma(bl, l5);
        h5 = x5.fma(bh, h5);
        FloatVector x6 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a6 + at));
        l6 = x6.fma(bl, l6);
        h6 = x6.fma(bh, h6);
        FloatVector x7 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a7 + at));
        l7 = x7.fma(bl, l7);
        h7 = x7.fma(bh, h7);
        FloatVector x8 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a8 + at));
        l8 = x8.fma(bl, l8);
        h8 = x8.fma(bh, h8);
        FloatVector x9 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a9 + at));
        l9 = x9.fma(bl, l9);
        h9 = x9.fma(bh, h9);
        FloatVector x10 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a10 + at));
        l10 = x10.fma(bl, l10);
        h10 = x10.fma(bh, h10);
        pb += bStep;
      }
    }
    long high = c + BYTES;
    l0.intoMemorySegment(ALL, c, LE);
    h0.intoMemorySegment(ALL, high, LE);
    l1.intoMemorySegment(ALL, c + cStep, LE);
    h1.intoMemorySegment(ALL, high + cStep, LE);
    l2.intoMemorySegment(ALL, c + 2 * cStep, LE);
    h2.intoMemorySegment(ALL, high + 2 * cStep, LE);
    l3.intoMemorySegment(ALL, c + 3 * cStep, LE);
    h3.intoMemorySegment(ALL, high + 3 * cStep, LE);
    l4.intoMemorySegment(ALL, c + 4 * cStep, LE);
    h4.intoMemorySegment(ALL, high + 4 * cStep, LE);
    l5.intoMemorySegment(ALL, c + 5 * cStep, LE);
    h5.intoMemorySegment(ALL, high + 5 * cStep, LE);
    l6.intoMemorySegment(ALL, c + 6 * cStep, LE);
    h6.intoMemorySegment(ALL, high + 6 * cStep, LE);
    l7.intoMemorySegment(ALL, c + 7 * cStep, LE);
    h7.intoMemorySegment(ALL, high + 7 * cStep, LE);
    l8.intoMemorySegment(ALL, c + 8 * cStep, LE);
    h8.intoMemorySegment(ALL, high + 8 * cStep, LE);
    l9.intoMemorySegment(ALL, c + 9 * cStep, LE);
    h9.intoMemorySegment(ALL, high + 9 * cStep, LE);
    l10.intoMemorySegment(ALL, c + 10 * cStep, LE);
    h10.intoMemorySegment(ALL, high + 10 * cStep, LE);
  }

  static void wide12(
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bStep,
      long init,
      long c,
      long cStep) {
    FloatVector l0 = FloatVector.fromMemorySegment(SPECIES, ALL, init, LE);
    FloatVector h0 = FloatVector.fromMemorySegment(SPECIES, ALL, init + BYTES, LE);
    FloatVector l1 = l0;
    FloatVector h1 = h0;
    FloatVector l2 = l0;
    FloatVector h2 = h0;
    FloatVector l3 = l0;
    FloatVector h3 = h0;
    FloatVector l4 = l0;
    FloatVector h4 = h0;
    FloatVector l5 = l0;
    FloatVector h5 = h0;
    FloatVector l6 = l0;
    FloatVector h6 = h0;
    FloatVector l7 = l0;
    FloatVector h7 = h0;
    FloatVector l8 = l0;
    FloatVector h8 = h0;
    FloatVector l9 = l0;
    FloatVector h9 = h0;
    FloatVector l10 = l0;
    FloatVector h10 = h0;
    FloatVector l11 = l0;
    FloatVector h11 = h0;
    long pb = b;
    for (int run = 0; run < runs; run++) {
      long a0 = a + ALL.get(LONG, taps + 8L * run);
      long a1 = a0 + aStep;
      long a2 = a1 + aStep;
      long a3 = a2 + aStep;
      long a4 = a3 + aStep;
      long a5 = a4 + aStep;
      long a6 = a5 + aStep;
      long a7 = a6 + aStep;
      long a8 = a7 + aStep;
      long a9 = a8 + aStep;
      long a10 = a9 + aStep;
      long a11 = a10 + aStep;
      for (int i = 0; i < k; i++) {
        long at = 4L * i;
        FloatVector bl = FloatVector.fromMemorySegment(SPECIES, ALL, pb, LE);
        FloatVector bh = FloatVector.fromMemorySegment(SPECIES, ALL, pb + BYTES, LE);
        FloatVector x0 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a0 + at));
        l0 = x0.fma(bl, l0);
        h0 = x0.fma(bh, h0);
        FloatVector x1 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a1 + at));
        l1 = x1.fma(bl, l1);
        h1 = x1.fma(bh, h1);
        FloatVector x2 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a2 + at));
        l2 = x2.fma(bl, l2);
        h2 = x2.fma(bh, h2);
        FloatVector x3 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a3 + at));
        l3 = x3.fma(bl, l3);
        h3 = x3.fma(bh, h3);
        FloatVector x4 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a4 + at));
        l4 = x4.fma(bl, l4);
        h4 = x4.fma(bh, h4);
        FloatVector x5 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a5 + at));
        l5 = x5.fma(bl, l5);
        h5 = x5.fma(bh, h5);
        FloatVector x6 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a6 + at));
        l6 = x6.fma(bl, l6);
        h6 = x6.fma(bh, h6);
        FloatVector x7 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a7 + at));
        l7 = x7.fma(bl, l7);
        h7 = x7.fma(bh, h7);
        FloatVector x8 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a8 + at));
        l8 = x8.fma(bl, l8);
        h8 = x8.fma(bh, h8);
        FloatVector x9 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a9 + at));
        l9 = x9.fma(bl, l9);
        h9 = x9.fma(bh, h9);
        FloatVector x10 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a10 + at));
        l10 = x10.fma(bl, l10);
        h10 = x10.fma(bh, h10);
        FloatVector x11 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a11 + at));
        l11 = x11.fma(bl, l11);
        h11 = x11.fma(bh, h11);
        pb += bStep;
      }
    }
    long high = c + BYTES;
    l0.intoMemorySegment(ALL, c, LE);
    h0.intoMemorySegment(ALL, high, LE);
    l1.intoMemorySegment(ALL, c + cStep, LE);
    h1.intoMemorySegment(ALL, high + cStep, LE);
    l2.intoMemorySegment(ALL, c + 2 * cStep, LE);
    h2.intoMemorySegment(ALL, high + 2 * cStep, LE);
    l3.intoMemorySegment(ALL, c + 3 * cStep, LE);
    h3.intoMemorySegment(ALL, high + 3 * cStep, LE);
    l4.intoMemorySegment(ALL, c + 4 * cStep, LE);
    h4.intoMemorySegment(ALL, high + 4 * cStep, LE);
    l5.intoMemorySegment(ALL, c + 5 * cStep, LE);
    h5.intoMemorySegment(ALL, high + 5 * cStep, LE);
    l6.intoMemorySegment(ALL, c + 6 * cStep, LE);
    h6.intoMemorySegment(ALL, high + 6 * cStep, LE);
    l7.intoMemorySegment(ALL, c + 7 * cStep, LE);
    h7.intoMemorySegment(ALL, high + 7 * cStep, LE);
    l8.intoMemorySegment(ALL, c + 8 * cStep, LE);
    h8.intoMemorySegment(ALL, high + 8 * cStep, LE);
    l9.intoMemorySegment(ALL, c + 9 * cStep, LE);
    h9.intoMemorySegment(ALL, high + 9 * cStep, LE);
    l10.intoMemorySegment(ALL, c + 10 * cStep, LE);
    h10.intoMemorySegment(ALL, high + 10 * cStep, LE);
    l11.intoMemorySegment(ALL, c + 11 * cStep, LE);
    h11.intoMemorySegment(ALL, high + 11 * cStep, LE);
  }
}
