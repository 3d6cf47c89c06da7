package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.Memory.FLOAT;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static dev.jiffy.engine.kernel.vector.Tiles.ADDRESS;
import static dev.jiffy.engine.kernel.vector.Tiles.LE;
import static dev.jiffy.engine.kernel.vector.Tiles.TABLE;

import jdk.incubator.vector.FloatVector;

/// Tiles of 1 to 8 rows and one vector of columns; see [Tiles].
final class NarrowTiles {
  private NarrowTiles() {}

  static void narrow1(
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bStep,
      long init,
      long initStep,
      long c,
      long cStep) {
    FloatVector l0 = FloatVector.fromMemorySegment(SPECIES, ALL, init, LE);
    FloatVector l0x = FloatVector.zero(SPECIES);
    FloatVector l0y = FloatVector.zero(SPECIES);
    FloatVector l0z = FloatVector.zero(SPECIES);
    long pb = b;
    for (int run = 0; run < runs; run++) {
      long a0 = a + (long) TABLE.getOpaque(ALL, taps + 8L * run);
      int i = 0;
      for (; i < k - 3; i += 4) {
        long at = 4L * i;
        FloatVector bl = FloatVector.fromMemorySegment(SPECIES, ALL, pb, LE);
        l0 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a0 + at)).fma(bl, l0);
        FloatVector blx = FloatVector.fromMemorySegment(SPECIES, ALL, pb + bStep, LE);
        l0x = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a0 + at + 4)).fma(blx, l0x);
        FloatVector bly = FloatVector.fromMemorySegment(SPECIES, ALL, pb + 2 * bStep, LE);
        l0y = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a0 + at + 8)).fma(bly, l0y);
        FloatVector blz = FloatVector.fromMemorySegment(SPECIES, ALL, pb + 3 * bStep, LE);
        l0z = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a0 + at + 12)).fma(blz, l0z);
        pb += 4 * bStep;
      }
      for (; i < k; i++) {
        long at = 4L * i;
        FloatVector bl = FloatVector.fromMemorySegment(SPECIES, ALL, pb, LE);
        l0 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a0 + at)).fma(bl, l0);
        pb += bStep;
      }
    }
    l0.add(l0x).add(l0y.add(l0z)).intoMemorySegment(ALL, c, LE);
  }

  static void narrow2(
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bStep,
      long init,
      long initStep,
      long c,
      long cStep) {
    FloatVector l0 = FloatVector.fromMemorySegment(SPECIES, ALL, init, LE);
    FloatVector l1 = FloatVector.fromMemorySegment(SPECIES, ALL, init + initStep, LE);
    FloatVector l0x = FloatVector.zero(SPECIES);
    FloatVector l1x = FloatVector.zero(SPECIES);
    long pb = b;
    for (int run = 0; run < runs; run++) {
      long a0 = a + (long) TABLE.getOpaque(ALL, taps + 8L * run);
      long a1 = a0 + aStep;
      int i = 0;
      for (; i < k - 1; i += 2) {
        long at = 4L * i;
        FloatVector bl = FloatVector.fromMemorySegment(SPECIES, ALL, pb, LE);
        l0 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a0 + at)).fma(bl, l0);
        l1 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a1 + at)).fma(bl, l1);
        FloatVector blx = FloatVector.fromMemorySegment(SPECIES, ALL, pb + bStep, LE);
        l0x = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a0 + at + 4)).fma(blx, l0x);
        l1x = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a1 + at + 4)).fma(blx, l1x);
        pb += 2 * bStep;
      }
      for (; i < k; i++) {
        long at = 4L * i;
        FloatVector bl = FloatVector.fromMemorySegment(SPECIES, ALL, pb, LE);
        l0 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a0 + at)).fma(bl, l0);
        l1 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a1 + at)).fma(bl, l1);
        pb += bStep;
      }
    }
    l0.add(l0x).intoMemorySegment(ALL, c, LE);
    l1.add(l1x).intoMemorySegment(ALL, c + cStep, LE);
  }

  static void narrow3(
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bStep,
      long init,
      long initStep,
      long c,
      long cStep) {
    FloatVector l0 = FloatVector.fromMemorySegment(SPECIES, ALL, init, LE);
    FloatVector l1 = FloatVector.fromMemorySegment(SPECIES, ALL, init + initStep, LE);
    FloatVector l2 = FloatVector.fromMemorySegment(SPECIES, ALL, init + 2 * initStep, LE);
    long pb = b;
    for (int run = 0; run < runs; run++) {
      long a0 = a + (long) TABLE.getOpaque(ALL, taps + 8L * run);
      long a1 = a0 + aStep;
      long a2 = a1 + aStep;
      for (int i = 0; i < k; i++) {
        long at = 4L * i;
        FloatVector bl = FloatVector.fromMemorySegment(SPECIES, ALL, pb, LE);
        l0 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a0 + at)).fma(bl, l0);
        l1 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a1 + at)).fma(bl, l1);
        l2 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a2 + at)).fma(bl, l2);
        pb += bStep;
      }
    }
    l0.intoMemorySegment(ALL, c, LE);
    l1.intoMemorySegment(ALL, c + cStep, LE);
    l2.intoMemorySegment(ALL, c + 2 * cStep, LE);
  }

  static void narrow4(
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bStep,
      long init,
      long initStep,
      long c,
      long cStep) {
    FloatVector l0 = FloatVector.fromMemorySegment(SPECIES, ALL, init, LE);
    FloatVector l1 = FloatVector.fromMemorySegment(SPECIES, ALL, init + initStep, LE);
    FloatVector l2 = FloatVector.fromMemorySegment(SPECIES, ALL, init + 2 * initStep, LE);
    FloatVector l3 = FloatVector.fromMemorySegment(SPECIES, ALL, init + 3 * initStep, LE);
    long pb = b;
    for (int run = 0; run < runs; run++) {
      long a0 = a + (long) TABLE.getOpaque(ALL, taps + 8L * run);
      long a1 = a0 + aStep;
      long a2 = a1 + aStep;
      long a3 = a2 + aStep;
      for (int i = 0; i < k; i++) {
        long at = 4L * i;
        FloatVector bl = FloatVector.fromMemorySegment(SPECIES, ALL, pb, LE);
        l0 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a0 + at)).fma(bl, l0);
        l1 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a1 + at)).fma(bl, l1);
        l2 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a2 + at)).fma(bl, l2);
        l3 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, a3 + at)).fma(bl, l3);
        pb += bStep;
      }
    }
    l0.intoMemorySegment(ALL, c, LE);
    l1.intoMemorySegment(ALL, c + cStep, LE);
    l2.intoMemorySegment(ALL, c + 2 * cStep, LE);
    l3.intoMemorySegment(ALL, c + 3 * cStep, LE);
  }

  static void narrow5(
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bStep,
      long init,
      long initStep,
      long c,
      long cStep) {
    long from = init & ADDRESS;
    long fromStep = initStep & ADDRESS;
    FloatVector l0 = FloatVector.fromMemorySegment(SPECIES, ALL, from, LE);
    FloatVector l1 = FloatVector.fromMemorySegment(SPECIES, ALL, from + fromStep, LE);
    FloatVector l2 = FloatVector.fromMemorySegment(SPECIES, ALL, from + 2 * fromStep, LE);
    FloatVector l3 = FloatVector.fromMemorySegment(SPECIES, ALL, from + 3 * fromStep, LE);
    FloatVector l4 = FloatVector.fromMemorySegment(SPECIES, ALL, from + 4 * fromStep, LE);
    long pb = b;
    long table = taps & ADDRESS;
    long s1 = aStep & ADDRESS;
    long s2 = 2 * aStep & ADDRESS;
    long s3 = 3 * aStep & ADDRESS;
    for (int run = 0; run < runs; run++) {
      long a0 = a + (long) TABLE.getOpaque(ALL, table + 8L * run);
      long a4 = a0 + 4 * aStep;
      for (int i = 0; i < k; i++) {
        long vb = pb & ADDRESS;
        FloatVector bl = FloatVector.fromMemorySegment(SPECIES, ALL, vb, LE);
        long p0 = a0 & ADDRESS;
        long p4 = a4 & ADDRESS;
        l0 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p0)).fma(bl, l0);
        l1 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p0 + s1)).fma(bl, l1);
        l2 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p0 + s2)).fma(bl, l2);
        l3 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p0 + s3)).fma(bl, l3);
        l4 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p4)).fma(bl, l4);
        a0 += 4;
        a4 += 4;
        pb += bStep;
      }
    }
    long to = c & ADDRESS;
    long toStep = cStep & ADDRESS;
    l0.intoMemorySegment(ALL, to, LE);
    l1.intoMemorySegment(ALL, to + toStep, LE);
    l2.intoMemorySegment(ALL, to + 2 * toStep, LE);
    l3.intoMemorySegment(ALL, to + 3 * toStep, LE);
    l4.intoMemorySegment(ALL, to + 4 * toStep, LE);
  }

  static void narrow6(
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bStep,
      long init,
      long initStep,
      long c,
      long cStep) {
    long from = init & ADDRESS;
    long fromStep = initStep & ADDRESS;
    FloatVector l0 = FloatVector.fromMemorySegment(SPECIES, ALL, from, LE);
    FloatVector l1 = FloatVector.fromMemorySegment(SPECIES, ALL, from + fromStep, LE);
    FloatVector l2 = FloatVector.fromMemorySegment(SPECIES, ALL, from + 2 * fromStep, LE);
    FloatVector l3 = FloatVector.fromMemorySegment(SPECIES, ALL, from + 3 * fromStep, LE);
    FloatVector l4 = FloatVector.fromMemorySegment(SPECIES, ALL, from + 4 * fromStep, LE);
    FloatVector l5 = FloatVector.fromMemorySegment(SPECIES, ALL, from + 5 * fromStep, LE);
    long pb = b;
    long table = taps & ADDRESS;
    long s1 = aStep & ADDRESS;
    long s2 = 2 * aStep & ADDRESS;
    long s3 = 3 * aStep & ADDRESS;
    for (int run = 0; run < runs; run++) {
      long a0 = a + (long) TABLE.getOpaque(ALL, table + 8L * run);
      long a4 = a0 + 4 * aStep;
      for (int i = 0; i < k; i++) {
        long vb = pb & ADDRESS;
        FloatVector bl = FloatVector.fromMemorySegment(SPECIES, ALL, vb, LE);
        long p0 = a0 & ADDRESS;
        long p4 = a4 & ADDRESS;
        l0 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p0)).fma(bl, l0);
        l1 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p0 + s1)).fma(bl, l1);
        l2 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p0 + s2)).fma(bl, l2);
        l3 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p0 + s3)).fma(bl, l3);
        l4 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p4)).fma(bl, l4);
        l5 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p4 + s1)).fma(bl, l5);
        a0 += 4;
        a4 += 4;
        pb += bStep;
      }
    }
    long to = c & ADDRESS;
    long toStep = cStep & ADDRESS;
    l0.intoMemorySegment(ALL, to, LE);
    l1.intoMemorySegment(ALL, to + toStep, LE);
    l2.intoMemorySegment(ALL, to + 2 * toStep, LE);
    l3.intoMemorySegment(ALL, to + 3 * toStep, LE);
    l4.intoMemorySegment(ALL, to + 4 * toStep, LE);
    l5.intoMemorySegment(ALL, to + 5 * toStep, LE);
  }

  static void narrow7(
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bStep,
      long init,
      long initStep,
      long c,
      long cStep) {
    long from = init & ADDRESS;
    long fromStep = initStep & ADDRESS;
    FloatVector l0 = FloatVector.fromMemorySegment(SPECIES, ALL, from, LE);
    FloatVector l1 = FloatVector.fromMemorySegment(SPECIES, ALL, from + fromStep, LE);
    FloatVector l2 = FloatVector.fromMemorySegment(SPECIES, ALL, from + 2 * fromStep, LE);
    FloatVector l3 = FloatVector.fromMemorySegment(SPECIES, ALL, from + 3 * fromStep, LE);
    FloatVector l4 = FloatVector.fromMemorySegment(SPECIES, ALL, from + 4 * fromStep, LE);
    FloatVector l5 = FloatVector.fromMemorySegment(SPECIES, ALL, from + 5 * fromStep, LE);
    FloatVector l6 = FloatVector.fromMemorySegment(SPECIES, ALL, from + 6 * fromStep, LE);
    long pb = b;
    long table = taps & ADDRESS;
    long s1 = aStep & ADDRESS;
    long s2 = 2 * aStep & ADDRESS;
    long s3 = 3 * aStep & ADDRESS;
    for (int run = 0; run < runs; run++) {
      long a0 = a + (long) TABLE.getOpaque(ALL, table + 8L * run);
      long a4 = a0 + 4 * aStep;
      for (int i = 0; i < k; i++) {
        long vb = pb & ADDRESS;
        FloatVector bl = FloatVector.fromMemorySegment(SPECIES, ALL, vb, LE);
        long p0 = a0 & ADDRESS;
        long p4 = a4 & ADDRESS;
        l0 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p0)).fma(bl, l0);
        l1 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p0 + s1)).fma(bl, l1);
        l2 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p0 + s2)).fma(bl, l2);
        l3 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p0 + s3)).fma(bl, l3);
        l4 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p4)).fma(bl, l4);
        l5 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p4 + s1)).fma(bl, l5);
        l6 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p4 + s2)).fma(bl, l6);
        a0 += 4;
        a4 += 4;
        pb += bStep;
      }
    }
    long to = c & ADDRESS;
    long toStep = cStep & ADDRESS;
    l0.intoMemorySegment(ALL, to, LE);
    l1.intoMemorySegment(ALL, to + toStep, LE);
    l2.intoMemorySegment(ALL, to + 2 * toStep, LE);
    l3.intoMemorySegment(ALL, to + 3 * toStep, LE);
    l4.intoMemorySegment(ALL, to + 4 * toStep, LE);
    l5.intoMemorySegment(ALL, to + 5 * toStep, LE);
    l6.intoMemorySegment(ALL, to + 6 * toStep, LE);
  }

  static void narrow8(
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bStep,
      long init,
      long initStep,
      long c,
      long cStep) {
    long from = init & ADDRESS;
    long fromStep = initStep & ADDRESS;
    FloatVector l0 = FloatVector.fromMemorySegment(SPECIES, ALL, from, LE);
    FloatVector l1 = FloatVector.fromMemorySegment(SPECIES, ALL, from + fromStep, LE);
    FloatVector l2 = FloatVector.fromMemorySegment(SPECIES, ALL, from + 2 * fromStep, LE);
    FloatVector l3 = FloatVector.fromMemorySegment(SPECIES, ALL, from + 3 * fromStep, LE);
    FloatVector l4 = FloatVector.fromMemorySegment(SPECIES, ALL, from + 4 * fromStep, LE);
    FloatVector l5 = FloatVector.fromMemorySegment(SPECIES, ALL, from + 5 * fromStep, LE);
    FloatVector l6 = FloatVector.fromMemorySegment(SPECIES, ALL, from + 6 * fromStep, LE);
    FloatVector l7 = FloatVector.fromMemorySegment(SPECIES, ALL, from + 7 * fromStep, LE);
    long pb = b;
    long table = taps & ADDRESS;
    long s1 = aStep & ADDRESS;
    long s2 = 2 * aStep & ADDRESS;
    long s3 = 3 * aStep & ADDRESS;
    for (int run = 0; run < runs; run++) {
      long a0 = a + (long) TABLE.getOpaque(ALL, table + 8L * run);
      long a4 = a0 + 4 * aStep;
      for (int i = 0; i < k; i++) {
        long vb = pb & ADDRESS;
        FloatVector bl = FloatVector.fromMemorySegment(SPECIES, ALL, vb, LE);
        long p0 = a0 & ADDRESS;
        long p4 = a4 & ADDRESS;
        l0 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p0)).fma(bl, l0);
        l1 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p0 + s1)).fma(bl, l1);
        l2 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p0 + s2)).fma(bl, l2);
        l3 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p0 + s3)).fma(bl, l3);
        l4 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p4)).fma(bl, l4);
        l5 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p4 + s1)).fma(bl, l5);
        l6 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p4 + s2)).fma(bl, l6);
        l7 = FloatVector.broadcast(SPECIES, ALL.get(FLOAT, p4 + s3)).fma(bl, l7);
        a0 += 4;
        a4 += 4;
        pb += bStep;
      }
    }
    long to = c & ADDRESS;
    long toStep = cStep & ADDRESS;
    l0.intoMemorySegment(ALL, to, LE);
    l1.intoMemorySegment(ALL, to + toStep, LE);
    l2.intoMemorySegment(ALL, to + 2 * toStep, LE);
    l3.intoMemorySegment(ALL, to + 3 * toStep, LE);
    l4.intoMemorySegment(ALL, to + 4 * toStep, LE);
    l5.intoMemorySegment(ALL, to + 5 * toStep, LE);
    l6.intoMemorySegment(ALL, to + 6 * toStep, LE);
    l7.intoMemorySegment(ALL, to + 7 * toStep, LE);
  }
}
