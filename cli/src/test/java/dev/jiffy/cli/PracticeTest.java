package dev.jiffy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

final class PracticeTest {
  @Test
  void practiceEndsByItselfAndHasNothingToComplainOf() throws InterruptedException {
    List<Exception> complaints = new CopyOnWriteArrayList<>();
    Thread practice = Practice.start(Duration.ofMillis(200), complaints::add);
    practice.join(Duration.ofSeconds(60));
    assertFalse(practice.isAlive(), "it goes on");
    assertEquals(List.of(), complaints);
  }
}
