package dev.jiffy.server.guard;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.jiffy.protocol.ProtocolException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PagesTest {
  private static void checkRefused(@Nullable String origin, @Nullable String authority) {
    ProtocolException e =
        assertThrows(ProtocolException.class, () -> Pages.check(origin, authority));
    assertEquals(403, e.status());
  }

  @ParameterizedTest
  @CsvSource({
    "http://localhost:8000,localhost:8000",
    "http://LocalHost:8000,localhost:8000",
    "http://127.0.0.1:8000,127.0.0.1:8000",
    "http://[::1]:8000,[::1]:8000",
    "http://localhost,localhost",
    "http://localhost,localhost:80",
    "https://localhost,localhost:443",
    ",localhost",
    ",",
  })
  void ownPagesAsk(String origin, String authority) {
    assertDoesNotThrow(() -> Pages.check(origin, authority));
  }

  @ParameterizedTest
  @CsvSource({
    "http://evil.example,localhost:8000",
    "http://localhost:8080,localhost:8000",
    "http://localhost,localhost:8000",
    "http://localhost:8000.evil.example,localhost:8000",
    "http://localhost:8000@evil.example,localhost:8000",
    "null,localhost:8000",
    "file://,localhost:8000",
    "http://localhost:8000,",
    "http://,",
  })
  void pagesOfOthersDoNot(String origin, String authority) {
    checkRefused(origin, authority);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "LOCALHOST:8000",
        "127.0.0.1:8000",
        "127.1.2.255",
        "[::1]",
        "[::1]:1"
      })
  void thisMachineHasNames(String authority) {
    assertDoesNotThrow(() -> Pages.check(null, authority));
  }

  /// A page of such a name is of the same origin as what it asks.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.256",
        "evil_127.0.0.1",
        "10.0.0.1:8000",
        "[::2]",
        "a:b:c",
        "",
      })
  void otherNamesAreNone(String authority) {
    checkRefused("http://" + authority, authority);
    checkRefused(null, authority);
  }
}
