package dev.jiffy.bench.load;

import dev.jiffy.bench.record.Event;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;

/// Watches this process and its machine while requests are made: collections of garbage and stalls
/// for memory, as the JDK's Flight Recorder tells them, and a thread that sleeps a millisecond at a
/// time and tells when it wakes up late.
final class Watch implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Watch.class.getName());
  private static final long NAP_NANOS = 1_000_000;
  private static final long HICCUP_NANOS = 2_000_000;
  private static final int MOST_HICCUPS = 10_000;

  private final Recording flight = new Recording();
  private final Instant instant;
  private final long nanos;
  private final Queue<long[]> hiccups = new ConcurrentLinkedQueue<>();
  private final Thread sleeper;
  private volatile boolean isOver;

  /// Begins.
  Watch() {
    flight.enable("jdk.GarbageCollection").withoutThreshold();
    flight.enable("jdk.ZAllocationStall").withoutThreshold();
    flight.start();
    instant = Instant.now();
    nanos = System.nanoTime();
    sleeper = Thread.ofPlatform().name("hiccups").daemon().start(this::sleep);
  }

  private void sleep() {
    int count = 0;
    long last = System.nanoTime();
    while (!isOver && count < MOST_HICCUPS) {
      LockSupport.parkNanos(NAP_NANOS);
      long now = System.nanoTime();
      if (now - last - NAP_NANOS > HICCUP_NANOS) {
        hiccups.add(new long[] {last + NAP_NANOS, now - last - NAP_NANOS});
        count++;
      }
      last = now;
    }
  }

  /// {@return what happened so far, by time; nothing of a run in simulated time}
  ///
  /// @param originNanos when the run began, by [System#nanoTime()]; 0 in simulated time
  List<Event> events(long originNanos) {
    if (originNanos == 0) {
      return List.of();
    }
    List<Event> events = new ArrayList<>();
    for (long[] hiccup : hiccups) {
      events.add(new Event(Event.Kind.HICCUP, hiccup[0] - originNanos, hiccup[1], ""));
    }
    Path file = null;
    try {
      file = Files.createTempFile("jiffy-load", ".jfr");
      flight.dump(file);
      for (RecordedEvent event : RecordingFile.readAllEvents(file)) {
        boolean isGc = event.getEventType().getName().equals("jdk.GarbageCollection");
        long start =
            nanos + Duration.between(instant, event.getStartTime()).toNanos() - originNanos;
        events.add(
            new Event(
                isGc ? Event.Kind.GC : Event.Kind.ALLOCATION_STALL,
                start,
                (isGc ? event.getDuration("sumOfPauses") : event.getDuration()).toNanos(),
                isGc ? String.valueOf(event.getString("name")) : ""));
      }
    } catch (IOException e) {
      LOG.log(Level.WARNING, "collections of garbage are not known: {0}", e.getMessage());
    } finally {
      delete(file);
    }
    events.sort(Comparator.comparingLong(Event::startNanos));
    return events;
  }

  private static void delete(@Nullable Path file) {
    try {
      if (file != null) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "{0} stays", file);
    }
  }

  @Override
  public void close() {
    isOver = true;
    LockSupport.unpark(sleeper);
    flight.close();
  }
}
