package dev.jiffy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

final class PracticeTest {
  private static final Logger LOG = Logger.getLogger(Practice.class.getName());

  @Test
  void practiceEndsByItselfAndHasNothingToComplainOf() throws InterruptedException {
    List<String> complaints = new CopyOnWriteArrayList<>();
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord log) {
            complaints.add(log.getMessage() + ": " + log.getThrown());
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    LOG.addHandler(handler);
    try {
      Thread practice = Practice.start(Duration.ofMillis(200));
      practice.join(Duration.ofSeconds(60));
      assertFalse(practice.isAlive(), "it goes on");
      assertEquals(List.of(), complaints);
    } finally {
      LOG.removeHandler(handler);
    }
  }
}
