package dev.jiffy.engine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a machine can do at most with some threads: the roof of a roofline.
///
/// @param threads how many threads computed or read at the same time
/// @param flopsPerSecond operations per second by precision, a multiply-add counted as 2
/// @param memory how fast memory is read, the nearest level first
public record Ceilings(int threads, Map<Precision, Double> flopsPerSecond, List<Level> memory) {
  /// Copies the collections.
  public Ceilings {
    EnumMap<Precision, Double> rates = new EnumMap<>(Precision.class);
    rates.putAll(flopsPerSecond);
    flopsPerSecond = Collections.unmodifiableMap(rates);
    memory = List.copyOf(memory);
  }

  /// A level of memory.
  ///
  /// @param name `L2`, `L3` or `DRAM`
  /// @param capacity how many bytes it holds, of all threads together; 0 for the last level
  /// @param measuredOn how many bytes were read over and over, of all threads together
  /// @param bytesPerSecond how fast they were read
  public record Level(String name, long capacity, long measuredOn, double bytesPerSecond) {}

  /// {@return what this machine reaches, measured now, which takes about a second}
  ///
  /// Arithmetic and reads are bare loops of machine code where the engine has machine code for this
  /// machine, and the best product and sum among its kernels elsewhere. Each rate is the best of
  /// many short stretches, so that other work on the machine disturbs it little.
  ///
  /// @param threads how many threads compute or read at the same time, at least 1
  /// @param precisions whose arithmetic to measure; those that the machine lacks are left out
  public static Ceilings measure(int threads, Collection<Precision> precisions) {
    return new CeilingMeasurement(threads, Kernels.HERE.peaks()).measure(precisions);
  }

  /// {@return the nearest level that holds so many bytes, or null where nothing is known}
  ///
  /// @param bytes how many
  public @Nullable Level levelOf(long bytes) {
    Level found = null;
    for (Level level : memory) {
      found = level;
      if (bytes <= level.capacity()) {
        break;
      }
    }
    return found;
  }

  /// {@return these ceilings with some of them given instead}
  ///
  /// @param given operations or bytes per second, by the name of a precision or a level, in lower
  ///   case
  /// @throws IllegalArgumentException if there is no such precision or level
  public Ceilings with(Map<String, Double> given) {
    Map<String, Double> rest = new HashMap<>(given);
    Map<Precision, Double> rates = new EnumMap<>(Precision.class);
    rates.putAll(flopsPerSecond);
    for (Precision precision : Precision.values()) {
      Double rate = precision == Precision.AUTO ? null : rest.remove(name(precision.name()));
      if (rate != null) {
        rates.put(precision, rate);
      }
    }
    List<Level> levels = new ArrayList<>();
    for (CeilingMeasurement.Place place : CeilingMeasurement.places(threads)) {
      Double rate = rest.remove(name(place.name()));
      Level known =
          memory.stream().filter(l -> l.name().equals(place.name())).findFirst().orElse(null);
      if (rate != null) {
        levels.add(new Level(place.name(), place.capacity(), 0, rate));
      } else if (known != null) {
        levels.add(known);
      }
    }
    if (!rest.isEmpty()) {
      throw new IllegalArgumentException(
          "no such ceiling: %s; there are f32, bf16, int8, l2, l3, dram".formatted(rest.keySet()));
    }
    return new Ceilings(threads, rates, levels);
  }

  private static String name(String constant) {
    return constant.toLowerCase(Locale.ROOT);
  }
}
