package dev.jiffy.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A connection without a network, on a clock that is moved by hand.
class FirstHeadTest {
  private static final String PREFACE = "PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n";

  private final AtomicInteger expected = new AtomicInteger();
  private final AtomicInteger late = new AtomicInteger();
  private final EmbeddedChannel channel = new EmbeddedChannel();

  FirstHeadTest() {
    channel.freezeTime();
    channel
        .pipeline()
        .addFirst(new FirstHead(TimeUnit.SECONDS.toNanos(60), expected, late::incrementAndGet));
  }

  private void pass(long seconds) {
    channel.advanceTimeBy(seconds, TimeUnit.SECONDS);
    channel.runScheduledPendingTasks();
  }

  private void say(String text) {
    channel.writeInbound(Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.ISO_8859_1)));
  }

  private static String unescaped(String text) {
    return text.replace("\\r", "\r").replace("\\n", "\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\\r\\n\\r\\n",
        "GET / HTTP/1.1\\n\\n",
        "\\r\\n\\r\\nPOST / HTTP/1.1\\r\\nHost: x\\r\\nA: \\r\\n\\r\\n",
        "PRIVATE / HTTP/1.1\\r\\n\\r\\n",
        "P\\r\\n\\r\\n",
        PREFACE + "\0\0\0\4\0\0\0\0\0",
        PREFACE + "\0\0\6\4\0\0\0\0\0\0\4\0\0\n\n",
      })
  void headsThatCome(String escaped) {
    String head = unescaped(escaped);
    assertEquals(1, expected.get());
    for (int i = 0; i < head.length() - 1; i++) {
      say(head.substring(i, i + 1));
      assertEquals(1, expected.get(), () -> "that is not all of " + escaped);
    }
    pass(59);
    say(head.substring(head.length() - 1) + "and more");
    assertEquals(0, expected.get(), escaped);
    pass(1000);
    assertTrue(channel.isOpen());
    assertEquals(0, late.get());
    assertEquals(head.length(), channel.inboundMessages().size(), "all bytes go on their way");
    assertTrue(channel.finishAndReleaseAll());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "P",
        "\\r\\n\\r\\n\\n\\n",
        "GET / HTTP/1.1\\r\\nA: b\\r\\n",
        "GET / HTTP/1.1\\r\\n \\r\\n",
        "PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r",
        PREFACE,
        PREFACE + "\0\0\0\4\0\0\0\0",
        PREFACE + "\0\1\0\4\0\0\0\0\0\r\n\r\n",
      })
  void headsThatDoNotComeInTime(String escaped) {
    say(unescaped(escaped));
    pass(59);
    assertTrue(channel.isOpen());
    pass(1);
    assertFalse(channel.isOpen());
    assertEquals(1, late.get());
    assertEquals(0, expected.get());
    channel.finishAndReleaseAll();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "GET"})
  void clientsThatLeave(String said) {
    say(said);
    var _ = channel.close();
    assertEquals(0, expected.get());
    pass(1000);
    assertEquals(0, late.get());
    channel.finishAndReleaseAll();
  }
}
