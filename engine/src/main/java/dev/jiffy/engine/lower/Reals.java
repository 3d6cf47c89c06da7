package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.Affine;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Numbers in memory: f32, or bytes that stand for them.
///
/// @param place where they lie
/// @param bytes what the bytes stand for, or null where there are f32
record Reals(Place place, @Nullable Affine bytes) {
  static Reals floats(Place place) {
    return new Reals(place, null);
  }

  static List<Reals> floats(List<Place> places) {
    return places.stream().map(Reals::floats).toList();
  }

  static List<Place> places(List<Reals> reals) {
    return reals.stream().map(Reals::place).toList();
  }
}
