package dev.jiffy.bench.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.bench.record.Outcome;
import dev.jiffy.bench.record.Recording;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ThreadSubjectTest {
  private static Plan plan(Arrivals arrivals, Extent extent, int samples) {
    return new Plan(arrivals, extent, new Order(samples, true, 0), 64, 60_000_000_000L);
  }

  @Test
  void nothingIsAnsweredAtOnce() {
    try (Subject nothing = ThreadSubject.nothing(1)) {
      AtomicInteger told = new AtomicInteger();
      Recording recording =
          nothing.run(
              plan(new Arrivals.Closed(1, 1), Extent.requests(50_000), 1),
              issued -> told.incrementAndGet());
      assertEquals(50_000, recording.size());
      assertTrue(told.get() > 10);
    }
  }

  @Test
  void aScheduleIsSharedByThreadsAndKept() {
    Set<Integer> threads = ConcurrentHashMap.newKeySet();
    CountDownLatch all = new CountDownLatch(3);
    try (Subject three =
        new ThreadSubject(
            "three",
            7,
            3,
            thread ->
                sample -> {
                  if (threads.add(thread)) {
                    all.countDown();
                  }
                  await(all);
                  pause();
                  return sample == 5 ? Outcome.SERVER_ERROR : Outcome.OK;
                })) {
      Recording recording =
          three.run(plan(new Arrivals.Constant(1000), Extent.requests(70), 7), issued -> {});
      assertEquals(70, recording.size());
      assertEquals(Set.of(0, 1, 2), threads);
      assertEquals(10, recording.outcomes().get(Outcome.SERVER_ERROR));
      for (int i = 0; i < 70; i++) {
        assertEquals(i * 1_000_000L, recording.scheduledNanos(i));
        assertTrue(recording.dueNanos(i) >= recording.scheduledNanos(i));
        assertTrue(recording.issuedNanos(i) >= recording.dueNanos(i));
        assertTrue(recording.completedNanos(i) >= recording.issuedNanos(i) + 2_000_000);
      }
    }
  }

  private static void await(CountDownLatch others) {
    try {
      assertTrue(others.await(60, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void pause() {
    try {
      Thread.sleep(3);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aFaultOfAThreadIsTold() {
    CountDownLatch fault = new CountDownLatch(1);
    try (Subject faulty =
        new ThreadSubject(
            "faulty",
            1,
            2,
            thread ->
                sample -> {
                  if (thread == 1) {
                    fault.countDown();
                    throw new IllegalStateException("broken");
                  }
                  await(fault);
                  return Outcome.OK;
                })) {
      assertThrows(
          IllegalStateException.class,
          () -> faulty.run(plan(new Arrivals.Closed(2, 1), Extent.requests(20), 1), issued -> {}));
    }
  }

  @Test
  void whatCannotBeginLeavesNothingOpen() {
    AtomicInteger open = new AtomicInteger();
    try (Subject faulty =
        new ThreadSubject(
            "faulty",
            1,
            3,
            thread -> {
              if (thread == 2) {
                throw new IllegalStateException("no memory");
              }
              open.incrementAndGet();
              return new ThreadSubject.Work() {
                @Override
                public Outcome answer(int sample) {
                  return Outcome.OK;
                }

                @Override
                public void close() {
                  open.decrementAndGet();
                }
              };
            })) {
      assertThrows(
          IllegalStateException.class,
          () -> faulty.run(plan(new Arrivals.Closed(3, 1), Extent.requests(20), 1), issued -> {}));
    }
    assertEquals(0, open.get());
  }

  @Test
  void whatIsAskedIsKeptFromRunToRun() {
    AtomicInteger made = new AtomicInteger();
    AtomicInteger closed = new AtomicInteger();
    try (Subject kept =
        new ThreadSubject(
            "kept",
            1,
            3,
            thread -> {
              made.incrementAndGet();
              return new ThreadSubject.Work() {
                @Override
                public Outcome answer(int sample) {
                  return Outcome.OK;
                }

                @Override
                public void close() {
                  closed.incrementAndGet();
                }
              };
            })) {
      for (int concurrency : new int[] {1, 3, 2, 3}) {
        kept.run(plan(new Arrivals.Closed(concurrency, 1), Extent.requests(20), 1), issued -> {});
      }
      assertEquals(3, made.get());
      assertEquals(0, closed.get());
    }
    assertEquals(3, closed.get());
  }

  @Test
  void aThreadThatCannotBeStartedIsTold() {
    AtomicInteger threads = new AtomicInteger();
    try (Subject poor =
        new ThreadSubject(
            "poor",
            1,
            3,
            thread -> sample -> Outcome.OK,
            task -> {
              if (threads.incrementAndGet() == 2) {
                throw new OutOfMemoryError("unable to create native thread");
              }
              return new Thread(task);
            })) {
      assertThrows(
          OutOfMemoryError.class,
          () -> poor.run(plan(new Arrivals.Closed(3, 1), Extent.requests(20), 1), issued -> {}));
    }
  }

  @Test
  void anAnswersCheckIsNotItsTime() {
    List<Long> begins = new ArrayList<>();
    ThreadSubject.Work work =
        new ThreadSubject.Work() {
          @Override
          public Outcome answer(int sample) {
            return sample == 2 ? Outcome.BAD_REQUEST : Outcome.OK;
          }

          @Override
          public Outcome check(int sample) {
            begins.add(System.nanoTime());
            return sample == 1 ? Outcome.WRONG_ANSWER : Outcome.OK;
          }
        };
    try (Subject checked = new ThreadSubject("checked", 3, 1, thread -> work)) {
      Recording recording =
          checked.run(plan(new Arrivals.Closed(1, 1), Extent.requests(30), 3), issued -> {});
      assertEquals(
          Map.of(Outcome.OK, 10L, Outcome.WRONG_ANSWER, 10L, Outcome.BAD_REQUEST, 10L),
          recording.outcomes());
      assertEquals(20, begins.size());
      for (int i = 0; i < 20; i++) {
        int request = i / 2 * 3 + i % 2;
        assertTrue(recording.originNanos() + recording.completedNanos(request) <= begins.get(i));
      }
    }
  }
}
