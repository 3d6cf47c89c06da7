package dev.jiffy.protocol;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/// Whatever comes in, what comes out is a message or a [ProtocolException].
class FuzzTest {
  private static final String[] PIECES = {
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "0",
    "-",
    "1e999",
    "null",
    "true",
    "\"data\":",
    "\"shape\":",
    "\"inputs\":[",
    "\"BYTES\"",
    "\"binary_data_size\":",
    "9223372036854775808",
    "\\ud800",
    "\u0000",
    "ÿ"
  };

  private final InferReader reader = new InferReader(Limits.defaults().maxTensorBytes(1 << 20));

  @Property(tries = 3000, seed = "1")
  void damagedRequests(@ForAll long seed) {
    Random random = new Random(seed);
    InferRequest request =
        new InferRequest("id", Map.of(), RoundTripTest.tensors(random), List.of());
    Message message = InferWriter.request(request);
    byte[] body = message.body();
    int damages = 1 + random.nextInt(3);
    for (int i = 0; i < damages; i++) {
      body = damaged(body, random);
    }
    int jsonLength =
        random.nextInt(4) == 0
            ? random.nextInt(body.length + 1)
            : Math.min(message.jsonLength(), body.length);
    read(body, jsonLength);
  }

  @Property(tries = 1000, seed = "1")
  void soups(@ForAll long seed) {
    Random random = new Random(seed);
    StringBuilder soup = new StringBuilder(random.nextBoolean() ? "{\"inputs\":[{" : "");
    int pieces = random.nextInt(60);
    for (int i = 0; i < pieces; i++) {
      soup.append(PIECES[random.nextInt(PIECES.length)]);
    }
    byte[] body = soup.toString().getBytes(StandardCharsets.UTF_8);
    read(body, body.length);
  }

  private void read(byte[] body, int jsonLength) {
    try (Arena arena = Arena.ofConfined()) {
      assertNotNull(reader.request(body, jsonLength, arena));
    } catch (ProtocolException e) {
      assertTrue(e.status() == 400 || e.status() == 413, () -> "status " + e.status());
    }
    try (Arena arena = Arena.ofConfined()) {
      assertNotNull(reader.response(body, jsonLength, arena));
    } catch (ProtocolException e) {
      assertTrue(e.status() == 400 || e.status() == 413, () -> "status " + e.status());
    }
  }

  private static byte[] damaged(byte[] body, Random random) {
    int at = random.nextInt(body.length + 1);
    byte[] piece = PIECES[random.nextInt(PIECES.length)].getBytes(StandardCharsets.UTF_8);
    return switch (random.nextInt(4)) {
      case 0 -> Arrays.copyOf(body, at);
      case 1 -> {
        byte[] flipped = body.clone();
        if (at < flipped.length) {
          flipped[at] ^= (byte) (1 << random.nextInt(8));
        }
        yield flipped;
      }
      case 2 -> spliced(body, at, at, piece);
      default -> spliced(body, at, Math.min(body.length, at + random.nextInt(9)), piece);
    };
  }

  private static byte[] spliced(byte[] body, int from, int to, byte[] piece) {
    byte[] result = new byte[from + piece.length + body.length - to];
    System.arraycopy(body, 0, result, 0, from);
    System.arraycopy(piece, 0, result, from, piece.length);
    System.arraycopy(body, to, result, from + piece.length, body.length - to);
    return result;
  }
}
