package dev.jiffy.engine.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// The vector width that every kernel of this package uses.
///
/// The width is the widest that the CPU prefers, or the system property `jiffy.vector.bits` (128,
/// 256 or 512).
final class Lanes {
  /// The species of f32 vectors.
  static final VectorSpecies<Float> SPECIES =
      VectorSpecies.of(float.class, shape(System.getProperty("jiffy.vector.bits", "")));

  /// The species of i32 vectors, as wide as [#SPECIES].
  static final VectorSpecies<Integer> INTS = SPECIES.withLanes(int.class);

  /// The species of f64 vectors, as wide as [#SPECIES].
  static final VectorSpecies<Double> DOUBLES = SPECIES.withLanes(double.class);

  /// How many f32 a vector holds.
  static final int LANES = SPECIES.length();

  /// How many bytes a vector holds.
  static final int BYTES = SPECIES.vectorByteSize();

  /// Whether the classes behind reinterpreting, masks and shuffles are there. They are loaded
  /// before any kernel is compiled, since their appearance would throw away what was compiled
  /// without them.
  static final boolean LOADED = load();

  private Lanes() {}

  private static boolean load() {
    FloatVector one = FloatVector.broadcast(SPECIES, 1);
    IntVector bits = one.reinterpretAsInts().lanewise(VectorOperators.LSHL, 1);
    VectorMask<Float> mask = one.compare(VectorOperators.LT, bits.reinterpretAsFloats());
    FloatVector same = one.rearrange(VectorShuffle.iota(SPECIES, 0, 1, true));
    return same.blend(0, mask).reduceLanes(VectorOperators.ADD) >= 0;
  }

  private static VectorShape shape(String bits) {
    return switch (bits) {
      case "" -> VectorShape.preferredShape();
      case "128" -> VectorShape.S_128_BIT;
      case "256" -> VectorShape.S_256_BIT;
      case "512" -> VectorShape.S_512_BIT;
      default ->
          throw new IllegalArgumentException(
              "jiffy.vector.bits: expected 128, 256 or 512, got " + bits);
    };
  }
}
