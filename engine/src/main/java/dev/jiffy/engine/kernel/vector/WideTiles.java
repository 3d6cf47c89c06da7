package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.Memory.FLOAT;
import static dev.jiffy.engine.kernel.vector.Lanes.BYTES;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static dev.jiffy.engine.kernel.vector.Tiles.ADDRESS;
import static dev.jiffy.engine.kernel.vector.Tiles.LE;
import static dev.jiffy.engine.kernel.vector.Tiles.TABLE;

import jdk.incubator.vector.FloatVector;

/// Tiles of 1 to 6 rows and two vectors of columns; see [Tiles].
final class WideTiles {
  private WideTiles() {}

  static void wide1(
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bHigh,
      long bStep,
      long init,
      long initStep,
      long c,
      long cStep) {
    long high = init + BYTES;
    FloatVector l0 = FloatVector.fromMemorySegment(SPECIES, ALL, init, LE);
    FloatVector h0 = FloatVector.fromMemorySegment(SPECIES, ALL, high, LE);
    FloatVector l0x = FloatVector.zero(SPECIES);
    FloatVector h0x = FloatVector.zero(SPECIES);
    FloatVector l0y = FloatVector.zero(SPECIES);
    FloatVector h0y = FloatVector.zero(SPECIES);
    FloatVector l0z = FloatVector.zero(SPECIES);
    FloatVector h0z = FloatVector.zero(SPECIES);
    long pb = b;
    for (int run = 0; run < runs; run++) {
      long a0 = a + (long) TABLE.getOpaque(ALL, taps + 8L * run);
      int i = 0;
      for (; i < k - 3; i += 4) {
        long at = 4L * i;
        FloatVector bl = FloatVector.fromMemorySegment(SPECIES, ALL, pb, LE);
        FloatVector bh = FloatVector.fromMemorySegment(SPECIES, ALL, pb + bHigh, LE);
        FloatVector x0 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a0 + at));
        l0 = x0.fma(bl, l0);
        h0 = x0.fma(bh, h0);
        FloatVector blx = FloatVector.fromMemorySegment(SPECIES, ALL, pb + bStep, LE);
        FloatVector bhx = FloatVector.fromMemorySegment(SPECIES, ALL, pb + bStep + bHigh, LE);
        FloatVector x0x = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a0 + at + 4));
        l0x = x0x.fma(blx, l0x);
        h0x = x0x.fma(bhx, h0x);
        FloatVector bly = FloatVector.fromMemorySegment(SPECIES, ALL, pb + 2 * bStep, LE);
        FloatVector bhy = FloatVector.fromMemorySegment(SPECIES, ALL, pb + 2 * bStep + bHigh, LE);
        FloatVector x0y = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a0 + at + 8));
        l0y = x0y.fma(bly, l0y);
        h0y = x0y.fma(bhy, h0y);
        FloatVector blz = FloatVector.fromMemorySegment(SPECIES, ALL, pb + 3 * bStep, LE);
        FloatVector bhz = FloatVector.fromMemorySegment(SPECIES, ALL, pb + 3 * bStep + bHigh, LE);
        FloatVector x0z = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a0 + at + 12));
        l0z = x0z.fma(blz, l0z);
        h0z = x0z.fma(bhz, h0z);
        pb += 4 * bStep;
      }
      for (; i < k; i++) {
        long at = 4L * i;
        FloatVector bl = FloatVector.fromMemorySegment(SPECIES, ALL, pb, LE);
        FloatVector bh = FloatVector.fromMemorySegment(SPECIES, ALL, pb + bHigh, LE);
        FloatVector x0 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a0 + at));
        l0 = x0.fma(bl, l0);
        h0 = x0.fma(bh, h0);
        pb += bStep;
      }
    }
    high = c + BYTES;
    l0.add(l0x).add(l0y.add(l0z)).intoMemorySegment(ALL, c, LE);
    h0.add(h0x).add(h0y.add(h0z)).intoMemorySegment(ALL, high, LE);
  }

  static void wide2(
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bHigh,
      long bStep,
      long init,
      long initStep,
      long c,
      long cStep) {
    long high = init + BYTES;
    FloatVector l0 = FloatVector.fromMemorySegment(SPECIES, ALL, init, LE);
    FloatVector h0 = FloatVector.fromMemorySegment(SPECIES, ALL, high, LE);
    FloatVector l1 = FloatVector.fromMemorySegment(SPECIES, ALL, init + initStep, LE);
    FloatVector h1 = FloatVector.fromMemorySegment(SPECIES, ALL, high + initStep, LE);
    FloatVector l0x = FloatVector.zero(SPECIES);
    FloatVector h0x = FloatVector.zero(SPECIES);
    FloatVector l1x = FloatVector.zero(SPECIES);
    FloatVector h1x = FloatVector.zero(SPECIES);
    long pb = b;
    for (int run = 0; run < runs; run++) {
      long a0 = a + (long) TABLE.getOpaque(ALL, taps + 8L * run);
      long a1 = a0 + aStep;
      int i = 0;
      for (; i < k - 1; i += 2) {
        long at = 4L * i;
        FloatVector bl = FloatVector.fromMemorySegment(SPECIES, ALL, pb, LE);
        FloatVector bh = FloatVector.fromMemorySegment(SPECIES, ALL, pb + bHigh, LE);
        FloatVector x0 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a0 + at));
        l0 = x0.fma(bl, l0);
        h0 = x0.fma(bh, h0);
        FloatVector x1 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a1 + at));
        l1 = x1.fma(bl, l1);
        h1 = x1.fma(bh, h1);
        FloatVector blx = FloatVector.fromMemorySegment(SPECIES, ALL, pb + bStep, LE);
        FloatVector bhx = FloatVector.fromMemorySegment(SPECIES, ALL, pb + bStep + bHigh, LE);
        FloatVector x0x = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a0 + at + 4));
        l0x = x0x.fma(blx, l0x);
        h0x = x0x.fma(bhx, h0x);
        FloatVector x1x = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a1 + at + 4));
        l1x = x1x.fma(blx, l1x);
        h1x = x1x.fma(bhx, h1x);
        pb += 2 * bStep;
      }
      for (; i < k; i++) {
        long at = 4L * i;
        FloatVector bl = FloatVector.fromMemorySegment(SPECIES, ALL, pb, LE);
        FloatVector bh = FloatVector.fromMemorySegment(SPECIES, ALL, pb + bHigh, LE);
        FloatVector x0 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a0 + at));
        l0 = x0.fma(bl, l0);
        h0 = x0.fma(bh, h0);
        FloatVector x1 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a1 + at));
        l1 = x1.fma(bl, l1);
        h1 = x1.fma(bh, h1);
        pb += bStep;
      }
    }
    high = c + BYTES;
    l0.add(l0x).intoMemorySegment(ALL, c, LE);
    h0.add(h0x).intoMemorySegment(ALL, high, LE);
    l1.add(l1x).intoMemorySegment(ALL, c + cStep, LE);
    h1.add(h1x).intoMemorySegment(ALL, high + cStep, LE);
  }

  static void wide3(
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bHigh,
      long bStep,
      long init,
      long initStep,
      long c,
      long cStep) {
    long high = init + BYTES;
    FloatVector l0 = FloatVector.fromMemorySegment(SPECIES, ALL, init, LE);
    FloatVector h0 = FloatVector.fromMemorySegment(SPECIES, ALL, high, LE);
    FloatVector l1 = FloatVector.fromMemorySegment(SPECIES, ALL, init + initStep, LE);
    FloatVector h1 = FloatVector.fromMemorySegment(SPECIES, ALL, high + initStep, LE);
    FloatVector l2 = FloatVector.fromMemorySegment(SPECIES, ALL, init + 2 * initStep, LE);
    FloatVector h2 = FloatVector.fromMemorySegment(SPECIES, ALL, high + 2 * initStep, LE);
    long pb = b;
    for (int run = 0; run < runs; run++) {
      long a0 = a + (long) TABLE.getOpaque(ALL, taps + 8L * run);
      long a1 = a0 + aStep;
      long a2 = a1 + aStep;
      for (int i = 0; i < k; i++) {
        long at = 4L * i;
        FloatVector bl = FloatVector.fromMemorySegment(SPECIES, ALL, pb, LE);
        FloatVector bh = FloatVector.fromMemorySegment(SPECIES, ALL, pb + bHigh, LE);
        FloatVector x0 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a0 + at));
        l0 = x0.fma(bl, l0);
        h0 = x0.fma(bh, h0);
        FloatVector x1 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a1 + at));
        l1 = x1.fma(bl, l1);
        h1 = x1.fma(bh, h1);
        FloatVector x2 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a2 + at));
        l2 = x2.fma(bl, l2);
        h2 = x2.fma(bh, h2);
        pb += bStep;
      }
    }
    high = c + BYTES;
    l0.intoMemorySegment(ALL, c, LE);
    h0.intoMemorySegment(ALL, high, LE);
    l1.intoMemorySegment(ALL, c + cStep, LE);
    h1.intoMemorySegment(ALL, high + cStep, LE);
    l2.intoMemorySegment(ALL, c + 2 * cStep, LE);
    h2.intoMemorySegment(ALL, high + 2 * cStep, LE);
  }

  static void wide4(
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bHigh,
      long bStep,
      long init,
      long initStep,
      long c,
      long cStep) {
    long high = init + BYTES;
    FloatVector l0 = FloatVector.fromMemorySegment(SPECIES, ALL, init, LE);
    FloatVector h0 = FloatVector.fromMemorySegment(SPECIES, ALL, high, LE);
    FloatVector l1 = FloatVector.fromMemorySegment(SPECIES, ALL, init + initStep, LE);
    FloatVector h1 = FloatVector.fromMemorySegment(SPECIES, ALL, high + initStep, LE);
    FloatVector l2 = FloatVector.fromMemorySegment(SPECIES, ALL, init + 2 * initStep, LE);
    FloatVector h2 = FloatVector.fromMemorySegment(SPECIES, ALL, high + 2 * initStep, LE);
    FloatVector l3 = FloatVector.fromMemorySegment(SPECIES, ALL, init + 3 * initStep, LE);
    FloatVector h3 = FloatVector.fromMemorySegment(SPECIES, ALL, high + 3 * initStep, LE);
    long pb = b;
    for (int run = 0; run < runs; run++) {
      long a0 = a + (long) TABLE.getOpaque(ALL, taps + 8L * run);
      long a1 = a0 + aStep;
      long a2 = a1 + aStep;
      long a3 = a2 + aStep;
      for (int i = 0; i < k; i++) {
        long at = 4L * i;
        FloatVector bl = FloatVector.fromMemorySegment(SPECIES, ALL, pb, LE);
        FloatVector bh = FloatVector.fromMemorySegment(SPECIES, ALL, pb + bHigh, LE);
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
        pb += bStep;
      }
    }
    high = c + BYTES;
    l0.intoMemorySegment(ALL, c, LE);
    h0.intoMemorySegment(ALL, high, LE);
    l1.intoMemorySegment(ALL, c + cStep, LE);
    h1.intoMemorySegment(ALL, high + cStep, LE);
    l2.intoMemorySegment(ALL, c + 2 * cStep, LE);
    h2.intoMemorySegment(ALL, high + 2 * cStep, LE);
    l3.intoMemorySegment(ALL, c + 3 * cStep, LE);
    h3.intoMemorySegment(ALL, high + 3 * cStep, LE);
  }

  static void wide5(
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bHigh,
      long bStep,
      long init,
      long initStep,
      long c,
      long cStep) {
    long from = init & ADDRESS;
    long fromStep = initStep & ADDRESS;
    long high = from + BYTES;
    FloatVector l0 = FloatVector.fromMemorySegment(SPECIES, ALL, from, LE);
    FloatVector h0 = FloatVector.fromMemorySegment(SPECIES, ALL, high, LE);
    FloatVector l1 = FloatVector.fromMemorySegment(SPECIES, ALL, from + fromStep, LE);
    FloatVector h1 = FloatVector.fromMemorySegment(SPECIES, ALL, high + fromStep, LE);
    FloatVector l2 = FloatVector.fromMemorySegment(SPECIES, ALL, from + 2 * fromStep, LE);
    FloatVector h2 = FloatVector.fromMemorySegment(SPECIES, ALL, high + 2 * fromStep, LE);
    FloatVector l3 = FloatVector.fromMemorySegment(SPECIES, ALL, from + 3 * fromStep, LE);
    FloatVector h3 = FloatVector.fromMemorySegment(SPECIES, ALL, high + 3 * fromStep, LE);
    FloatVector l4 = FloatVector.fromMemorySegment(SPECIES, ALL, from + 4 * fromStep, LE);
    FloatVector h4 = FloatVector.fromMemorySegment(SPECIES, ALL, high + 4 * fromStep, LE);
    long pb = b;
    long second = bHigh & ADDRESS;
    long table = taps & ADDRESS;
    for (int run = 0; run < runs; run++) {
      long a0 = (a + (long) TABLE.getOpaque(ALL, table + 8L * run)) & ADDRESS;
      long a1 = (a0 + aStep) & ADDRESS;
      long a2 = (a1 + aStep) & ADDRESS;
      long a3 = (a2 + aStep) & ADDRESS;
      long a4 = (a3 + aStep) & ADDRESS;
      for (int i = 0; i < k; i++) {
        long at = 4L * i;
        long vb = pb & ADDRESS;
        FloatVector bl = FloatVector.fromMemorySegment(SPECIES, ALL, vb, LE);
        FloatVector bh = FloatVector.fromMemorySegment(SPECIES, ALL, vb + second, LE);
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
        pb += bStep;
      }
    }
    long to = c & ADDRESS;
    long toStep = cStep & ADDRESS;
    high = to + BYTES;
    l0.intoMemorySegment(ALL, to, LE);
    h0.intoMemorySegment(ALL, high, LE);
    l1.intoMemorySegment(ALL, to + toStep, LE);
    h1.intoMemorySegment(ALL, high + toStep, LE);
    l2.intoMemorySegment(ALL, to + 2 * toStep, LE);
    h2.intoMemorySegment(ALL, high + 2 * toStep, LE);
    l3.intoMemorySegment(ALL, to + 3 * toStep, LE);
    h3.intoMemorySegment(ALL, high + 3 * toStep, LE);
    l4.intoMemorySegment(ALL, to + 4 * toStep, LE);
    h4.intoMemorySegment(ALL, high + 4 * toStep, LE);
  }

  static void wide6(
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bHigh,
      long bStep,
      long init,
      long initStep,
      long c,
      long cStep) {
    long from = init & ADDRESS;
    long fromStep = initStep & ADDRESS;
    long high = from + BYTES;
    FloatVector l0 = FloatVector.fromMemorySegment(SPECIES, ALL, from, LE);
    FloatVector h0 = FloatVector.fromMemorySegment(SPECIES, ALL, high, LE);
    FloatVector l1 = FloatVector.fromMemorySegment(SPECIES, ALL, from + fromStep, LE);
    FloatVector h1 = FloatVector.fromMemorySegment(SPECIES, ALL, high + fromStep, LE);
    FloatVector l2 = FloatVector.fromMemorySegment(SPECIES, ALL, from + 2 * fromStep, LE);
    FloatVector h2 = FloatVector.fromMemorySegment(SPECIES, ALL, high + 2 * fromStep, LE);
    FloatVector l3 = FloatVector.fromMemorySegment(SPECIES, ALL, from + 3 * fromStep, LE);
    FloatVector h3 = FloatVector.fromMemorySegment(SPECIES, ALL, high + 3 * fromStep, LE);
    FloatVector l4 = FloatVector.fromMemorySegment(SPECIES, ALL, from + 4 * fromStep, LE);
    FloatVector h4 = FloatVector.fromMemorySegment(SPECIES, ALL, high + 4 * fromStep, LE);
    FloatVector l5 = FloatVector.fromMemorySegment(SPECIES, ALL, from + 5 * fromStep, LE);
    FloatVector h5 = FloatVector.fromMemorySegment(SPECIES, ALL, high + 5 * fromStep, LE);
    long pb = b;
    long second = bHigh & ADDRESS;
    long table = taps & ADDRESS;
    for (int run = 0; run < runs; run++) {
      long a0 = (a + (long) TABLE.getOpaque(ALL, table + 8L * run)) & ADDRESS;
      long a1 = (a0 + aStep) & ADDRESS;
      long a2 = (a1 + aStep) & ADDRESS;
      long a3 = (a2 + aStep) & ADDRESS;
      long a4 = (a3 + aStep) & ADDRESS;
      long a5 = (a4 + aStep) & ADDRESS;
      for (int i = 0; i < k; i++) {
        long at = 4L * i;
        long vb = pb & ADDRESS;
        FloatVector bl = FloatVector.fromMemorySegment(SPECIES, ALL, vb, LE);
        FloatVector bh = FloatVector.fromMemorySegment(SPECIES, ALL, vb + second, LE);
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
        pb += bStep;
      }
    }
    long to = c & ADDRESS;
    long toStep = cStep & ADDRESS;
    high = to + BYTES;
    l0.intoMemorySegment(ALL, to, LE);
    h0.intoMemorySegment(ALL, high, LE);
    l1.intoMemorySegment(ALL, to + toStep, LE);
    h1.intoMemorySegment(ALL, high + toStep, LE);
    l2.intoMemorySegment(ALL, to + 2 * toStep, LE);
    h2.intoMemorySegment(ALL, high + 2 * toStep, LE);
    l3.intoMemorySegment(ALL, to + 3 * toStep, LE);
    h3.intoMemorySegment(ALL, high + 3 * toStep, LE);
    l4.intoMemorySegment(ALL, to + 4 * toStep, LE);
    h4.intoMemorySegment(ALL, high + 4 * toStep, LE);
    l5.intoMemorySegment(ALL, to + 5 * toStep, LE);
    h5.intoMemorySegment(ALL, high + 5 * toStep, LE);
  }
}
