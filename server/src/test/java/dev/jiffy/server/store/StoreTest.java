package dev.jiffy.server.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.onnx.TensorFile;
import dev.jiffy.protocol.ModelState;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.Await;
import dev.jiffy.server.ExampleModels;
import dev.jiffy.server.Footprint;
import dev.jiffy.server.schedule.Answer;
import dev.jiffy.server.schedule.Outcome;
import dev.jiffy.server.schedule.Ticket;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class StoreTest {
  private static final int CYCLES = Integer.getInteger("store.cycles", 12);

  @TempDir Path folder;

  private final Models models = new Models();
  private final Queue<String> lines = new ConcurrentLinkedQueue<>();
  private Store store;
  private int writes;

  @BeforeEach
  void open() {
    store = store(lines::add);
  }

  private Store store(Consumer<String> progress) {
    return new Store(
        new Repository(List.of(folder)),
        ModelSettings.defaults()
            .load(LoadOptions.defaults().threads(1))
            .warmUpTime(Duration.ofMillis(1)),
        models,
        progress);
  }

  @AfterEach
  void close() {
    store.close();
    models.close();
  }

  /// Writes a model of another time than those before it: their sizes are the same.
  private Path write(String path, float factor) throws IOException {
    ExampleModels.times(folder.resolve(path), factor);
    return Files.setLastModifiedTime(
        folder.resolve(path), FileTime.from(++writes, TimeUnit.SECONDS));
  }

  private void say(String path, String text) throws IOException {
    Files.writeString(folder.resolve(path), text);
  }

  private static float ask(Served served) {
    Outcome outcome =
        served
            .scheduler()
            .submit(Map.of("x", Tensor.of(new float[] {1, 2}, 1, 2)), Ticket.NEVER)
            .join();
    if (outcome instanceof Outcome.Done(Answer.Tensors(Map<String, Tensor> outputs), var _)) {
      return Objects.requireNonNull(outputs.get("y")).toFloats()[0];
    }
    throw new AssertionError(outcome);
  }

  /// {@return what version of `twice` answers}
  private float ask(String version) {
    Served served = models.hold("twice", version);
    try {
      return ask(served);
    } finally {
      served.release();
    }
  }

  @Test
  @Timeout(60)
  void aLoadThatHangsHoldsUpNoClose() throws Exception {
    write("twice.onnx", 2);
    CompletableFuture<Void> begun = new CompletableFuture<>();
    CompletableFuture<Void> hanging = new CompletableFuture<>();
    CompletableFuture<Void> loading;
    try (Store hangs =
        store(line -> {
          if (line.startsWith("loading")) {
            begun.complete(null);
            hanging.join();
          }
        })) {
      loading = hangs.load("twice");
      begun.join();
    }
    hanging.complete(null);
    assertEquals(503, refusal(loading).status());
    assertEquals(List.of(), models.names());
  }

  private int status(String version) {
    return assertThrows(ProtocolException.class, () -> models.hold("twice", version)).status();
  }

  @Test
  void changesThatWaitWhileTheStoreClosesAreRefused() throws IOException {
    write("once.onnx", 1);
    write("twice/1/model.onnx", 2);
    Queue<CompletableFuture<Void>> changes = new ConcurrentLinkedQueue<>();
    AtomicReference<Store> loading = new AtomicReference<>();
    Store closedMeanwhile =
        store(line -> {
          if (line.startsWith("loading")) {
            changes.add(loading.get().load("twice"));
            changes.add(loading.get().load("twice"));
            changes.add(loading.get().unload("once", false));
            loading.get().close();
          }
        });
    loading.set(closedMeanwhile);
    closedMeanwhile.load("once").orTimeout(60, TimeUnit.SECONDS).join();
    changes.add(closedMeanwhile.load("twice"));
    for (CompletableFuture<Void> change : changes) {
      assertEquals(503, refusal(change.orTimeout(60, TimeUnit.SECONDS)).status());
    }
    assertEquals(4, changes.size());
    assertEquals(List.of("once"), models.names());
  }

  @Test
  void aLookLoadsNothingMoreOnceTheStoreIsClosed() throws IOException {
    AtomicReference<Store> looking = new AtomicReference<>();
    Store closedMeanwhile =
        new Store(
            new Repository(List.of(folder)),
            ModelSettings.defaults().warmUpTime(Duration.ZERO),
            models,
            line -> {
              lines.add(line);
              looking.get().close();
            });
    looking.set(closedMeanwhile);
    write("once.onnx", 1);
    write("twice.onnx", 2);
    closedMeanwhile.look();
    closedMeanwhile.look();
    assertEquals(1, loads());
    assertEquals(1, models.names().size());
  }

  private static ProtocolException refusal(CompletableFuture<Void> change) {
    return assertThrows(
        ProtocolException.class,
        () -> {
          try {
            change.join();
          } catch (CompletionException e) {
            throw e.getCause();
          }
        });
  }

  @Test
  void versionsAndLabels() throws IOException {
    write("twice/1/model.onnx", 1);
    write("twice/2/model.onnx", 2);
    write("twice/10/model.onnx", 10);
    say("twice/jiffy.yaml", "versions: [2, 10]\nlabels: {stable: 2}\n");
    store.start();
    assertEquals(10, ask(""));
    assertEquals(2, ask("2"));
    assertEquals(2, ask("stable"));
    assertEquals(404, status("1"));
    assertEquals(404, status("latest"));
    assertEquals(List.of("2", "10"), models.metadata(models.served("twice", "2")).versions());
    say("twice/jiffy.yaml", "labels: {stable: 2}\n");
    ProtocolException e = refusal(store.load("twice"));
    assertEquals(400, e.status());
    assertTrue(
        String.valueOf(e.getMessage()).contains("expected one of the versions [10]"), e::toString);
    assertEquals(2, ask("stable"));
  }

  @Test
  void aProblemAtTheStartIsAFailure() throws IOException {
    write("twice.onnx", 2);
    write("twice/model.onnx", 2);
    assertThrows(ModelException.class, store::start);
    Files.delete(folder.resolve("twice.onnx"));
    say("twice/model.onnx", "no model");
    assertThrows(ModelException.class, store::start);
    assertEquals(503, status(""));
    assertEquals(ModelState.UNAVAILABLE, models.index(false, true).getFirst().state());
    assertFalse(models.index(false, true).getFirst().reason().isEmpty());
    assertEquals("", models.index(false, false).getFirst().reason());
    assertEquals(List.of(), models.index(true, true));
  }

  @Test
  void loadingAgainTakesThePlaceOfTheOld() throws IOException {
    write("twice/model.onnx", 2);
    store.start();
    Served old = models.hold("twice", "");
    write("twice/model.onnx", 3);
    store.load("twice").join();
    assertEquals(3, ask(""));
    assertEquals(2, ask(old)); // whoever holds it is still answered
    old.release();
    assertFalse(old.hold());
    store.unload("twice", false).join();
    assertEquals(503, status(""));
    store.unload("twice", false).join();
    assertEquals(404, refusal(store.unload("other", false)).status());
    assertEquals(404, refusal(store.load("../twice")).status());
    store.load("twice").join();
    assertEquals(3, ask(""));
  }

  @Test
  void recordedCasesMustHold() throws IOException {
    write("twice/model.onnx", 2);
    Path set = Files.createDirectories(folder.resolve("twice/cases/one"));
    TensorFile.write(set.resolve("input_0.pb"), "x", Tensor.of(new float[] {1, -3}, 1, 2));
    TensorFile.write(set.resolve("output_0.pb"), "y", Tensor.of(new float[] {2, -6}, 1, 2));
    store.start();
    assertTrue(
        lines.stream().anyMatch(line -> line.contains("1 recorded cases hold")), lines::toString);
    write("twice/model.onnx", 2.1f);
    ProtocolException e = refusal(store.load("twice"));
    assertTrue(
        String.valueOf(e.getMessage())
            .contains("output 'y', element 0: expected 2.0 within 0.001, got 2.0999"),
        e::toString);
    assertEquals(2, ask(""));
    assertTrue(models.index(true, true).getFirst().reason().contains("element 0"));
    say("twice/jiffy.yaml", "case_tolerance: 0.2\n");
    store.load("twice").join();
    assertEquals(2.1f, ask(""));
    assertEquals("", models.index(true, true).getFirst().reason());
  }

  @Test
  void looksSeeWhatComesChangesAndGoes() throws IOException {
    write("twice/1/model.onnx", 1);
    say("twice/jiffy.yaml", "versions: all\n");
    store.start();
    Served first = models.served("twice", "1");
    write("twice/2/model.onnx", 2);
    store.look();
    assertEquals(1, ask("")); // it may still be written
    store.look();
    assertEquals(2, ask(""));
    assertSame(first, models.served("twice", "1"));

    write("twice/1/model.onnx", 1.5f);
    store.look();
    store.look();
    assertEquals(1.5f, ask("1"));
    assertNotSame(first, models.served("twice", "1"));

    say("twice/2/model.onnx", "no model");
    store.look();
    store.look();
    assertEquals(2, ask(""));
    long failures = loads();
    store.look();
    assertEquals(failures, loads()); // it does not try again
    write("twice/2/model.onnx", 2.5f);
    store.look();
    store.look();
    assertEquals(2.5f, ask(""));

    store.unload("twice", false).join();
    store.look();
    store.look();
    assertEquals(503, status("")); // what was taken out stays out

    write("twice/2/model.onnx", 2.75f);
    store.look();
    store.look();
    assertEquals(2.75f, ask(""));
    try (Stream<Path> files = Files.walk(folder.resolve("twice"))) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
    store.look();
    assertEquals(2.75f, ask(""));
    store.look();
    assertEquals(404, status(""));
    assertEquals(List.of(), models.index(false, true));
  }

  @Test
  void aFolderThatCannotBeReadKeepsItsModelInService() throws IOException {
    write("twice/model.onnx", 2);
    store.start();
    Path twice = folder.resolve("twice");
    Set<PosixFilePermission> before = Files.getPosixFilePermissions(twice);
    Files.setPosixFilePermissions(twice, Set.of());
    store.look();
    store.look();
    assertEquals(2, ask(""));
    if (!Files.isReadable(twice)) { // the superuser reads everything
      ProtocolException e = refusal(store.load("twice"));
      assertEquals(400, e.status());
      assertTrue(String.valueOf(e.getMessage()).contains("cannot be read"), e::toString);
    }
    Files.setPosixFilePermissions(twice, before);
    store.load("twice").join();
    assertEquals(2, ask(""));
  }

  private long loads() {
    return lines.stream().filter(line -> line.startsWith("loading")).count();
  }

  @Test
  void nothingStaysBehind() throws Exception {
    Path file = write("twice/model.onnx", 2);
    store.start();
    store.unload("twice", false).join();
    int threads = 0;
    for (int i = 0; i < CYCLES; i++) {
      store.load("twice").join();
      assertEquals(2, ask(""));
      store.unload("twice", false).join();
      store.unload("twice", false).join(); // after the freeing of what the first has retired
      if (i == 1) {
        threads = Footprint.threads();
      }
    }
    int most = threads;
    Await.until(() -> Footprint.threads() <= most);
    assertEquals(CYCLES, lines.stream().filter(line -> line.contains("is freed")).count() - 1);
    assertEquals(0, Footprint.open(folder.toRealPath().toString()));
    if (Files.exists(Path.of("/proc/self/maps"))) {
      try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
        assertTrue(maps.noneMatch(line -> line.endsWith(file.toString())));
      }
    }
  }
}
