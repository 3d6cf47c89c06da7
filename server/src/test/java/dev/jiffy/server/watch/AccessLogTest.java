package dev.jiffy.server.watch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.server.schedule.Timing;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccessLogTest {
  @TempDir Path folder;

  private static Account account(String path) {
    Stopwatch stopwatch = new Stopwatch(0);
    stopwatch.add(Stage.DECODE, 12_345);
    stopwatch.queued(new Timing(1_000, 0, 8));
    stopwatch.add(Stage.COMPUTE, 2_000_999);
    return new Account(
        "http",
        "127.0.0.1:5",
        "POST",
        path,
        new Account.Target("arith", "1"),
        200,
        10,
        20,
        Instant.parse("2026-01-02T03:04:05.678Z"),
        3_000_000,
        stopwatch,
        TraceContext.of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", null));
  }

  private static void await(Path file, int lines) throws Exception {
    for (int i = 0; i < 500; i++) {
      if (Files.exists(file) && Files.readAllLines(file).size() >= lines) {
        return;
      }
      Thread.sleep(10);
    }
  }

  @Test
  void aLineIsJson() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (AccessLog log = AccessLog.to(out)) {
      log.ended(account("/v2/models/\"a\n"));
    }
    assertEquals(
        """
        {"time":"2026-01-02T03:04:05.678Z","protocol":"http","client":"127.0.0.1:5",\
        "method":"POST","path":"/v2/models/\\"a\\n","model":"arith","version":"1","code":200,\
        "received_bytes":10,"sent_bytes":20,"total_us":3000,"decode_us":12,"queue_us":1,\
        "compute_us":2000,"batch_rows":8,"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736",\
        "span_id":"00f067aa0ba902b7"}
        """,
        out.toString(StandardCharsets.UTF_8));
  }

  @Test
  void aRenamedFileIsBegunAnew() throws Exception {
    Path file = folder.resolve("access.log");
    Files.writeString(file, "what was there\n");
    try (AccessLog log = AccessLog.to(file)) {
      log.ended(account("/one"));
      await(file, 2);
      Files.move(file, folder.resolve("access.log.1"));
      for (int i = 0; i < 500 && !Files.exists(file); i++) {
        Thread.sleep(10);
      }
      log.ended(account("/two"));
    }
    List<String> old = Files.readAllLines(folder.resolve("access.log.1"));
    assertEquals("what was there", old.getFirst());
    assertTrue(old.get(1).contains("/one"));
    List<String> young = Files.readAllLines(file);
    assertEquals(1, young.size());
    assertTrue(young.getFirst().contains("/two"));
  }

  @Test
  void whatIsTooMuchIsDroppedAndCounted() {
    CountDownLatch stuck = new CountDownLatch(1);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    OutputStream slow =
        new OutputStream() {
          @Override
          public void write(int one) throws IOException {
            write(new byte[] {(byte) one}, 0, 1);
          }

          @Override
          public void write(byte[] bytes, int from, int length) throws IOException {
            try {
              stuck.await();
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
            out.write(bytes, from, length);
          }
        };
    int sent = 20_000;
    long dropped;
    try (AccessLog log = AccessLog.to(slow)) {
      for (int i = 0; i < sent; i++) {
        log.ended(account("/"));
      }
      dropped = log.dropped();
      stuck.countDown();
    }
    assertTrue(dropped > 0 && dropped < sent, () -> dropped + " were dropped");
    assertEquals(sent - dropped, out.toString(StandardCharsets.UTF_8).lines().count());
  }

  @Test
  void whatCannotBeWrittenIsCounted() {
    OutputStream full =
        new OutputStream() {
          @Override
          public void write(int one) throws IOException {
            throw new IOException("no space left on device");
          }
        };
    AccessLog log = AccessLog.to(full);
    for (int i = 0; i < 3; i++) {
      log.ended(account("/"));
    }
    log.close();
    assertEquals(3, log.dropped());
  }
}
