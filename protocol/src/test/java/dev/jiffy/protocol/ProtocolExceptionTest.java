package dev.jiffy.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ProtocolExceptionTest {
  @Test
  void textsAreCutBetweenCharacters() {
    String pair = "\ud83d\ude00";
    assertEquals("x".repeat(64), ProtocolException.shortened("x".repeat(64)));
    assertEquals("x".repeat(64) + "…", ProtocolException.shortened("x".repeat(65)));
    assertEquals(
        "x".repeat(62) + pair, ProtocolException.shortened("x".repeat(62) + pair), "it fits");
    assertEquals("x".repeat(63) + "…", ProtocolException.shortened("x".repeat(63) + pair));
    assertEquals(
        "x".repeat(62) + pair + "…", ProtocolException.shortened("x".repeat(62) + pair + "x"));
  }
}
