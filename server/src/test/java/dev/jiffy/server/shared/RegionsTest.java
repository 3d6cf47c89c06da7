package dev.jiffy.server.shared;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.protocol.SharedMemory.Span;
import dev.jiffy.protocol.SharedRange;
import dev.jiffy.protocol.SharedRegion;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RegionsTest {
  @TempDir Path folder;
  private Regions regions;

  @BeforeEach
  void start() throws IOException {
    Files.writeString(Files.createDirectory(folder.resolve("shm")).resolve("m"), "0123456789");
    regions = new Regions(folder.resolve("shm"));
  }

  @AfterEach
  void stop() {
    regions.close();
  }

  private void register(String name, long offset, long bytes) {
    regions.register(new SharedRegion(name, "/m", offset, bytes));
  }

  private String read(String region, long offset, long bytes) {
    ByteBuffer target = ByteBuffer.allocate((int) bytes);
    regions.read(new SharedRange(region, offset, bytes), target);
    return new String(target.array(), StandardCharsets.ISO_8859_1);
  }

  private static ProtocolException refused(int status, String says, Runnable task) {
    ProtocolException e = assertThrows(ProtocolException.class, task::run);
    assertEquals(status, e.status(), e::getMessage);
    assertTrue(String.valueOf(e.getMessage()).contains(says), e::getMessage);
    return e;
  }

  private void truncate(long bytes) {
    try (RandomAccessFile file = new RandomAccessFile(folder.resolve("shm/m").toFile(), "rw")) {
      file.setLength(bytes);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void partsAreReadAndWritten() throws IOException {
    assertFalse(regions.isInUse());
    register("r", 2, 6);
    assertTrue(regions.isInUse());
    assertEquals("234567", read("r", 0, 6));
    assertEquals("67", read("r", 4, 2));
    assertEquals("", read("r", 6, 0));
    regions.write(new SharedRange("r", 1, 3), ByteBuffer.wrap(new byte[] {'a', 'b', 'c'}));
    assertEquals("012abc6789", Files.readString(folder.resolve("shm/m")));
    assertEquals(new Span("m", 3, 5), regions.locate(new SharedRange("r", 1, 2)));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 7, offset 0 and 7 bytes",
    "6, 1, offset 6 and 1 bytes",
    "7, 0, offset 7 and 0 bytes",
    "9223372036854775807, 0, fewer than",
    "9223372036854775800, 7, fewer than",
  })
  void nothingBeyondARegion(long offset, long bytes, String says) {
    register("r", 2, 6);
    refused(400, says, () -> regions.locate(new SharedRange("r", offset, bytes)));
    refused(400, says, () -> read("r", offset, bytes));
  }

  @ParameterizedTest
  @CsvSource({
    "-1, 1",
    "1, -1",
    "9223372036854775807, 1",
    "1, 9223372036854775807",
    "9223372036854775807, 9223372036854775807",
  })
  void rangesThatOverflow(long offset, long bytes) {
    assertThrows(ProtocolException.class, () -> new SharedRange("r", offset, bytes));
    refused(400, "less than 2^63", () -> register("r", offset, bytes));
  }

  @ParameterizedTest
  @CsvSource({"0, 11", "10, 1", "11, 1", "9223372036854775000, 1", "0, 9223372036854775807"})
  void nothingBeyondAFile(long offset, long bytes) {
    refused(400, "its shared memory has 10 bytes", () -> register("r", offset, bytes));
    assertEquals(List.of(), regions.status(""));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "..",
        "/..",
        ".",
        "/.hidden",
        "//m",
        "/shm/m",
        "../secret",
        "/../secret",
        "m/",
        "m\u0000",
        "m m",
        "/m\n",
        "folder",
        "none",
        "link",
        "%2e%2e/secret",
      })
  void namesThatAreNoMemory(String key) throws IOException {
    Files.writeString(folder.resolve("secret"), "secret");
    Files.createDirectory(folder.resolve("shm/folder"));
    Files.createSymbolicLink(folder.resolve("shm/link"), folder.resolve("secret"));
    ProtocolException e =
        assertThrows(
            ProtocolException.class, () -> regions.register(new SharedRegion("r", key, 0, 1)));
    assertEquals(400, e.status());
    assertFalse(regions.isInUse());
  }

  @Test
  void aFileThatBecomesSmallerIsAnErrorOfTheRequest() {
    register("r", 0, 10);
    truncate(5);
    refused(400, "has 5 bytes, fewer than the 10 needed", () -> read("r", 0, 10));
    refused(400, "has 5 bytes", () -> read("r", 4, 2));
    assertEquals("01", read("r", 0, 2), "what is there can be read");
    refused(
        400,
        "has 5 bytes",
        () -> regions.write(new SharedRange("r", 4, 2), ByteBuffer.wrap(new byte[2])));
    truncate(0);
    refused(400, "has 0 bytes", () -> read("r", 0, 1));
    truncate(10);
    assertEquals("\0".repeat(10), read("r", 0, 10));
  }

  /// Mapped memory would end this process here.
  @Test
  void aFileThatBecomesSmallerAgainAndAgainWhileItIsRead() throws Exception {
    truncate(1 << 20);
    register("r", 0, 1 << 20);
    whileItChanges(() -> truncate(0), () -> truncate(1 << 20), () -> read("r", 0, 1 << 20));
  }

  @Test
  void aRegionThatComesAndGoesWhileItIsUsed() throws Exception {
    truncate(4 << 20);
    register("r", 0, 4 << 20);
    whileItChanges(
        () -> regions.unregister("r"),
        () -> register("r", 0, 4 << 20),
        () -> regions.write(new SharedRange("r", 0, 2 << 20), ByteBuffer.allocate(2 << 20)));
    assertEquals(4 << 20, Files.size(folder.resolve("shm/m")));
  }

  /// Uses memory while another thread takes it away and brings it back, at random moments and, so
  /// that every machine sees both, every other time once a use was refused or has succeeded.
  private static void whileItChanges(Runnable away, Runnable back, Runnable use)
      throws InterruptedException {
    AtomicBoolean isOver = new AtomicBoolean();
    AtomicInteger used = new AtomicInteger();
    AtomicInteger refused = new AtomicInteger();
    Thread changing =
        Thread.ofPlatform()
            .start(() -> {
              for (int i = 0; !isOver.get(); i++) {
                int before = refused.get();
                away.run();
                while (i % 2 == 0 && refused.get() == before && !isOver.get()) {
                  Thread.onSpinWait();
                }
                before = used.get();
                back.run();
                while (i % 2 == 0 && used.get() == before && !isOver.get()) {
                  Thread.onSpinWait();
                }
              }
            });
    try {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (used.get() < 20 || refused.get() < 20) {
        assertTrue(changing.isAlive(), "no change failed");
        assertTrue(
            System.nanoTime() - end < 0, () -> used + " times used, " + refused + " refused");
        try {
          use.run();
          used.incrementAndGet();
        } catch (ProtocolException e) {
          assertEquals(400, e.status(), e::getMessage);
          refused.incrementAndGet();
        }
      }
    } finally {
      isOver.set(true);
      changing.join();
    }
  }

  @Test
  void whatIsLongIsCopiedWhole() throws IOException {
    byte[] bytes = new byte[(5 << 20) + 3];
    new Random(5).nextBytes(bytes);
    truncate(bytes.length + 2);
    register("r", 1, bytes.length);
    regions.write(new SharedRange("r", 0, bytes.length), ByteBuffer.wrap(bytes));
    ByteBuffer copy = ByteBuffer.allocateDirect(bytes.length);
    regions.read(new SharedRange("r", 0, bytes.length), copy);
    assertEquals(ByteBuffer.wrap(bytes), copy.flip());
    byte[] file = Files.readAllBytes(folder.resolve("shm/m"));
    assertEquals('0', file[0], "what lies before a region stays");
    assertEquals(0, file[file.length - 1], "and what lies behind it");
  }

  @Test
  void aRegionHoldsItsFile() throws IOException {
    register("r", 0, 10);
    Files.delete(folder.resolve("shm/m"));
    Files.writeString(folder.resolve("shm/m"), "another file");
    assertEquals("0123456789", read("r", 0, 10));
  }

  @Test
  void namesOfRegions() {
    register("r", 0, 5);
    refused(409, "region 'r' already", () -> register("r", 0, 5));
    register("s", 5, 5);
    register("even such a name: 0", 0, 1);
    assertEquals(
        List.of("even such a name: 0", "r", "s"),
        regions.status("").stream().map(SharedRegion::name).toList());
    assertEquals(List.of(new SharedRegion("s", "/m", 5, 5)), regions.status("s"));
    refused(404, "no region 'x'", () -> regions.status("x"));
    refused(400, "no region 'x'", () -> read("x", 0, 1));
    for (String name : List.of("", "a\nb", "x".repeat(129))) {
      refused(400, "a region's name", () -> register(name, 0, 1));
    }
    regions.unregister("r");
    regions.unregister("r");
    refused(400, "no region 'r'", () -> read("r", 0, 1));
    regions.unregister("");
    assertFalse(regions.isInUse());
  }

  @Test
  void filesAreClosed() throws IOException {
    for (int i = 0; i < 256; i++) {
      register("r" + i, 0, 1);
    }
    refused(400, "256 regions", () -> register("more", 0, 1));
    assertEquals(256, open());
    regions.close();
    assertEquals(0, open());
    for (int i = 0; i < 300; i++) {
      refused(400, "its shared memory has", () -> register("large", 0, 100));
    }
    assertEquals(0, open());
  }

  /// {@return how many descriptors of the file this process has}
  private long open() throws IOException {
    long count = 0;
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      for (Path each : files.toList()) {
        count += Files.exists(each) && Files.isSameFile(each, folder.resolve("shm/m")) ? 1 : 0;
      }
    }
    return count;
  }
}
