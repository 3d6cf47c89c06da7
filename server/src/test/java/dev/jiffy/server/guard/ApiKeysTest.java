package dev.jiffy.server.guard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ApiKeysTest {
  private static final String KEY = "0123456789abcdef";
  private static final String OTHER = "another key, with spaces";

  /// SHA-256 of "0123456789abcdef", by sha256sum.
  private static final String SHA =
      "sha256:9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f";

  @TempDir Path folder;

  private Path file(String content) throws IOException {
    return Files.writeString(folder.resolve("keys"), content);
  }

  @Test
  void keysAdmit() throws Exception {
    ApiKeys keys = ApiKeys.in(file("# ours\n\n  " + KEY + "  \n" + OTHER + "\n"));
    assertTrue(keys.admit("Bearer " + KEY, null));
    assertTrue(keys.admit("bearer  " + OTHER + " ", null));
    assertTrue(keys.admit(null, KEY));
    assertFalse(keys.admit(null, null));
    assertFalse(keys.admit("Basic " + KEY, null));
    assertFalse(keys.admit(KEY, null));
    assertFalse(keys.admit("Bearer " + KEY + "0", null));
    assertFalse(keys.admit("Bearer wrong", KEY));
    assertFalse(keys.admit(null, "# ours"));
    assertFalse(keys.admit(null, ""));
    assertFalse(keys.admit(null, SHA));
  }

  @Test
  void aDigestStandsForItsKey() throws Exception {
    ApiKeys keys = ApiKeys.in(file(SHA + "\n"));
    assertTrue(keys.admit("Bearer " + KEY, null));
    assertFalse(keys.admit("Bearer " + SHA, null));
  }

  @Test
  void whatIsNoKeyIsAFailure() throws Exception {
    for (String content :
        new String[] {"", "# nothing\n", "short\n", "sha256:12\n", SHA + "0", "x".repeat(513)}) {
      Path file = file(content);
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> ApiKeys.in(file), content);
      assertTrue(String.valueOf(e.getMessage()).startsWith(file.toString()), e::toString);
      assertFalse(String.valueOf(e.getMessage()).contains("short"), e::toString);
    }
    assertThrows(UncheckedIOException.class, () -> ApiKeys.in(folder.resolve("absent")));
  }

  @Test
  void aChangedFileIsReadAnew() throws Exception {
    Path file = file(KEY + "\n");
    ApiKeys keys = ApiKeys.in(file);
    Files.writeString(file, OTHER + "\n");
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(10)));
    boolean isAdmitted = false;
    for (int i = 0; i < 1000 && !isAdmitted; i++) {
      Thread.sleep(10);
      isAdmitted = keys.admit(null, OTHER);
    }
    assertTrue(isAdmitted);
    assertFalse(keys.admit(null, KEY));
    Files.writeString(file, "");
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(20)));
    Thread.sleep(2500);
    assertEquals(true, keys.admit(null, OTHER));
  }
}
