package dev.jiffy.server.cache;

/// Whether a cache pays: for each window of requests the computing that hits saved is compared with
/// what looking and keeping cost. A cache that does not pay is passed by for a while, twice as long
/// each time, and then tried again. Shared between threads.
final class Worth {
  /// The requests of a window.
  static final int WINDOW = 512;

  /// The requests that pass by after the first window that did not pay.
  static final int FIRST_PAUSE = 4096;

  private static final int LONGEST_PAUSE = 1 << 20;

  private int asked;
  private long hits;
  private long spentNanos;
  private long computed;
  private long computedNanos;
  private int pause = FIRST_PAUSE;
  private int passing;
  private long pauses;

  /// {@return whether the next request uses the cache}
  synchronized boolean isTried() {
    if (passing > 0) {
      passing--;
      return false;
    }
    return true;
  }

  /// {@return whether requests pass the cache by}
  synchronized boolean isPaused() {
    return passing > 0;
  }

  /// {@return how often requests began to pass the cache by}
  synchronized long pauses() {
    return pauses;
  }

  /// A request was looked up.
  ///
  /// @param isHit whether it was answered without computing
  /// @param nanos what looking cost
  synchronized void looked(boolean isHit, long nanos) {
    asked++;
    hits += isHit ? 1 : 0;
    spentNanos += nanos;
    if (asked >= WINDOW) {
      close();
    }
  }

  /// An answer was computed and kept.
  ///
  /// @param computeNanos what computing cost, for this request
  /// @param keepNanos what keeping cost
  synchronized void kept(long computeNanos, long keepNanos) {
    computed++;
    computedNanos += computeNanos;
    spentNanos += keepNanos;
  }

  private void close() {
    // where nothing was computed, all were hits
    double each = computed == 0 ? Double.MAX_VALUE : (double) computedNanos / computed;
    if (hits * each < spentNanos) {
      pauses++;
      passing = pause;
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    } else {
      pause = FIRST_PAUSE;
    }
    asked = 0;
    hits = 0;
    spentNanos = 0;
    computed = 0;
    computedNanos = 0;
  }
}
