package dev.jiffy.server.watch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TraceContextTest {
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String SPAN = "00f067aa0ba902b7";

  @Test
  void headersAreRead() {
    assertEquals(
        new TraceContext(TRACE, SPAN, true, "a=1,b=2"),
        TraceContext.of("00-" + TRACE + "-" + SPAN + "-01", "a=1,b=2"));
    assertEquals(
        new TraceContext(TRACE, SPAN, false, ""),
        TraceContext.of("00-" + TRACE + "-" + SPAN + "-00", null));
    assertEquals(
        new TraceContext(TRACE, SPAN, true, ""),
        TraceContext.of("cc-" + TRACE + "-" + SPAN + "-09-what-a-later-version-adds", ""));
    assertEquals(
        new TraceContext(TRACE, SPAN, true, ""),
        TraceContext.of("00-" + TRACE + "-" + SPAN + "-01", "x".repeat(513)));
    assertNull(TraceContext.of(null, null));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "00",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
        "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-zz",
        "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
      })
  void whatIsMalformedIsNoTrace(String header) {
    assertNull(TraceContext.of(header, ""));
  }
}
