package dev.jiffy.server.http;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2Stream;
import org.junit.jupiter.api.Test;

class StreamEndsTest {
  private static Http2Stream closed(Runnable failure) {
    Http2Connection connection = new DefaultHttp2Connection(true);
    Http2ConnectionAdapter listener =
        new Http2ConnectionAdapter() {
          @Override
          public void onStreamClosed(Http2Stream stream) {
            failure.run();
          }
        };
    Http2Stream stream = connection.connectionStream();
    new StreamEnds(listener).onStreamClosed(stream);
    return stream;
  }

  /// What Vert.x does with what waits, where there is no promise.
  private static void cancel() {
    throw new NullPointerException("promise");
  }

  @Test
  void whatWaitsIsNoError() {
    assertDoesNotThrow(() -> closed(StreamEndsTest::cancel));
  }

  @Test
  void allElseIs() {
    assertThrows(
        NullPointerException.class,
        () ->
            closed(() -> {
              throw new NullPointerException("stream");
            }));
    assertThrows(
        IllegalStateException.class,
        () ->
            closed(() -> {
              throw new IllegalStateException("closed");
            }));
  }
}
