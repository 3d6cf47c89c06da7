package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.vector.Lanes.BYTES;
import static dev.jiffy.engine.kernel.vector.Lanes.LANES;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.kernel.Memory;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Elementwise functions of two or three f32 operands: one loop each.
///
/// An operand is an address and a step: the bytes from vector to vector, [#DENSE] for contiguous
/// elements and [#REPEATED] for one vector that serves all; a number is such a vector, filled with
/// it.
final class VectorBinary {
  /// The step of contiguous elements.
  static final long DENSE = BYTES;

  /// The step of a vector that is used again and again.
  static final long REPEATED = 0;

  private static final Isolated POWER =
      Isolated.method(
          VectorBinary.class,
          "power",
          void.class,
          long.class,
          long.class,
          long.class,
          long.class,
          long.class,
          long.class);

  private VectorBinary() {}

  /// Computes `z[i] = f(x[i], y[i])`.
  ///
  /// @param f the function, defined for floating-point numbers
  /// @param x the address of the first operand
  /// @param stepX its step
  /// @param y the address of the second operand
  /// @param stepY its step
  /// @param z the address of the results; may be that of a dense operand
  /// @param n how many
  static void apply(BinaryFunction f, long x, long stepX, long y, long stepY, long z, long n) {
    switch (f) {
      case ADD -> add(x, stepX, y, stepY, z, n);
      case SUB -> sub(x, stepX, y, stepY, z, n);
      case MUL -> mul(x, stepX, y, stepY, z, n);
      case DIV -> div(x, stepX, y, stepY, z, n);
      case MIN -> min(x, stepX, y, stepY, z, n);
      case MAX -> max(x, stepX, y, stepY, z, n);
      case PRELU -> prelu(x, stepX, y, stepY, z, n);
      case AND -> and(x, stepX, y, stepY, z, n);
      case OR -> or(x, stepX, y, stepY, z, n);
      case XOR -> xor(x, stepX, y, stepY, z, n);
      case EQUAL -> equal(x, stepX, y, stepY, z, n);
      case LESS -> less(x, stepX, y, stepY, z, n);
      case LESS_OR_EQUAL -> lessOrEqual(x, stepX, y, stepY, z, n);
      case GREATER -> less(y, stepY, x, stepX, z, n);
      case GREATER_OR_EQUAL -> lessOrEqual(y, stepY, x, stepX, z, n);
      case POW -> {
        long whole = n < VectorUnary.MANY ? 0 : n & -LANES;
        if (whole > 0) {
          POWER.run(x, stepX, y, stepY, z, whole);
        }
        long vectors = whole / LANES;
        one(f, x + vectors * stepX, stepX, y + vectors * stepY, stepY, z + 4 * whole, n - whole);
      }
      case MOD, FMOD -> one(f, x, stepX, y, stepY, z, n);
      case BITWISE_AND, BITWISE_OR, BITWISE_XOR, SHIFT_LEFT, SHIFT_RIGHT ->
          throw new IllegalArgumentException(f + " is defined for integers only");
    }
  }

  /// Functions that are rare enough to be computed one by one.
  private static void one(
      BinaryFunction f, long x, long stepX, long y, long stepY, long z, long n) {
    long nextX = stepX == DENSE ? 4 : 0;
    long nextY = stepY == DENSE ? 4 : 0;
    for (long i = 0; i < n; i++) {
      double argument = Memory.getFloat(x + i * nextX);
      double other = Memory.getFloat(y + i * nextY);
      Memory.setFloat(z + 4 * i, (float) f.apply(argument, other));
    }
  }

  /// Computes powers of whole vectors.
  static void power(long x, long stepX, long y, long stepY, long z, long n) {
    long atX = x;
    long atY = y;
    for (long i = 0; i < n; i += LANES, atX += stepX, atY += stepY) {
      FloatVector a = fromMemorySegment(SPECIES, ALL, atX, LITTLE_ENDIAN);
      FloatVector b = fromMemorySegment(SPECIES, ALL, atY, LITTLE_ENDIAN);
      if (VectorMath.arePowers(a, b)) {
        VectorMath.power(a, b).intoMemorySegment(ALL, z + 4 * i, LITTLE_ENDIAN);
      } else {
        one(BinaryFunction.POW, atX, stepX, atY, stepY, z + 4 * i, LANES);
      }
    }
  }

  private static void add(long x, long stepX, long y, long stepY, long z, long n) {
    long i = 0;
    long atX = x;
    long atY = y;
    for (; i <= n - LANES; i += LANES, atX += stepX, atY += stepY) {
      FloatVector a = fromMemorySegment(SPECIES, ALL, atX, LITTLE_ENDIAN);
      FloatVector b = fromMemorySegment(SPECIES, ALL, atY, LITTLE_ENDIAN);
      a.add(b).intoMemorySegment(ALL, z + 4 * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector a = Tails.load(atX, mask);
      FloatVector b = Tails.load(atY, mask);
      Tails.store(a.add(b), z + 4 * i, mask);
    }
  }

  private static void sub(long x, long stepX, long y, long stepY, long z, long n) {
    long i = 0;
    long atX = x;
    long atY = y;
    for (; i <= n - LANES; i += LANES, atX += stepX, atY += stepY) {
      FloatVector a = fromMemorySegment(SPECIES, ALL, atX, LITTLE_ENDIAN);
      FloatVector b = fromMemorySegment(SPECIES, ALL, atY, LITTLE_ENDIAN);
      a.sub(b).intoMemorySegment(ALL, z + 4 * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector a = Tails.load(atX, mask);
      FloatVector b = Tails.load(atY, mask);
      Tails.store(a.sub(b), z + 4 * i, mask);
    }
  }

  private static void mul(long x, long stepX, long y, long stepY, long z, long n) {
    long i = 0;
    long atX = x;
    long atY = y;
    for (; i <= n - LANES; i += LANES, atX += stepX, atY += stepY) {
      FloatVector a = fromMemorySegment(SPECIES, ALL, atX, LITTLE_ENDIAN);
      FloatVector b = fromMemorySegment(SPECIES, ALL, atY, LITTLE_ENDIAN);
      a.mul(b).intoMemorySegment(ALL, z + 4 * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector a = Tails.load(atX, mask);
      FloatVector b = Tails.load(atY, mask);
      Tails.store(a.mul(b), z + 4 * i, mask);
    }
  }

  private static void div(long x, long stepX, long y, long stepY, long z, long n) {
    long i = 0;
    long atX = x;
    long atY = y;
    for (; i <= n - LANES; i += LANES, atX += stepX, atY += stepY) {
      FloatVector a = fromMemorySegment(SPECIES, ALL, atX, LITTLE_ENDIAN);
      FloatVector b = fromMemorySegment(SPECIES, ALL, atY, LITTLE_ENDIAN);
      a.div(b).intoMemorySegment(ALL, z + 4 * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector a = Tails.load(atX, mask);
      FloatVector b = Tails.load(atY, mask);
      Tails.store(a.div(b), z + 4 * i, mask);
    }
  }

  private static void min(long x, long stepX, long y, long stepY, long z, long n) {
    long i = 0;
    long atX = x;
    long atY = y;
    for (; i <= n - LANES; i += LANES, atX += stepX, atY += stepY) {
      FloatVector a = fromMemorySegment(SPECIES, ALL, atX, LITTLE_ENDIAN);
      FloatVector b = fromMemorySegment(SPECIES, ALL, atY, LITTLE_ENDIAN);
      a.min(b).intoMemorySegment(ALL, z + 4 * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector a = Tails.load(atX, mask);
      FloatVector b = Tails.load(atY, mask);
      Tails.store(a.min(b), z + 4 * i, mask);
    }
  }

  private static void max(long x, long stepX, long y, long stepY, long z, long n) {
    long i = 0;
    long atX = x;
    long atY = y;
    for (; i <= n - LANES; i += LANES, atX += stepX, atY += stepY) {
      FloatVector a = fromMemorySegment(SPECIES, ALL, atX, LITTLE_ENDIAN);
      FloatVector b = fromMemorySegment(SPECIES, ALL, atY, LITTLE_ENDIAN);
      a.max(b).intoMemorySegment(ALL, z + 4 * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector a = Tails.load(atX, mask);
      FloatVector b = Tails.load(atY, mask);
      Tails.store(a.max(b), z + 4 * i, mask);
    }
  }

  private static void prelu(long x, long stepX, long y, long stepY, long z, long n) {
    long i = 0;
    long atX = x;
    long atY = y;
    for (; i <= n - LANES; i += LANES, atX += stepX, atY += stepY) {
      FloatVector a = fromMemorySegment(SPECIES, ALL, atX, LITTLE_ENDIAN);
      FloatVector b = fromMemorySegment(SPECIES, ALL, atY, LITTLE_ENDIAN);
      a.blend(a.mul(b), a.compare(VectorOperators.LT, 0))
          .intoMemorySegment(ALL, z + 4 * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector a = Tails.load(atX, mask);
      FloatVector b = Tails.load(atY, mask);
      Tails.store(a.blend(a.mul(b), a.compare(VectorOperators.LT, 0)), z + 4 * i, mask);
    }
  }

  private static void and(long x, long stepX, long y, long stepY, long z, long n) {
    long i = 0;
    long atX = x;
    long atY = y;
    for (; i <= n - LANES; i += LANES, atX += stepX, atY += stepY) {
      FloatVector a = fromMemorySegment(SPECIES, ALL, atX, LITTLE_ENDIAN);
      FloatVector b = fromMemorySegment(SPECIES, ALL, atY, LITTLE_ENDIAN);
      broadcast(SPECIES, 0)
          .blend(1, a.compare(VectorOperators.NE, 0).and(b.compare(VectorOperators.NE, 0)))
          .intoMemorySegment(ALL, z + 4 * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector a = Tails.load(atX, mask);
      FloatVector b = Tails.load(atY, mask);
      Tails.store(
          broadcast(SPECIES, 0)
              .blend(1, a.compare(VectorOperators.NE, 0).and(b.compare(VectorOperators.NE, 0))),
          z + 4 * i,
          mask);
    }
  }

  private static void or(long x, long stepX, long y, long stepY, long z, long n) {
    long i = 0;
    long atX = x;
    long atY = y;
    for (; i <= n - LANES; i += LANES, atX += stepX, atY += stepY) {
      FloatVector a = fromMemorySegment(SPECIES, ALL, atX, LITTLE_ENDIAN);
      FloatVector b = fromMemorySegment(SPECIES, ALL, atY, LITTLE_ENDIAN);
      broadcast(SPECIES, 0)
          .blend(1, a.compare(VectorOperators.NE, 0).or(b.compare(VectorOperators.NE, 0)))
          .intoMemorySegment(ALL, z + 4 * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector a = Tails.load(atX, mask);
      FloatVector b = Tails.load(atY, mask);
      Tails.store(
          broadcast(SPECIES, 0)
              .blend(1, a.compare(VectorOperators.NE, 0).or(b.compare(VectorOperators.NE, 0))),
          z + 4 * i,
          mask);
    }
  }

  private static void xor(long x, long stepX, long y, long stepY, long z, long n) {
    long i = 0;
    long atX = x;
    long atY = y;
    for (; i <= n - LANES; i += LANES, atX += stepX, atY += stepY) {
      FloatVector a = fromMemorySegment(SPECIES, ALL, atX, LITTLE_ENDIAN);
      FloatVector b = fromMemorySegment(SPECIES, ALL, atY, LITTLE_ENDIAN);
      broadcast(SPECIES, 0)
          .blend(1, a.compare(VectorOperators.NE, 0).xor(b.compare(VectorOperators.NE, 0)))
          .intoMemorySegment(ALL, z + 4 * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector a = Tails.load(atX, mask);
      FloatVector b = Tails.load(atY, mask);
      Tails.store(
          broadcast(SPECIES, 0)
              .blend(1, a.compare(VectorOperators.NE, 0).xor(b.compare(VectorOperators.NE, 0))),
          z + 4 * i,
          mask);
    }
  }

  private static void equal(long x, long stepX, long y, long stepY, long z, long n) {
    long i = 0;
    long atX = x;
    long atY = y;
    for (; i <= n - LANES; i += LANES, atX += stepX, atY += stepY) {
      FloatVector a = fromMemorySegment(SPECIES, ALL, atX, LITTLE_ENDIAN);
      FloatVector b = fromMemorySegment(SPECIES, ALL, atY, LITTLE_ENDIAN);
      broadcast(SPECIES, 0)
          .blend(1, a.compare(VectorOperators.EQ, b))
          .intoMemorySegment(ALL, z + 4 * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector a = Tails.load(atX, mask);
      FloatVector b = Tails.load(atY, mask);
      Tails.store(
          broadcast(SPECIES, 0).blend(1, a.compare(VectorOperators.EQ, b)), z + 4 * i, mask);
    }
  }

  private static void less(long x, long stepX, long y, long stepY, long z, long n) {
    long i = 0;
    long atX = x;
    long atY = y;
    for (; i <= n - LANES; i += LANES, atX += stepX, atY += stepY) {
      FloatVector a = fromMemorySegment(SPECIES, ALL, atX, LITTLE_ENDIAN);
      FloatVector b = fromMemorySegment(SPECIES, ALL, atY, LITTLE_ENDIAN);
      broadcast(SPECIES, 0)
          .blend(1, a.compare(VectorOperators.LT, b))
          .intoMemorySegment(ALL, z + 4 * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector a = Tails.load(atX, mask);
      FloatVector b = Tails.load(atY, mask);
      Tails.store(
          broadcast(SPECIES, 0).blend(1, a.compare(VectorOperators.LT, b)), z + 4 * i, mask);
    }
  }

  private static void lessOrEqual(long x, long stepX, long y, long stepY, long z, long n) {
    long i = 0;
    long atX = x;
    long atY = y;
    for (; i <= n - LANES; i += LANES, atX += stepX, atY += stepY) {
      FloatVector a = fromMemorySegment(SPECIES, ALL, atX, LITTLE_ENDIAN);
      FloatVector b = fromMemorySegment(SPECIES, ALL, atY, LITTLE_ENDIAN);
      broadcast(SPECIES, 0)
          .blend(1, a.compare(VectorOperators.LE, b))
          .intoMemorySegment(ALL, z + 4 * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector a = Tails.load(atX, mask);
      FloatVector b = Tails.load(atY, mask);
      Tails.store(
          broadcast(SPECIES, 0).blend(1, a.compare(VectorOperators.LE, b)), z + 4 * i, mask);
    }
  }

  /// Computes `z[i] = condition[i] ≠ 0 ? x[i] : y[i]`.
  ///
  /// @param condition the address of what decides
  /// @param stepCondition its step
  /// @param x the address of the first operand
  /// @param stepX its step
  /// @param y the address of the second operand
  /// @param stepY its step
  /// @param z the address of the results; may be that of a dense operand
  /// @param n how many
  static void select(
      long condition, long stepCondition, long x, long stepX, long y, long stepY, long z, long n) {
    long i = 0;
    long atCondition = condition;
    long atX = x;
    long atY = y;
    for (; i <= n - LANES; i += LANES) {
      VectorMask<Float> chosen =
          fromMemorySegment(SPECIES, ALL, atCondition, LITTLE_ENDIAN)
              .compare(VectorOperators.NE, 0);
      fromMemorySegment(SPECIES, ALL, atY, LITTLE_ENDIAN)
          .blend(fromMemorySegment(SPECIES, ALL, atX, LITTLE_ENDIAN), chosen)
          .intoMemorySegment(ALL, z + 4 * i, LITTLE_ENDIAN);
      atCondition += stepCondition;
      atX += stepX;
      atY += stepY;
    }
    if (i < n) {
      VectorMask<Float> mask = Tails.mask(i, n);
      VectorMask<Float> chosen = Tails.load(atCondition, mask).compare(VectorOperators.NE, 0);
      FloatVector a = Tails.load(atX, mask);
      Tails.store(Tails.load(atY, mask).blend(a, chosen), z + 4 * i, mask);
    }
  }

  /// Stores one number many times.
  static void fill(float value, long y, long n) {
    long i = 0;
    for (; i <= n - LANES; i += LANES) {
      broadcast(SPECIES, value).intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      broadcast(SPECIES, value).intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN, Tails.mask(i, n));
    }
  }
}
