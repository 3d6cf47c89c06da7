package dev.jiffy.server.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RepositoryTest {
  @TempDir Path folder;

  private void file(String path) throws IOException {
    Path file = folder.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "");
  }

  private Repository.Listing listing() {
    return new Repository(List.of(folder)).listing();
  }

  private static Source source(Repository.Listing listing, String name) {
    return Objects.requireNonNull(listing.sources().get(name));
  }

  @Test
  void aFolderHoldsFilesAndFoldersOfModels() throws IOException {
    file("b.onnx");
    file("a.txt");
    file("one/model.onnx");
    file("one/jiffy.yaml");
    file("many/1/model.onnx");
    file("many/20/model.onnx");
    file("many/20/cases/first/input_0.pb");
    file("many/notes/x.txt");
    file("deep/deeper/model.onnx");
    file(".hidden/model.onnx");
    file(".hidden.onnx");
    Repository.Listing listing = listing();
    assertEquals(Map.of(), listing.problems());
    assertEquals(Set.of("b", "one", "many"), listing.sources().keySet());
    Source many = source(listing, "many");
    assertEquals(
        Map.of(1L, folder.resolve("many/1/model.onnx"), 20L, folder.resolve("many/20/model.onnx")),
        many.versions());
    assertEquals(folder.resolve("many/20/cases"), many.cases(20));
    assertNull(many.cases(1));
    assertEquals(folder.resolve("one/jiffy.yaml"), source(listing, "one").settings());
    assertNull(source(listing, "b").cases(1));
  }

  @Test
  void casesOfAllVersionsLieBesideThem() throws IOException {
    file("many/1/model.onnx");
    file("many/2/model.onnx");
    file("many/cases/input_0.pb");
    file("one/model.onnx");
    file("cases/input_0.pb");
    Repository.Listing listing = listing();
    assertEquals(folder.resolve("many/cases"), source(listing, "many").cases(2));
    assertNull(source(listing, "one").cases(1));
  }

  @Test
  void aFolderCanBeAModelItself() throws IOException {
    file("many/3/model.onnx");
    file("other/model.onnx");
    Repository.Listing listing =
        new Repository(
                List.of(
                    folder.resolve("many"),
                    folder.resolve("other"),
                    folder.resolve("other/model.onnx").resolveSibling("../many/3/model.onnx")))
            .listing();
    assertEquals(Set.of("many", "other", "3"), listing.sources().keySet());
  }

  @Test
  void whatCannotBeAModelIsNamed() throws IOException {
    file("both/model.onnx");
    file("both/1/model.onnx");
    file("twice/model.onnx");
    file("twice.onnx");
    file("a b.onnx");
    file("hollow/1/model.onnx");
    file("hollow/2/other.onnx");
    Repository.Listing listing = listing();
    assertEquals(Set.of(), listing.sources().keySet());
    Map<String, String> expected =
        Map.of(
            "both", "expected either model.onnx or folders of versions, got both",
            "twice", "expected one model of each name, got a second 'twice'",
            "a b", "a model's name is 1 to 128 of A-Z",
            "hollow", "hollow/2: expected a file model.onnx in it, got none");
    assertEquals(expected.keySet(), listing.problems().keySet());
    expected.forEach((name, text) ->
        assertTrue(
            String.valueOf(listing.problems().get(name)).contains(text),
            listing.problems()::toString));
    assertThrows(
        UncheckedIOException.class,
        () -> new Repository(List.of(folder.resolve("none"))).listing());
  }

  @Test
  void aChangeIsSeen() throws IOException {
    file("many/1/model.onnx");
    file("many/2/model.onnx");
    Source before = source(listing(), "many");
    assertEquals(before, source(listing(), "many"));
    Files.writeString(folder.resolve("many/2/model.onnx"), "x");
    Source after = source(listing(), "many");
    assertNotEquals(before, after);
    assertEquals(before.stamps(1), after.stamps(1));
    assertNotEquals(before.stamps(2), after.stamps(2));
  }

  @Test
  void aChangeBesideAFileIsSeen() throws IOException {
    file("a.onnx");
    Source before = source(listing(), "a");
    for (String other : List.of("ab.onnx", "a_b.onnx", "a.b.onnx", "b.onnx.data", "notes.json")) {
      file(other);
      assertEquals(before, source(listing(), "a"), other);
    }
    for (String own :
        List.of("a.onnx.data", "a.onnx_data", "a.data", "tokenizer.json", "a-tokenizer.json")) {
      file(own);
      assertNotEquals(before, source(listing(), "a"), own);
      before = source(listing(), "a");
    }
    Path file = folder.resolve("a.onnx");
    assertEquals(before, source(new Repository(List.of(file)).listing(), "a"));
  }

  @Test
  void whatCannotBeLookedAtIsLeftAlone() throws IOException {
    file("one/model.onnx");
    Source before = source(listing(), "one");
    Path gone = folder.resolve("gone");
    Files.createSymbolicLink(folder.resolve("one/.#jiffy.yaml"), gone);
    Files.createSymbolicLink(folder.resolve("one/notes"), gone);
    Files.createSymbolicLink(folder.resolve("one/self"), folder.resolve("one"));
    file("one/.git/index");
    file("one/.jiffy.yaml.swp");
    assertEquals(before, source(listing(), "one"));
    Files.createSymbolicLink(folder.resolve("two"), gone);
    assertEquals(Set.of("one"), listing().sources().keySet());
    file("one/cases/x/input_0.pb");
    assertNotEquals(before, source(listing(), "one"));
  }

  @Test
  void aFolderThatCannotBeReadDoesNotHideTheOthers() throws IOException {
    file("one/model.onnx");
    Path lost = Files.createDirectory(folder.resolve("lost+found"));
    Files.setPosixFilePermissions(lost, Set.of());
    Repository.Listing listing = listing();
    assertEquals(Set.of("one"), listing.sources().keySet());
    assertEquals(Map.of(), listing.problems());
    boolean isSuperuser = Files.isReadable(lost); // who reads everything
    assertEquals(isSuperuser ? Set.of() : Set.of("lost+found"), listing.unreadable().keySet());
  }

  @Test
  void versionsAreChosen() {
    Set<Long> there = Set.of(1L, 3L, 20L);
    assertEquals(List.of(20L), List.copyOf(new VersionPolicy.Latest(1).choose(there)));
    assertEquals(List.of(3L, 20L), List.copyOf(new VersionPolicy.Latest(2).choose(there)));
    assertEquals(new TreeSet<>(there), new VersionPolicy.Latest(9).choose(there));
    assertEquals(new TreeSet<>(there), new VersionPolicy.All().choose(there));
    assertEquals(
        List.of(1L, 3L), List.copyOf(new VersionPolicy.Only(List.of(3L, 1L)).choose(there)));
    assertThrows(
        IllegalArgumentException.class, () -> new VersionPolicy.Only(List.of(2L)).choose(there));
    assertThrows(IllegalArgumentException.class, () -> new VersionPolicy.Only(List.of()));
    assertThrows(IllegalArgumentException.class, () -> new VersionPolicy.Latest(0));
  }
}
