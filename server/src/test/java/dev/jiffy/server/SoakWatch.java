package dev.jiffy.server;

import dev.jiffy.server.Soak.Held;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/// Watches over a server while others misbehave: asks it in good manners all the time, and writes a
/// line a second into a table.
final class SoakWatch implements AutoCloseable {
  static final String HEAD =
      "seconds,threads,files,heap_bytes,direct_bytes,resident_bytes,p50_ms,p99_ms\n";

  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final int PAUSE_MILLIS = 5;

  private final Client client;
  private final Path table;
  private final long begin;
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private final Future<?> watching;
  private volatile boolean isOver;

  /// Begins to watch.
  ///
  /// @param client asks
  /// @param table takes lines, and stays as it is without a whole second
  /// @param begin what seconds count from, by [System#nanoTime()]
  SoakWatch(Client client, Path table, long begin) {
    this.client = client;
    this.table = table;
    this.begin = begin;
    this.watching =
        thread.submit(() -> {
          while (!isOver) {
            second();
          }
          return null;
        });
  }

  private void second() throws IOException, InterruptedException {
    long end = System.nanoTime() + SECOND;
    long[] times = new long[(int) TimeUnit.SECONDS.toMillis(1)];
    int count = 0;
    long now = System.nanoTime();
    while (now < end && count < times.length) {
      if (isOver) {
        return;
      }
      int status = client.post("/v2/models/arith/infer", Client.GOOD).statusCode();
      if (status != 200 && status != 503) { // the queue may be full
        throw new IllegalStateException("a patient client was answered " + status);
      }
      times[count++] = System.nanoTime() - now;
      Thread.sleep(PAUSE_MILLIS);
      now = System.nanoTime();
    }
    long[] sorted = Arrays.copyOf(times, count);
    Arrays.sort(sorted);
    Held held = Held.now();
    Files.writeString(
        table,
        String.format(
            Locale.ROOT,
            "%.1f,%d,%d,%d,%d,%d,%.3f,%.3f%n",
            (now - begin) / 1e9,
            held.threads(),
            held.files(),
            held.heapBytes(),
            held.directBytes(),
            held.residentBytes(),
            sorted[count / 2] / 1e6,
            sorted[(int) (count * 0.99)] / 1e6),
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }

  @Override
  public void close() {
    isOver = true;
    try {
      watching.get();
    } catch (ExecutionException e) {
      throw new AssertionError("the patient client was not answered", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      thread.close();
    }
  }
}
