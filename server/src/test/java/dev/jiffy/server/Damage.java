package dev.jiffy.server;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;

/// Damages bytes in the ways in which they break in practice, and in those of attackers.
final class Damage {
  private static final List<byte[]> WORDS =
      List.of(
          bytes("-1"),
          bytes("0"),
          bytes("2147483648"),
          bytes("9223372036854775808"),
          bytes("99999999999999999999"),
          bytes("1e999"),
          bytes("NaN"),
          bytes("null"),
          bytes("{}"),
          bytes("[[[[[[[["),
          bytes("\"\\u0000\""),
          bytes("\r\n"),
          bytes("\r\n\r\n"),
          bytes("\n"),
          bytes("\0"),
          bytes("%00"),
          bytes("../"),
          bytes("Transfer-Encoding: chunked\r\n"),
          bytes("Content-Length: 3\r\n"),
          bytes("Content-Encoding: gzip\r\n"),
          new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, -1, 1},
          new byte[] {-1, -1, -1, 127},
          new byte[] {0, 0, 0, 0},
          new byte[300]);

  private final Random random;

  Damage(Random random) {
    this.random = random;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  /// {@return the bytes with one to four damages from some index on}
  byte[] of(byte[] whole, int from) {
    byte[] damaged = whole;
    for (int k = 1 + random.nextInt(4); k > 0; k--) {
      damaged = once(damaged, Math.min(from, damaged.length));
    }
    return damaged;
  }

  private byte[] once(byte[] whole, int from) {
    int at = from + random.nextInt(whole.length - from + 1);
    int length = Math.min(whole.length - at, random.nextInt(1 + random.nextInt(40)));
    return switch (random.nextInt(8)) {
      case 0, 1 -> replaced(whole, at, 0, WORDS.get(random.nextInt(WORDS.size())));
      case 2 -> replaced(whole, at, length, WORDS.get(random.nextInt(WORDS.size())));
      case 3 -> replaced(whole, at, length, new byte[0]);
      case 4 -> replaced(whole, at, 0, part(whole, at, length));
      case 5 -> part(whole, 0, at);
      case 6 -> replaced(whole, at, Math.min(1, length), new byte[] {(byte) random.nextInt()});
      default -> flipped(whole, at);
    };
  }

  private byte[] flipped(byte[] whole, int at) {
    if (at >= whole.length) {
      return whole;
    }
    return replaced(whole, at, 1, new byte[] {(byte) (whole[at] ^ 1 << random.nextInt(8))});
  }

  private static byte[] part(byte[] whole, int at, int length) {
    byte[] part = new byte[length];
    System.arraycopy(whole, at, part, 0, length);
    return part;
  }

  private static byte[] replaced(byte[] whole, int at, int length, byte[] by) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(whole.length + by.length);
    out.write(whole, 0, at);
    out.writeBytes(by);
    out.write(whole, at + length, whole.length - at - length);
    return out.toByteArray();
  }
}
