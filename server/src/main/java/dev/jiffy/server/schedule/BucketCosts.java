package dev.jiffy.server.schedule;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Set;

/// The learned table of one bucket: how long a batch takes for its number of rows, S(b), and
/// whether its answers have the bits of single runs, for each number of rows of its requests.
/// Guarded by the line's lock.
///
/// Each size keeps a running mean and mean deviation; what was not measured follows from the line
/// S(b) = τ₀ + α·b through the sizes that were. The decision how far batching pays is the size of
/// the greatest throughput b / S(b) among those that fit the latency target, 2·S(b) ≤ target.
final class BucketCosts {
  /// The sizes of batches that are made.
  private static final int[] SIZES = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256};

  private static final int MEMORY = 16;

  /// From so many runs on the mean is believed more than a single run.
  private static final int SETTLED = 8;

  /// So many times the mean is the most that a run counts for. A thread that lost its core for a
  /// millisecond would make a model of some microseconds look slow, and a size that is then avoided
  /// is not measured again.
  private static final double HICCUP = 4;

  /// So often a size is measured before it is judged.
  static final int EXPLORED = 6;

  /// After so many decisions the next larger size is measured anew: costs change.
  private static final int REVISITED = 256;

  /// So many of the smallest sizes are measured whatever the others let expect.
  private static final int ALWAYS = 2;

  /// So often a request that would be late by these costs is computed all the same, where nothing
  /// else waits.
  private static final int DOUBTED = 8;

  /// So often a batch is made smaller, as there is no time to compare its answers with single runs,
  /// before they are compared all the same: under load there never is.
  private static final int INSISTED = 16;

  /// A larger batch must be better by this to be worth its wait.
  private static final double GAIN = 1.03;

  private final double[] mean = new double[SIZES.length];
  private final double[] deviation = new double[SIZES.length];
  private final int[] samples = new int[SIZES.length];
  private final BitSet same = new BitSet();
  private final BitSet sameOfEqual = new BitSet();
  private final BitSet failed = new BitSet();
  private int exactBelow = Integer.MAX_VALUE;
  private int decisions;
  private int late;
  private int postponed;
  private double fixed;
  private double perRow;

  /// {@return the position of the smallest size that holds so many rows}
  private static int slot(int rows) {
    int slot = 0;
    while (slot < SIZES.length - 1 && SIZES[slot] < rows) {
      slot++;
    }
    return slot;
  }

  /// {@return the sizes of batches of several rows that are made}
  static int[] sizes(int most) {
    return Arrays.stream(SIZES).filter(size -> size > 1 && size <= most).toArray();
  }

  /// Learns from a batch.
  void took(int rows, double nanos) {
    int slot = slot(rows);
    double value = Math.max(1, nanos) * SIZES[slot] / rows;
    int count = samples[slot];
    samples[slot] = Math.min(count + 1, 1 << 20);
    if (count < 2) { // the first run also made a plan
      mean[slot] = value;
      deviation[slot] = 0;
    } else {
      double weight = 1.0 / Math.min(count, MEMORY);
      double off =
          count < SETTLED ? value - mean[slot] : Math.min(value, HICCUP * mean[slot]) - mean[slot];
      mean[slot] += off * weight;
      deviation[slot] += (Math.abs(off) - deviation[slot]) * weight;
    }
    fit();
  }

  /// Fits τ₀ and α to the means, each by how often it was measured. A size that was measured once
  /// tells of the plan that was made for it, and would look too slow to be measured again.
  private void fit() {
    double n = 0;
    double sumB = 0;
    double sumS = 0;
    double sumBb = 0;
    double sumBs = 0;
    boolean isKnown = isKnown();
    for (int i = 0; i < SIZES.length; i++) {
      double weight = isKnown && samples[i] < 2 ? 0 : Math.min(samples[i], MEMORY);
      n += weight;
      sumB += weight * SIZES[i];
      sumS += weight * mean[i];
      sumBb += weight * SIZES[i] * SIZES[i];
      sumBs += weight * SIZES[i] * mean[i];
    }
    double spread = n * sumBb - sumB * sumB;
    perRow = spread <= 0 ? sumS / sumB : Math.max(0, (n * sumBs - sumB * sumS) / spread);
    fixed = Math.max(0, (sumS - perRow * sumB) / n);
  }

  /// {@return how often batches of this size were measured}
  int samples(int rows) {
    return samples[slot(rows)];
  }

  /// {@return the largest size between two that was measured so often, or 0}
  ///
  /// @param least the least rows
  /// @param most the most rows
  /// @param often how often
  int measured(int least, int most, int often) {
    for (int slot = slot(most); slot >= slot(least); slot--) {
      if (samples[slot] >= often) {
        return Math.clamp(SIZES[slot], least, most);
      }
    }
    return 0;
  }

  /// {@return whether anything was measured more than once}
  boolean isKnown() {
    for (int count : samples) {
      if (count >= 2) {
        return true;
      }
    }
    return false;
  }

  /// {@return the time that so many rows take, 0 where nothing is known}
  double expected(int rows) {
    int slot = slot(rows);
    return SIZES[slot] == rows && samples[slot] > 1 ? mean[slot] : fixed + perRow * rows;
  }

  /// {@return a time that so many rows rarely exceed}
  double high(int rows) {
    int slot = slot(rows);
    return expected(rows) + 3 * deviation[slot];
  }

  /// Counts a request that these costs make late, and tells whether to doubt them for once.
  boolean doubt() {
    return ++late % DOUBTED == 0;
  }

  /// Counts a batch without time for its trial, and tells whether to make it for once.
  boolean insists() {
    return ++postponed % INSISTED == 0;
  }

  /// {@return the most rows whose answers may have the bits of single runs, and no more than a
  /// limit}
  int most(int limit) {
    return Math.max(1, Math.min(limit, exactBelow - 1));
  }

  /// {@return how many rows to compute together}
  ///
  /// @param rows those of the first request, which the others are taken to have too
  /// @param waiting the rows that wait and could be; at least those of the first
  /// @param most the most rows of a batch
  /// @param targetNanos the latency target
  int best(int rows, int waiting, int most, double targetNanos) {
    int limit = Math.min(waiting, most(most));
    int best = rows;
    double bestRate = rows / Math.max(1, expected(rows));
    int reached = 0;
    for (int slot = 1; slot < SIZES.length && SIZES[slot] <= limit; slot++) {
      if (!isReached(slot, rows)) {
        continue;
      }
      if (2 * high(SIZES[slot]) > targetNanos) {
        break;
      }
      reached++;
      if (samples[slot] < EXPLORED) { // one step beyond what is known, if it may pay
        double rate = SIZES[slot] / Math.max(1, fixed + perRow * SIZES[slot]);
        boolean isPromising = reached <= ALWAYS || rate > bestRate * GAIN;
        return isPromising ? SIZES[slot] : best;
      }
      double rate = SIZES[slot] / Math.max(1, mean[slot]);
      if (rate > bestRate * GAIN) {
        best = SIZES[slot];
        bestRate = rate;
      }
    }
    return best;
  }

  /// {@return whether several requests of so many rows are measured as a size}
  private static boolean isReached(int slot, int rows) {
    int requests = SIZES[slot] / rows;
    return requests > 1 && requests * rows > SIZES[slot - 1];
  }

  /// {@return what [#best] says, for a batch that will be made}
  int choose(int rows, int waiting, int most, double targetNanos) {
    int best = best(rows, waiting, most, targetNanos);
    int next = slot(best) + 1;
    while (next < SIZES.length && !isReached(next, rows)) {
      next++;
    }
    if (++decisions % REVISITED == 0 && next < SIZES.length) {
      samples[next] = Math.min(samples[next], 1);
      deviation[next] = 0;
    }
    return best;
  }

  /// {@return the size of batches if very much waits}
  int full(int rows, int most, double targetNanos) {
    return best(rows, Integer.MAX_VALUE - 1, most, targetNanos);
  }

  /// {@return whether requests of so many rows are to be compared with single runs, in batches of
  /// so many rows in all}
  ///
  /// @param batchRows the rows of the batch, of no more than are made
  /// @param rows those of one of its requests
  Batch.Trial trial(int batchRows, int rows) {
    int made = composition(batchRows, rows);
    if (same.get(made)) {
      return Batch.Trial.NO;
    }
    return sameOfEqual.get(made) ? Batch.Trial.OF_DIFFERENT : Batch.Trial.YES;
  }

  /// {@return whether some of the requests of a batch are to be compared with single runs}
  ///
  /// @param batchRows the rows of the batch
  /// @param tickets its requests
  Batch.Trial trial(int batchRows, List<Ticket> tickets) {
    Batch.Trial most = Batch.Trial.NO;
    for (Ticket ticket : tickets) {
      Batch.Trial trial = trial(batchRows, ticket.rows);
      most = trial.compareTo(most) > 0 ? trial : most;
    }
    return most;
  }

  /// {@return whether some of the requests of a batch are to be compared with single runs}
  ///
  /// @param batchRows the rows of the batch
  /// @param rows those of its requests
  boolean isTrialDue(int batchRows, Set<Integer> rows) {
    return rows.stream().anyMatch(each -> trial(batchRows, each) != Batch.Trial.NO);
  }

  /// {@return the position of requests of so many rows in batches of so many}
  private static int composition(int batchRows, int rows) {
    return batchRows * (SIZES[SIZES.length - 1] + 1) + rows;
  }

  /// Learns how the answers of a batch compare with those of single runs; where bits differ, or a
  /// size fails twice in turn that single runs do not, none as large is made again.
  void tried(int batchRows, List<Ticket> tickets, Instance.Bits bits) {
    if (bits == Instance.Bits.FAILED && failed.get(batchRows)) {
      exactBelow = Math.min(exactBelow, Math.max(2, batchRows));
    }
    if (tickets.size() > 1) {
      failed.set(batchRows, bits == Instance.Bits.FAILED);
    }
    switch (bits) {
      case UNKNOWN, FAILED -> {}
      case SAME_OF_EQUAL ->
          tickets.forEach(ticket -> sameOfEqual.set(composition(batchRows, ticket.rows)));
      case SAME -> tickets.forEach(ticket -> same.set(composition(batchRows, ticket.rows)));
      case OTHER -> exactBelow = Math.min(exactBelow, Math.max(2, batchRows));
    }
  }
}
