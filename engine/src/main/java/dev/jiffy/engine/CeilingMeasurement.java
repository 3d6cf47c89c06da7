package dev.jiffy.engine;

import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.Peaks;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;

/// Measures what a number of threads reach together.
///
/// All threads begin a stretch of a few milliseconds at the same time; what they did divided by the
/// time until the last one ends is the rate of the stretch, and the best rate counts.
final class CeilingMeasurement {
  private static final int STRETCHES = 25;
  private static final long STRETCH_NANOS = 4_000_000;
  private static final long PAGE = 4096;
  private static final long MIB = 1 << 20;

  /// The most memory that is read in order to get past all caches.
  private static final long MOST_BYTES = 512 * MIB;

  private final int threads;
  private final Peaks peaks;

  CeilingMeasurement(int threads, Peaks peaks) {
    this.threads = threads;
    this.peaks = peaks;
  }

  /// A level of memory, and a size that is sure to lie in it and not in the one before.
  ///
  /// @param name `L2`, `L3` or `DRAM`
  /// @param capacity the bytes that it holds, of all threads together; 0 for the last level
  /// @param bytes the bytes to read, of all threads together
  record Place(String name, long capacity, long bytes) {}

  /// What one thread does: some rounds, which return what they did.
  private interface Work extends AutoCloseable {
    double run(long rounds);

    @Override
    default void close() {}
  }

  private interface WorkPlace {
    Work open();
  }

  Ceilings measure(Collection<Precision> precisions) {
    Map<Precision, Double> arithmetic = new EnumMap<>(Precision.class);
    for (Precision precision : precisions) {
      Format format = Kernels.format(precision);
      if (peaks.computes(format)) {
        arithmetic.put(precision, best(() -> rounds -> peaks.compute(format, rounds)));
      }
    }
    List<Ceilings.Level> memory = new ArrayList<>();
    for (Place place : places(threads)) {
      long each = Math.max(PAGE, place.bytes() / threads / PAGE * PAGE);
      double rate = best(() -> new Reading(each));
      memory.add(new Ceilings.Level(place.name(), place.capacity(), each * threads, rate));
    }
    return new Ceilings(threads, arithmetic, memory);
  }

  /// Reads a block of the thread's own over and over, a part of at most 1 MiB per round.
  private final class Reading implements Work {
    private final Arena arena = Arena.ofConfined();
    private final long block;
    private final long bytes;
    private long at;

    Reading(long bytes) {
      this.bytes = bytes;
      block = arena.allocate(bytes, PAGE).fill((byte) 1).address();
    }

    @Override
    public double run(long rounds) {
      double read = 0;
      for (long round = 0; round < rounds; round++) {
        long part = Math.min(MIB, bytes - at);
        peaks.read(block + at, part);
        at = at + part == bytes ? 0 : at + part;
        read += part;
      }
      return read;
    }

    @Override
    public void close() {
      arena.close();
    }
  }

  /// {@return the levels of memory that this machine has}
  static List<Place> places(int threads) {
    long second = cache(2, MIB) * threads;
    long third = Math.max(cache(3, 32 * MIB), 2 * second);
    long largest = Math.min(MOST_BYTES, Runtime.getRuntime().maxMemory());
    return List.of(
        new Place("L2", second, second / 2),
        new Place("L3", third, Math.min(third / 2, Math.max(2 * second, 32 * MIB))),
        new Place("DRAM", 0, Math.min(largest, 4 * third)));
  }

  /// {@return the size of a cache as Linux tells it, or a guess}
  private static long cache(int level, long guess) {
    Path caches = Path.of("/sys/devices/system/cpu/cpu0/cache");
    for (int i = 0; i < 8; i++) {
      Path cache = caches.resolve("index" + i);
      try {
        if (Files.readString(cache.resolve("level")).strip().equals(Integer.toString(level))) {
          String size = Files.readString(cache.resolve("size")).strip();
          return Long.parseLong(size.replace("K", "")) * 1024;
        }
      } catch (IOException | NumberFormatException e) {
        return guess;
      }
    }
    return guess;
  }

  /// {@return the best rate per second of all threads together}
  private double best(WorkPlace place) {
    long _ = calibrated(place); // compiles what is compiled
    Stretches stretches = new Stretches(threads, calibrated(place));
    List<Thread> helpers = new ArrayList<>();
    for (int i = 1; i < threads; i++) {
      int self = i;
      Thread helper = new Thread(() -> stretches.run(place, self), "jiffy-ceiling-" + i);
      helper.setDaemon(true);
      helper.start();
      helpers.add(helper);
    }
    stretches.run(place, 0);
    try {
      for (Thread helper : helpers) {
        helper.join();
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return stretches.best;
  }

  /// Stretches of work that threads begin together.
  private static final class Stretches {
    private final long rounds;
    private final long origin = System.nanoTime();
    private final long[] begins;
    private final long[] ends;
    private final double[] done;
    private final CyclicBarrier barrier;
    private double best;

    Stretches(int threads, long rounds) {
      this.rounds = rounds;
      begins = new long[threads];
      ends = new long[threads];
      done = new double[threads];
      barrier = new CyclicBarrier(threads, this::rate);
    }

    /// Notes the rate of the stretch that has ended; runs while all threads wait.
    private void rate() {
      long nanos = Arrays.stream(ends).max().orElse(0) - Arrays.stream(begins).min().orElse(0);
      best = Math.max(best, Arrays.stream(done).sum() / Math.max(1, nanos) * 1e9);
    }

    void run(WorkPlace place, int self) {
      try (Work work = place.open()) {
        double _ = work.run(rounds);
        for (int stretch = 0; stretch < STRETCHES; stretch++) {
          int _ = barrier.await();
          begins[self] = System.nanoTime() - origin;
          done[self] = work.run(rounds);
          ends[self] = System.nanoTime() - origin;
        }
        int _ = barrier.await();
      } catch (InterruptedException | BrokenBarrierException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /// {@return the rounds of one thread that take a stretch}
  private long calibrated(WorkPlace place) {
    try (Work work = place.open()) {
      long rounds = 1;
      while (true) {
        long start = System.nanoTime();
        work.run(rounds);
        long nanos = Math.max(1, System.nanoTime() - start);
        if (nanos >= STRETCH_NANOS / 4) {
          return Math.max(1, Math.round(rounds * ((double) STRETCH_NANOS / nanos)));
        }
        rounds *= 2;
      }
    }
  }
}
